"""Tables by their column names, or by a mapping of fields to columns; reading CSV and TSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import pyarrow as pa

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
    "account_created_at",
    *COUNTS,
)
_LARGEST_FIELD: Final = 16 * 2**20
BLOCK_ROWS: Final = 20_000
BLOCK_BYTES: Final = 4 * 2**20

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
    """The rows in blocks of at most 20,000 or about 4 MiB; a row's number is that of the line it begins on.

    A row of another width than the header, or not quoted as CSV is, is a fault.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    gathered, begun = _Gathered(mapped), 0
    number = 0
    try:
        while True:
            try:
                for row in reader:
                    if number:  # the header has none
                        gathered.add(number, row)
                    number = reader.line_num + 1
                    if len(gathered) >= BLOCK_ROWS or stream.tell() - begun >= BLOCK_BYTES:
                        yield gathered.rows()
                        gathered, begun = _Gathered(mapped), stream.tell()
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
