import logging
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tests.collectors.replay import Replay, Said, StandingClock

from walkback.case import Query
from walkback.collectors.archives.bluesky import BLUESKY
from walkback.collectors.archives.format import Sighting
from walkback.collectors.bluesky import BlueskyCollector
from walkback.collectors.collector import Covered, Due, Stretch, read
from walkback.collectors.keys import Keys
from walkback.collectors.trouble import (
    BudgetSpentError,
    CredentialsError,
    KeyMissingError,
    TierError,
    UnreachableError,
)
from walkback.post import Door

NOW = datetime(2023, 9, 5, tzinfo=UTC)
WINDOW = Stretch(NOW - timedelta(days=2), NOW - timedelta(minutes=1))
SEARCH, SIGN_IN = "/xrpc/app.bsky.feed.searchPosts", "/xrpc/com.atproto.server.createSession"
SECRET = "password-that-nobody-may-see"  # noqa: S105
LOGIN = Keys({"WALKBACK_BLUESKY_HANDLE": "a.example", "WALKBACK_BLUESKY_APP_PASSWORD": SECRET})
SESSION = orjson.dumps({"accessJwt": "jwt", "did": "did:plc:a", "handle": "a.example"})


def view(number, minutes):
    """A post so many minutes before the end of the window."""
    made = (WINDOW.end - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "uri": f"at://did:plc:{'b' * 24}/app.bsky.feed.post/{number}",
        "cid": "c",
        "author": {"did": f"did:plc:{'b' * 24}", "handle": "b.example"},
        "record": {"$type": "app.bsky.feed.post", "text": f"zoom {number}", "createdAt": made},
        "indexedAt": made,
        "likeCount": 1,
    }


def search(*views, page=2, deepest=10_000):
    """The search: newest first, in pages; after `deepest` posts there is no cursor."""
    ordered = sorted(views, key=lambda one: one["indexedAt"], reverse=True)

    def answer(asked):
        found = [one for one in ordered if asked["since"] <= one["indexedAt"] < asked["until"]]
        first = int(asked.get("cursor", 0))
        shown = found[first : first + page]
        more = first + page < min(len(found), deepest)
        return orjson.dumps({"posts": shown, **({"cursor": str(first + page)} if more else {})})

    return answer


def fetched(server, state=None, keys=LOGIN, terms=("zoom",), **limits):
    """Every page of the window."""
    with server.running():
        clock = StandingClock(NOW)
        asking = server.asking("bluesky", "bsky.social", "public.api.bsky.app", clock=clock, **limits)
        return list(BlueskyCollector(Query(any=terms), Door(bytes(32)), asking, keys).pages(WINDOW, state))


def words(pages):
    """What the posts say: their ids are pseudonyms."""
    return {post.text for page in pages for post in page.posts}


@pytest.mark.parametrize("deepest", [10_000, 4])
def test_everything_is_had_however_deep_the_search_goes(deepest):
    """Where there is no cursor any more, the next question ends where the last one stopped."""
    server = (
        Replay()
        .says(SIGN_IN, SESSION)
        .says(SEARCH, search(*(view(n, n * 7 + 1) for n in range(11)), deepest=deepest))
    )
    pages = fetched(server)

    assert words(pages) == {f"zoom {n}" for n in range(11)}
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)
    assert {host for host, _, _ in server.asked} == {"bsky.social"}


def test_any_state_leads_on_to_the_same_posts():
    """A run that is killed after any page gets the rest."""
    server = (
        Replay()
        .says(SIGN_IN, SESSION)
        .says(SEARCH, search(*(view(n, n * 7 + 1) for n in range(9)), deepest=4))
    )
    whole = fetched(server, terms=("zoom", "zoom tos"))
    for position, page in enumerate(whole[:-1]):
        rest = fetched(server, orjson.loads(orjson.dumps(page.state)), terms=("zoom", "zoom tos"))
        assert words(whole[: position + 1]) | words(rest) == words(whole)


