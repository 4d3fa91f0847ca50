import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import posts
from worlds import NOW, add, case_at, post

from walkback.errors import NothingToDoError, StoreBusyError, StoreError
from walkback.matching import Matcher
from walkback.post import Engagement, TextState
from walkback.store import Fault, Page, Span, Store, Window, page_table
from walkback.store.key import open_door


def content(case):
    """All that the store holds of posts, observations and matches."""
    with duckdb.connect(case.store_path, read_only=True) as connection:
        return [
            sorted(map(str, connection.sql(f"FROM {table}").to_arrow_table().to_pylist()))
            for table in ("post", "observation", "match", "quarantine", "coverage")
        ]


@given(st.lists(st.lists(posts(), max_size=6), min_size=1, max_size=4), st.data())
@settings(max_examples=16)
def test_any_order_and_repetition_of_batches_gives_the_same_content(tmp_path_factory, batches, data):
    """Pages may come twice, split, merged or backwards: the store ends up the same."""
    one, other = case_at(tmp_path_factory.mktemp("a")), case_at(tmp_path_factory.mktemp("b"))
    add(one, *batches)
    shuffled = data.draw(st.permutations([row for batch in batches for row in batch]))
    cut = data.draw(st.integers(0, len(shuffled)))
    again = data.draw(st.sampled_from(batches))
    add(other, shuffled[:cut], shuffled[cut:], again)
    for case in (one, other):
        Store(case.store_path).match_pending(case)

    assert content(one) == content(other)


@given(st.lists(st.lists(posts(), max_size=6), min_size=1, max_size=3))
@settings(max_examples=10)
def test_every_row_is_counted_once(tmp_path_factory, batches):
    """Rows in are rows stored and rows that were known."""
    outcomes = add(case_at(tmp_path_factory.mktemp("c")), *batches)

    assert [len(batch) for batch in batches] == [one.stored + one.duplicates for one in outcomes]


def test_duplicates_inside_one_batch_keep_the_newest_fetch(tmp_path):
    """The trap of ON CONFLICT: it would keep whichever comes first."""
    case = case_at(tmp_path)
    old, new = post(text="zoom old"), post(text="zoom new", fetched_at=datetime(2023, 10, 2, tzinfo=UTC))
    add(case, [old, new, old])

    row = Store(case.store_path).matching(case).to_pylist()[0]
    assert row["text"] == "zoom new"
    assert row["first_seen_at"] == old.fetched_at


@pytest.mark.parametrize("day", [1, 3])
def test_a_deletion_is_not_undone_by_a_newer_archive(tmp_path, day):
    """A copy of an old file has a new time; its words stay away all the same."""
    case = case_at(tmp_path, query={"any": ["*"]})
    gone = post(text="", text_state=TextState.DELETED, fetched_at=datetime(2023, 10, 2, tzinfo=UTC))
    add(case, [gone], [post(fetched_at=datetime(2023, 10, day, tzinfo=UTC))])

    assert [
        (row["text"], row["text_state"]) for row in Store(case.store_path).matching(case).to_pylist()
    ] == [("", "deleted")]


@pytest.mark.parametrize("number", range(8))
def test_of_two_fetches_at_one_time_the_deletion_wins(tmp_path, number):
    """Whichever comes first, and whatever the words were."""
    case = case_at(tmp_path, query={"any": ["*"]})
    gone = post(text="", text_state=TextState.DELETED)
    add(case, *([gone], [post(text=f"zoom {number}")])[:: 1 if number % 2 else -1])

    assert Store(case.store_path).matching(case)["text_state"].to_pylist() == ["deleted"]


def test_new_words_lose_their_old_score(tmp_path):
    """An edited post is matched and scored again."""
    case = case_at(tmp_path)
    store = Store(case.store_path)
    add(case, [post()])
    score_all(store, case)
    add(case, [post(text="zoom is fine", fetched_at=datetime(2023, 10, 3, tzinfo=UTC))])

    assert store.count_unscored(case, "s", "1") == 1
    assert score_all(store, case) == ["zoom is fine"]


