"""From a table's columns to a page's, column by column: a row has no object of its own.

Row by row this took twice as long, and tables are what people have the most of.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.table import COUNTS, Mapped, Rows
from walkback.matching import Matcher
from walkback.post import Kind, TextState, clean_text, content_hash, utc_from_seconds
from walkback.store import PAGE_SCHEMA

_GONE: Final = {"[deleted]": TextState.DELETED, "[removed]": TextState.REMOVED}  # Reddit's own words
_MILLISECONDS_FROM: Final = 10**11  # in seconds that is the year 5138; in milliseconds, 1973
_TIME: Final = PAGE_SCHEMA.field("fetched_at").type
_LARGEST_COUNT: Final = 2**63 - 1
_KINDS: Final = frozenset(kind.value for kind in Kind)


def rows_to_posts(
    rows: Rows, mapped: Mapped, sighting: Sighting, matcher: Matcher
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The posts as `PAGE_SCHEMA` has them, and (number, reason) of every row that is none."""
    size = rows.cells.num_rows
    faults: dict[int, str] = {}
    columns = _columns(rows.cells, mapped, sighting, matcher, faults)
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(size, field.type)
        for field in PAGE_SCHEMA
    ]
    posts = pa.Table.from_arrays(arrays, schema=PAGE_SCHEMA)
    if faults:
        posts = posts.filter(pa.array([at not in faults for at in range(size)]))
    told = [*rows.faults, *((rows.numbers[at], reason) for at, reason in faults.items())]
    return posts, sorted(told)


def _columns(
    cells: pa.RecordBatch, mapped: Mapped, sighting: Sighting, matcher: Matcher, faults: dict[int, str]
) -> "dict[str, Sequence[Any] | pa.Array[Any]]":
    """Every column of a page that the table has something for; rows in `faults` hold no sense."""
    door = sighting.door
    zone = ZoneInfo(mapped.assumed_zone) if mapped.assumed_zone else None
    given = {name: cells[name].to_pylist() for name in cells.schema.names}

    def converted(field: str, convert: Callable[[Any], Any]) -> list[Any]:
        return _converted(given[field], convert, faults)

    def text_of(field: str) -> list[str | None]:
        return [_text(value) for value in given[field]] if field in given else [None] * cells.num_rows

    said = [text or "" for text in text_of("text")]
    states = [_GONE.get(text, TextState.PRESENT) for text in said]
    texts = ["" if text in _GONE else door.mask(clean_text(text)) for text in said]
    sources = [source or mapped.source for source in text_of("source")]
    authors = zip(sources, text_of("author"), strict=True)
    columns: dict[str, Sequence[Any] | pa.Array[Any]] = {
        "source": sources,
        "id": converted("id", _needed_id),
        "kind": converted("kind", _kind) if "kind" in given else pa.repeat(Kind.POST.value, cells.num_rows),
        "author": [door.author(source, author) if author else None for source, author in authors],
        "created_at": converted("created_at", lambda value: parse_time(value, zone)),
        "text": texts,
        "text_state": [state.value for state in states],
        "url": [_address(url, sighting) for url in text_of("url")],
        "fetched_at": pa.repeat(pa.scalar(sighting.fetched_at, _TIME), cells.num_rows),
        "content_hash": [content_hash(text) for text in texts],
        "via": pa.repeat(str(mapped.via), cells.num_rows),
        "terms": [matcher.terms(text) for text in texts],
    }
    columns |= {
        field: text_of(field) for field in ("lang", "parent_id", "conversation_id", "place") if field in given
    }
    if "edited_at" in given:
        columns["edited_at"] = converted(
            "edited_at", lambda value: parse_time(value, zone) if value else None
        )
    columns |= {name: converted(name, _count) for name in COUNTS if name in given}
    return columns


def _converted(values: list[Any], convert: Callable[[Any], Any], faults: dict[int, str]) -> list[Any]:
    """Each value converted; where that raises ValueError its row is put down in `faults`."""
    try:
        return [convert(value) for value in values]
    except ValueError:
        return [_or_fault(at, value, convert, faults) for at, value in enumerate(values)]


def _or_fault(at: int, value: Any, convert: Callable[[Any], Any], faults: dict[int, str]) -> Any:
    try:
        return convert(value)
    except ValueError as error:
        faults.setdefault(at, str(error))
        return None


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _needed_id(value: Any) -> str:
    if value is None or value == "":
        raise ValueError("id is missing")
    return clean_text(str(value))


def parse_time(value: Any, assumed_zone: ZoneInfo | None) -> datetime:
    """A time in UTC: ISO 8601, or epoch seconds or milliseconds.

    Raises ValueError on anything else, and on a time without an offset unless a zone is assumed.
    """
    if value is None or value == "":
        raise ValueError("created_at is missing")
    if isinstance(value, int | float):
        return _from_epoch(float(value))
    moment = value if isinstance(value, datetime) else _parse_text(value)
    if moment.tzinfo is None:
        if assumed_zone is None:
            raise ValueError(f"the time {value} has no offset; say which with --assume-timezone")
        moment = moment.replace(tzinfo=assumed_zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value} is beyond the times that can be stored") from error


def _parse_text(value: Any) -> datetime:
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    if text.isdecimal():
        return _from_epoch(int(text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return _from_epoch(float(text))
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not a time") from error


def _from_epoch(number: float) -> datetime:
    return utc_from_seconds(number / 1000 if number >= _MILLISECONDS_FROM else number)


def _kind(value: Any) -> str:
    if value is None or value == "":
        return Kind.POST.value
    kind = str(value).lower()
    if kind not in _KINDS:
        raise ValueError(f"kind {kind[:40]!r} is not one of {', '.join(Kind)}")
    return kind


def _address(url: str | None, sighting: Sighting) -> str | None:
    if url is None or not url.startswith(("http://", "https://")):
        return None
    return sighting.door.mask(clean_text(url))


def _count(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        found = int(value) if str(value).lstrip("-").isdecimal() else int(float(value))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{str(value)[:40]!r} is not a number") from error
    if abs(found) > _LARGEST_COUNT:
        raise ValueError(f"{str(value)[:40]!r} is a larger number than can be stored")
    return found
