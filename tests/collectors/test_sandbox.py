import io
import json
import math
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import zstandard
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from walkback.case import load_case
from walkback.collectors.sandbox import world as made
from walkback.collectors.sandbox.archives import (
    HACKERNEWS_FILE,
    REDDIT_FILE,
    TRUTH_FILE,
    X_FILE,
    write_archives,
    write_case,
    write_truth,
)
from walkback.collectors.sandbox.world import build_world, has_term, season
from walkback.content_hash import content_hashes
from walkback.matching import Matcher
from walkback.post import Door, Kind

HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def world():
    """The world of the default seed."""
    return build_world()


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    """A folder with its archives."""
    folder = tmp_path_factory.mktemp("archives")
    write_archives(world, folder)
    write_truth(world, folder)
    return folder


@pytest.fixture(scope="module")
def records(folder):
    """What the archives hold, decoded."""
    pages = [json.loads(line) for line in (folder / X_FILE).read_text().splitlines()]
    dump = zstandard.ZstdDecompressor().stream_reader(io.BytesIO((folder / REDDIT_FILE).read_bytes())).read()
    return {
        "pages": pages,
        "x": [tweet for page in pages for tweet in page["data"]],
        "reddit": [json.loads(line) for line in dump.splitlines()],
        "hackernews": json.loads((folder / HACKERNEWS_FILE).read_bytes())["hits"],
    }


def posts_in(world, start, end):
    """How many posts there are in [start, end)."""
    return sum(start <= post.created_at < end for post in world.posts)


def busy_hours(start, end, rate=lambda _: 1.0):
    """The integral of the season, times a rate, in hours."""
    minutes = int((end - start) / timedelta(minutes=10))
    middles = (start + (i + 0.5) * timedelta(minutes=10) for i in range(minutes))
    return sum(season(at) * rate(at) for at in middles) / 6


def excess_in(world, start, end):
    """The same above the usual."""
    return posts_in(world, start, end) - made.BASELINE_PER_DAY / 24 * busy_hours(start, end)


def fading(at):
    """How much of the peak is left if nothing but time passes."""
    return 2 ** (-(at - made.PEAK) / timedelta(days=made.HALF_LIFE_DAYS))


def days_of(posts):
    """Posts by day in New York."""
    return Counter(post.created_at.astimezone(NEW_YORK).date().isoformat() for post in posts)


def test_same_seed_same_bytes(folder, tmp_path):
    """A seed decides every byte of every file."""
    made = build_world(2023)
    names = [path.name for path in [*write_archives(made, tmp_path), write_truth(made, tmp_path)]]
    assert names == [X_FILE, REDDIT_FILE, HACKERNEWS_FILE, TRUTH_FILE]
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_other_seed_other_bytes(folder, tmp_path):
    """Another seed is another world."""
    for path in write_archives(build_world(7), tmp_path):
        assert (folder / path.name).read_bytes() != path.read_bytes()


def test_counts_per_source(world, records):
    """The truth tells how many posts a source has; the archives lack those that X and HN deleted."""
    assert sum(world.truth.posts_by_source.values()) == len(world.posts)
    assert 5_000 <= len(world.posts) <= 6_500
    for source, shared in made.SOURCES.items():
        assert world.truth.posts_by_source[source] / len(world.posts) == pytest.approx(shared, abs=0.03)
        deleted = sum(post.deleted for post in world.posts if post.source == source)
        kept = world.truth.posts_by_source[source] - (0 if source == "reddit" else deleted)
        assert len(records[source]) == kept


def test_posts_are_in_time_order_within_the_window(world):
    """Posts come oldest first, all of them in the window; ids are unique within a source."""
    times = [post.created_at for post in world.posts]
    assert times == sorted(times)
    assert made.START <= times[0] <= times[-1] < made.END
    assert len({(post.source, post.id) for post in world.posts}) == len(times)