def test_strangers_are_told_what_they_need():
    """The search is closed to them, mostly."""
    server = Replay().says(SEARCH, Said(b"<html>403</html>", 403, {"Content-Type": "text/html"}))
    with pytest.raises(TierError, match="Set WALKBACK_BLUESKY_HANDLE and WALKBACK_BLUESKY_APP_PASSWORD"):
        fetched(server, keys=Keys({}))
    assert server.asked[0][0] == "public.api.bsky.app"


def test_strangers_who_are_let_in_walk_back_by_time():
    """They are given no cursor."""
    server = Replay().says(SEARCH, search(*(view(n, n * 7 + 1) for n in range(5)), deepest=0))
    assert words(fetched(server, keys=Keys({}))) == {f"zoom {n}" for n in range(5)}


def test_a_session_that_is_over_is_begun_anew():
    """Once; then the password is at fault."""
    over = Said(b'{"error": "ExpiredToken"}', 400)
    server = Replay().says(SIGN_IN, SESSION).says(SEARCH, over, search(view(1, 1)))
    assert words(fetched(server)) == {"zoom 1"}

    with pytest.raises(CredentialsError):
        fetched(Replay().says(SIGN_IN, SESSION).says(SEARCH, over))


def test_a_wrong_password_is_told_without_saying_it(caplog):
    """Nor is it in a log."""
    caplog.set_level(logging.DEBUG)
    server = Replay().says(SIGN_IN, Said(b'{"error": "AuthenticationRequired"}', 401))
    with pytest.raises(CredentialsError) as raised:
        fetched(server)
    assert SECRET not in str(raised.value) + caplog.text


def test_half_a_login_is_none():
    """The missing half is named."""
    with pytest.raises(KeyMissingError, match="APP_PASSWORD"):
        fetched(Replay(), keys=Keys({"WALKBACK_BLUESKY_HANDLE": "a.example"}))


def test_no_more_is_asked_for_than_the_budget_allows():
    """A page is at most what is left."""
    server = Replay().says(SIGN_IN, SESSION).says(SEARCH, search(*(view(n, n) for n in range(30)), page=100))
    with pytest.raises(BudgetSpentError):
        fetched(server, max_posts=10)
    assert [asked["limit"] for _, path, asked in server.asked if path == SEARCH] == ["10"]


def test_a_moment_with_more_than_can_be_shown_is_told():
    """Strangers get a page and no cursor; what lies below is still asked for."""

    def crowded(asked):
        found = [one for one in views if asked["since"] <= one["indexedAt"] < asked["until"]]
        return orjson.dumps({"posts": found[:100]})

    views = [*(view(n, 5) for n in range(130)), view(200, 9)]
    pages = fetched(Replay().says(SEARCH, crowded), keys=Keys({}))
    assert "zoom 200" in words(pages)
    assert pages[-1].covered == (Covered(WINDOW.start, WINDOW.end, "saturated"),)


def look_again(found, due):
    """What becomes of posts that are to be looked at again, when a search finds these."""
    server = Replay().says(SIGN_IN, SESSION).says(SEARCH, search(*found))
    with server.running():
        asking = server.asking("bluesky", "bsky.social", "public.api.bsky.app", clock=StandingClock(NOW))
        door = Door(bytes(32))
        collector = BlueskyCollector(Query(any=("zoom",)), door, asking, LOGIN)
        posts = read(BLUESKY, due, Sighting(door, NOW)).posts
        return list(collector.observe([Due(post.id, post.created_at) for post in posts]))


def test_what_a_whole_search_no_longer_finds_is_gone():
    """The others are there."""
    views = [view(number, number * 3 + 1) for number in range(12)]
    pages = look_again(views[:-1], views)

    assert len(words(pages)) == 11
    assert [name.endswith("/11") for page in pages for name in page.gone] == [True]


def test_a_search_that_finds_next_to_nothing_says_nothing_about_any_post():
    """Rather that than to erase what is there."""
    views = [view(number, number * 3 + 1) for number in range(12)]
    with pytest.raises(UnreachableError, match="11 of 12 posts are not found"):
        look_again(views[:1], views)
