"""Reading tables: CSV, TSV and Parquet, by their column names or by a mapping of fields to columns."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from walkback.collectors.archives.reading import BROKEN_PACKING
from walkback.errors import ArchiveError

NEEDED: Final = ("id", "created_at", "text")
COUNTS: Final = ("likes", "replies", "reposts", "quotes", "score", "views")
FIELDS: Final = (
    *NEEDED,
    "author",
    "source",
    "url",
    "lang",
    "kind",
    "parent_id",
    "conversation_id",
    "place",
    "edited_at",
    *COUNTS,
)
_LARGEST_FIELD: Final = 16 * 2**20
_BLOCK_ROWS: Final = 20_000

csv.field_size_limit(_LARGEST_FIELD)


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of a table: cells in columns named after the post's fields, and where each row stood.

    `faults` are (number, reason) of the rows between them that can't be had.
    """

    cells: pa.RecordBatch
    numbers: Sequence[int]
    faults: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a table's columns become a post's fields.

    `columns[field]` is the position of the field's column. `source` holds where no column says it.
    `assumed_zone` is the IANA name of the time zone of times that have no offset; None: such a time
    is a fault.
    """

    via: str
    columns: Mapping[str, int]
    width: int
    source: str
    assumed_zone: str | None


def map_columns(
    path: Path,
    header: Sequence[str],
    asked: Mapping[str, str],
    *,
    via: str,
    source: str,
    assumed_zone: str | None,
) -> Mapped:
    """Find each field's column: the one asked for, else the one with the field's name.

    Raises ArchiveError that names every field without a column, and every wrong name in `asked`.
    """
    faults = [
        f"{field} is not a field (fields: {', '.join(FIELDS)})" for field in asked if field not in FIELDS
    ]
    faults += [
        f"no column {column!r} for {field} (columns: {', '.join(header)})"
        for field, column in asked.items()
        if column not in header
    ]
    wanted = {field: asked.get(field, field) for field in FIELDS}
    columns = {field: header.index(column) for field, column in wanted.items() if column in header}
    missing = [field for field in NEEDED if field not in columns and field not in asked]
    faults += [f"no column for {field}; name it by --map {field}=COLUMN" for field in missing]
    if faults:
        raise ArchiveError(f"{path}: " + "; ".join(faults))
    return Mapped(via, columns, len(header), source, assumed_zone)


def read_csv_header(head: bytes, delimiter: str) -> list[str]:
    """The column names in the first line; a byte order mark is no part of them."""
    text = head.decode("utf-8-sig", "replace")
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])


class _Gathered:
    """The rows of a block so far."""

    def __init__(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._rows: list[list[str]] = []
        self._numbers: list[int] = []
        self.faults: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._rows) + len(self.faults)

    def add(self, number: int, row: list[str]) -> None:
        if len(row) == self._mapped.width:
            self._rows.append(row)
            self._numbers.append(number)
        elif row:
            self.faults.append((number, f"{len(row)} cells where the header has {self._mapped.width}"))

    def rows(self) -> Rows:
        cells = list(zip(*self._rows, strict=True)) or [()] * self._mapped.width
        arrays = [pa.array(cells[at], pa.string()) for at in self._mapped.columns.values()]
        columns = pa.RecordBatch.from_arrays(arrays, names=list(self._mapped.columns))
        return Rows(columns, self._numbers, self.faults)


def csv_blocks(stream: IO[bytes], delimiter: str, mapped: Mapped) -> Iterator[Rows]:
    """The rows in blocks; a row's number is that of the line it begins on.

    A row of another width than the header, or not quoted as CSV is, is a fault.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    gathered = _Gathered(mapped)
    number = 0
    try:
        while True:
            try:
                for row in reader:
                    if number:  # the header has none
                        gathered.add(number, row)
                    number = reader.line_num + 1
                    if len(gathered) >= _BLOCK_ROWS:
                        yield gathered.rows()
                        gathered = _Gathered(mapped)
                break
            except csv.Error as error:
                gathered.faults.append((number, f"not a row: {error}"))
                number = reader.line_num + 1
    except BROKEN_PACKING as error:
        gathered.faults.append((number, f"the compressed file is cut off or broken here ({error})"))
    finally:
        text.detach()  # else it would close the file below it
    if len(gathered):
        yield gathered.rows()


def parquet_header(path: Path) -> list[str]:
    """The column names. Raises ArchiveError where the file is no Parquet file."""
    return list(_open_parquet(path).schema_arrow.names)


def parquet_blocks(path: Path, mapped: Mapped) -> tuple[Iterator[Rows], Callable[[], float]]:
    """The rows in blocks, numbered from 1, and a function that tells the share that was read."""
    file = _open_parquet(path)
    header = file.schema_arrow.names
    wanted = {header[at]: field for field, at in mapped.columns.items()}
    nothing = pa.RecordBatch.from_pydict({field: pa.array([], pa.string()) for field in wanted.values()})
    total = max(file.metadata.num_rows, 1)
    read = 0

    def blocks() -> Iterator[Rows]:
        nonlocal read
        for group in range(file.num_row_groups):  # one by one, so that a broken one costs only itself
            end = read + file.metadata.row_group(group).num_rows
            try:
                for batch in file.iter_batches(_BLOCK_ROWS, row_groups=[group], columns=list(wanted)):
                    named = batch.rename_columns([wanted[name] for name in batch.schema.names])
                    yield _readable(named, range(read + 1, read + 1 + batch.num_rows))
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


def _open_parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ArchiveError(f"{path}: not a Parquet file ({error}). Fetch the file again") from error
