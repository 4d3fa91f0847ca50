import gzip
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import NOW, case_at

from walkback.collectors import imports
from walkback.collectors.imports import Imported, ImportOptions, import_archive
from walkback.errors import ArchiveError
from walkback.store import Store


def comment(number, text="zoom is awful", **changes):
    """A Pushshift comment."""
    return {
        "id": f"c{number}",
        "body": text,
        "author": "made_up_name",
        "author_fullname": f"t2_{number}",
        "created_utc": 1_691_323_200 + number,
        "link_id": "t3_s1",
        "parent_id": "t3_s1",
        "score": number,
        "subreddit": "privacy",
        "retrieved_on": 1_693_000_000,
        **changes,
    }


def lines(*records):
    """JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def run(case, path, **options):
    """Import a file; returns what became of its records."""
    store = Store(case.store_path)
    return import_archive(case, store, path, ImportOptions(**options), now=NOW, progress=lambda _: None)


def stored(case):
    """The matching posts."""
    return Store(case.store_path).matching(case).to_pylist()


@pytest.fixture
def case(tmp_path):
    """A case in an empty folder."""
    return case_at(tmp_path)


def test_a_file_of_one_broken_line_is_one_fault(case, tmp_path):
    """It is packed, and damaged before its first line ends."""
    path = tmp_path / "a.ndjson.gz"
    packed = bytearray(gzip.compress(lines(comment(1, "zoom " * 30_000)), 0))
    packed[100_000:120_000] = b"\xff" * 20_000
    path.write_bytes(packed)

    assert run(case, path) == Imported(stored=0, duplicates=0, quarantined=1, refused=0)


def test_a_bad_line_goes_to_quarantine_and_its_neighbours_are_kept(case, tmp_path):
    """With file, line and reason; a truncated last line is a bad line."""
    path = tmp_path / "a.ndjson"
    text = lines(comment(1)) + b"{broken\n\n" + lines(comment(2), comment(3, created_utc=None), [1], {"a": 1})
    path.write_bytes(text + lines(comment(4))[:-20])
    done = run(case, path)

    assert done == Imported(stored=2, quarantined=5)
    told = [(origin, fault.line, fault.reason) for origin, fault in Store(case.store_path).quarantine(case)]
    assert [(origin, line) for origin, line, _ in told] == [("a.ndjson", line) for line in (2, 5, 6, 7, 8)]
    assert told[0][2].startswith("not JSON")
    assert told[2][2] == "not an object but list"
    assert "no post that Walkback knows (keys: a)" in told[3][2]


@pytest.mark.parametrize(
    "bad",
    [
        {"feed": 1},
        {"kind": [], "data": 3},
        comment(9, score=10**20),
        comment(9, body=5),
        {"hits": 7},
        {"statuses": [None]},
        {"thread": {"replies": 5}},
    ],
)
def test_no_record_is_fatal_to_its_neighbours(case, tmp_path, bad):
    """Whatever a line holds, the posts before and after it are stored, and it is accounted for."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(comment(1), bad, comment(2)))
    done = run(case, path)

    assert done.stored == 2
    assert done.quarantined + done.refused <= 1
    assert {row["id"] for row in stored(case)} == {"t1_c1", "t1_c2"}


def test_a_count_that_cannot_be_stored_is_a_bad_row(case, tmp_path):
    """In a table too: the row goes to quarantine, the page is written."""
    path = tmp_path / "a.csv"
    path.write_text("id,created_at,text,likes\n1,1691323200,zoom,3\n2,1691323200,zoom,1e30\n")

    assert run(case, path) == Imported(stored=1, quarantined=1)


