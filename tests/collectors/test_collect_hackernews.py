import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collectors.replay import Replay, Said, StandingClock

from walkback.case import Query
from walkback.collectors.collector import Covered, Due, Stretch
from walkback.collectors.hackernews import HackerNewsCollector
from walkback.collectors.trouble import BudgetSpentError, QueryError, UnreachableError
from walkback.post import Door

NOW = datetime(2023, 9, 5, tzinfo=UTC)
WINDOW = Stretch(NOW - timedelta(seconds=100), NOW)
LOW = int(WINDOW.start.timestamp())
PATH = "/api/v1/search_by_date"


def hit(number, second):
    """A comment in a second of the window."""
    return {
        "objectID": str(number),
        "created_at_i": LOW + second,
        "author": "somebody",
        "comment_text": f"zoom {number}",
        "_tags": ["comment"],
    }


def algolia(hits, shown=1_000):
    """Algolia over these hits: newest first, and no more than `shown` at all."""

    def answer(asked):
        low, high = map(
            int, re.fullmatch(r"created_at_i>=(\d+),created_at_i<=(\d+)", asked["numericFilters"]).groups()
        )
        words = asked["query"].strip('"')
        found = [one for one in hits if low <= one["created_at_i"] <= high and words in one["comment_text"]]
        found.sort(key=lambda one: (-one["created_at_i"], one["objectID"]))
        most = min(int(asked["hitsPerPage"]), shown)
        return orjson.dumps({"hits": found[:most], "nbHits": len(found)})

    return answer


def collector(server, *terms, **limits):
    """A collector that asks the server in Algolia's place."""
    asking = server.asking("hackernews", "hn.algolia.com", clock=StandingClock(NOW), **limits)
    return HackerNewsCollector(Query(any=terms or ("zoom",)), Door(bytes(32)), asking)


def fetched(hits, *terms, state=None, shown=1_000):
    """Every page of the window."""
    server = Replay().says(PATH, algolia(hits, shown))
    with server.running():
        return list(collector(server, *terms).pages(WINDOW, state)), server


def ids(pages):
    """Which posts came."""
    return {post.id for page in pages for post in page.posts}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 99), max_size=60), st.integers(2, 7))
def test_everything_is_had_under_any_ceiling_or_told(seconds, shown):
    """Either a post came, or its second is declared saturated; the rest of the window is complete."""
    hits = [hit(number, second) for number, second in enumerate(seconds)]
    pages, _ = fetched(hits, shown=shown)

    told = pages[-1].covered
    cut = {int(one.start.timestamp()) for one in told if one.status == "saturated"}
    missing = {one["objectID"] for one in hits} - ids(pages)
    assert {one["created_at_i"] for one in hits if one["objectID"] in missing} <= cut
    assert {second for second in cut if sum(one["created_at_i"] == second for one in hits) < shown} == set()
    assert [one.end for one in told[:-1]] == [one.start for one in told[1:]]
    assert (told[0].start, told[-1].end) == (WINDOW.start, WINDOW.end)


