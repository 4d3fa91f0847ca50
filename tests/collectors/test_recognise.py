"""Which format a record has, and all formats against the real data, which stays where it is."""

import base64
import gzip
import json
import re
from datetime import UTC, datetime

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from walkback.case import Query
from walkback.collectors.archives.format import NotAPost, Sighting
from walkback.collectors.archives.formats import FORMATS, recognise
from walkback.collectors.archives.refusals import refusal
from walkback.matching import Matcher
from walkback.post import Door
from walkback.store import page_table

DOOR = Door(b"a key for tests, 32 bytes long at least")
MATCHER = Matcher(Query(any=("zoom",)), DOOR)

# Every file of the real data that holds posts: how many different posts, and how many items are broken
# or no posts. tweepy's recordings asked for no times.
HOLDINGS = {
    "cassettes/atproto/thread_view_post_with_embed_media.json": (1, 0),
    "cassettes/hn/1.1.json": (2, 0),
    "cassettes/hn/1.2.json": (2, 0),
    "cassettes/hn/item.json": (6, 0),
    "cassettes/mastodon_py/test_entity_status.yaml": (2, 0),
    "cassettes/mastodon_py/test_fetch_next_previous_from_pagination_info.yaml": (10, 0),
    "cassettes/mastodon_py/test_get_pagination_info.yaml": (10, 0),
    "cassettes/mastodon_py/test_hashtag_tl.yaml": (1, 0),
    "cassettes/mastodon_py/test_pagination_iterator.yaml": (30, 0),
    "cassettes/mastodon_py/test_status_edit.yaml": (1, 0),
    "cassettes/mastodon_py/test_timeline_disabled.yaml": (20, 0),
    "cassettes/praw/TestComment.test_refresh__deleted_comment.json": (2, 0),
    "cassettes/praw/TestComment.test_refresh__raises_exception.json": (4, 0),
    "cassettes/praw/TestComment.test_refresh__removed_comment.json": (202, 0),
    "cassettes/praw/TestCommentForest.test_comment_forest_refresh_error.json": (101, 0),
    "cassettes/praw/TestCommentForest.test_replace__all.json": (485, 0),
    "cassettes/praw/TestCommentForest.test_replace__on_direct_comment.json": (147, 0),
    "cassettes/praw/TestCommentForest.test_replace__skip_at_limit.json": (477, 0),
    "cassettes/praw/TestListingGenerator.test_exhaust_items.json": (1001, 0),
    "cassettes/praw/TestMultiredditListings.test_new__self_multi.json": (100, 0),
    "cassettes/praw/TestReddit.test_info.json": (197, 100),
    "cassettes/praw/TestSubmission.test_comments.json": (3, 0),
    "cassettes/praw/TestSubmission.test_crosspost.json": (2, 0),
    "cassettes/praw/TestSubmission.test_duplicates.json": (4, 0),
    "cassettes/praw/TestSubreddit.test_search.json": (6, 0),
    "cassettes/praw/TestSubredditListings.test_comments.json": (100, 0),
    "cassettes/praw/TestSubredditListings.test_new.json": (100, 0),
    "cassettes/praw/TestSubredditListings.test_top.json": (100, 0),
    "cassettes/praw/TestSubredditQuarantine.test_opt_in.json": (101, 0),
    "cassettes/praw/TestSubredditStreams.test_submissions.json": (104, 0),
    "cassettes/tweepy/test_client_get_home_timeline.yaml": (0, 98),
    "cassettes/tweepy/test_client_search_recent_tweets.yaml": (0, 10),
    "fixtures/mastodon_vcr/tests/cassettes/test_list_timeline.yaml": (7, 0),
    "fixtures/mastodon_vcr/tests/cassettes_entity_tests/test_entity_searchv2.yaml": (2, 0),
    "fixtures/tweepy_v11_vcr/cassettes/testhometimeline.json": (19, 0),
    "fixtures/tweepy_v11_vcr/cassettes/testlisttimeline.json": (20, 0),
    "fixtures/tweepy_v11_vcr/cassettes/testsearchtweets.json": (15, 0),
    "fixtures/tweepy_v11_vcr/cassettes/testusertimeline.json": (24, 0),
    "wsb_2021_pushshift/data/wallstreetbets.ndjson": (1100, 0),
    "wsb_2021_pushshift/data/wallstreetbets_comments.ndjson": (1000, 0),
    **{
        f"fixtures/twarc2_jsonl/test-data/{name}.jsonl": (posts, 0)
        for name, posts in {
            "2sets": 200,
            "brexit": 100,
            "cashtags": 1,
            "cotweet": 1,
            "edited": 1,
            "edited_after": 1,
            "edited_before": 1,
            "entities_test": 474,
            "flat": 100,
            "geo_tweets": 2,
            "kpop": 100,
            "many_urls": 1,
            "media_policy_violation_off": 100,
            "media_policy_violation_on": 100,
            "media_tweet": 1,
            "mentions_tweet": 1,
            "noflat": 100,
            "quoted_edit": 1,
            "streaming_output_with_error": 7,
            "two_tweets": 1,
            "verified_type": 1,
            "withheld": 215,
        }.items()
    },
}
HANDLE_KEYS = {"screen_name", "username", "acct", "did", "author", "handle", "in_reply_to_screen_name"}
UNMASKED = re.compile(
    r"(?<![\w@/.])@(?!u_[0-9a-f]{10})[A-Za-z0-9_]{2,15}\b|(?:twitter|x)\.com/(?!i/|u_)\w+/status/"
)
PUBLIC_PLACES = {"0x3642"}  # a subreddit that is called like its founder