def scored(batch, compound=-0.4588):
    """The same score for all of them."""
    columns = {"compound": compound, "negative": 0.5, "neutral": 0.5, "positive": 0.0}
    for name, value in columns.items():
        batch = batch.append_column(name, pa.array([value] * batch.num_rows))
    return batch.drop_columns(["text"])


def score_all(store, case, kept=lambda _: None):
    """Give every post the same score; returns the texts that were read."""
    texts = []

    def score(batches):
        for batch in batches:
            texts.extend(batch["text"].to_pylist())
            yield scored(batch)

    sizes = []
    for size in store.score_slices(case, "s", "1", store.unscored(case, "s", "1"), score, batch=40_000):
        kept(size)
        sizes.append(size)
    assert sum(sizes) == len(texts)
    return texts


def many(case, count):
    """Posts beyond one batch's size, with one of no words and one that doesn't match among them."""
    others = [post(id="gone", text="", text_state=TextState.DELETED), post(id="off", text="something else")]
    add(case, [post(id=str(number), text=f"zoom {number}") for number in range(count)] + others)
    return [f"zoom {number}" for number in range(count)]


def test_scores_are_kept_once_and_exactly(tmp_path):
    """A second time there is nothing to score; four decimals stay four decimals."""
    case = case_at(tmp_path)
    store = Store(case.store_path)
    add(case, [post(id=str(number)) for number in range(3)])

    assert [len(score_all(store, case)), len(score_all(store, case))] == [3, 0]
    window = Window(case.name, case.query.hash, *case.window(NOW), "s", "1")
    with store.snapshot() as snapshot:
        tally = snapshot.tallies(window, case.window(NOW), negative=-0.05)[0]
    assert (tally.scored, tally.negative, tally.sum_total) == (3, 3, -13_764)


def test_every_post_is_scored_once_in_however_many_turns(tmp_path, monkeypatch):
    """Others may write after every batch; what they leave is found again."""
    monkeypatch.setattr("walkback.store.scores._HOLD_S", 0.0)
    monkeypatch.setattr("walkback.store.connection.LONGEST_WAIT_S", 0.0)
    case = case_at(tmp_path)
    texts, sizes = many(case, 45_000), []

    assert sorted(score_all(Store(case.store_path), case, kept=sizes.append)) == sorted(texts)
    assert sizes == [40_000, 5_000]


@given(st.lists(st.sampled_from(["scored", "pending", "off", "gone"]), max_size=40), st.integers(1, 5))
@settings(max_examples=16)
def test_no_post_is_missed_between_two_slices(tmp_path_factory, states, size):
    """However the posts of each kind lie in the file, and however long a slice is."""
    case = case_at(tmp_path_factory.mktemp("a"))
    store = Store(case.store_path)

    def posts_that_are(*wanted):
        return [
            post(id=str(number), text="something else" if state == "off" else f"zoom {number}")
            if state != "gone"
            else post(id=str(number), text="", text_state=TextState.DELETED)
            for number, state in enumerate(states)
            if state in wanted
        ]

    add(case, posts_that_are("scored"))
    score_all(store, case)
    add(case, posts_that_are("scored", "pending", "off", "gone"))
    pending = [f"zoom {number}" for number, state in enumerate(states) if state == "pending"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("walkback.store.pending._SLICE", size)
        assert store.count_unscored(case, "s", "1") == len(pending)
        assert sorted(score_all(store, case)) == sorted(pending)
        assert store.unscored(case, "s", "1") == []


def test_a_killed_run_keeps_its_batches(tmp_path):
    """What was told as kept is there, and only the rest is scored again."""
    case = case_at(tmp_path)
    texts = many(case, 45_000)
    script = """
import os, sys
from test_store import case_at, score_all, Store
case = case_at(sys.argv[1])
score_all(Store(case.store_path), case, kept=lambda size: os._exit(9))
"""
    killed = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parent,
        check=False,
    )

    assert killed.returncode == 9
    assert len(score_all(Store(case.store_path), case)) == len(texts) - 40_000


