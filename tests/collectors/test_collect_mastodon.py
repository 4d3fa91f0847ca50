from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tests.collectors.replay import Replay, Said, StandingClock

from walkback.case import Mastodon, Query
from walkback.collectors.collector import Covered, Due, Stretch
from walkback.collectors.mastodon import MastodonCollector
from walkback.collectors.trouble import BudgetSpentError, TierError, UnreachableError
from walkback.post import Door

NOW = datetime(2023, 9, 5, tzinfo=UTC)
WINDOW = Stretch(NOW - timedelta(days=2), NOW - timedelta(minutes=1))
PATH = "/api/v1/timelines/tag/zoom"


def status(number, minutes, **account):
    """A post so many minutes before the end of the window, as any server tells it."""
    made = WINDOW.end - timedelta(minutes=minutes)
    return {
        "id": str(int(made.timestamp() * 1000) << 16),
        "uri": f"https://home.example/users/a/statuses/{number}",
        "created_at": made.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "content": f"<p>#zoom {number}</p>",
        "account": {"acct": "a@home.example", "url": "https://home.example/@a", **account},
        "favourites_count": 1,
        "reblogs_count": 0,
        "replies_count": 0,
    }


def timeline(*statuses, page=2):
    """A tag's timeline: newest first, below `max_id`, with a link to the next page."""
    ordered = sorted(statuses, key=lambda one: -int(one["id"]))

    def answer(asked):
        below = int(asked.get("max_id", 2**80))
        shown = [one for one in ordered if int(one["id"]) < below][:page]
        headers = {"Content-Type": "application/json"}
        if shown:
            headers["Link"] = f'<https://s.example{PATH}?max_id={shown[-1]["id"]}>; rel="next"'
        return Said(orjson.dumps(shown), headers=headers)

    return answer


def fetched(server, state=None, servers=("s.example",), window=WINDOW, kept=None, **limits):
    """Every page of the window."""
    with server.running():
        asking = server.asking("mastodon", *servers, clock=StandingClock(NOW), **limits)
        made = MastodonCollector(
            Mastodon(servers=servers, tags=("#zoom", "zoomtos")),
            Query(any=("#zoom",)),
            Door(bytes(32)),
            asking,
        )
        pages = [] if kept is None else kept
        for page in made.pages(window, state):
            pages.append(page)
        return pages


def ids(pages):
    """The ids of all posts, in order."""
    return [post.id for page in pages for post in page.posts]


def test_a_timeline_is_followed_back_to_the_window():
    """By the links that the server gives; a post has its origin's id, and no handle."""
    server = Replay().says(PATH, timeline(*(status(n, n * 10 + 1) for n in range(5)), status(9, 60 * 24 * 9)))
    pages = fetched(server)

    assert ids(pages) == [f"home.example/{n}" for n in range(5)]
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)
    assert len(server.asked) == 3
    assert server.asked[0][2]["any[]"] == "zoomtos"


def test_an_old_window_is_begun_at_its_end():
    """Ids hold the time: what is newer needn't be read."""
    old = Stretch(NOW - timedelta(days=9), NOW - timedelta(days=5))
    server = Replay().says(PATH, timeline(status(1, 5), status(2, 60 * 24 * 6), status(3, 60 * 24 * 30)))
    assert ids(fetched(server, window=old)) == ["home.example/2"]
    assert "max_id" in server.asked[0][2]


def test_any_state_leads_on_to_the_same_posts():
    """A run that is killed after any page gets the rest."""
    server = Replay().says(PATH, timeline(*(status(n, n * 10 + 1) for n in range(7))))
    whole = fetched(server)
    for position, page in enumerate(whole[:-1]):
        rest = fetched(server, orjson.loads(orjson.dumps(page.state)))
        assert ids(whole[: position + 1]) + ids(rest) == ids(whole)


def test_who_asks_not_to_be_indexed_is_left_out():
    """By any of the three ways to ask."""
    shy = [status(1, 1, indexable=False), status(2, 2, noindex=True), status(3, 3, note="<p>#NoBot</p>")]
    server = Replay().says(PATH, timeline(*shy, status(4, 4)))
    assert ids(fetched(server)) == ["home.example/4"]