def records_in(path):
    """The JSON objects of a file: of its lines, of a recording's answers, or itself."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in {".jsonl", ".ndjson"}:
        return [one for line in text.splitlines() for one in _objects(line)]
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(text, fast) if path.suffix == ".yaml" else json.loads(text or "{}")  # noqa: S506  # both are safe
    recorded = "interactions" in document or "http_interactions" in document
    if not recorded:
        return _objects(text)
    exchanges = document.get("interactions") or document["http_interactions"]
    return [one for exchange in exchanges for one in _objects(_body(exchange["response"]["body"]))]


def _body(body):
    """An answer's body, unpacked."""
    if isinstance(body, dict):
        body = body.get("string") or base64.b64decode(body.get("base64_string") or "")
    return gzip.decompress(body) if isinstance(body, bytes) and body.startswith(b"\x1f\x8b") else body


def _objects(text):
    try:
        decoded = orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return []
    return [one for one in (decoded if isinstance(decoded, list) else [decoded]) if isinstance(one, dict)]


def handles_in(record):
    """Every handle and DID that stands anywhere in a record."""
    waiting = [record]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (v.lower() for k, v in value.items() if k in HANDLE_KEYS and isinstance(v, str))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def taken_apart(record):
    """A record's posts, and how many of its items are none."""
    known, posts, others = recognise(record), [], 0
    for item in known.items(record) if known else ():
        try:
            posts.append(known.to_post(item, Sighting(DOOR, NOW)))
        except (ValueError, NotAPost):
            others += 1
    return posts, others


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", HOLDINGS)
def test_every_real_file_gives_its_posts(shared_data, name):
    """As many as it holds, once each; the store can take them; nothing is an error."""
    done = [taken_apart(record) for record in records_in(shared_data / name)]
    posts = [post for found, _ in done for post in found]

    assert HOLDINGS[name] == (
        len({(post.source, post.id) for post in posts}),
        sum(others for _, others in done),
    )
    assert page_table(posts, MATCHER).num_rows == len(posts)


@pytest.mark.parametrize("name", HOLDINGS)
def test_no_handle_of_a_real_record_is_in_its_posts(shared_data, name):
    """Not in any field; in the words, where a handle may be a common word, not as a mention or link."""
    leaks = []
    for record in records_in(shared_data / name):
        posts, _ = taken_apart(record)
        handles = (
            {handle for handle in handles_in(record) if len(handle) > 3} - PUBLIC_PLACES if posts else ()
        )
        fields = set(re.findall(r"[\w.:-]+", repr([post._replace(text="") for post in posts]).lower()))
        leaks += fields & set(handles)
        leaks += [found[0] for post in posts if (found := UNMASKED.search(post.text))]

    assert leaks == []