def test_snowflakes_agree_with_the_time(world):
    """An X id holds the millisecond of the post's own second."""
    for post in world.posts:
        if post.source == "x":
            milliseconds = (int(post.id) >> 22) + 1288834974657
            assert datetime.fromtimestamp(milliseconds // 1000, UTC) == post.created_at


def test_numbered_ids_grow(world):
    """Later items of Hacker News and of Reddit have greater numbers."""
    for source, base in (("hackernews", 10), ("reddit", 36)):
        for stories in (True, False):
            if source == "hackernews" and not stories:
                continue
            ids = [
                int(post.id, base)
                for post in world.posts
                if post.source == source and (source == "hackernews" or bool(post.title) == stories)
            ]
            assert ids == sorted(set(ids))


def test_replies_refer_to_earlier_posts(world):
    """Whatever a post answers, quotes or repeats was there before it, on the same source."""
    seen = set()
    for post in world.posts:
        assert post.parent is None or (post.source, post.parent) in seen
        seen.add((post.source, post.id))
    kinds = Counter(post.kind for post in world.posts)
    assert min(kinds[kind] for kind in Kind) > 50


def test_baseline_rate(world):
    """Before the onset the posts come at the rate that the truth states, within Poisson error."""
    expected = world.truth.baseline_posts_per_day / 24 * busy_hours(made.START, made.ONSET)
    assert posts_in(world, made.START, made.ONSET) == pytest.approx(expected, abs=3 * math.sqrt(expected))


def test_onset_and_peak_day(world):
    """The first day far above the usual is August 6, the busiest one August 7 or 8."""
    days = days_of(post for post in world.posts if has_term(post.words))
    usual = world.truth.matching_posts_per_day["baseline"]
    above = []
    for day in sorted(days):
        start = datetime.fromisoformat(day).replace(tzinfo=NEW_YORK).astimezone(UTC)
        if days[day] / (usual * busy_hours(start, start + 24 * HOUR) / 24) > 2:
            above.append(day)
    assert above[0] == "2023-08-06"
    assert max(days, key=days.__getitem__) in {"2023-08-07", "2023-08-08"}


def test_build_up_doubles_as_stated(world):
    """Three doubling times before the peak the excess is an eighth of what it is at the peak."""
    spans = [(made.PEAK - h * HOUR, made.PEAK - (h - 6) * HOUR) for h in (18, 6)]
    early, late = (excess_in(world, *span) / busy_hours(*span) for span in spans)
    assert 12 / math.log2(late / early) == pytest.approx(world.truth.doubling_time_hours, abs=1.5)


def test_decay_halves_as_stated(world):
    """Between the peak and the reversal the excess halves every three days."""
    first, last = ((made.PEAK + h * HOUR, made.PEAK + (h + 24) * HOUR) for h in (0, 66))
    ratio = excess_in(world, *last) / busy_hours(*last) / (excess_in(world, *first) / busy_hours(*first))
    assert 66 / 24 / -math.log2(ratio) == pytest.approx(world.truth.half_life_days, abs=0.4)


def test_reversal_factor(world):
    """From 12 to 72 hours after the reversal the excess is 0.4 of the continued decay, give or take 0.1."""
    before = made.PEAK, made.REVERSAL
    after = made.REVERSAL + 12 * HOUR, made.REVERSAL + 72 * HOUR
    level = excess_in(world, *before) / busy_hours(*before, fading)
    factor = excess_in(world, *after) / (level * busy_hours(*after, fading))
    assert factor == pytest.approx(world.truth.reversal_factor, abs=0.1)


def test_concession_changes_nothing(world):
    """The hours after the concession are as busy as the decay from the peak says."""
    before, after = (made.PEAK, made.PEAK + 24 * HOUR), (made.PEAK + 24 * HOUR, made.REVERSAL)
    level = excess_in(world, *before) / busy_hours(*before, fading)
    assert excess_in(world, *after) / (level * busy_hours(*after, fading)) == pytest.approx(1, abs=0.1)


def test_vader_orders_the_phases(world):
    """VADER hears contentment, then anger, then partial recovery, with clear gaps."""
    score = SentimentIntensityAnalyzer().polarity_scores
    means = {}
    bounds = {"before": (made.START, made.ONSET), "outcry": (made.ONSET, made.REVERSAL)}
    bounds["after"] = made.REVERSAL, made.END
    for phase, (start, end) in bounds.items():
        found = [post for post in world.posts if start <= post.created_at < end and has_term(post.words)]
        means[phase] = sum(score(post.words)["compound"] for post in found) / len(found)
    assert means["before"] > means["after"] + 0.1
    assert means["after"] > means["outcry"] + 0.3
    assert means["outcry"] < -0.3


def test_matching_posts_per_day(world):
    """Enough posts match in the quiet weeks for a baseline."""
    assert 25 <= world.truth.matching_posts_per_day["baseline"] <= 40


def test_duplicates(world):
    """Copies are made on purpose, about one post in 30; others hardly ever say the same."""
    copies = sum(post.copy_of is not None for post in world.posts)
    assert 0.025 < copies / len(world.posts) < 0.05
    originals = [post.words for post in world.posts if post.copy_of is None]
    said = Counter(content_hashes(pa.array(originals)).to_pylist())
    assert sum(times - 1 for times in said.values()) / len(world.posts) < 0.03


def test_few_are_deleted_and_some_write_often(world):
    """Some two in a hundred posts are gone later; a few authors write on many days, most on one."""
    assert 0.01 < sum(post.deleted for post in world.posts) / len(world.posts) < 0.03
    days = Counter(author for author, _ in {(p.author, p.created_at.date()) for p in world.posts})
    assert max(days.values()) > 10
    assert sum(count > 1 for count in days.values()) > 100
    assert sum(count == 1 for count in days.values()) > len(days) / 3


def test_texts_are_whole(world):
    """No slot is left open, no small word stands twice, articles agree, and X's limit holds."""
    doubled = re.compile(r"\b(a|an|the|of|to|in|is|and|our|my|zoom|by|for)\s+\1\b", re.IGNORECASE)
    for post in world.posts:
        assert "{" not in post.words
        assert "}" not in post.words
        assert not doubled.search(post.words)
        assert not re.search(r"\ba [aeio]|\ban [bcdfgjklmnpqrstvwxyz]|\s{3}|\s[.,!?]|\.\.", post.text)
        if post.source == "x" and post.kind is not Kind.REPOST:
            assert len(post.text) <= 280


def test_x_pages_are_native(records):
    """X's file holds twarc pages of a hundred, newest first, each author among the users."""
    assert all(len(page["data"]) == page["meta"]["result_count"] <= 100 for page in records["pages"])
    ids = [int(tweet["id"]) for tweet in records["x"]]
    assert ids == sorted(ids, reverse=True)
    for page in records["pages"]:
        users = {user["id"] for user in page["includes"]["users"]}
        assert {tweet["author_id"] for tweet in page["data"]} <= users
        assert page["__twarc"]["retrieved_at"] == "2023-09-05T00:00:00+00:00"


def test_x_entities_point_at_the_text(records):
    """An entity's start and end cut out the hashtag, mention or link itself."""
    for tweet in records["x"]:
        for tag in tweet.get("entities", {}).get("hashtags", []):
            assert tweet["text"][tag["start"] : tag["end"]] == "#" + tag["tag"]
        for link in tweet.get("entities", {}).get("urls", []):
            assert tweet["text"][link["start"] : link["end"]] == link["url"]


def test_reddit_records_are_native(records):
    """Reddit's file holds submissions and comments; the deleted ones hide author or words."""
    known = {record["id"] for record in records["reddit"]}
    for record in records["reddit"]:
        assert ("title" in record and "selftext" in record) != ("body" in record and "link_id" in record)
        assert isinstance(record["created_utc"], int)
        assert record.get("link_id", "t3_" + record["id"])[3:] in known
    states = Counter(record.get("body") for record in records["reddit"])
    assert states["[deleted]"] > 3
    assert states["[removed]"] > 3


def test_hackernews_hits_are_native(records):
    """HN's file holds stories and comments as Algolia tags them, words in HTML, newest first."""
    times = [hit["created_at_i"] for hit in records["hackernews"]]
    assert times == sorted(times, reverse=True)
    for hit in records["hackernews"]:
        assert hit["_tags"][0] == ("story" if hit["title"] else "comment")
        assert (hit["comment_text"] is None) == (hit["title"] is not None)
    assert any("<p>" in (hit["comment_text"] or "") for hit in records["hackernews"])
    assert any("&#x27;" in (hit["comment_text"] or "") for hit in records["hackernews"])


def test_nobody_real_is_named(world, folder, records):
    """Links lead to reserved domains or to the platforms themselves; mentioned handles are invented ones."""
    reserved = re.compile(r"(?:.+\.)?(?:example\.(?:org|com|net)|zoom\.example)")
    own = {"www.reddit.com", "api.twitter.com"}
    text = (folder / X_FILE).read_text() + json.dumps(records["reddit"])
    text += json.dumps(records["hackernews"]).replace("&#x2F;", "/")
    hosts = set(re.findall(r"https?://([^/\"\s]+)", text))
    assert all(host in own or reserved.fullmatch(host) for host in hosts)
    handles = {handle for _, handle in world.authors}
    assert all(re.fullmatch(r"[a-z]+_[a-z]+_\d+", handle) for handle in handles)
    assert {name for post in world.posts for name in re.findall(r"@(\w+)", post.text.lower())} <= handles


def test_case_file_loads_and_matches(world, tmp_path):
    """The case file is right, says that it is synthetic, and finds what is said about the policy."""
    case = load_case(write_case(tmp_path))
    assert case.synthetic
    assert case.window(datetime(2030, 1, 1, tzinfo=UTC)) == (made.START, made.END)
    assert [at for at, _ in case.timeline()] == [made.ONSET, made.CONCESSION, made.REVERSAL]
    assert case.sources.wanted() == ("hackernews", "reddit", "x")
    matcher = Matcher(case.query, Door(bytes(32)))
    about = [post for post in world.posts if post.policy]
    terms = matcher.terms(pa.array([post.words for post in about]))
    assert 1 - terms.null_count / len(about) >= 0.8


def test_truth_file_tells_the_truth(world, folder):
    """`truth.json` has the figures that were put in."""
    truth = json.loads((folder / TRUTH_FILE).read_bytes())
    assert truth["reversal"] == "2023-08-11T14:00:00Z"
    assert truth["reversal_factor"] == world.truth.reversal_factor
    assert truth["posts_by_source"] == world.truth.posts_by_source
