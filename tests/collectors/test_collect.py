"""Collecting as a whole: through the real collectors, over HTTP, into a real store."""

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collectors.replay import Replay, Said, StandingClock
from tests.collectors.test_collect_hackernews import PATH as HN
from tests.collectors.test_collect_hackernews import algolia
from tests.collectors.test_collect_x import ALL as X_ALL
from tests.collectors.test_collect_x import page as x_page
from tests.worlds import case_at

from walkback.collectors.budget import Budget, Limits
from walkback.collectors.collect import Source, collect, missing_of, window_of
from walkback.collectors.collector import Stretch
from walkback.collectors.keys import Keys
from walkback.collectors.sources import make_collector
from walkback.collectors.transport import Asking
from walkback.collectors.trouble import BudgetSpentError, TierError
from walkback.errors import WalkbackError
from walkback.store import Store

START = datetime(2023, 8, 1, tzinfo=UTC)
END = START + timedelta(hours=4)
NOW = END + timedelta(days=300)  # nothing is due to be looked at again
SOURCES = {"hackernews": {}, "x": {"archive": "all", "max_cost": 25.0}}
KEYS = Keys({"WALKBACK_X_BEARER_TOKEN": "secret"})


class Killed(BaseException):
    """The process ends here."""


def hits(count):
    """As many comments, a few a minute."""
    return [
        {
            "objectID": str(number),
            "created_at_i": int(START.timestamp()) + number * 20,
            "author": f"a{number % 7}",
            "comment_text": f"zoom {number}" if number % 5 else f"zooming {number}",
            "points": None,
            "_tags": ["comment"],
        }
        for number in range(count)
    ]


def tweets(count):
    """As many posts, in pages of ten by token."""
    made = [
        {
            "id": str(1_000 + number),
            "text": f"zoom {number}",
            "created_at": f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}.000Z",
            "author_id": str(number % 5),
            "public_metrics": {"like_count": number, "retweet_count": 0, "reply_count": 0, "quote_count": 0},
        }
        for number in reversed(range(count))
    ]

    def answer(asked):
        low, high = asked["start_time"][:-1], asked["end_time"][:-1]
        found = [one for one in made if low <= one["created_at"][:19] < high]
        first = int(asked.get("next_token", 0))
        rest = first + 10 < len(found)
        return x_page(*found[first : first + 10], following=str(first + 10) if rest else None)

    return answer


def run(case, server, *, now=NOW, kill_after=None, names=("hackernews", "x"), until=None, **limits):
    """One collection; `kill_after` pages, the process dies."""
    store = Store(case.store_path)
    door = store.prepare()
    clock = StandingClock(now)
    hosts = ("hn.algolia.com", "api.twitter.com")
    routes = {f"https://{host}": server.address for host in hosts}
    sources = []
    for name in names:
        budget = Budget(name, Limits(**{"max_cost": Decimal(25), **limits}), clock)
        sources.append(Source(make_collector(name, case, door, Asking(budget, clock, routes), KEYS), budget))
    pages = 0

    def progress(_):
        nonlocal pages
        pages += 1
        if pages == kill_after:
            raise Killed

    return collect(
        case, store, door, sources, window_of(case, now, None, until), clock=clock, progress=progress
    )


def zoom_case(folder):
    """A case of four hours."""
    return case_at(folder, start=START, end=END, query={"any": ["zoom"]}, sources=SOURCES)


def content(case):
    """All that must not depend on how often a run was killed."""
    store = Store(case.store_path)
    posts = store.matching(case).drop_columns(["fetched_at", "first_seen_at"]).to_pylist()
    covered = {(row.source, row.start, row.end, row.status, row.how) for row in store.coverage(case)}
    return posts, covered, store.status(case).posts


