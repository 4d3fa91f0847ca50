import itertools
import json
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from tests.collectors.replay import Replay, Said, StandingClock

from walkback.case import Query, X
from walkback.collectors.collector import Covered, Due, Stretch
from walkback.collectors.keys import Keys
from walkback.collectors.trouble import (
    BudgetSpentError,
    CredentialsError,
    KeyMissingError,
    QueryError,
    QuotaError,
    SourceError,
    TierError,
    UnreachableError,
)
from walkback.collectors.x import XCollector, compile_query
from walkback.post import Door

NOW = datetime(2023, 9, 5, tzinfo=UTC)
WINDOW = Stretch(NOW - timedelta(days=3), NOW - timedelta(minutes=1))
SECRET = "bearer-that-nobody-may-see"  # noqa: S105
ALL, RECENT = "/2/tweets/search/all", "/2/tweets/search/recent"
QUERY = Query(any=("zoom tos", "#zoom"), none=("zoom lens",))


def tweet(number, **changes):
    """A post so many minutes before the end of the window."""
    made = WINDOW.end - timedelta(minutes=number)
    return {
        "id": str(10_000 - number),
        "text": f"#zoom {number}",
        "created_at": f"{made:%Y-%m-%dT%H:%M:%S}.000Z",
        "author_id": "7",
        "edit_history_tweet_ids": [str(10_000 - number)],
        "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 3, "quote_count": 0},
        **changes,
    }


def page(*tweets, following=None):
    """An answer of the search."""
    meta = {"result_count": len(tweets)} | ({"next_token": following} if following else {})
    return orjson.dumps({"data": list(tweets), "meta": meta} if tweets else {"meta": meta})


def collector(server, *, archive="all", query=QUERY, max_cost=Decimal(25), **limits):
    """A collector that asks the server in X's place."""
    asking = server.asking("x", "api.twitter.com", clock=StandingClock(NOW), max_cost=max_cost, **limits)
    keys = Keys({"WALKBACK_X_BEARER_TOKEN": SECRET})
    made = XCollector(X(archive=archive), query, Door(bytes(32)), asking, keys)
    return made, asking.budget


def fetched(*answers, path=ALL, window=WINDOW, state=None, **how):
    """Every page that the server's answers make, the server and the budget."""
    server = Replay().says(path, *answers)
    with server.running():
        made, budget = collector(server, **how)
        return list(made.pages(window, state)), server, budget


def test_pages_follow_their_tokens_and_coverage_grows_backwards():
    """Through real tweepy; the window is covered from its end on."""
    pages, server, budget = fetched(page(tweet(1), tweet(2), following="b"), page(tweet(3)))

    assert [[post.id for post in one.posts] for one in pages] == [["9999", "9998"], ["9997"]]
    assert [one.state for one in pages] == [{"archive": "all", "query": 0, "token": "b"}, None]
    oldest = WINDOW.end - timedelta(minutes=2) + timedelta(seconds=1)
    assert pages[0].covered == (Covered(oldest, WINDOW.end, "complete"),)
    assert pages[1].covered == (Covered(WINDOW.start, WINDOW.end, "complete"),)
    assert [asked[2].get("next_token") for asked in server.asked] == [None, "b"]
    assert server.asked[0][2]["start_time"] == "2023-09-02T00:00:00Z"
    assert (budget.posts, budget.requests, budget.cost) == (3, 2, Decimal("0.015"))


def test_a_resumed_window_begins_at_its_token():
    """No page is paid for again."""
    pages, server, _ = fetched(page(tweet(3)), state={"query": 0, "token": "b"})

    assert [post.id for one in pages for post in one.posts] == ["9997"]
    assert server.asked[0][2]["next_token"] == "b"  # noqa: S105


def test_a_token_of_the_other_archive_is_not_taken():
    """The case file was changed since: the window is begun anew."""
    state = {"archive": "recent", "query": 0, "token": "b"}
    _, server, _ = fetched(page(tweet(3)), state=state)
    assert "next_token" not in server.asked[0][2]


def test_an_empty_page_with_a_token_is_not_the_end():
    """X sends such pages; `data` is not in them."""
    pages, _, _ = fetched(page(following="b"), page(tweet(1)))
    assert [len(one.posts) for one in pages] == [0, 1]


