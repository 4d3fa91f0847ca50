"""The sandbox's platforms, asked by the real clients over HTTP: whole, with every failure, within limits."""

import re
from collections import Counter
from datetime import timedelta

import pytest
import requests
from tests.collectors.replay import Replay, Said, StandingClock
from tests.collectors.sandboxes import (
    END,
    NOW,
    SOURCES,
    START,
    SUBREDDITS,
    gather,
    look_again,
    sandbox,
    stored,
    world,
    zoom,
)

from walkback.collectors import transport
from walkback.collectors.sandbox.platforms.crossposts import crossposts
from walkback.collectors.sandbox.platforms.faults import Fault
from walkback.collectors.sandbox.world import has_term
from walkback.collectors.trouble import (
    CredentialsError,
    QueryError,
    QuotaError,
    RateLimitedError,
    TierError,
    UnreachableError,
)
from walkback.store import Store

OVERCOME = [
    Fault.SERVER_ERROR,
    Fault.RATE_LIMITED,
    Fault.HTML,
    Fault.CUT_OFF,
    Fault.NO_ANSWER,
    Fault.RESET,
    Fault.DUPLICATES,
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What an undisturbed collection stores."""
    case = zoom(tmp_path_factory.mktemp("undisturbed"))
    with sandbox().running() as platforms:
        done = gather(case, platforms)
    assert not any(one.trouble for one in done.values())
    return stored(case, "source", "id", "created_at", "text")


def matching(source):
    """The ids of the world's posts of a source that have a term, in the case's window."""
    return {
        post.id
        for post in world().posts
        if post.source == source
        and post.place in {None, *SUBREDDITS}
        and START <= post.created_at < END
        and not post.deleted
        and has_term(post.words)
        and "zoom lens" not in post.words.lower()
    }


def of(source, rows):
    """The rows of a source, pseudonyms left out: they hang on a store's key."""
    return [
        row[2:] if source in {"mastodon", "bluesky"} else (row[1], row[2]) for row in rows if row[0] == source
    ]


def test_every_matching_post_of_the_world_is_collected(undisturbed):
    """By X, Reddit and Hacker News: nothing is lost on the way through paging, caps and windows."""
    for source in ("x", "reddit", "hackernews"):
        ids = {row[1].removeprefix("t3_").removeprefix("t1_") for row in undisturbed if row[0] == source}
        assert matching(source)
        assert matching(source) <= ids


def test_mastodon_is_put_together_from_two_servers_without_doubling(undisturbed):
    """Each knows two thirds; a post that both know is one."""
    tagged = [
        post
        for post in crossposts(world(), "mastodon")
        if START <= post.created_at < END
        and any(tag in post.text.lower() for tag in ("#zoomtos", "#zoomai", "#privacy"))
        and post.author_number % 10
    ]
    found = [row for row in undisturbed if row[0] == "mastodon"]

    assert tagged
    assert sorted(row[2] for row in found) == sorted(post.created_at for post in tagged)


def test_bluesky_is_searched_with_an_account(undisturbed):
    """Every post with a term."""
    wanted = [
        post
        for post in crossposts(world(), "bluesky")
        if START <= post.created_at < END and has_term(post.text) and "zoom lens" not in post.text.lower()
    ]
    found = [row[2] for row in undisturbed if row[0] == "bluesky"]

    assert wanted
    assert {post.created_at for post in wanted} <= set(found)


# No answer and a reset are one to a client: the transport is the same for all.
@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (source, fault)
        for source in SOURCES
        for fault in OVERCOME
        if fault is not Fault.NO_ANSWER or source == "hackernews"
    ],
)
def test_what_passes_is_survived(source, fault, tmp_path, undisturbed):
    """Every second request fails in one way, and the store is as if none had."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        platforms.faults.plan_often(fault, source, every=2)
        done = gather(case, platforms, source)

    assert done[source].trouble is None
    assert fault in {one.fault for one in platforms.log}
    assert sorted(of(source, stored(case, "source", "id", "created_at", "text"))) == sorted(
        of(source, undisturbed)
    )


@pytest.mark.parametrize("source", SOURCES)
def test_a_server_that_says_nothing_is_given_up_and_asked_again(source, tmp_path, monkeypatch, undisturbed):
    """The client's own time-out ends it."""
    monkeypatch.setattr(transport, "_TIMEOUT_S", (5.0, 0.3))
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        platforms.faults.plan(Fault.STALL, source, skip=1)
        done = gather(case, platforms, source)

    assert done[source].trouble is None
    assert len(of(source, stored(case))) == len(of(source, undisturbed))