def platforms(shown=50):
    """Both platforms with their posts."""
    return Replay().says(HN, algolia(hits(120), shown)).says(X_ALL, tweets(47))


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(1, 5), max_size=2))
def test_killed_runs_end_in_the_store_of_an_undisturbed_one(tmp_path_factory, kills):
    """After any pages of any source; nothing is lost, nothing is there twice."""
    quiet, killed = (zoom_case(tmp_path_factory.mktemp(name)) for name in ("quiet", "killed"))
    with platforms().running() as server:
        run(quiet, server)
    # One key for both, so that pseudonyms can be compared.
    shutil.copy(quiet.store_path.with_suffix(".key"), killed.store_path.with_suffix(".key"))
    with platforms().running() as server:
        for after in kills:
            try:
                run(killed, server, kill_after=after)
            except Killed:
                continue
        run(killed, server)

    assert content(killed) == content(quiet)
    assert content(quiet)[2] == 120 + 47
    whole = {("hackernews", START, END, "complete", "asked"), ("x", START, END, "complete", "asked")}
    assert content(quiet)[1] == whole


def test_a_second_run_asks_for_nothing(tmp_path):
    """What is covered is covered."""
    case = zoom_case(tmp_path)
    with platforms().running() as server:
        first = run(case, server)
        asked = len(server.asked)
        second = run(case, server)

    assert [one.trouble for one in first + second] == [None] * 4
    assert [(one.stored, one.requests) for one in second] == [(0, 0), (0, 0)]
    assert len(server.asked) == asked


def test_a_growing_case_asks_for_what_is_new_and_the_overlap(tmp_path):
    """And stores no post twice."""
    case = zoom_case(tmp_path)
    with platforms(shown=1_000).running() as server:
        run(case, server, names=("hackernews",), until=START + timedelta(minutes=20))
        (second,) = run(case, server, names=("hackernews",))
    # An hour's overlap is more than there was before.
    assert (second.stored, second.duplicates) == (60, 60)
    assert content(case)[1] == {("hackernews", START, END, "complete", "asked")}


def test_one_source_that_fails_stops_no_other(tmp_path):
    """It says why; its time stays open, and a later run gets it."""
    case = zoom_case(tmp_path)
    closed = Said(b'{"detail": "client-forbidden"}', 403)
    with Replay().says(HN, algolia(hits(120))).says(X_ALL, closed).running() as server:
        hackernews, x = run(case, server)
    assert (hackernews.stored, hackernews.trouble) == (120, None)
    assert isinstance(x.trouble, TierError)
    assert ("x", START, END, "truncated", "asked") in content(case)[1]
    assert {row.outcome[:7] for row in Store(case.store_path).runs(case)} == {"done", "failed:"}

    with platforms().running() as server:
        _, x = run(case, server)
    assert x.stored == 47
    assert ("x", START, END, "complete", "asked") in content(case)[1]


def test_a_spent_budget_is_gone_on_with(tmp_path):
    """The newest part is had first; no page is paid for twice."""
    case = zoom_case(tmp_path)
    costs = Decimal(0)
    with platforms().running() as server:
        for _ in range(9):
            (x,) = run(case, server, names=("x",), max_requests=1)
            costs += x.cost
            if x.trouble is None:
                break
            assert isinstance(x.trouble, BudgetSpentError)
    assert costs == 47 * Decimal("0.005")
    assert content(case)[2] == 47
    spent = Store(case.store_path).runs(case)
    assert sum(row.cost for row in spent) == costs
    assert sum(row.requests for row in spent) == 5


def test_what_a_request_may_cost_is_stored_before_it_is_made(tmp_path):
    """Whoever is killed while it is under way has counted it; what it did cost is told afterwards."""
    case = zoom_case(tmp_path)
    noted = []
    answer = tweets(47)

    def watched(asked):
        noted.append(Store(case.store_path).runs(case)[-1].cost)
        return answer(asked)

    with Replay().says(X_ALL, watched).running() as server:
        run(case, server, names=("x",))
    page, post = 100 * Decimal("0.005"), Decimal("0.005")
    assert noted == [page + post * number for number in (0, 10, 20, 30, 40)]
    assert Store(case.store_path).runs(case)[-1].cost == 47 * post


