import logging
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tests.collectors.replay import Replay, Said, StandingClock

from walkback.case import Query, Reddit
from walkback.collectors.collector import Covered, Due, Stretch
from walkback.collectors.keys import Keys
from walkback.collectors.reddit import RedditCollector, compile_query
from walkback.collectors.trouble import (
    BudgetSpentError,
    CredentialsError,
    KeyMissingError,
    QueryError,
    TierError,
    UnreachableError,
)
from walkback.post import Door

NOW = datetime(2023, 9, 5, tzinfo=UTC)
WINDOW = Stretch(NOW - timedelta(days=3), NOW - timedelta(minutes=1))
SECRET = "secret-that-nobody-may-see"  # noqa: S105
QUERY = Query(any=("zoom tos", "#zoom"), none=("zoom lens",))
TOKEN = orjson.dumps({"access_token": SECRET, "token_type": "bearer", "expires_in": 3600, "scope": "*"})
NEW, COMMENTS, SEARCH = "/r/privacy/new", "/r/privacy/comments", "/r/privacy/search"
HOSTS = ("www.reddit.com", "oauth.reddit.com")


def thing(number, kind="t3", minutes=None, **changes):
    """A submission or comment so many minutes before the end of the window."""
    made = (WINDOW.end - timedelta(minutes=number if minutes is None else minutes)).timestamp()
    words = (
        {"body": f"zoom tos & {number}", "link_id": "t3_s1", "parent_id": "t3_s1"}
        if kind == "t1"
        else {
            "title": f"zoom tos {number}",
            "selftext": "",
            "is_self": True,
            "url": "",
            "num_comments": 1,
        }
    )
    prefix = "c" if kind == "t1" else "s"
    data = {
        "id": f"{prefix}{number}",
        "name": f"{kind}_{prefix}{number}",
        "author": "somebody",
        "author_fullname": "t2_7",
        "created_utc": made,
        "score": 5,
        "subreddit": "privacy",
        "permalink": "",
        **words,
        **changes,
    }
    return {"kind": kind, "data": data}


def listing(*things, after=None):
    """An answer with things."""
    return orjson.dumps(
        {"kind": "Listing", "data": {"children": list(things), "after": after, "before": None}}
    )


def tree(*things):
    """A submission's page: itself and its comments."""
    return b"[" + listing(thing(1)) + b"," + listing(*things) + b"]"


def collector(server, subreddits=("privacy",), query=QUERY, **limits):
    """A collector that asks the server in Reddit's place, and its budget."""
    server.says("/api/v1/access_token", TOKEN)
    asking = server.asking("reddit", *HOSTS, clock=StandingClock(NOW), **limits)
    keys = Keys({f"WALKBACK_REDDIT_CLIENT_{name}": SECRET for name in ("ID", "SECRET")})
    return RedditCollector(Reddit(subreddits=subreddits), query, Door(bytes(32)), asking, keys)


def fetched(server, state=None, **how):
    """Every page of the window."""
    with server.running():
        return list(collector(server, **how).pages(WINDOW, state))


def ids(pages):
    """The ids of all posts, in order."""
    return [post.id for page in pages for post in page.posts]


def old(kind="t3"):
    """Something from before the window."""
    return thing(999, kind, minutes=60 * 24 * 9)


def test_listings_that_reach_back_are_all_there_is():
    """Newest submissions and comments; older ones are left out, and no search is needed."""
    server = (
        Replay()
        .says(NEW, listing(thing(1), thing(2), old()))
        .says(COMMENTS, listing(thing(3, "t1"), old("t1")))
    )
    pages = fetched(server)

    assert ids(pages) == ["t3_s1", "t3_s2", "t1_c3"]
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)
    assert pages[-1].state is None
    assert [path for _, path, _ in server.asked][1:] == [NEW, COMMENTS + "/"]
    assert pages[1].posts[0].text == "zoom tos & 3"
    assert pages[1].posts[0].via == "api"


def test_a_listing_is_followed_page_by_page():
    """By the name of its last thing."""
    first = [thing(number, minutes=number / 10) for number in range(1, 101)]
    server = (
        Replay()
        .says(NEW, listing(*first, after="t3_s100"), listing(thing(101), old()))
        .says(COMMENTS, listing())
    )
    pages = fetched(server)

    assert len(ids(pages)) == 101
    assert [asked.get("after") for _, path, asked in server.asked if path == NEW] == [None, "t3_s100"]