def test_an_empty_page_with_a_token_is_no_end(tmp_path, undisturbed):
    """X's full archive sends such pages."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        platforms.faults.plan(Fault.EMPTY_PAGE, "x", skip=1, times=3)
        done = gather(case, platforms, "x")

    assert done["x"].trouble is None
    assert [one.fault for one in platforms.log].count(Fault.EMPTY_PAGE) == 3
    assert of("x", stored(case, "source", "id", "created_at", "text")) == of("x", undisturbed)


@pytest.mark.parametrize("source", SOURCES)
def test_a_post_without_a_date_goes_to_quarantine(source, tmp_path, undisturbed):
    """It alone; its neighbours are stored."""
    case = zoom(tmp_path)
    skip = 1 if source in {"reddit", "bluesky"} else 0  # the first question is for a token
    with sandbox().running() as platforms:
        platforms.faults.plan(Fault.NO_DATE, source, skip=skip)
        done = gather(case, platforms, source)

    assert done[source].trouble is None
    assert done[source].quarantined == 1
    kept, all_of_them = len(of(source, stored(case))), len(of(source, undisturbed))
    assert all_of_them - 1 <= kept <= all_of_them  # another term or server may show it again, whole


@pytest.mark.parametrize(
    ("source", "fault", "error"),
    [
        ("x", Fault.BAD_CREDENTIALS, CredentialsError),
        ("x", Fault.CLOSED_TIER, TierError),
        ("x", Fault.MONTHLY_CAP, QuotaError),
        ("x", Fault.REJECTED_QUERY, QueryError),
        ("reddit", Fault.BAD_CREDENTIALS, CredentialsError),
        ("reddit", Fault.CLOSED_TIER, TierError),
        ("hackernews", Fault.REJECTED_QUERY, QueryError),
        ("mastodon", Fault.CLOSED_TIER, TierError),
        ("bluesky", Fault.CLOSED_TIER, TierError),
        ("bluesky", Fault.REJECTED_QUERY, QueryError),
        *((source, Fault.SERVER_ERROR, UnreachableError) for source in SOURCES),
        ("mastodon", Fault.HTML, UnreachableError),
    ],
)
def test_what_does_not_pass_is_told_apart_and_gone_on_with_later(source, fault, error, tmp_path, undisturbed):
    """What came before is kept, and the next run ends with the same store as an undisturbed one."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        platforms.faults.plan(fault, source, skip=2 if source in {"reddit", "bluesky"} else 1, times=50)
        failed = gather(case, platforms, source)[source]
        platforms.faults.clear()
        again = gather(case, platforms, source)[source]

    assert type(failed.trouble) is error
    assert str(failed.trouble).startswith(f"{source}: ")
    assert "sandbox" not in str(failed.trouble)
    assert again.trouble is None
    assert sorted(of(source, stored(case, "source", "id", "created_at", "text"))) == sorted(
        of(source, undisturbed)
    )


