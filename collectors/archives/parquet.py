"""Reading Parquet files in blocks, whatever they unpack to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from walkback.collectors.archives.measured import LONGEST_ITEM
from walkback.collectors.archives.table import BLOCK_BYTES, BLOCK_ROWS, Mapped, Rows
from walkback.errors import ArchiveError


def parquet_header(path: Path) -> list[str]:
    """The column names. Raises ArchiveError where the file is no Parquet file."""
    return list(_opened(path, []).schema_arrow.names)


def parquet_blocks(path: Path, mapped: Mapped) -> tuple[Iterator[Rows], Callable[[], float]]:
    """The rows in blocks, numbered from 1, and a function that tells the share that was read."""
    header = parquet_header(path)
    wanted = {header[at]: field for field, at in mapped.columns.items()}
    return file_blocks(_opened(path, []), _opened(path, list(wanted)), wanted)


def file_blocks(
    file: pq.ParquetFile, folded: pq.ParquetFile, wanted: Mapping[str, str]
) -> tuple[Iterator[Rows], Callable[[], float]]:
    """As `parquet_blocks`, of an open file; `folded` is the same one with the wanted columns kept folded.

    `wanted` tells the field of each column that is read.
    """
    nothing = pa.RecordBatch.from_pydict({field: pa.array([], pa.string()) for field in wanted.values()})
    total = max(file.metadata.num_rows, 1)
    read = 0

    def blocks() -> Iterator[Rows]:
        nonlocal read
        for group in range(file.num_row_groups):  # one by one, so that a broken one costs only itself
            end = read + file.metadata.row_group(group).num_rows
            try:
                for batch in _batches(file, folded, group, list(wanted)):
                    named = batch.rename_columns([wanted[name] for name in batch.schema.names])
                    yield from _pieces(named, read + 1)
                    read += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                unread = f"rows {read + 1} to {end} can't be read ({error})"
                yield Rows(nothing, (), [(read + 1, unread)])
                read = end

    return blocks(), lambda: read / total


def _readable(cells: pa.RecordBatch, numbers: Sequence[int]) -> Rows:
    """Without the rows whose words are not UTF-8: Parquet's readers take any bytes for text."""
    try:
        cells.validate(full=True)
    except pa.ArrowException:
        faults = {
            at: f"{name} is not UTF-8" for name in cells.schema.names for at in _undecodable(cells[name])
        }
        kept = [at for at in range(cells.num_rows) if at not in faults]
        told = [(numbers[at], reason) for at, reason in sorted(faults.items())]
        return Rows(cells.take(pa.array(kept, pa.int64())), [numbers[at] for at in kept], told)
    return Rows(cells, numbers, ())


def _undecodable(column: "pa.Array[Any]") -> Iterator[int]:
    """Where a column of words is not UTF-8."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return
    for at, value in enumerate(column.cast(pa.large_binary())):
        try:
            (value.as_py() or b"").decode()
        except UnicodeDecodeError:
            yield at


def _batches(
    file: pq.ParquetFile, folded: pq.ParquetFile, group: int, columns: list[str]
) -> Iterator[pa.RecordBatch]:
    """A group's rows in batches; words that a kilobyte could unfold to gigabytes are left folded.

    A dictionary holds each value once: a long one, named by twenty thousand rows, is as long as all of them
    are together when it is unfolded. Folding what is not folded takes three times as long as reading it, so
    that it is done only where the dictionary has such words.
    """
    known = file.metadata.row_group(group)
    average = max(known.total_byte_size // max(known.num_rows, 1), 1)
    rows = min(BLOCK_ROWS, max(BLOCK_BYTES // average, 1))
    first = next(folded.iter_batches(1, row_groups=[group], columns=columns), None)
    longest = 0 if first is None else max(map(_longest_word, first.columns), default=0)
    reader = folded if longest * rows > LONGEST_ITEM else file
    yield from reader.iter_batches(rows, row_groups=[group], columns=columns)


def _longest_word(column: "pa.Array[Any]") -> int:
    if not isinstance(column, pa.DictionaryArray) or not len(column.dictionary):
        return 0
    return int(_lengths(column.dictionary).max())


def _pieces(cells: pa.RecordBatch, first: int) -> Iterator[Rows]:
    """A batch's rows, numbered from `first`, unfolded, in blocks of about 4 MiB."""
    folded = any(isinstance(column, pa.DictionaryArray) for column in cells.columns)
    if not folded and cells.nbytes <= BLOCK_BYTES:
        yield _readable(cells, range(first, first + cells.num_rows))
        return
    sizes = np.sum([_lengths(column) for column in cells.columns], axis=0)
    ends = np.cumsum(sizes)
    at = 0
    while at < cells.num_rows:
        if sizes[at] > LONGEST_ITEM:
            told = (first + at, f"the row is longer than {LONGEST_ITEM >> 20} MiB")
            yield Rows(_plain(cells.slice(at, 0)), (), [told])
            at += 1
            continue
        fitting = int(np.searchsorted(ends, ends[at] - sizes[at] + BLOCK_BYTES, side="right"))
        count = max(fitting - at, 1)
        yield _readable(_plain(cells.slice(at, count)), range(first + at, first + at + count))
        at += count


def _lengths(column: "pa.Array[Any]") -> npt.NDArray[np.int64]:
    """How long each word is, in bytes; 0 for what is none."""
    if isinstance(column, pa.DictionaryArray):
        lengths = _lengths(column.dictionary)
        places = column.indices.fill_null(len(lengths)).to_numpy(zero_copy_only=False)
        return np.asarray(np.append(lengths, 0)[places])
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.zeros(len(column), np.int64)
    measured: pa.Array[Any] = pc.binary_length(column)  # type: ignore[call-overload]
    return np.asarray(measured.fill_null(0).to_numpy(zero_copy_only=False), np.int64)


def _plain(cells: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
        for column in cells.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=cells.schema.names)


def _opened(path: Path, folded: list[str]) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, read_dictionary=folded)
    except (pa.ArrowException, OSError) as error:
        raise ArchiveError(f"{path}: not a Parquet file ({error}). Fetch the file again") from error