def test_a_page_that_follows_itself_ends():
    """Else it would be paid for until the budget is spent."""
    with pytest.raises(UnreachableError, match="follows itself"):
        fetched(page(tweet(1), following="b"))


def test_what_lies_outside_the_window_is_left_out_and_what_is_broken_is_quarantined():
    """A post without a date does not cost its neighbours."""
    undated = tweet(2)
    del undated["created_at"]
    ((one,), _, _) = fetched(page(tweet(1), undated, tweet(60 * 24 * 9)))

    assert [post.id for post in one.posts] == ["9999"]
    assert [fault.reason for fault in one.faults] == ["created_at is missing"]


def test_answers_without_any_date_are_an_error():
    """The platform has changed its words: nothing could be placed in time."""
    undated = [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]
    with pytest.raises(SourceError, match="created_at"):
        fetched(page(*undated))


def test_the_recent_archive_declares_what_it_cannot_reach():
    """Seven days back, and a minute's margin for clocks."""
    long = Stretch(NOW - timedelta(days=30), WINDOW.end)
    ((one,), server, _) = fetched(page(tweet(1)), path=RECENT, window=long, archive="recent")

    reach = NOW - timedelta(days=7) + timedelta(minutes=1)
    assert one.covered == (
        Covered(long.start, reach, "gap"),
        Covered(reach, long.end, "complete"),
    )
    assert server.asked[0][2]["start_time"] == "2023-08-29T00:01:00Z"


def test_a_window_out_of_reach_is_a_gap_without_a_request():
    """And without a cent."""
    old = Stretch(NOW - timedelta(days=30), NOW - timedelta(days=20))
    ((one,), server, _) = fetched(page(tweet(1)), window=old, archive="recent")

    assert one.covered == (Covered(old.start, old.end, "gap"),)
    assert one.state is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (401, {"title": "Unauthorized"}, CredentialsError, "WALKBACK_X_BEARER_TOKEN is refused"),
        (403, {"detail": "client-forbidden: enroll"}, TierError, "client-forbidden"),
        (400, {"errors": [{"message": "no viable alternative"}]}, QueryError, "no viable alternative"),
        (402, {"title": "CreditsDepleted"}, QuotaError, "balance"),
        (429, {"type": "https://api.twitter.com/2/problems/usage-capped"}, QuotaError, "month's cap"),
    ],
)
def test_each_refusal_is_told_apart(status, body, error, told, caplog):
    """In one line, at once, without the secret."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(error, match=told) as raised:
        fetched(Said(orjson.dumps(body), status))
    assert "\n" not in str(raised.value)
    assert SECRET not in str(raised.value) + caplog.text


def test_the_budget_is_asked_at_the_worst_case():
    """A page may cost 100 posts; what is left pays for fewer, so fewer are asked for."""
    _, server, budget = fetched(
        page(*map(tweet, range(1, 81)), following="b"), page(tweet(90)), max_cost=Decimal("0.5")
    )
    assert [asked[2]["max_results"] for asked in server.asked] == ["100", "20"]
    assert budget.cost == Decimal("0.405")

    with pytest.raises(BudgetSpentError, match="max_cost"):
        fetched(page(*map(tweet, range(1, 96)), following="b"), max_cost=Decimal("0.5"))


def test_without_a_limit_of_cost_or_a_key_nothing_begins():
    """Both say what to do."""
    server = Replay()
    with pytest.raises(SourceError, match="max_cost"):
        collector(server, max_cost=None)
    with pytest.raises(KeyMissingError, match="WALKBACK_X_BEARER_TOKEN"):
        XCollector(X(), QUERY, Door(bytes(32)), server.asking("x", max_cost=Decimal(1)), Keys({}))


def test_the_estimate_counts_and_prices():
    """By X's own counts, over their pages."""
    counts = [
        {"data": [], "meta": {"total_tweet_count": 700, "next_token": "b"}},
        {"data": [], "meta": {"total_tweet_count": 300}},
    ]
    server = Replay().says("/2/tweets/counts/all", *map(orjson.dumps, counts))
    with server.running():
        made, budget = collector(server)
        estimate = made.estimate(WINDOW)
    assert (estimate.posts, estimate.cost) == (1000, Decimal("5.000"))
    assert budget.cost == Decimal("0.020")