def test_importing_the_same_file_twice_changes_nothing(case, tmp_path):
    """Every record is known; not a byte of content differs."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(*map(comment, range(5))) + b"{broken\n")
    first = run(case, path)
    before = stored(case), Store(case.store_path).coverage(case), Store(case.store_path).quarantine(case)
    second = run(case, path)

    assert (first, second) == (Imported(stored=5, quarantined=1), Imported(duplicates=5, quarantined=1))
    assert (
        stored(case),
        Store(case.store_path).coverage(case),
        Store(case.store_path).quarantine(case),
    ) == before


def test_a_mended_file_empties_its_quarantine(case, tmp_path):
    """What is read now is no longer bad."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(comment(1)) + b"{broken\n")
    run(case, path)
    path.write_bytes(lines(comment(1), comment(2)))

    assert run(case, path) == Imported(stored=1, duplicates=1)
    assert Store(case.store_path).quarantine(case) == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_file_may_be_packed(case, tmp_path, pack):
    """By its first bytes, whatever its name says."""
    path = tmp_path / "a"
    path.write_bytes(pack(lines(comment(1))))

    assert run(case, path) == Imported(stored=1)


def test_coverage_is_from_the_first_to_the_last_post_unless_it_is_stated(case, tmp_path):
    """An archive is taken as complete between its ends; the user may know better."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(comment(0), comment(60)))
    run(case, path)
    (span,) = Store(case.store_path).coverage(case)
    first = datetime.fromtimestamp(1_691_323_200, UTC)

    assert (span.source, span.start, span.status, span.how) == ("reddit", first, "complete", "archive")
    assert 60 <= (span.end - first).total_seconds() < 60.001
    stated = (datetime(2023, 8, 1, tzinfo=UTC), datetime(2023, 9, 1, tzinfo=UTC))
    run(case, path, covers=stated)
    (span,) = Store(case.store_path).coverage(case)
    assert (span.start, span.end, span.how) == (*stated, "stated")


def test_records_that_are_no_posts_are_refused_inside_a_file_of_posts(case, tmp_path):
    """A user profile between tweets is counted, not stored and not a fault."""
    path = tmp_path / "a.jsonl"
    tweet = {"id": "1", "text": "zoom", "author_id": "7", "created_at": "2023-08-06T12:00:00.000Z"}
    user = {"id": "7", "username": "made_up", "name": "Made Up"}
    path.write_bytes(lines({"data": [tweet], "meta": {}}, {"data": [user]}))

    assert run(case, path) == Imported(stored=1, refused=1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lines({"data": [{"tweet_count": 3, "start": "", "end": ""}]}), "counts of X posts over time"),
        (b"\n" + lines({"id": "1", "action": "delete", "created_at": ""}), "X compliance results"),
        (lines({"some": 1, "other": 2}), "JSON with the keys some, other, which is no format"),
        (b"just words\nand more\n", "neither JSON nor a table"),
        (b"id,words\n1,a\n", "no column for created_at; name it by --map created_at=COLUMN"),
        (b"\x1f\x8bno gzip at all", "can't be decompressed"),
    ],
)
def test_a_file_without_posts_is_refused_by_name(case, tmp_path, content, told):
    """And nothing is written: there is not even a store."""
    path = tmp_path / "a"
    path.write_bytes(content)

    with pytest.raises(ArchiveError, match="a: ") as caught:
        run(case, path)
    assert told in str(caught.value)
    assert not case.store_path.exists()


def test_a_broken_first_line_is_a_bad_line_like_any_other(case, tmp_path):
    """What comes after it tells the format."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'lf a line", "id": 3}\n' + lines(comment(1), comment(2)))

    assert run(case, path) == Imported(stored=2, quarantined=1)