def test_no_post_changes_while_it_is_scored(tmp_path):
    """A score belongs to the words that were read: until it is kept nobody else can write."""
    case = case_at(tmp_path)
    add(case, [post()])
    tries = []

    def score(batches):
        for batch in batches:
            connect = f"import duckdb; duckdb.connect({str(case.store_path)!r})"
            tries.append(subprocess.run([sys.executable, "-c", connect], capture_output=True, check=False))
            yield scored(batch)

    store = Store(case.store_path)
    list(store.score_slices(case, "s", "1", store.unscored(case, "s", "1"), score, batch=40_000))

    assert [b"Could not set lock" in each.stderr for each in tries] == [True]


def test_a_changed_query_matches_again_what_is_stored(tmp_path):
    """Nothing has to be fetched again to ask another question."""
    add(case_at(tmp_path), [post(), post(id="2", text="something else")])
    changed = case_at(tmp_path, query={"any": ["else"]})
    store = Store(changed.store_path)

    assert store.match_pending(changed) == 2
    assert [row["id"] for row in store.matching(changed).to_pylist()] == ["2"]
    assert store.match_pending(changed) == 0


def test_two_cases_share_a_store(tmp_path):
    """Each has its own matches; posts are there once."""
    one = case_at(tmp_path, store="all.duckdb")
    other = case_at(tmp_path, store="all.duckdb", query={"any": ["else"]}, path=tmp_path / "other.toml")
    add(one, [post(), post(id="2", text="something else")])
    store = Store(other.store_path)
    store.match_pending(other)

    assert store.status(one).posts == store.status(other).posts == 2
    assert [row["id"] for row in store.matching(one).to_pylist()] == ["1"]
    assert [row["id"] for row in store.matching(other).to_pylist()] == ["2"]


def test_observations_are_added_and_the_latest_is_shown(tmp_path):
    """Counts grow with age; every moment is kept."""
    case = case_at(tmp_path)
    later = datetime(2023, 10, 2, tzinfo=UTC)
    add(
        case,
        [post(engagement=Engagement(likes=1))],
        [post(engagement=Engagement(likes=9), fetched_at=later)],
    )

    assert Store(case.store_path).matching(case)["likes"].to_pylist() == [9]
    assert len(content(case)[1]) == 2


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    """A fault in the last table of a page leaves nothing of it in the first."""
    case = case_at(tmp_path)
    store = Store(case.store_path)
    matcher = Matcher(case.query, store.prepare())
    run = store.start_run(case, "import", "a.jsonl", NOW)
    broken = Page(page_table([post()], matcher), coverage=(Span("x", None, None, "complete"),))

    with pytest.raises(duckdb.ConstraintException):
        store.add_pages(case, run, [broken], now=NOW, written=lambda _: None)

    assert store.status(case).posts == 0


def test_quarantine_and_coverage_are_kept_once(tmp_path):
    """The same import again says the same again, not twice."""
    case = case_at(tmp_path)
    kept = {
        "faults": [Fault(3, 0, "not JSON", "ab")],
        "coverage": [Span("x", NOW.replace(month=7), NOW, "complete")],
    }
    add(case, [post()], **kept)
    before = content(case)
    add(case, [post()], **kept)

    assert content(case) == before
    assert Store(case.store_path).quarantine(case) == [("a.jsonl", Fault(3, 0, "not JSON", "ab"))]


def test_the_newest_word_on_a_line_is_kept(tmp_path):
    """However often a page names it."""
    case = case_at(tmp_path)
    add(
        case,
        [post()],
        faults=[Fault(3, 0, "not JSON", "ab"), Fault(3, 1, "x", "cd"), Fault(3, 0, "cut off", "ef")],
    )

    assert [fault for _, fault in Store(case.store_path).quarantine(case)] == [
        Fault(3, 0, "cut off", "ef"),
        Fault(3, 1, "x", "cd"),
    ]