def test_where_a_listing_ends_too_early_searches_and_trees_go_on():
    """Comments of threads that don't match are out of reach: saturated."""
    full = [thing(number, minutes=1) for number in range(1, 101)]
    server = (
        Replay()
        .says(NEW, *[listing(*full, after="t3_s100")] * 15)
        .says(SEARCH, listing(thing(1)))
        .says(COMMENTS, *[listing(*[thing(n, "t1", minutes=1) for n in range(100)], after="t1_c99")] * 15)
        .says("/comments/s1", tree(thing(500, "t1"), thing(501, "t1")))
    )
    for number in range(2, 101):
        server.says(f"/comments/s{number}", tree())
    pages = fetched(server)

    assert "t1_c501" in ids(pages)
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "saturated"),)


def test_without_subreddits_all_of_reddit_is_searched():
    """And the trees of what is found."""
    server = Replay().says("/r/all/search", listing(thing(1))).says("/comments/s1", tree(thing(5, "t1")))
    pages = fetched(server, subreddits=())

    assert ids(pages) == ["t3_s1", "t1_c5"]
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)


def test_any_state_leads_on_to_the_same_posts():
    """A run that is killed after any page gets the rest, and the same coverage."""

    def server():
        return (
            Replay()
            .says("/r/all/search", listing(thing(1), thing(2), thing(3)))
            .says("/comments/s1", tree(thing(5, "t1")))
            .says("/comments/s2", tree(thing(6, "t1")))
            .says("/comments/s3", tree())
        )

    whole = fetched(server(), subreddits=())
    for position, page in enumerate(whole[:-1]):
        state = orjson.loads(orjson.dumps(page.state))
        rest = fetched(server(), state, subreddits=())
        assert ids(whole[: position + 1]) + ids(rest) == ids(whole)
        assert rest[-1].covered == whole[-1].covered


def test_a_closed_subreddit_does_not_keep_the_others_out():
    """It is told at the end, and the window is not whole."""
    server = (
        Replay()
        .says("/r/secret/new", Said(b'{"reason": "private"}', 403))
        .says(NEW, listing(thing(1), old()))
        .says(COMMENTS, listing())
    )
    got = []
    with server.running(), pytest.raises(TierError, match="r/secret is private"):
        got.extend(iter_into(got, collector(server, ("secret", "privacy")).pages(WINDOW, None)))
    assert ids(got) == ["t3_s1"]
    assert got[-1].covered == (Covered(WINDOW.start, WINDOW.end, "truncated"),)


def iter_into(kept, pages):
    """Keep the pages as they come, for when an error follows."""
    for page in pages:
        kept.append(page)
    return ()


@pytest.mark.parametrize(
    ("path", "said", "error", "told"),
    [
        ("/api/v1/access_token", Said(b'{"error": 401}', 401), CredentialsError, "CLIENT_SECRET are refused"),
        ("/api/v1/access_token", Said(b'{"error": "invalid_grant"}'), CredentialsError, "refused"),
        (
            NEW,
            Said(b"", 302, {"Location": "/subreddits/search?q=privacy"}),
            TierError,
            "no subreddit privacy",
        ),
        (
            NEW,
            Said(b"<html>", 200, {"Content-Type": "text/html"}),
            UnreachableError,
            "did not answer sensibly",
        ),
        (NEW, Said(b"{}", 503), UnreachableError, "status 503"),
        (NEW, Said(silent=True), UnreachableError, "did not answer sensibly"),
    ],
)
def test_each_refusal_is_told_apart(path, said, error, told, caplog):
    """In one line, without the secret, and without prawcore's own waiting."""
    caplog.set_level(logging.DEBUG)
    server = Replay().says(path, said).says(COMMENTS, listing())
    with pytest.raises(error, match=told) as raised:
        fetched(server)
    assert "\n" not in str(raised.value)
    assert SECRET not in str(raised.value) + caplog.text


def test_rate_limits_are_waited_for_by_us():
    """Prawcore would sleep by itself; here the clock that waits is ours."""
    closed = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "600", "x-ratelimit-reset": "42"}
    server = Replay().says(NEW, Said(listing(thing(1), old()), headers=closed)).says(COMMENTS, listing())
    with server.running():
        made = collector(server)
        list(made.pages(WINDOW, None))
    assert 42 <= made._clock.waits[0] <= 42.5  # noqa: SLF001  # the clock that this test gave it


