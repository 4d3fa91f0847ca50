import gzip
import io
import json
import tracemalloc
from functools import partial
from unittest import mock

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from walkback.collectors.archives import reading
from walkback.collectors.archives.measured import Measured, TooMuchError
from walkback.collectors.archives.reading import document_items, head_of, is_document, lines, open_archive
from walkback.errors import ArchiveError

PACKINGS = {
    "plain": lambda data: data,
    "gz": gzip.compress,
    "zst": zstandard.compress,
    "two zst frames": lambda data: zstandard.compress(data[:7]) + zstandard.compress(data[7:]),
    "zst with a long window": lambda data: zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=30)
    ).compress(data),
}


def read_lines(path):
    """All the lines of a file."""
    with open_archive(path) as (stream, _):
        return list(lines(stream))


@pytest.mark.parametrize("packing", PACKINGS)
def test_lines_come_with_their_numbers_however_packed(tmp_path, packing):
    """Blank lines count but don't come; the last line needs no end."""
    path = tmp_path / "a"
    path.write_bytes(PACKINGS[packing](b'{"a":1}\n\n  \n{"b":2}\nlast'))

    assert read_lines(path) == [(1, b'{"a":1}\n'), (4, b'{"b":2}\n'), (5, b"last")]


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_file_cut_off_in_its_compression_says_so(tmp_path, packing):
    """What could be read is kept; the cut is one fault at its line."""
    text = b"".join(b'{"id":%d}\n' % number for number in range(100_000))
    path = tmp_path / "a"
    path.write_bytes(PACKINGS[packing](text)[:-2000])

    *good, (number, fault) = read_lines(path)
    assert len(good) > 1000
    assert isinstance(fault, str) or fault != b'{"id":%d}\n' % (number - 1)


def test_a_line_beyond_measure_is_a_fault_and_its_neighbours_are_kept(tmp_path, monkeypatch):
    """It is skipped without being held in memory."""
    monkeypatch.setattr(reading, "LONGEST_LINE", 10)
    path = tmp_path / "a"
    path.write_bytes(b"one\n" + b"x" * 35 + b"\nthree\n")

    assert [number for number, _ in read_lines(path)] == [1, 2, 3]
    assert read_lines(path)[1][1].startswith("the line is longer")
    assert read_lines(path)[2][1] == b"three\n"


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"a": 1}\n{"a": 2}\n', False),
        ('{"a": 1}', False),
        ('{broken\n{"a": 2}\n', False),
        ('[{"a": 1}]', True),
        ('\n [\n{"a": 1}\n]', True),
        ('{\n "hits": [\n {"a": 1}\n ]\n}\n', True),
        ("", False),
    ],
)
def test_a_document_is_told_from_lines(text, document):
    """An array, or an object over many lines."""
    assert document is is_document(text.encode())


def items(path):
    """What a document holds."""
    with open_archive(path) as (stream, _):
        return list(document_items(stream, head_of(path)))


@pytest.mark.parametrize(
    "document",
    [
        [{"a": 1.5}, {"a": 2}],
        {"hits": [{"a": 1.5}, {"a": 2}], "page": 0},
        {"page": {}, "posts": [{"a": 1.5}, {"a": 2}]},
    ],
)
def test_a_documents_items_are_those_of_its_array(tmp_path, document):
    """Wherever the array stands; numbers are floats and ints as JSON has them."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document, indent=1))

    assert items(path) == [(1, {"a": 1.5}), (2, {"a": 2})]


def test_a_document_that_breaks_off_keeps_what_came_before(tmp_path):
    """The rest is one fault."""
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1}, 7, {"a": 2')
    first, second, third = items(path)

    assert first == (1, {"a": 1})
    assert second == (2, "not an object but int")
    assert third[0] == 3
    assert "breaks off" in third[1]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(tmp_path_factory, data):
    """No crash: lines, items or faults come out, or an ArchiveError."""
    path = tmp_path_factory.mktemp("any") / "a"
    path.write_bytes(data)
    try:
        head = head_of(path)
    except ArchiveError:
        return
    read_lines(path)
    with open_archive(path) as (stream, _):
        list(document_items(stream, head))


def test_a_gzip_file_that_is_damaged_in_the_middle_keeps_what_came_before(tmp_path):
    """The rest is one fault. Packed without compression, so that the damage hits its blocks."""
    path = tmp_path / "a.gz"
    packed = bytearray(gzip.compress(b"".join(b"%09d\n" % number for number in range(30_000)), 0))
    packed[150_000:220_000] = b"\xff" * 70_000
    path.write_bytes(packed)
    *read, (_, fault) = read_lines(path)

    assert read[:13_000] == [(number + 1, b"%09d\n" % number) for number in range(13_000)]
    assert "broken here (Error -3" in fault


def test_a_missing_file_is_told(tmp_path):
    """What, why and what to do."""
    with pytest.raises(ArchiveError, match="can't be read"):
        head_of(tmp_path / "none")


@pytest.mark.parametrize("packing", [gzip.compress, zstandard.compress, bytes])
def test_a_line_without_end_takes_no_memory(tmp_path, packing, monkeypatch):
    """Packed it is a few kilobytes. Its neighbours are kept."""
    monkeypatch.setattr("walkback.collectors.archives.reading.LONGEST_LINE", 2**16)
    (tmp_path / "a").write_bytes(packing(b'{"a": "' + b"a" * 30_000_000 + b'"}\n{"b": 1}\n'))
    tracemalloc.start()
    with open_archive(tmp_path / "a") as (stream, _):
        found = list(lines(stream))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [number for number, _ in found] == [1, 2]
    assert found[0][1].startswith("the line is longer than")
    assert found[1][1] == b'{"b": 1}\n'
    assert most < 8_000_000


@pytest.mark.parametrize(
    ("endless", "why"),
    [
        (b'{"a": "' + b"a" * 2_000_000, "longer than"),
        (b"[" * 400_000, "nested more than 5,000 levels"),
        (b'{"a": ' * 100_000, "nested more than 5,000 levels"),
    ],
)
def test_an_item_without_end_is_where_a_document_breaks_off(tmp_path, endless, why, monkeypatch):
    """Be it one word or one bracket after the other; what came before it is kept."""
    monkeypatch.setattr("walkback.collectors.archives.measured.LONGEST_ITEM", 2**20)
    whole = b'[{"id": 1},' + b" " * 70_000 + endless
    (tmp_path / "a").write_bytes(whole)
    with open_archive(tmp_path / "a") as (stream, _):
        found = list(document_items(stream, whole[:100]))

    assert found[0] == (1, {"id": 1})
    assert f"breaks off here (an item is {why}" in found[1][1]
    assert len(found) == 2


@given(st.lists(st.text(st.sampled_from('[]{}"\\ab'), max_size=40), max_size=60), st.integers(1, 50))
def test_brackets_in_words_are_not_depth(texts, size):
    """Wherever the pieces that are read end, inside a word, an escape or neither."""
    document = json.dumps([{"text": text, "more": [[text]]} for text in texts]).encode()
    with mock.patch("walkback.collectors.archives.measured.DEEPEST", 4):
        measured = Measured(io.BytesIO(document))
        assert b"".join(iter(partial(measured.read, size), b"")) == document
        deeper = Measured(io.BytesIO(document.replace(b'"more": [[', b'"more": [[[[')))
        if texts:
            with pytest.raises(TooMuchError):
                deeper.read()