def test_no_handle_is_in_the_file(tmp_path):
    """Searched in the raw bytes, not in the columns."""
    case = case_at(tmp_path)
    store = Store(case.store_path)
    door = store.prepare()
    add(case, [post(author=door.author("x", "plantedname"), text=door.mask("zoom @plantedname"))])

    assert b"plantedname" not in case.store_path.read_bytes()


def test_the_key_is_outside_the_store_and_for_its_owner_alone(tmp_path):
    """0600, as the store itself, and not in it."""
    case = case_at(tmp_path)
    add(case, [post()])
    key = case.store_path.with_suffix(".key")

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(case.store_path.stat().st_mode) == 0o600
    assert bytes.fromhex(key.read_text()) not in case.store_path.read_bytes()


def test_many_who_begin_at_once_share_one_key(tmp_path):
    """Whoever comes first makes it, whole; nothing else is left beside it."""
    path = case_at(tmp_path).store_path
    with ThreadPoolExecutor(16) as pool:
        masks = {door.mention("somebody") for door in pool.map(lambda _: open_door(path), range(64))}

    assert len(masks) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["zoom.key"]


def test_a_lost_key_is_told_before_known_authors_become_strangers(tmp_path):
    """A fresh key would make two people of every author."""
    case = case_at(tmp_path)
    add(case, [post()])
    case.store_path.with_suffix(".key").unlink()

    with pytest.raises(StoreError, match=r"zoom\.key.*missing.*Put it back"):
        Store(case.store_path).prepare()


HOLD = "import duckdb,sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.readline()"


def test_a_busy_store_names_its_holder_and_is_waited_for(tmp_path):
    """A clear error when waiting runs out; success when the holder lets go."""
    case = case_at(tmp_path)
    add(case, [post()])
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, case.store_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusyError, match=rf"process {holder.pid} held the store for 0\.1 s"):
            Store(case.store_path, wait_s=0.1).status(case)
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert Store(case.store_path, wait_s=30).status(case).posts == 1


def test_a_reader_without_a_store_is_told(tmp_path):
    """Reading never makes a file."""
    case = case_at(tmp_path)

    with pytest.raises(NothingToDoError, match="no store yet"):
        Store(case.store_path).status(case)
    assert not case.store_path.exists()


def test_a_store_of_a_newer_walkback_is_refused(tmp_path):
    """It is left as it is."""
    case = case_at(tmp_path)
    add(case, [post()])
    with duckdb.connect(case.store_path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999)")

    for ask in (Store(case.store_path).prepare, lambda: Store(case.store_path).status(case)):
        with pytest.raises(StoreError, match="newer Walkback"):
            ask()


@pytest.mark.parametrize("junk", [b"this is no database" * 100, b""])
def test_a_file_that_is_no_store_is_refused_or_made_one(tmp_path, junk):
    """Junk is told plainly; an empty file becomes a store."""
    case = case_at(tmp_path)
    case.store_path.write_bytes(junk)
    case.store_path.with_suffix(".key").write_text("ab" * 32)

    if junk:
        with pytest.raises(StoreError, match=r"zoom\.duckdb: the store can't be used"):
            Store(case.store_path).prepare()
    else:
        Store(case.store_path).prepare()
        assert Store(case.store_path).status(case).posts == 0


def test_a_foreign_database_is_refused(tmp_path):
    """Somebody else's tables are not ours to change."""
    case = case_at(tmp_path)
    with duckdb.connect(case.store_path) as connection:
        connection.execute("CREATE TABLE theirs (a INT)")
    case.store_path.with_suffix(".key").write_text("ab" * 32)

    for ask in (Store(case.store_path).prepare, lambda: Store(case.store_path).status(case)):
        with pytest.raises(StoreError, match="no Walkback store"):
            ask()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """What, where, what to do."""
    tmp_path.chmod(0o500)

    with pytest.raises(StoreError, match="can't be used"):
        Store(tmp_path / "zoom.duckdb").prepare()