def test_things_are_looked_at_again_by_name_and_missing_ones_are_gone():
    """What Reddit leaves out of its answer is not there any more."""
    deleted = thing(2, "t1", author="[deleted]", body="[deleted]")
    server = Replay().says("/api/info", listing(thing(1), deleted))
    with server.running():
        (page,) = collector(server).observe([Due(name, WINDOW.start) for name in ("t3_s1", "t1_c2", "t1_c3")])
    assert [(post.id, post.text_state) for post in page.posts] == [("t3_s1", "present"), ("t1_c2", "deleted")]
    assert page.gone == ("t1_c3",)


def test_what_came_back_broken_or_not_at_all_is_not_gone():
    """Only what Reddit leaves out of an answer with others is."""
    broken = thing(1)
    del broken["data"]["created_utc"]
    server = Replay().says("/api/info", listing(broken, thing(2)), listing())
    due = [Due(name, WINDOW.start) for name in ("t3_s1", "t3_s2")]
    with server.running():
        made = collector(server)
        (first,), (second,) = list(made.observe(due)), list(made.observe(due))
    assert (len(first.faults), first.gone, second.gone) == (1, (), ())


def test_a_null_where_reddit_has_none_is_told():
    """The client can't take it and loses the page: the source says so, and nothing breaks."""
    server = Replay().says(NEW, listing(thing(1, author=None)))
    with pytest.raises(UnreachableError, match="makes no sense"):
        fetched(server)


def test_an_old_post_at_the_top_of_a_listing_is_no_end():
    """The last one tells how far back a page reaches."""
    first = [old(), *(thing(number, minutes=number / 10) for number in range(1, 100))]
    server = (
        Replay()
        .says(NEW, listing(*first, after="t3_s99"), listing(thing(101), old()))
        .says(COMMENTS, listing())
    )
    assert "t3_s101" in ids(fetched(server))


def test_no_more_is_asked_for_than_the_budget_allows():
    """A page is at most what is left."""
    server = Replay().says(NEW, listing(*(thing(n) for n in range(10)), after="t3_s9"))
    with pytest.raises(BudgetSpentError):
        fetched(server, max_posts=10)
    assert [asked["limit"] for _, path, asked in server.asked if path == NEW] == ["10"]


def more(*children):
    """Comments that Reddit leaves out of a tree."""
    data = {
        "children": list(children),
        "count": len(children),
        "id": children[0],
        "name": f"t1_{children[0]}",
    }
    return {"kind": "more", "data": {**data, "parent_id": "t3_s1", "depth": 0}}


def test_a_tree_larger_than_the_budget_is_kept_as_far_as_it_goes():
    """And the walk goes on behind it: the next run must not begin there again and again."""
    server = (
        Replay()
        .says("/r/all/search", listing(thing(1), thing(2)))
        .says("/comments/s1", tree(thing(5, "t1"), more("c6"), more("c7")))
    )
    kept = []
    with server.running(), pytest.raises(BudgetSpentError):
        iter_into(kept, collector(server, (), max_requests=3).pages(WINDOW, None))
    assert ids(kept) == ["t3_s1", "t3_s2", "t1_c5"]
    assert (kept[-1].state["threads"], kept[-1].state["partial"]) == (["s2"], True)


def test_a_thread_that_is_deleted_meanwhile_does_not_close_its_subreddit():
    """The others are asked for."""
    server = (
        Replay()
        .says("/r/all/search", listing(thing(1), thing(2)))
        .says("/comments/s1", Said(b'{"message": "Not Found", "error": 404}', 404))
        .says("/comments/s2", tree(thing(6, "t1")))
    )
    pages = fetched(server, subreddits=())
    assert ids(pages) == ["t3_s1", "t3_s2", "t1_c6"]
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)


def test_without_keys_nothing_begins():
    """And the archive is named as the way without them."""
    server = Replay()
    with pytest.raises(KeyMissingError, match="import an archive"):
        RedditCollector(Reddit(), QUERY, Door(bytes(32)), server.asking("reddit"), Keys({}))


def test_queries_in_the_words_of_reddit():
    """Every term is quoted, and asked for once."""
    assert compile_query(QUERY) == ['("zoom tos" OR "zoom") NOT "zoom lens"']
    terms = [f"the terms of service number {number}" for number in range(40)]
    compiled = compile_query(Query(any=terms))
    assert max(map(len, compiled)) <= 512
    assert [term for term in terms if sum(f'"{term}"' in one for one in compiled) != 1] == []
    with pytest.raises(QueryError, match="everything"):
        compile_query(Query(any=("*",)))
