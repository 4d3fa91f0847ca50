"""Erasing: the words are gone from the file's bytes, nothing else is, and nothing comes back."""

import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.worlds import NOW, add, case_at, post

from walkback.analysis.coverage import observed_stretches, read_coverage
from walkback.errors import StoreError
from walkback.post import Engagement
from walkback.store import Doomed, Span, Store

DAY = timedelta(days=1)
START = datetime(2023, 8, 1, tzinfo=UTC)
WORDS = "zoom broke the quixotic promise"
FRAME = b"\x28\xb5\x2f\xfd"


def searched(path):
    """A file's bytes, and what its zstd frames hold."""
    raw = path.read_bytes()
    found = [raw]
    at = raw.find(FRAME)
    while at >= 0:
        with suppress(zstandard.ZstdError):  # no frame after all
            found.append(zstandard.ZstdDecompressor().decompressobj().decompress(raw[at:]))
        at = raw.find(FRAME, at + 1)
    return b"\n".join(found)


def posts(count=40):
    """One a day, one of them with the words."""
    return [
        post(
            id=f"needle-{number}" if number == 7 else f"post-{number}",
            source="x" if number % 2 else "reddit",
            author=f"{number % 5:032x}",
            created_at=START + number * DAY,
            text=f"{WORDS} {number}" if number == 7 else f"zoom is as it was, for the {number}. time",
            engagement=Engagement(likes=number),
        )
        for number in range(count)
    ]


@pytest.fixture
def case(tmp_path):
    """A store of forty posts in forty days, of two sources that were covered all along."""
    case = case_at(tmp_path)
    spans = [Span(source, START, START + 40 * DAY, "complete") for source in ("x", "reddit")]
    add(case, posts(), coverage=spans)
    return case


def rows(case, table):
    """How many rows a table has."""
    with duckdb.connect(case.store_path, read_only=True) as connection:
        return len(connection.table(table))


def test_the_words_are_gone_from_the_files_bytes(case):
    """Deleting rows alone leaves them there: that is what this test would see."""
    before = searched(case.store_path)
    with duckdb.connect(case.store_path) as connection:
        connection.execute("DELETE FROM match WHERE id = 'needle-7'")
    deleted = searched(case.store_path)
    store = Store(case.store_path)
    erased = store.erase([Doomed(posts=(("x", "needle-7"),))], why="by post", now=NOW)
    after = [searched(path) for path in case.store_path.parent.iterdir()]

    assert b"quixotic" in before
    assert b"needle-7" in before
    assert b"quixotic" in deleted
    assert erased == {"x": 1}
    assert not [found for found in after if b"quixotic" in found or b"needle-7" in found]
    assert [rows(case, table) for table in ("post", "match", "observation", "tombstone")] == [39, 39, 39, 1]
    assert store.faults() == []
    assert case.store_path.stat().st_mode & 0o777 == 0o600


def test_what_is_erased_does_not_come_back(case):
    """Not from the same archive either; the next batch of others does come in."""
    store = Store(case.store_path)
    store.erase([Doomed(posts=(("x", "needle-7"),))], why="by post", now=NOW)
    add(case, [*posts(), post(id="fresh")])

    assert rows(case, "post") == 40
    assert "needle-7" not in store.matching(case)["id"].to_pylist()


def test_erasing_by_age_leaves_what_is_not_observed_any_more(case):
    """A count of zero would be a lie; a new import of the file doesn't tell it either."""
    store, cut = Store(case.store_path), START + 10 * DAY
    erased = store.erase([Doomed(source="x", older_than=cut)], why="by age", now=NOW)

    def observed():
        return observed_stretches(read_coverage(store, case), ["x", "reddit"])

    assert erased == {"x": 5}
    assert observed() == [(cut, START + 40 * DAY)]
    add(case, posts(), coverage=[Span("x", START, START + 40 * DAY, "complete")])
    assert observed() == []  # the import says nothing of reddit, and forgot what the one before said
    assert observed_stretches(read_coverage(store, case), ["x"]) == [(cut, START + 40 * DAY)]


@settings(max_examples=15, deadline=None)
@given(
    source=st.sampled_from([None, "x", "reddit", "nowhere"]),
    older=st.none() | st.integers(-1, 41),
    authors=st.none() | st.lists(st.integers(0, 5), min_size=1, max_size=2),
)
def test_what_meets_all_that_is_given_goes_and_nothing_else(tmp_path_factory, source, older, authors):
    """As the same conditions in Python say."""
    case = case_at(tmp_path_factory.mktemp("erase"))
    made = posts(12)
    add(case, made)
    doomed = Doomed(
        source=source,
        older_than=None if older is None else START + older * DAY,
        authors=authors and tuple((name, f"{one:032x}") for one in authors for name in ("x", "reddit")),
    )
    kept = {
        (one.source, one.id)
        for one in made
        if (source and one.source != source)
        or (older is not None and one.created_at >= START + older * DAY)
        or (authors and one.author not in {f"{author:032x}" for author in authors})
    }
    store = Store(case.store_path)
    counted = store.count_doomed([doomed])
    erased = store.erase([doomed], why="test", now=NOW)
    left = store.matching(case)

    assert counted == erased
    assert set(zip(left["source"].to_pylist(), left["id"].to_pylist(), strict=True)) == kept
    assert sum(erased.values()) == len(made) - len(kept)


KILLED_AT = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from walkback.store import Doomed, Store, erasing

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

where = sys.argv[2]
if where == "before":
    erasing._write_fresh = die
elif where == "written":
    Path.replace = die
else:
    os.fsync = die
now = datetime(2023, 8, 9, tzinfo=UTC)
Store(Path(sys.argv[1])).erase([Doomed(older_than=now)], why="test", now=now)
"""


@pytest.mark.parametrize("where", ["before", "unsynced", "written"])
def test_whoever_is_killed_while_erasing_leaves_the_old_store(case, where):
    """And the next one erases."""
    done = subprocess.run([sys.executable, "-c", KILLED_AT, case.store_path, where], check=False)
    store = Store(case.store_path)

    assert done.returncode == -signal.SIGKILL
    assert (rows(case, "post"), store.faults()) == (40, [])
    assert store.erase([Doomed(older_than=START + 8 * DAY)], why="test", now=NOW) == {"reddit": 4, "x": 4}
    assert sorted(path.name for path in case.store_path.parent.iterdir()) == ["zoom.duckdb", "zoom.key"]


def test_a_destroyed_key_is_gone_and_the_store_takes_no_more_posts(case):
    """What is there can still be read."""
    key = case.store_path.with_suffix(".key")
    secret = key.read_text()
    store = Store(case.store_path)
    store.destroy_key(NOW)

    assert secret not in key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="destroyed on 2023-10-05; zoom"):
        store.prepare()
    assert store.matching(case).num_rows == 40
