"""The importers against real archives, which stay where they are; skipped where they aren't."""

import contextlib
import json
import re
from collections import Counter

import pytest
import yaml
from worlds import NOW, case_at

from walkback.collectors.archives.format import NotAPost, Sighting
from walkback.collectors.archives.formats import recognise
from walkback.collectors.imports import Imported, ImportOptions, import_archive
from walkback.errors import ArchiveError
from walkback.store import Store

TWARC = {
    "2sets": Imported(stored=200),
    "brexit": Imported(duplicates=100),
    "edited": Imported(stored=1),
    "edited_after": Imported(duplicates=1),
    "entities_test": Imported(stored=474),
    "flat": Imported(stored=100),
    "noflat": Imported(duplicates=100),
    "streaming_output_with_error": Imported(stored=7, quarantined=1),
    "withheld": Imported(stored=215),
}
REFUSED = {
    "counts": "counts of X posts over time",
    "lists": "X lists",
    "users": "X user profiles",
    "tweets_compliance": "X compliance results",
    "users_compliance": "X compliance results",
}
UNMASKED = re.compile(r"(?<![\w@/.])@(?!u_[0-9a-f]{10})[A-Za-z0-9_]{2,15}\b")


@pytest.fixture
def bring_in(tmp_path):
    """Imports real files into one store; gives what became of each, and the stored rows."""
    case = case_at(tmp_path, query={"any": ["*"]})
    store = Store(case.store_path)

    def run(path, **options):
        return import_archive(case, store, path, ImportOptions(**options), now=NOW, progress=lambda _: None)

    run.rows = lambda: store.matching(case).to_pylist()
    run.quarantine = lambda: store.quarantine(case)
    return run


def test_twarcs_own_test_files(shared_data, bring_in):
    """Pages, flattened and streamed; every one with the number of posts that it holds."""
    folder = shared_data / "fixtures/twarc2_jsonl/test-data"
    done = {name: bring_in(folder / f"{name}.jsonl") for name in TWARC}

    assert done == TWARC
    ((_, fault),) = bring_in.quarantine()
    assert (fault.line, fault.reason[:8]) == (8, "not JSON")
    states = Counter(row["text_state"] for row in bring_in.rows())
    assert (states["withheld"], states["truncated"]) == (13, 30)
    assert not [row["id"] for row in bring_in.rows() if UNMASKED.search(row["text"])]


def test_an_edited_tweet_keeps_its_newest_words(shared_data, bring_in):
    """Two files of one tweet: the order of import does not matter."""
    folder = shared_data / "fixtures/twarc2_jsonl/test-data"
    for name in ("edited_after", "edited", "edited_before"):
        bring_in(folder / f"{name}.jsonl")

    assert len({row["id"] for row in bring_in.rows()}) == len(bring_in.rows())


@pytest.mark.parametrize("name", REFUSED)
def test_twarcs_files_without_posts_are_refused(shared_data, bring_in, name):
    """By what they hold."""
    with pytest.raises(ArchiveError, match=REFUSED[name]):
        bring_in(shared_data / f"fixtures/twarc2_jsonl/test-data/{name}.jsonl")


def test_pushshifts_own_lines(shared_data, bring_in):
    """1,300 submissions and 1,200 comments, a fifth of them repeated."""
    folder = shared_data / "wsb_2021_pushshift/data"

    assert bring_in(folder / "wallstreetbets.ndjson") == Imported(stored=1100, duplicates=200)
    assert bring_in(folder / "wallstreetbets_comments.ndjson") == Imported(stored=1000, duplicates=200)
    assert {row["id"][:3] for row in bring_in.rows()} == {"t1_", "t3_"}


def test_a_real_outcry_has_its_published_numbers(shared_data, bring_in):
    """Shen and Rose's announcement thread: posts a day as counted in the data's own description."""
    done = bring_in(
        shared_data / "reddit_quarantine_2018/announcements_data.csv",
        columns={"created_at": "created", "text": "body", "author": "author_id"},
        source="reddit",
        assumed_zone="UTC",
    )
    days = Counter(row["created_at"].date().isoformat() for row in bring_in.rows())

    assert done == Imported(stored=9837)
    assert [count for _, count in sorted(days.items())][:7] == [4282, 4538, 483, 158, 108, 73, 38]
    assert len({row["author"] for row in bring_in.rows()}) == 3641


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        ("praw/TestListingGenerator.test_exhaust_items.json", 1001),
        ("praw/TestCommentForest.test_replace__all.json", 485),
        ("praw/TestReddit.test_info.json", 197),  # the other 100 of its things are subreddits
        ("tweepy/testsearchtweets.json", 15),
        ("mastodon_py/test_hashtag_tl.yaml", 1),
        ("mastodon_py/test_timeline_disabled.yaml", 20),
        ("hn/1.1.json", 2),
        ("hn/item.json", 6),
        ("atproto/thread_view_post_with_embed_media.json", 1),
    ],
)
def test_recorded_traffic_gives_its_posts(shared_data, door, noon, recording, expected):
    """Each answer that holds posts is recognised, and every post in it can be made."""
    text = (shared_data / "cassettes" / recording).read_text()
    document = yaml.safe_load(text) if recording.endswith(".yaml") else json.loads(text)
    posts = {post.id for record in _bodies(document) for post in _posts(record, Sighting(door, noon))}

    assert expected == len(posts)


def _posts(record, sighting):
    """The posts of a record; what it holds besides is skipped."""
    known = recognise(record)
    for item in known.items(record) if known else []:
        with contextlib.suppress(NotAPost):
            yield known.to_post(item, sighting)


def _bodies(document):
    """The JSON objects of a recording, or of a plain file."""
    recorded = document.get("interactions") or document.get("http_interactions")
    if recorded is None:
        yield document
        return
    for exchange in recorded:
        body = exchange["response"]["body"]
        text = body.get("string") if isinstance(body, dict) else body
        try:
            decoded = json.loads(text or "null")
        except json.JSONDecodeError:
            continue
        yield from (
            one for one in (decoded if isinstance(decoded, list) else [decoded]) if isinstance(one, dict)
        )
