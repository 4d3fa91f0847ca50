"""What a file is: looked at, not guessed from its name; and refused by name when it has no posts."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from walkback.collectors.archives.formats import FORMATS, recognise
from walkback.collectors.archives.reading import (
    document_items,
    head_of,
    is_document,
    lines,
    looks_like_json,
    open_archive,
)
from walkback.collectors.archives.refusals import refusal
from walkback.collectors.archives.table import FIELDS, read_csv_header
from walkback.errors import ArchiveError

_PARQUET: Final = b"PAR1"
_DELIMITERS: Final = {"csv": ",", "tsv": "\t"}
FORMAT_NAMES: Final = (*(known.name for known in FORMATS), "csv", "tsv", "parquet")


class Shape(StrEnum):
    """How a file is taken apart."""

    LINES = "lines"
    DOCUMENT = "document"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"

    @property
    def delimiter(self) -> str:
        """What stands between the cells of a text table."""
        return _DELIMITERS[self.value]


_TABLES: Final = frozenset({Shape.CSV.value, Shape.TSV.value, Shape.PARQUET.value})


@dataclass(frozen=True, slots=True)
class Archive:
    """A file and what it is. `format_name` is None for a JSON file with no record in its head."""

    path: Path
    shape: Shape
    format_name: str | None
    head: bytes


def sniff(path: Path, asked: str | None = None) -> Archive:
    """What the file is, or has to be when `asked` names a format.

    Raises ArchiveError where it can't be read, has records that are no posts, or is nothing known.
    """
    head = head_of(path)
    if asked in _TABLES:
        return Archive(path, Shape(asked), asked, head)
    if head.startswith(_PARQUET):
        return Archive(path, Shape.PARQUET, Shape.PARQUET, head)
    if asked is None and not looks_like_json(head):
        shape = _text_table(path, head)
        return Archive(path, shape, shape, head)
    shape = Shape.DOCUMENT if is_document(head) else Shape.LINES
    return Archive(path, shape, asked or _json_format(path, shape, head), head)


def _text_table(path: Path, head: bytes) -> Shape:
    named = {shape: read_csv_header(head, shape.delimiter) for shape in (Shape.CSV, Shape.TSV)}
    best = max(named, key=lambda shape: (len(set(named[shape]) & set(FIELDS)), len(named[shape])))
    if len(named[best]) < 2:
        raise ArchiveError(
            f"{path}: neither JSON nor a table that Walkback knows. Name it with --format "
            f"({', '.join(FORMAT_NAMES)})"
        )
    return best


def _json_format(path: Path, shape: Shape, head: bytes) -> str | None:
    records = _records_in_head(path, shape, head)
    for record in records:
        if found := recognise(record):
            return found.name
        if what := refusal(record):
            raise ArchiveError(f"{path}: holds {what}. Give a file of posts")
    if records:
        keys = ", ".join(list(records[0])[:6])
        raise ArchiveError(
            f"{path}: JSON with the keys {keys}, which is no format that Walkback knows "
            f"({', '.join(FORMAT_NAMES)})"
        )
    return None


def _records_in_head(path: Path, shape: Shape, head: bytes) -> list[dict[str, Any]]:
    if shape is Shape.DOCUMENT:
        with open_archive(path) as (stream, _):
            first = next((item for _, item in document_items(stream, head)), None)
        return [first] if isinstance(first, dict) else []
    with open_archive(path) as (stream, _):
        tried = [line for _, line in islice(lines(stream), _TRIED)]
    decoded = (_decode(line) for line in tried if isinstance(line, bytes))
    return [record for record in decoded if isinstance(record, dict)]


_TRIED: Final = 20


def _decode(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