def test_all_that_is_no_post_in_the_real_data_is_named(shared_data):
    """No record is claimed by two formats, and none is left without a name."""
    unnamed = set()
    for path in sorted(shared_data.rglob("*")):
        if path.suffix in {".json", ".jsonl", ".ndjson", ".yaml"}:
            for record in records_in(path):
                claims = sum(known.recognises(record) for known in FORMATS)
                assert claims <= 1
                if not claims and not refusal(record):
                    unnamed.add((path.name, *list(record)[:5]))

    assert unnamed == set()


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            {"kind": "t5", "data": {"display_name": "a", "created_utc": 1, "id": "b", "title": "c"}},
            "subreddits",
        ),
        ({"kind": "Listing", "data": {"children": [{"kind": "t2", "data": {}}]}}, "Reddit users"),
        ({"kind": "t4", "data": {"body": "hush", "id": "a", "created_utc": 1}}, "Reddit messages"),
        ({"body": "hush", "dest": "b", "id": "a", "created_utc": 1, "subreddit": None}, "Reddit messages"),
        ({"display_name": "a", "subscribers": 3, "id": "b", "title": "c", "created_utc": 1}, "subreddits"),
        ({"data": [{"id": "1", "text": "hush", "event_type": "MessageCreate"}]}, "direct messages"),
        ({"data": {"id": "1", "status": "created", "upload_url": "https://example.org"}}, "compliance jobs"),
        ({"content": "", "account": {}, "sensitive": False}, "earlier versions"),
        ({"id": "1", "text": "", "spoiler_text": ""}, "sources of Mastodon"),
        ({"error": "not found"}, "error message"),
        ({"errors": [{"title": "Not Found Error"}]}, "error messages"),
        ({"access_token": "secret", "token_type": "bearer"}, "the key to an API"),
        ({"version": 1, "interactions": []}, "a recording"),
        ({}, "empty objects"),
    ],
)
def test_what_is_no_post_is_named_and_claimed_by_none(record, told):
    """Private messages least of all."""
    assert recognise(record) is None
    assert told in refusal(record)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(
        ["", "1", "t1", "t3", "Listing", "comment", "at://d/app.bsky.feed.post/k", "https://a.b/c"]
    )
    | st.sampled_from(["0001-01-01T00:00:00+10:00", "2023-08-06T12:00:00Z", "Sun Aug 06 12:00:00 +0000 2023"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
WHOLE = {
    "twarc": {
        "data": {
            "id": "1",
            "text": "a https://t.co/b",
            "created_at": "2023-08-06T12:00:00Z",
            "author_id": "2",
            "lang": "en",
            "conversation_id": "1",
            "entities": {"urls": [{"url": "https://t.co/b", "expanded_url": "https://example.org"}]},
            "note_tweet": {"text": "a"},
            "referenced_tweets": [{"type": "retweeted", "id": "3"}],
            "public_metrics": {"like_count": 1, "impression_count": 2},
            "edit_history_tweet_ids": ["0", "1"],
        },
        "includes": {"tweets": [{"id": "3", "text": "b"}]},
        "__twarc": {"retrieved_at": "2023-08-06T12:00:00Z"},
    },
    "twitter-v1": {
        "id_str": "1",
        "text": "a",
        "created_at": "Sun Aug 06 12:00:00 +0000 2023",
        "user": {"id_str": "2"},
        "lang": "en",
        "favorite_count": 1,
        "in_reply_to_status_id_str": "3",
        "retweeted_status": {"id_str": "4", "text": "b", "user": {"screen_name": "c"}},
        "extended_tweet": {"full_text": "a"},
        "entities": {"urls": []},
    },
    "pushshift": {
        "id": "a",
        "title": "b",
        "selftext": "c",
        "url": "https://example.org",
        "created_utc": 1,
        "subreddit": "d",
        "author": "e",
        "author_fullname": "t2_e",
        "_meta": {"retrieved_2nd_on": 2},
        "edited": 3,
        "score": 1,
        "num_comments": 2,
        "removed_by_category": None,
        "parent_id": None,
    },
    "hackernews": {
        "objectID": "1",
        "created_at_i": 1,
        "author": "a",
        "title": "b",
        "story_text": "c",
        "url": "https://example.org",
        "points": 1,
        "num_comments": 1,
        "parent_id": 1,
        "story_id": 1,
        "_tags": ["story"],
    },
    "hackernews-item": {
        "id": 1,
        "created_at_i": 1,
        "type": "story",
        "title": "b",
        "text": "c",
        "children": [],
    },
    "mastodon": {
        "uri": "https://a.example/statuses/1",
        "content": "<p>a",
        "created_at": "2023-08-06T12:00:00Z",
        "account": {"acct": "b", "url": "https://a.example/@b"},
        "reblog": {"uri": "https://a.example/statuses/2", "content": "c"},
        "spoiler_text": "d",
        "language": "en",
        "edited_at": "2023-08-06T12:00:00Z",
        "favourites_count": 1,
    },
    "bluesky": {
        "uri": "at://did:plc:a/app.bsky.feed.post/k",
        "author": {"did": "did:plc:a"},
        "record": {
            "text": "a",
            "createdAt": "2023-08-06T12:00:00Z",
            "langs": ["en"],
            "reply": {
                "parent": {"uri": "at://did:plc:a/app.bsky.feed.post/j"},
                "root": {"uri": "at://did:plc:a/app.bsky.feed.post/j"},
            },
            "facets": [{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://a.b"}]}],
            "embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://a.b"}},
        },
        "indexedAt": "2023-08-06T12:00:00Z",
        "likeCount": 1,
    },
}


@st.composite
def broken(draw):
    """A whole record in which up to two values, at any depth, are something else or gone."""
    record = json.loads(json.dumps(WHOLE[draw(st.sampled_from(sorted(WHOLE)))]))
    for _ in range(draw(st.integers(1, 2))):
        holder = record
        while True:
            key = draw(st.sampled_from(sorted(holder)) if isinstance(holder, dict) else st.just(0))
            if not isinstance(holder[key], dict | list) or not holder[key] or draw(st.booleans()):
                break
            holder = holder[key]
        if draw(st.booleans()) or not isinstance(holder, dict) or len(holder) == 1:
            holder[key] = draw(JSON)
        else:
            del holder[key]
    return record


@given(
    broken()
    | st.dictionaries(st.sampled_from(["data", "posts", "feed", "thread", "hits", "statuses", "kind"]), JSON)
)
def test_any_record_gives_posts_that_can_be_stored_or_a_plain_fault(record):
    """Telling what a record is never raises; what to_post lets through never stops a page."""
    recognise(record)
    refusal(record)
    for known in FORMATS:
        try:
            items = list(known.items(record))
        except (ValueError, KeyError, TypeError):
            continue
        for item in items:
            try:
                post = known.to_post(item, Sighting(DOOR, NOW))
            except (NotAPost, ValueError, KeyError, TypeError):
                continue
            assert page_table([post], MATCHER).num_rows == 1


@pytest.mark.parametrize("record", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("lost", ["time", "id"])
def test_a_post_without_id_or_time_is_a_plain_fault(record, lost):
    """The reason says what is missing, in the same words for every source."""
    known = recognise(record)
    (item,) = known.items(record)
    names = {
        "time": {"created_at", "created_at_i", "created_utc"},
        "id": {"id", "id_str", "objectID", "uri"},
    }[lost]
    without = {key: value for key, value in item.items() if key not in names}
    if lost == "time" and "record" in item:
        without["record"] = {"text": "a"}

    with pytest.raises(ValueError, match="created_at is missing" if lost == "time" else "id is missing"):
        known.to_post(without, Sighting(DOOR, NOW))
    assert known.to_post(item, Sighting(DOOR, NOW)).id