def test_any_state_leads_on_to_the_same_posts():
    """With the saturated second still told."""
    hits = [hit(number, number // 3) for number in range(150)] + [hit(200 + n, 70) for n in range(9)]
    hits += [hit(300 + n, 40) | {"comment_text": "acme"} for n in range(5)]
    whole, _ = fetched(hits, "zoom", "acme", shown=8)

    assert len(whole) > 5
    for position, page in enumerate(whole[:-1]):
        rest, _ = fetched(hits, "zoom", "acme", state=orjson.loads(orjson.dumps(page.state)), shown=8)
        assert ids(whole[: position + 1]) | ids(rest) == ids(whole)
        assert rest[-1].covered == whole[-1].covered


def test_a_thousand_hits_take_one_question():
    """And 2,500 take three."""
    _, server = fetched([hit(number, number % 100) for number in range(999)])
    assert len(server.asked) == 1
    _, server = fetched([hit(number, number % 100) for number in range(2_500)])
    assert len(server.asked) == 3
    assert server.asked[0][2]["tags"] == "(story,comment)"


def test_a_broken_hit_does_not_cost_its_neighbours():
    """It is told with its reason."""
    broken = hit(2, 5)
    del broken["objectID"]
    ((page,), _) = fetched([hit(1, 5), {**broken, "objectID": ""}])
    assert [post.id for post in page.posts] == ["1"]
    assert [fault.reason for fault in page.faults] == ["id is missing"]


def test_posts_are_looked_at_again_by_their_times():
    """One question for all that are near to each other; only those that are due come."""
    hits = [hit(number, number) for number in range(10)]
    server = Replay().says(PATH, algolia(hits))
    due = [Due(str(n), WINDOW.start + timedelta(seconds=n)) for n in (2, 7)]
    with server.running():
        pages = list(collector(server).observe(due))
    assert ids(pages) == {"2", "7"}
    assert [page.covered for page in pages] == [()]
    assert len(server.asked) == 1


def test_the_estimate_and_the_probe_ask_for_counts_alone():
    """No post is read for them."""
    server = Replay().says(PATH, algolia([hit(number, 5) for number in range(30)]))
    with server.running():
        made = collector(server)
        assert made.estimate(WINDOW).posts == 30
        assert made.probe() == "works, no key needed (30 posts with the first term in the last day)"
    assert {asked["hitsPerPage"] for _, _, asked in server.asked} == {"0"}


def test_terms_in_the_words_of_algolia():
    """Phrases are quoted, and everything can't be asked for."""
    server = Replay()
    assert collector(server, "zoom tos", "zoom", "#zoom").queries() == ['"zoom tos"', "zoom", '"#zoom"']
    with pytest.raises(QueryError):
        collector(server, "*").queries()


def test_the_budget_is_asked_before():
    """The posts of one page, and then no more."""
    server = Replay().says(PATH, algolia([hit(number, number % 100) for number in range(2_500)]))
    with server.running(), pytest.raises(BudgetSpentError, match="1,000 posts"):
        list(collector(server, max_posts=1_000).pages(WINDOW, None))
    assert len(server.asked) == 1


def test_no_more_is_asked_for_than_the_budget_allows():
    """A page is at most what is left; a second that is fuller than that says so."""
    server = Replay().says(PATH, algolia([hit(number, number % 100) for number in range(300)]))
    with server.running(), pytest.raises(BudgetSpentError, match="10 posts were read"):
        list(collector(server, max_posts=10).pages(WINDOW, None))
    assert [asked["hitsPerPage"] for _, _, asked in server.asked] == ["10"]

    server = Replay().says(PATH, algolia([hit(number, 7) for number in range(30)]))
    state = {"term": 0, "high": LOW + 7, "saturated": []}
    with server.running(), pytest.raises(BudgetSpentError, match=r"one second has more .+ Raise it"):
        list(collector(server, max_posts=10).pages(WINDOW, state))


def test_hits_that_are_counted_and_not_shown_are_no_end():
    """Else the rest of the window would be taken for empty."""
    server = Replay().says(PATH, b'{"hits": [], "nbHits": 12}')
    with server.running(), pytest.raises(UnreachableError, match="counts 12 posts and shows none"):
        list(collector(server).pages(WINDOW, None))


def test_what_is_not_found_again_is_gone_where_its_own_page_says_so():
    """An index may leave a post out for a while; that alone erases nothing."""
    server = (
        Replay()
        .says(PATH, algolia([hit(1, 1)]))
        .says("/api/v1/items/2", Said(b'{"status": 404, "error": "Not Found"}', 404))
        .says("/api/v1/items/3", b'{"id": 3, "author": null, "text": null}')
        .says("/api/v1/items/4", b'{"id": 4, "author": "somebody", "text": "zoom"}')
    )
    due = [Due(str(n), WINDOW.start + timedelta(seconds=n)) for n in (1, 2, 3, 4)]
    with server.running():
        pages = list(collector(server).observe(due))
    assert ids(pages) == {"1"}
    assert [name for page in pages for name in page.gone] == ["2", "3"]
    assert [name for page in pages for name in page.alive] == ["4"]


def test_a_window_without_posts_is_complete():
    """Nothing said is something known."""
    ((page,), _) = fetched([])
    assert page.covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)
