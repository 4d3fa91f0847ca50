import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.case import Query
from walkback.collectors.archives.columns import parse_time, rows_to_posts
from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.measured import LONGEST_ITEM
from walkback.collectors.archives.parquet import parquet_blocks, parquet_header
from walkback.collectors.archives.table import BLOCK_BYTES, csv_blocks, map_columns, read_csv_header
from walkback.errors import ArchiveError
from walkback.matching import Matcher
from walkback.post import Door

HEADER = ["id", "created_at", "text", "author", "source", "lang", "likes", "kind", "url"]
ROW = ["1", "2023-08-06T12:00:00Z", "zoom @Some_One", "77", "x", "en", "3", "reply", "https://example.org/a"]


def mapped(header=HEADER, asked=None, zone=None):
    """A mapping of columns."""
    return map_columns(Path("a.csv"), header, asked or {}, via="csv", source="a", assumed_zone=zone)


def written(header, *rows):
    """A CSV text with these rows."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def read(text, door, noon, how=None, delimiter=","):
    """The posts and the faults of a CSV text."""
    how = how or mapped()
    matcher = Matcher(Query(any=("zoom",)), door)
    posts, faults = [], []
    for block in csv_blocks(io.BytesIO(text.encode()), delimiter, how):
        table, told = rows_to_posts(block, how, Sighting(door, noon), matcher)
        posts += table.to_pylist()
        faults += told
    return posts, faults


def test_a_row_becomes_a_post(door, noon):
    """Every field, with its author as a pseudonym, its mention masked, and its terms."""
    posts, faults = read(written(HEADER, ROW), door, noon)

    assert faults == []
    expected = {
        "source": "x",
        "id": "1",
        "kind": "reply",
        "author": door.author("x", "77"),
        "created_at": noon,
        "text": f"zoom @{door.mention('some_one')}",
        "text_state": "present",
        "lang": "en",
        "url": "https://example.org/a",
        "fetched_at": noon,
        "via": "csv",
        "terms": ["zoom"],
        "likes": 3,
        "replies": None,
    }
    assert expected == {name: posts[0][name] for name in expected}


def test_columns_go_by_mapping_or_by_name(door, noon):
    """A mapping names a column for a field; the file's name is the source when nothing says it."""
    header = ["when", "body", "id", "rest"]
    how = mapped(header, {"created_at": "when", "text": "body"})
    posts, _ = read(written(header, ["1691323200", "hello", "9", "…"]), door, noon, how)

    assert [
        (post["id"], post["text"], post["source"], post["created_at"], post["terms"]) for post in posts
    ] == [("9", "hello", "a", noon, None)]


def test_every_fault_of_a_mapping_is_told_at_once():
    """Unknown field, unknown column, missing field."""
    with pytest.raises(ArchiveError) as caught:
        mapped(header=["a", "text"], asked={"body": "a", "id": "none"})

    told = str(caught.value)
    assert "body is not a field" in told
    assert "no column 'none' for id" in told
    assert "no column for created_at; name it by --map created_at=COLUMN" in told


@pytest.mark.parametrize(
    ("at", "cell", "told"),
    [
        (0, "", "id is missing"),
        (1, "", "created_at is missing"),
        (1, "yesterday", "'yesterday' is not a time"),
        (1, "1e30", "'1e30' is not a time"),
        (1, "9" * 400, f"{'9' * 40!r} is not a time"),
        (1, "9" * 5_000, f"{'9' * 40!r} is not a time"),
        (1, "2023-08-06 12:00:00", "has no offset; say which with --assume-timezone"),
        (1, "0001-01-01T00:00:00+10:00", "beyond the times that can be stored"),
        (6, "many", "'many' is not a number"),
        (7, "tweet", "kind 'tweet' is not one of"),
    ],
)
def test_a_broken_row_says_what_is_wrong_and_keeps_its_neighbours(door, noon, at, cell, told):
    """The fault has the row's line; the rows before and after are posts."""
    broken = [cell if position == at else whole for position, whole in enumerate(ROW)]
    posts, faults = read(written(HEADER, ROW, broken, ["2", *ROW[1:]]), door, noon)

    assert [post["id"] for post in posts] == ["1", "2"]
    assert [number for number, _ in faults] == [3]
    assert told in faults[0][1]


def test_reddits_placeholders_are_states(door, noon):
    """[deleted] and [removed] are no words."""
    rows = [[*ROW[:2], said, *ROW[3:]] for said in ("[deleted]", "[removed]")]
    posts, _ = read(written(HEADER, *rows), door, noon)

    assert [(post["text"], post["text_state"], post["content_hash"]) for post in posts] == [
        ("", "deleted", None),
        ("", "removed", None),
    ]


def test_an_address_that_is_none_is_not_kept(door, noon):
    """javascript: never gets as far as a page."""
    posts, _ = read(written(HEADER, [*ROW[:8], "javascript:alert(1)"]), door, noon)

    assert posts[0]["url"] is None