def test_an_empty_file_has_no_posts(case, tmp_path):
    """That is no fault."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")

    assert run(case, path) == Imported()


HOSTILE = (
    "zoom <script>alert(1)</script> \"quoted\" 'single' =HYPERLINK(1) \x00\x1b[31m \u202eback\u202c "
    + "long " * 8_000
)


@pytest.mark.parametrize("text", [HOSTILE, "", " "], ids=["hostile", "empty", "blank"])
def test_a_hostile_or_empty_text_comes_through(tmp_path, text):
    """JSON and CSV: stored as it is, but for NUL."""
    (tmp_path / "a.ndjson").write_bytes(lines(comment(1, text)))
    (tmp_path / "b.csv").write_text(
        'id,created_at,text\n1,1691323200,"' + text.replace('"', '""') + '"\n', encoding="utf-8"
    )
    everything = case_at(tmp_path, query={"any": ["*"]})
    run(everything, tmp_path / "a.ndjson")
    run(everything, tmp_path / "b.csv")

    assert {row["text"] for row in stored(everything)} == {text.replace("\x00", "\ufffd")}


def test_a_text_longer_than_any_platforms_is_put_aside(tmp_path):
    """By its line, in lines and tables; its neighbours are stored."""
    texts = ["zoom " + "a" * 99_995, "zoom " + "a" * 99_996, "zoom"]
    times = ["2023-08-06T12:00:00Z"] * 3
    (tmp_path / "a.ndjson").write_bytes(b"".join(lines(comment(at, text)) for at, text in enumerate(texts)))
    rows = "".join(f"{at},{time},{text}\n" for at, (time, text) in enumerate(zip(times, texts, strict=True)))
    (tmp_path / "b.csv").write_text("id,created_at,text\n" + rows)
    pq.write_table(
        pa.table({"id": ["0", "1", "2"], "created_at": times, "text": texts}), tmp_path / "c.parquet"
    )
    case = case_at(tmp_path)

    for name in ("a.ndjson", "b.csv", "c.parquet"):
        assert run(case, tmp_path / name) == Imported(stored=2, quarantined=1)
    told = {(origin, fault.line, fault.reason) for origin, fault in Store(case.store_path).quarantine(case)}
    reason = "a text of 100,001 characters is longer than any platform's"
    assert told == {("a.ndjson", 2, reason), ("b.csv", 3, reason), ("c.parquet", 2, reason)}


def test_many_blocks_over_many_processes_give_what_one_process_gives(tmp_path, monkeypatch):
    """Order, line numbers and counts are the same."""
    path = tmp_path / "a.ndjson"
    records = [lines(comment(number)) if number % 50 else b"{broken\n" for number in range(400)]
    path.write_bytes(b"".join(records))
    alone, spread = (case_at(tmp_path, store=f"{name}.duckdb") for name in ("alone", "spread"))
    run(alone, path)
    monkeypatch.setattr(imports, "_INLINE_BELOW", 0)
    monkeypatch.setattr(imports, "BLOCK_ROWS", 64)
    spread.store_path.with_suffix(".key").write_bytes(alone.store_path.with_suffix(".key").read_bytes())

    assert run(spread, path) == Imported(stored=392, quarantined=8)
    assert stored(alone) == stored(spread)
    assert Store(alone.store_path).quarantine(alone) == Store(spread.store_path).quarantine(spread)


def test_an_import_that_dies_leaves_whole_pages_and_the_next_one_finishes(tmp_path, monkeypatch):
    """Killed between pages: no coverage is claimed; run again, the store is that of a quiet run."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(*map(comment, range(100))))
    case, quiet = (case_at(tmp_path, store=f"{name}.duckdb") for name in ("killed", "quiet"))
    Store(quiet.store_path).prepare()
    case.store_path.with_suffix(".key").write_bytes(quiet.store_path.with_suffix(".key").read_bytes())
    monkeypatch.setattr(imports, "BLOCK_ROWS", 10)
    monkeypatch.setattr(imports, "_PAGE_BYTES", 1)
    pages = 0

    def killer(_):
        nonlocal pages
        pages += 1
        if pages == 4:
            raise KeyboardInterrupt

    store = Store(case.store_path)
    with pytest.raises(KeyboardInterrupt):
        import_archive(case, store, path, ImportOptions(), now=NOW, progress=killer)

    assert store.status(case).posts == 40
    assert store.coverage(case) == []
    assert store.runs(case)[0].outcome == "failed"
    run(case, path)
    run(quiet, path)
    assert stored(case) == stored(quiet)
    assert store.coverage(case) == Store(quiet.store_path).coverage(quiet)


pieces = st.lists(
    st.one_of(
        st.binary(max_size=30).map(lambda data: data.replace(b"\n", b" ") + b"\n"),
        st.integers(0, 9).map(lambda number: lines(comment(number))),
        st.integers(0, 9).map(lambda number: lines(comment(number))[:-5] + b"\n"),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["id", "body", "created_utc", "data", "hits", "text"]), inner
                )
            ),
            max_leaves=6,
        ).map(lines),
    ),
    max_size=12,
)


@given(pieces)
@settings(max_examples=40)
def test_any_bytes_in_nothing_lost(tmp_path_factory, made):
    """No crash; every line that isn't blank is stored, known, in quarantine or refused."""
    folder = tmp_path_factory.mktemp("any")
    path = folder / "a.ndjson"
    path.write_bytes(lines(comment(0)) + b"".join(made))
    done = run(case_at(folder), path, format_name="pushshift")
    records = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    several = sum(
        b'"data"' in line or b'"hits"' in line for line in records
    )  # such a line may hold any number

    assert abs(done.records - len(records)) <= several * 4
    assert several or done.records == len(records)