def test_what_a_failed_run_took_is_stored(tmp_path):
    """Requests that brought nothing count; what was not answered costs nothing."""
    case = zoom_case(tmp_path)
    silent = Said(b"", 503)
    with Replay().says(HN, silent).says(X_ALL, tweets(47), silent).running() as server:
        done = run(case, server)
    assert [one.trouble is None for one in done] == [False, False]
    rows = {row.origin: (row.requests, row.cost) for row in Store(case.store_path).runs(case)}
    assert rows == {one.source: (one.requests, one.cost) for one in done}
    assert rows == {"hackernews": (5, Decimal(0)), "x": (11, Decimal("0.05"))}


def test_a_place_that_the_platform_forgot_is_begun_anew(tmp_path):
    """A token that no longer holds must not stop a case for ever."""
    case = zoom_case(tmp_path)
    with platforms().running() as server:
        run(case, server, names=("x",), max_requests=2)
    forgot = Said(b'{"errors": [{"message": "invalid next_token"}]}', 400)
    with Replay().says(X_ALL, forgot, tweets(47)).running() as server:
        (x,) = run(case, server, names=("x",))
    assert x.trouble is None
    assert content(case)[2] == 47


TIMELINE = "/api/v1/timelines/tag/"


def status(number, tag):
    """A post on Mastodon with the tag."""
    return {
        "id": str(number),
        "uri": f"https://m.example/users/a/statuses/{number}",
        "url": f"https://m.example/@a/{number}",
        "created_at": f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}.000Z",
        "account": {"id": "1", "acct": "a", "url": "https://m.example/@a"},
        "content": f"<p>zoom #{tag} {number}</p>",
    }


def test_what_was_covered_before_a_tag_was_added_is_asked_for_again(tmp_path):
    """Also by a run that goes on after one that was cut short; and then no more."""
    old, both = ["a", "b", "c", "d"], ["a", "b", "c", "d", "e"]  # four are asked for at once

    def gather(tags, server, **limits):
        sources = {"mastodon": {"servers": ["m.example"], "tags": tags}}
        case = case_at(tmp_path, start=START, end=END, query={"any": ["zoom"]}, sources=sources)
        clock, store = StandingClock(NOW), Store(case.store_path)
        asking = Asking(
            Budget("mastodon", Limits(**limits), clock), clock, {"https://m.example": server.address}
        )
        made = Source(make_collector("mastodon", case, store.prepare(), asking, KEYS), asking.budget)
        window = window_of(case, NOW, None, None)
        assert missing_of(case, store, made.collector, window) == windows_to_be.pop(0)
        (done,) = collect(case, store, store.prepare(), [made], window, clock=clock, progress=lambda _: None)
        return done.stored, done.requests

    windows_to_be = [[Stretch(START, END)], [], [Stretch(START, END)], [Stretch(START, END)], [], []]
    first, fifth = orjson.dumps([status(1, "a")]), orjson.dumps([status(2, "e")])
    with Replay().says(TIMELINE + "a", first).says(TIMELINE + "e", fifth).running() as server:
        assert gather(old, server) == (1, 1)
        assert gather(old, server) == (0, 0)
        assert gather(both, server, max_requests=1) == (0, 1)
        assert gather(both, server) == (1, 1)
        assert gather(both, server) == (0, 0)
        assert gather(old, server) == (0, 0)
    assert windows_to_be == []


def test_a_broken_item_is_in_quarantine_once(tmp_path):
    """Whenever it comes again."""
    case = zoom_case(tmp_path)
    broken = hits(3)
    broken[1]["objectID"] = ""
    with Replay().says(HN, algolia(broken)).running() as server:
        (first,) = run(case, server, names=("hackernews",), until=START + timedelta(minutes=20))
        run(case, server, names=("hackernews",))
    assert (first.stored, first.quarantined) == (2, 1)
    assert [(origin, fault.reason) for origin, fault in Store(case.store_path).quarantine(case)] == [
        ("hackernews", "id is missing")
    ]


