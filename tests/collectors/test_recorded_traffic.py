"""Recorded traffic, replayed to the real clients: all of it is stored, none of it twice."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import yaml
from tests.collectors.replay import Replay, StandingClock
from tests.collectors.sandboxes import stored
from tests.worlds import case_at

from walkback.collectors.budget import Budget, Limits
from walkback.collectors.collect import Source, collect
from walkback.collectors.collector import Stretch
from walkback.collectors.keys import Keys
from walkback.collectors.sources import hosts, make_collector
from walkback.collectors.transport import Asking
from walkback.post import Door
from walkback.store import Store

KEYS = Keys(
    {f"WALKBACK_{name}": "x" for name in ("X_BEARER_TOKEN", "REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET")}
)
NOTHING = b'{"kind": "Listing", "data": {"children": [], "after": null}}'


@pytest.fixture(scope="module")
def cassettes(shared_data):
    """The folder of recorded traffic."""
    return shared_data / "cassettes"


def source_of(server, case, name, now, door):
    """A source that asks the server, and a clock that stands at `now`."""
    clock = StandingClock(now)
    routes = {f"https://{host}": server.address for host in hosts(case)}
    budget = Budget(name, Limits(max_cost=Decimal(25)), clock)
    return Source(make_collector(name, case, door, Asking(budget, clock, routes), KEYS), budget), clock


def gather(server, case, name, days):
    """Collect some days into a store."""
    start, end = days
    store = Store(case.store_path)
    with server.running():
        now = end + timedelta(days=300)  # nothing is due to be looked at again
        source, clock = source_of(server, case, name, now, store.prepare())
        (done,) = collect(
            case, store, store.prepare(), [source], Stretch(start, end), clock=clock, progress=lambda _: None
        )
    assert done.trouble is None
    assert done.quarantined == 0
    return done


def praw_answers(path):
    """(path, body) of each answer that praw's tests recorded."""
    for interaction in json.loads(path.read_text())["interactions"]:
        body = interaction["response"]["body"]
        text = body.get("string") or gzip.decompress(base64.b64decode(body["base64_string"])).decode()
        yield interaction["request"]["uri"].partition(".com")[2].partition("?")[0], text.encode()


def around(times):
    """A window that holds all the times."""
    return min(times) - timedelta(hours=1), max(times) + timedelta(hours=1)


def test_pages_of_x_through_tweepy(cassettes, tmp_path):
    """Two of 100 posts, as twarc kept them."""
    pages = [
        json.loads((cassettes / f"twarc_csv/{name}.jsonl").read_text().splitlines()[0])
        for name in ("noflat", "brexit")
    ]
    posts = [post for page in pages for post in page["data"]]
    pages[1]["meta"].pop("next_token")
    case = case_at(tmp_path, sources={"x": {"archive": "all", "max_cost": 25.0}})
    server = Replay().says("/2/tweets/search/all", *(json.dumps(page).encode() for page in pages))
    gather(server, case, "x", around([datetime.fromisoformat(post["created_at"]) for post in posts]))

    assert len(posts) == 200
    assert {row[0] for row in stored(case, "id")} == {post["id"] for post in posts}


def test_listings_of_reddit_through_praw(cassettes, tmp_path):
    """A hundred submissions and a hundred comments of r/askreddit."""
    answers = [
        *praw_answers(cassettes / "praw/TestSubredditListings.test_new.json"),
        *praw_answers(cassettes / "praw/TestSubredditListings.test_comments.json"),
    ]
    server = Replay()
    recorded = []
    for path, body in answers:
        server.says(path, body)
        if "access_token" not in path:
            server.says(path, NOTHING)
            recorded += [thing["data"] for thing in json.loads(body)["data"]["children"]]
    case = case_at(tmp_path, sources={"reddit": {"subreddits": ["askreddit"]}})
    gather(
        server, case, "reddit", around([datetime.fromtimestamp(one["created_utc"], UTC) for one in recorded])
    )

    assert len(recorded) == 200
    assert {row[0] for row in stored(case, "id")} == {one["name"] for one in recorded}


def comments_in(value):
    """The names of all comments in an answer, however deep."""
    if isinstance(value, list):
        return {name for inner in value for name in comments_in(inner)}
    if not isinstance(value, dict):
        return set()
    here = {value["data"]["name"]} if value.get("kind") == "t1" else set()
    return here.union(*(comments_in(inner) for inner in value.values()))


def test_a_tree_of_comments_through_praw(cassettes, tmp_path):
    """A thread with twelve lots of `more` and six branches that are shown by themselves."""
    server = Replay()
    expected = set()
    for path, body in praw_answers(cassettes / "praw/TestCommentForest.test_replace__all.json"):
        server.says(path, body)
        expected |= comments_in(json.loads(body))
    case = case_at(tmp_path, sources={"reddit": {"subreddits": ["reddit_api_test"]}})
    window = Stretch(datetime(2010, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))
    state = {
        "subreddit": 0,
        "stage": "trees",
        "query": 0,
        "after": None,
        "seen": 0,
        "reached": False,
        "partial": False,
        "threads": ["3hahrw"],
        "closed": [],
    }
    with server.running():
        source, _ = source_of(server, case, "reddit", window.end, Door(bytes(32)))
        pages = list(source.collector.pages(window, state))
    found = [post.id for page in pages for post in page.posts]

    assert len(expected) > 500
    assert sorted(found) == sorted(expected)
    assert not any(page.faults for page in pages)


def test_hits_of_hacker_news(cassettes, tmp_path):
    """As Algolia gave them."""
    answers = [json.loads((cassettes / f"hn/{name}.json").read_text()) for name in ("1.1", "1.2")]
    hits = [hit for answer in answers for hit in answer["hits"]]
    bodies = [json.dumps(answer).encode() for answer in answers]
    server = Replay().says("/api/v1/search_by_date", *bodies, b'{"hits": [], "nbHits": 0}')
    case = case_at(tmp_path, query={"any": ["the"]}, sources={"hackernews": {}})
    gather(server, case, "hackernews", around([datetime.fromisoformat(hit["created_at"]) for hit in hits]))

    assert {row[0] for row in stored(case, "id")} == {hit["objectID"] for hit in hits}


def test_a_hashtag_timeline_of_mastodon(cassettes, tmp_path):
    """Its one status."""
    recorded = yaml.safe_load((cassettes / "mastodon_py/test_hashtag_tl.yaml").read_text())["interactions"]
    (body,) = [
        one["response"]["body"]["string"] for one in recorded if "/timelines/tag/" in one["request"]["uri"]
    ]
    statuses = json.loads(body)
    server = Replay().says("/api/v1/timelines/tag/hoot", body if isinstance(body, bytes) else body.encode())
    case = case_at(tmp_path, sources={"mastodon": {"servers": ["mastodon.social"], "tags": ["hoot"]}})
    done = gather(
        server, case, "mastodon", around([datetime.fromisoformat(one["created_at"]) for one in statuses])
    )

    assert done.stored == len(statuses) == 1