class Same(Replay):
    """Answers everything in one way."""

    def next_answer(self, path, asked):  # noqa: ARG002
        """Always this."""
        return Said(self.body)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "body", [b"null", b"7", b"{}", b'"sorry"', b'{"message": "sorry"}', b'{"errors": []}']
)
def test_json_that_is_no_answer_is_not_taken_for_no_posts(source, body, tmp_path):
    """With status 200: nothing of the window is covered, and nobody is told of a fault of ours."""
    case, server = zoom(tmp_path), Same()
    server.body = body
    with server.running():
        done = gather(case, server, source, clock=StandingClock(NOW))[source]

    assert isinstance(done.trouble, UnreachableError)
    assert {row.status for row in Store(case.store_path).coverage(case)} == {"truncated"}


def test_one_source_failing_stops_no_other(tmp_path, undisturbed):
    """X refuses; the others are whole."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        platforms.faults.plan(Fault.MONTHLY_CAP, "x", times=99)
        done = gather(case, platforms)

    assert [name for name, one in done.items() if one.trouble] == ["x"]
    others = [row for row in undisturbed if row[0] != "x"]
    assert len(stored(case)) == len(others)


def test_a_limit_is_waited_for_as_the_headers_tell(tmp_path):
    """X's quarter of an hour, half used up by somebody else."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        use_up_most_of_the_limit(platforms)
        began = platforms.now()
        done = gather(case, platforms, "x", max_wait_s=960.0)

    assert done["x"].trouble is None
    assert timedelta(minutes=5) < platforms.now() - began < timedelta(minutes=16)
    assert not [one for one in platforms.log if one.status == requests.codes.too_many_requests]


def test_a_wait_that_is_too_long_is_told(tmp_path):
    """And the posts so far are kept."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        use_up_most_of_the_limit(platforms)
        done = gather(case, platforms, "x", max_wait_s=60.0)

    assert isinstance(done["x"].trouble, RateLimitedError)
    assert done["x"].stored > 0


def test_deleted_posts_are_deleted_here(tmp_path):
    """What its platform no longer has when it is looked at again."""
    case = zoom(tmp_path)
    with sandbox(END + timedelta(minutes=30)).running() as platforms:
        gather(case, platforms, "x", "reddit")
        before = stored(case, "source", "id", "text_state")
        doomed = {
            source: next(row[1] for row in reversed(before) if row[0] == source and row[2] == "present")
            for source in ("x", "reddit")
        }
        for source, name in doomed.items():
            platforms.delete(source, name.rpartition("_")[2])
        platforms._clock.sleep(24 * 3600)  # noqa: SLF001
        done = gather(case, platforms, "x", "reddit")
        texts = {(row[0], row[1]): row[2:] for row in stored(case, "source", "id", "text", "text_state")}

    assert not any(one.trouble for one in done.values())
    for source, name in doomed.items():
        text, state = texts.get((source, name), ("", "deleted"))
        assert not text
        assert state != "present"


@pytest.mark.parametrize("source", SOURCES)
def test_a_deletion_is_followed_however_old_the_post(source, tmp_path):
    """It loses words, author and its account's age; others are seen to be there, and not asked for again."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        gather(case, platforms, source)
        before = {row[0]: row[1] for row in stored(case, "id", "text_state")}
        doomed = next(name for name, state in before.items() if state == "present")
        platforms.delete(source, re.split("[_/]", doomed)[-1])
        platforms._clock.sleep(25 * 3600)  # noqa: SLF001
        done = look_again(case, platforms, source)[source]
        again = look_again(case, platforms, source)
        after = {
            row[0]: row[1:] for row in stored(case, "id", "text_state", "text", "author", "account_days")
        }

    assert (done.trouble, again) == (None, {})
    assert {name for name in after if after[name][0] != before[name]} == {doomed}
    assert (*after[doomed][1:], done.gone) == ("", None, None, 1)
    assert any(row[3] is not None for row in after.values()) == (source == "mastodon")