@pytest.mark.parametrize("code", [401, 403, 422])
def test_a_closed_server_does_not_keep_the_others_out(code):
    """It is named at the end, and the window is not whole."""
    answers = [Said(b'{"error": "This method requires an authenticated user"}', code), timeline(status(1, 1))]
    server = Replay().says(PATH, *answers)
    kept = []
    with pytest.raises(TierError, match=r"timelines of closed\.example are closed"):
        fetched(server, servers=("closed.example", "s.example"), kept=kept)
    assert ids(kept) == ["home.example/1"]
    assert kept[-1].covered == (Covered(WINDOW.start, WINDOW.end, "truncated"),)


def test_a_silent_server_does_not_keep_the_others_out():
    """It is asked no second time, and named at the end."""
    server = Replay().says(PATH, *[Said(b"", 503)] * 5, timeline(status(1, 1)))
    kept = []
    with pytest.raises(UnreachableError, match=r"silent\.example did not answer"):
        fetched(server, servers=("silent.example", "s.example"), kept=kept)
    assert ids(kept) == ["home.example/1"]
    assert kept[-1].covered == (Covered(WINDOW.start, WINDOW.end, "truncated"),)


def test_a_server_that_sends_on_is_not_followed():
    """Requests go to the hosts that the case names and nowhere else."""
    away = Said(b"", 302, {"Location": "https://elsewhere.example/"})
    with pytest.raises(UnreachableError, match=r"s\.example did not answer"):
        fetched(Replay().says(PATH, away))


def test_an_old_post_at_the_top_of_a_page_is_no_end():
    """The last one tells how far back a page reaches."""
    stray = status(9, 60 * 24 * 9)
    ordered = timeline(*(status(n, n * 10 + 1) for n in range(5)))

    def strayed(asked):
        said = ordered(asked)
        return Said(orjson.dumps([stray, *orjson.loads(said.body)]), headers=said.headers)

    assert ids(fetched(Replay().says(PATH, strayed))) == [f"home.example/{n}" for n in range(5)]


def test_no_more_is_asked_for_than_the_budget_allows():
    """A page is at most what is left."""
    server = Replay().says(PATH, timeline(*(status(n, n) for n in range(1, 30)), page=40))
    with pytest.raises(BudgetSpentError):
        fetched(server, max_posts=10)
    assert [asked["limit"] for _, _, asked in server.asked] == ["10"]


def look_again(server, *identities):
    """What becomes of posts of the window's first minutes that are to be looked at again."""
    due = [Due(identity, WINDOW.end - timedelta(minutes=1)) for identity in identities]
    with server.running():
        hosts = ("s.example", "home.example", "other.example", "127.0.0.1", "printer.local")
        asking = server.asking("mastodon", *hosts, clock=StandingClock(NOW))
        settings = Mastodon(servers=("s.example",), tags=("zoom",))
        made = MastodonCollector(settings, Query(any=("#zoom",)), Door(bytes(32)), asking)
        return list(made.observe(due))


def test_what_no_timeline_shows_is_asked_for_at_home():
    """There by its number; gone where its server has none such, or its author asks not to be indexed."""
    server = (
        Replay()
        .says(PATH, timeline(status(1, 1)))
        .says("/api/v1/statuses/2", orjson.dumps(status(2, 1)))
        .says("/api/v1/statuses/3", Said(b'{"error": "Record not found"}', 404))
        .says("/api/v1/statuses/4", orjson.dumps(status(4, 1, indexable=False)))
    )
    pages = look_again(server, *(f"home.example/{number}" for number in (1, 2, 3, 4)))

    assert sorted(ids(pages)) == ["home.example/1", "home.example/2"]
    assert [name for page in pages for name in page.gone] == ["home.example/3", "home.example/4"]


def test_a_server_that_does_not_answer_says_nothing_about_its_posts():
    """It is asked once; others are asked all the same."""
    server = (
        Replay()
        .says(PATH, timeline())
        .says("/api/v1/statuses/1", *[Said(b"", 503)] * 5)
        .says("/api/v1/statuses/9", Said(b"{}", 404))
    )
    pages = look_again(server, "home.example/1", "home.example/2", "other.example/9")

    assert [name for page in pages for name in page.gone] == ["other.example/9"]
    assert [path for _, path, _ in server.asked].count("/api/v1/statuses/2") == 0


def test_only_public_servers_are_asked_for_a_status():
    """Whoever runs a server could write any other's name into a post's address."""
    server = Replay().says(PATH, timeline())
    hostile = ("127.0.0.1/1", "printer.local/1", "localhost/1", "s.example:25/1", "s.example/../admin")
    pages = look_again(server, *hostile, f"s.example/{'a' * 32}")

    assert [name for page in pages for name in page.gone] == []
    assert {path for _, path, _ in server.asked} == {PATH}