@pytest.mark.parametrize(
    "written_time",
    [
        "2023-08-06T12:00:00Z",
        "2023-08-06T08:00:00-04:00",
        "2023-08-06 12:00:00+00:00",
        "1691323200",
        "1691323200.0",
        1691323200,
        "1691323200000",
        datetime(2023, 8, 6, 12, tzinfo=UTC),
    ],
)
def test_times_are_read_as_people_write_them(written_time, noon):
    """ISO 8601 with an offset, epoch seconds, epoch milliseconds, or a time already."""
    assert noon == parse_time(written_time, None)


def test_a_time_without_offset_is_in_the_assumed_zone(door, noon):
    """Eight in the morning in New York is noon in UTC."""
    row = [ROW[0], "2023-08-06 08:00:00", *ROW[2:]]
    posts, _ = read(written(HEADER, row), door, noon, mapped(zone="America/New_York"))

    assert noon == posts[0]["created_at"]


def test_a_bad_row_keeps_its_neighbours(door, noon):
    """Too few cells, a quote in the wrong place, and a last row that breaks off; lines are counted right."""
    header = ["id", "created_at", "text"]
    text = (
        'id,created_at,text\n1,1691323200,"two\nlines"\n\n2,1691323200\n'
        '3,"c" d,e\n4,1691323200,e\n5,1691323200,"e'
    )
    posts, faults = read(text, door, noon, mapped(header))

    assert [(post["id"], post["text"]) for post in posts] == [("1", "two\nlines"), ("4", "e")]
    assert [number for number, _ in faults] == [5, 6, 8]
    assert faults[0][1] == "2 cells where the header has 3"


def test_tabs_separate_a_tsv(door, noon):
    """The delimiter is the only difference."""
    header = ["id", "created_at", "text"]
    posts, faults = read("id\tcreated_at\ttext\n1\t1691323200\ta, b\n", door, noon, mapped(header), "\t")

    assert ([post["text"] for post in posts], faults) == (["a, b"], [])


def test_a_byte_order_mark_is_no_part_of_a_name():
    """Excel writes one."""
    assert read_csv_header("\ufeffid,text\n".encode(), ",") == ["id", "text"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00@/")), min_size=1))
def test_what_csv_can_write_comes_back(texts):
    """Any text in any cell, quoted as the csv module quotes it; nothing is lost."""
    door = Door(b"a key for tests, 32 bytes long at least")
    header = ["id", "created_at", "text"]
    rows = [[str(at), "1691323200", text] for at, text in enumerate(texts)]
    posts, faults = read(written(header, *rows), door, datetime(2023, 8, 6, tzinfo=UTC), mapped(header))

    assert (texts, []) == ([post["text"] for post in posts], faults)


def read_parquet(path, door, noon):
    """The posts and the faults of a Parquet file."""
    how = mapped(parquet_header(path))
    blocks, share = parquet_blocks(path, how)
    read_blocks = list(blocks)
    assert share() == 1.0
    matcher = Matcher(Query(any=("zoom",)), door)
    return [rows_to_posts(block, how, Sighting(door, noon), matcher) for block in read_blocks]


def test_parquet_rows(tmp_path, door, noon):
    """Typed columns: a timestamp is a time, a number is a number; rows count from 1."""
    path = tmp_path / "a.parquet"
    times = pa.array([noon, None])
    pq.write_table(
        pa.table({"rest": [0, 0], "id": [1, 2], "created_at": times, "text": ["hello", "there"]}), path
    )
    ((posts, faults),) = read_parquet(path, door, noon)

    assert [(post["id"], post["created_at"]) for post in posts.to_pylist()] == [("1", noon)]
    assert faults == [(2, "created_at is missing")]


def test_a_table_may_tell_when_accounts_were_made(tmp_path, door, noon):
    """A time that makes no sense is not told, and no fault."""
    path = tmp_path / "a.parquet"
    made = ["2023-08-01T00:00:00Z", "2020-01-01T00:00:00Z", "once", None]
    columns = {
        "id": ["1", "2", "3", "4"],
        "created_at": ["2023-08-06T00:00:00Z"] * 4,
        "text": ["zoom"] * 4,
        "account_created_at": made,
    }
    pq.write_table(pa.table(columns), path)
    ((posts, faults),) = read_parquet(path, door, noon)

    assert faults == []
    assert posts["account_days"].to_pylist() == [0, 365, None, None]


@pytest.mark.parametrize("kept_folded", [True, False], ids=["by the writer", "by the file alone"])
def test_a_parquet_file_unfolds_no_further_than_there_is_memory(tmp_path, kept_folded):
    """A dictionary's long word, named by many rows: they come so many at a time, and all of them do."""
    path = tmp_path / "a.parquet"
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 100, pa.int32()), pa.array(["a" * 2**20, "b"]))
    columns = {
        "id": [str(at) for at in range(200)],
        "created_at": ["2023-08-06T00:00:00Z"] * 200,
        "text": words if kept_folded else words.dictionary_decode(),
    }
    pq.write_table(pa.table(columns), path, compression="zstd")
    blocks = list(parquet_blocks(path, mapped(parquet_header(path)))[0])

    assert path.stat().st_size < 20_000
    assert all(rows.cells.nbytes < 2 * BLOCK_BYTES for rows in blocks)
    assert [number for rows in blocks for number in rows.numbers] == list(range(1, 201))
    assert {len(text) for rows in blocks for text in rows.cells["text"].to_pylist()} == {1, 2**20}