@pytest.mark.parametrize("source", SOURCES)
def test_counts_are_looked_at_again_on_every_platform(source, tmp_path):
    """An hour and six hours after the newest posts were had, and then a day after."""
    case = zoom(tmp_path)
    with sandbox(END + timedelta(minutes=10)).running() as platforms:
        for hours in (1, 5, 20, 0):
            done = gather(case, platforms, source)[source]
            assert done.trouble is None
            platforms._clock.sleep(hours * 3600)  # noqa: SLF001
    seen = Counter(row[:2] for row in observed(case) if row[2] >= END - timedelta(minutes=45))

    assert seen
    assert {count for post, count in seen.items() if post not in emptied(case)} == {4}


def observed(case):
    """(source, id, made at, observed at) of every count."""
    with Store(case.store_path)._read() as connection:  # noqa: SLF001
        found = connection.sql(
            "SELECT source, id, created_at, observed_at FROM observation JOIN post USING (source, id)"
        ).to_arrow_table()
    return [tuple(row.values()) for row in found.to_pylist()]


def emptied(case):
    """What was deleted meanwhile."""
    return {row[:2] for row in stored(case, "source", "id", "text_state") if row[2] != "present"}


def test_what_is_collected_twice_is_stored_once(tmp_path):
    """A second run asks for nothing: all is covered."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        gather(case, platforms)
        before, asked = stored(case), len(platforms.log)
        gather(case, platforms)

    assert stored(case) == before
    assert len(platforms.log) == asked
    assert Store(case.store_path).status(case).posts == len(before)


def ask(platforms, host, path, **headers):
    """One request, as a stranger's."""
    return requests.get(
        f"{platforms.address}{path}",
        headers={"Host": host, "Authorization": "Bearer x", **headers},
        timeout=10,
    )


def use_up_most_of_the_limit(platforms):
    """All but two of X's requests in a quarter of an hour, by somebody else."""
    for _ in range(298):
        ask(platforms, "api.twitter.com", "/2/tweets/search/all?query=zoom")
        platforms._clock.sleep(1.1)  # noqa: SLF001


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("example.org", "/"),
        ("api.twitter.com", "/2/users/me"),
        ("api.twitter.com", "/2/tweets/search/all?query=zoom&colour=red"),
        ("hn.algolia.com", "/api/v1/search_by_date?tags=(story,comment)&query=zoom&sort=new"),
        ("hn.algolia.com", "/api/v1/search_by_date?tags=story&query=zoom"),
        ("mastodon.social", "/api/v1/timelines/tag/zoom?local=true"),
        ("bsky.social", "/xrpc/app.bsky.feed.getTimeline"),
        ("www.reddit.com", "/r/privacy/new.json"),
    ],
)
def test_what_the_sandbox_does_not_speak_is_answered_loudly(host, path):
    """By a status that no platform sends."""
    with sandbox().running() as platforms:
        answer = ask(platforms, host, path)

    assert answer.status_code == 599
    assert "the sandbox doesn't know this" in answer.json()["error"]


def test_the_platforms_time_is_the_sandboxs():
    """Clients go by the Date header."""
    with sandbox().running() as platforms:
        answer = ask(platforms, "hn.algolia.com", "/api/v1/search_by_date?tags=(story,comment)&query=zoom")

    assert answer.headers["Date"] == f"{NOW:%a, %d %b %Y %H:%M:%S} GMT"


def test_a_clock_that_is_wrong_waits_by_the_platforms(tmp_path):
    """Ours is an hour slow; the limit's end is told in their time."""
    case = zoom(tmp_path)
    with sandbox().running() as platforms:
        use_up_most_of_the_limit(platforms)
        slow = Slow(platforms._clock)  # noqa: SLF001
        done = gather(case, platforms, "x", clock=slow, max_wait_s=960.0)

    assert done["x"].trouble is None
    assert max(slow.waits) < 960


class Slow:
    """Another clock, an hour behind."""

    def __init__(self, clock):
        """`clock` is right."""
        self.right = clock
        self.waits = []

    def now(self):
        """An hour ago."""
        return self.right.now() - timedelta(hours=1)

    def sleep(self, seconds):
        """As long as it takes."""
        self.waits.append(seconds)
        self.right.sleep(seconds)