def test_posts_are_looked_at_again_by_id_and_missing_ones_are_gone():
    """X names those that it doesn't have any more."""
    gone = {"resource_id": "9998", "type": "https://api.twitter.com/2/problems/resource-not-found"}
    answer = orjson.dumps({"data": [tweet(1)], "errors": [gone]})
    server = Replay().says("/2/tweets", answer)
    with server.running():
        made, _ = collector(server)
        (one,) = made.observe([Due("9999", WINDOW.start), Due("9998", WINDOW.start)])
    assert [post.id for post in one.posts] == ["9999"]
    assert one.gone == ("9998",)
    assert server.asked[0][2]["ids"] == "9999,9998"


@pytest.mark.parametrize(
    ("query", "compiled"),
    [
        ({"any": ["zoom"]}, ["zoom"]),
        ({"any": ["zoom tos", "#zoom", "@zoom"]}, ['("zoom tos" OR #zoom OR @zoom)']),
        ({"any": ["zoom.us"], "all": ["terms"]}, ['url:"zoom.us" terms']),
        (
            {"any": ["or", 'the "new" tos'], "none": ["zoom lens", "ad"]},
            ['("or" OR "the  new  tos") -"zoom lens" -ad'],
        ),
    ],
)
def test_queries_in_the_words_of_x(query, compiled):
    """Operators: docs.x.com, build a query."""
    assert compile_query(Query(**query), 512) == compiled


def test_a_long_query_is_split_and_one_that_cannot_be_is_refused():
    """Every term is asked for once, with all of the rest."""
    terms = [f"the terms of service number {number}" for number in range(40)]
    compiled = compile_query(Query(any=terms, none=("lens",)), 512)

    assert len(compiled) > 1
    assert max(map(len, compiled)) <= 512
    assert all(one.endswith(" -lens") for one in compiled)
    assert [term for term in terms if sum(f'"{term}"' in one for one in compiled) != 1] == []
    with pytest.raises(QueryError, match="512"):
        compile_query(Query(any=("a",), all=[f"{term} again and again" for term in terms]), 512)
    with pytest.raises(QueryError, match="everything"):
        compile_query(Query(any=("*",)), 512)


def test_a_page_that_is_too_large_for_x_is_asked_for_in_a_smaller_one():
    """503 for a hundred posts with many fields, though 25 would have come."""
    pages, _, _ = fetched(lambda asked: Said(b"", 503) if int(asked["max_results"]) > 25 else page(tweet(1)))

    assert [post.id for one in pages for post in one.posts] == [json.loads(page(tweet(1)))["data"][0]["id"]]


def test_once_too_large_pages_are_small_from_then_on():
    """Else every page is first asked for in vain, five times."""
    pages, server, _ = fetched(
        lambda asked: (
            Said(b"", 503)
            if int(asked["max_results"]) > 25
            else page(tweet(2))
            if "next_token" in asked
            else page(tweet(1), following="b")
        )
    )
    assert [len(one.posts) for one in pages] == [1, 1]
    assert [asked["max_results"] for _, _, asked in server.asked] == ["100"] * 5 + ["25"] * 2


def test_the_full_archive_is_asked_once_a_second():
    """Whatever is done between two questions, such as noting what the next one may cost."""
    asked_at = []
    slow = iter((0.9, 0.0, 0.0))
    answers = (page(tweet(1), following="b"), page(tweet(2), following="c"), page(tweet(3)))

    def answer(body):
        def said(_):
            asked_at.append(made._clock.now())  # noqa: SLF001  # the clock that `collector` gave it
            return body

        return said

    server = Replay().says(ALL, *map(answer, answers))
    with server.running():
        made, budget = collector(server)
        budget.before_paying = lambda: made._clock.sleep(next(slow))  # noqa: SLF001
        list(made.pages(WINDOW, None))
    apart = [(after - before).total_seconds() for before, after in itertools.pairwise(asked_at)]
    assert len(apart) == 2
    assert min(apart) >= 1