def test_a_row_of_a_parquet_file_that_is_longer_than_any_is_told(tmp_path):
    """Its neighbours are read."""
    path = tmp_path / "a.parquet"
    words = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 0], pa.int32()), pa.array(["short", "a" * (LONGEST_ITEM + 1)])
    )
    columns = {"id": ["1", "2", "3"], "created_at": ["2023-08-06T00:00:00Z"] * 3, "text": words}
    pq.write_table(pa.table(columns), path)
    blocks = list(parquet_blocks(path, mapped(parquet_header(path)))[0])

    assert [number for rows in blocks for number in rows.numbers] == [1, 3]
    assert [fault for rows in blocks for fault in rows.faults] == [(2, "the row is longer than 64 MiB")]


def test_a_broken_parquet_file_is_told(tmp_path):
    """What, and what to do."""
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")

    with pytest.raises(ArchiveError, match="not a Parquet file"):
        parquet_header(path)


_CLOCKS = st.datetimes().map(str)
_TIMES = st.one_of(
    st.builds(
        "{}{}".format, _CLOCKS, st.sampled_from(["Z", "+00:00", "+05:30", "-0800", "+01", "", " ", "z"])
    ),
    st.integers(-(10**13), 10**13).map(str),
    st.from_regex(r"[+-]?[0-9]{4,5}-[0-9]{2}-[0-9]{2}[T ]?[0-9:.]{0,10}(Z|[+-][0-9]{2})?", fullmatch=True),
)


@given(_TIMES)
def test_a_column_of_times_reads_as_each_of_them(value):
    """The way for whole columns gives what the way for one value gives, faults and all."""
    try:
        expected = [parse_time(value, None)]
    except ValueError:
        expected = []
    posts, faults = read(
        written(HEADER, [ROW[0], value, *ROW[2:]]), Door(bytes(32)), datetime(2023, 8, 6, tzinfo=UTC)
    )

    assert [post["created_at"] for post in posts] == expected
    assert len(faults) == 1 - len(expected)


@given(
    st.one_of(
        st.integers(-(10**19), 10**19).map(str), st.floats().map(str), st.text("0123456789+-. e", max_size=5)
    )
)
def test_a_column_of_counts_reads_as_each_of_them(value):
    """One value read alone, and next to a value that takes the whole column the slow way."""
    rows = [[*ROW[:6], value, *ROW[7:]], ["2", *ROW[1:6], "3.0", *ROW[7:]]]
    alone, told = read(written(HEADER, rows[0]), Door(bytes(32)), datetime(2023, 8, 6, tzinfo=UTC))
    beside, told_beside = read(written(HEADER, *rows), Door(bytes(32)), datetime(2023, 8, 6, tzinfo=UTC))

    assert alone == beside[:-1]
    assert told == told_beside


def test_broken_rows_of_a_parquet_file_cost_only_themselves(tmp_path, door, noon):
    """The rows before and after are kept; the reason says which are lost."""
    path = tmp_path / "a.parquet"
    ids = [f"{number:04}" for number in range(90)]
    table = pa.table({"id": ids, "created_at": [noon] * 90, "text": ["some words"] * 90})
    pq.write_table(table, path, row_group_size=30, compression="none", use_dictionary=False)
    content = path.read_bytes()
    at = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    path.write_bytes(content[:at] + b"\xff" * 40 + content[at + 40 :])
    blocks = read_parquet(path, door, noon)
    kept = [post for posts, _ in blocks for post in posts["id"].to_pylist()]
    (fault,) = [fault for _, faults in blocks for fault in faults]
    assert kept == ids[:30] + ids[60:]
    assert fault[0] == 31
    assert "rows 31 to 60 can't be read" in fault[1]


def test_words_that_are_not_utf8_cost_their_row(tmp_path, door, noon):
    """Parquet's readers don't look."""
    path = tmp_path / "a.parquet"
    words = ["before", "caf\u00e9 zoom", "after"]
    table = pa.table({"id": ["1", "2", "3"], "created_at": [noon] * 3, "text": words})
    pq.write_table(table, path, compression="none", use_dictionary=False)
    path.write_bytes(path.read_bytes().replace("\u00e9 zoom".encode(), b"\xe9\xe9 zoom"))
    ((posts, faults),) = read_parquet(path, door, noon)
    assert posts["text"].to_pylist() == ["before", "after"]
    assert faults == [(2, "text is not UTF-8")]