def test_counts_are_looked_at_again_at_their_ages(tmp_path):
    """At 1, 6, 24, 72 hours and 7 days; what X no longer has goes from here."""
    case = zoom_case(tmp_path)
    likes = {"count": 0}

    def lookup(asked):
        likes["count"] += 10
        found = [
            {
                "id": identity,
                "text": "zoom",
                "created_at": "2023-08-01T00:00:00.000Z",
                "author_id": "1",
                "public_metrics": {"like_count": likes["count"], "retweet_count": 0, "reply_count": 0},
            }
            for identity in asked["ids"].split(",")
            if identity != "1001"
        ]
        missing = {"resource_id": "1001", "type": "https://api.twitter.com/2/problems/resource-not-found"}
        gone = [missing] if "1001" in asked["ids"].split(",") else []
        return orjson.dumps({"data": found, "errors": gone})

    with Replay().says(X_ALL, tweets(3)).says("/2/tweets", lookup).running() as server:
        for hours in (0.1, 1.2, 1.3, 7, 30):
            run(case, server, names=("x",), now=START + timedelta(hours=hours))
        looked_up = [path for _, path, _ in server.asked].count("/2/tweets")
    assert looked_up == 2  # the first time, the overlap of the search had them already
    posts = {post["id"]: post for post in content(case)[0]}
    assert posts["1000"]["likes"] == 20
    assert "1001" not in posts


def test_what_nobody_expects_is_told_without_stopping_the_others(tmp_path, monkeypatch):
    """A fault of ours in one collector is that source's alone."""
    case = zoom_case(tmp_path)

    def broken(*_):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("walkback.collectors.x.XCollector.pages", broken)
    with platforms().running() as server:
        hackernews, x = run(case, server)
    assert hackernews.stored == 120
    assert isinstance(x.trouble, WalkbackError)
    assert "unexpected ZeroDivisionError" in str(x.trouble)
    assert ("x", START, END, "truncated", "asked") in content(case)[1]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, (START, END)),
        (START + timedelta(hours=1), None, (START + timedelta(hours=1), END)),
        (None, START + timedelta(hours=1), (START, START + timedelta(hours=1))),
    ],
)
def test_the_window_is_the_cases_or_a_part_of_it(tmp_path, since, until, expected):
    """Up to a minute ago."""
    window = window_of(zoom_case(tmp_path), NOW, since, until)
    assert (window.start, window.end) == expected
    running = case_at(tmp_path, start=START, end=None)
    assert window_of(running, NOW, None, None).end == NOW - timedelta(minutes=1)


def test_a_source_without_end_is_left(tmp_path, monkeypatch):
    """Page after page with a token for the next and no post; the others are collected all the same."""
    monkeypatch.setattr("walkback.collectors.collect.MOST_EMPTY_PAGES", 20)
    asked = []

    def endless(_):
        asked.append(1)
        return x_page(following=str(len(asked)))

    with Replay().says(HN, algolia(hits(12))).says(X_ALL, endless).running() as server:
        hackernews, x = run(zoom_case(tmp_path), server)
    assert (hackernews.stored, hackernews.trouble) == (12, None)
    assert "21 pages in a row without a post" in str(x.trouble)


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=900)])
def test_a_clock_that_jumps_back_changes_nothing(tmp_path, jump):
    """Nor one that was put right again: nothing is lost, doubled or asked for twice."""
    case = zoom_case(tmp_path)
    with platforms().running() as server:
        run(case, server)
        whole = content(case)
        for now in (NOW - jump, NOW):
            run(case, server, now=now)
            assert content(case)[:2] == whole[:2]
