"""From a table's columns to a page's, column by column: a row has no object of its own.

Row by row this took twice as long, and tables are what people have the most of.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from walkback.collectors.archives.fields import account_age
from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.table import COUNTS, Mapped, Rows
from walkback.content_hash import content_hashes
from walkback.matching import Matcher
from walkback.post import LONGEST_TEXT, Door, Kind, TextState, clean_text, utc_from_seconds
from walkback.store import PAGE_SCHEMA

_GONE: Final = {
    "[deleted]": TextState.DELETED.value,
    "[removed]": TextState.REMOVED.value,
}  # Reddit's own words
_MILLISECONDS_FROM: Final = 10**11  # in seconds that is the year 5138; in milliseconds, 1973
_YEAR_1, _YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000  # in microseconds since 1970
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
    size = cells.num_rows
    zone = ZoneInfo(mapped.assumed_zone) if mapped.assumed_zone else None
    given = {name: _blank_is_null(_plain(cells[name])) for name in cells.schema.names}

    def converted(
        field: str, quick: _Quick, convert: Callable[[Any], Any]
    ) -> "Sequence[Any] | pa.Array[Any]":
        """The column in one go where nothing in it is unusual, else value by value."""
        done = quick(given[field])
        return _converted(given[field].to_pylist(), convert, faults) if done is None else done

    def text_of(field: str) -> list[str | None]:
        return _texts(given[field], faults) if field in given else [None] * size

    said = [text or "" for text in text_of("text")]
    mask = sighting.door.mask
    texts = pa.array(["" if text in _GONE else mask(clean_text(text)) for text in said], pa.string())
    sources = [source or mapped.source for source in text_of("source")]
    columns: dict[str, Sequence[Any] | pa.Array[Any]] = {
        "source": sources,
        "id": converted("id", _usual_ids, _needed_id),
        "kind": [Kind.POST.value] * size,
        "author": _pseudonyms(sources, text_of("author"), sighting.door),
        "created_at": converted("created_at", _usual_times, lambda value: parse_time(value, zone)),
        "text": texts,
        "text_state": [_GONE.get(text, "present") for text in said],
        "url": [_address(url, sighting) for url in text_of("url")],
        "fetched_at": pa.repeat(pa.scalar(sighting.fetched_at, _TIME), size),
        "content_hash": content_hashes(texts),
        "via": pa.repeat(str(mapped.via), size),
        "terms": matcher.terms(texts),
    }
    if "kind" in given:
        columns["kind"] = _converted(given["kind"].to_pylist(), _kind, faults)
    if "edited_at" in given:
        columns["edited_at"] = converted(
            "edited_at", _usual_times, lambda value: None if value is None else parse_time(value, zone)
        )
    if "account_created_at" in given:
        made = given["account_created_at"].to_pylist()
        posted = columns["created_at"]
        moments = posted.to_pylist() if isinstance(posted, pa.Array) else posted
        columns["account_days"] = [
            None if moment is None else account_age(since, moment, lambda value: parse_time(value, zone))
            for since, moment in zip(made, moments, strict=True)
        ]
    columns |= {
        field: text_of(field) for field in ("lang", "parent_id", "conversation_id", "place") if field in given
    }
    columns |= {name: converted(name, _usual_counts, _count) for name in COUNTS if name in given}
    return columns


def _plain(column: "pa.Array[Any]") -> "pa.Array[Any]":
    """Strings as Arrow has them by default, however a Parquet file keeps them."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()  # type: ignore[attr-defined]
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column


def _blank_is_null(column: "pa.Array[Any]") -> "pa.Array[Any]":
    if not pa.types.is_string(column.type):
        return column
    nulled: pa.Array[Any] = pc.if_else(pc.equal(column, pa.scalar("")), pa.scalar(None, pa.string()), column)
    return nulled


def _texts(column: "pa.Array[Any]", faults: dict[int, str]) -> list[str | None]:
    """A column's texts; None where there is none or it is too long, which is put down in `faults`."""
    values = column.to_pylist()
    if not pa.types.is_string(column.type):
        return [_text(value) for value in values]
    longest = pc.max(pc.binary_length(column)).as_py() or 0  # type: ignore[call-overload]
    return values if longest <= LONGEST_TEXT else _converted(values, _fitting, faults)


def _fitting(text: str | None) -> str | None:
    return None if text is None else clean_text(text)


def _pseudonyms(sources: list[str], authors: list[str | None], door: Door) -> list[str | None]:
    pairs = list(zip(sources, authors, strict=True))
    known = {pair: None if pair[1] is None else door.author(pair[0], pair[1]) for pair in set(pairs)}
    return [known[pair] for pair in pairs]


_Quick = Callable[["pa.Array[Any]"], "pa.Array[Any] | None"]


def _usual_ids(column: "pa.Array[Any]") -> "pa.Array[Any] | None":
    """The ids where every row has one that can be stored, else None."""
    if column.null_count or not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
        return None
    ids = column.cast(pa.string())
    return None if pc.any(pc.match_substring(ids, "\x00")).as_py() else ids


def _usual_times(column: "pa.Array[Any]") -> "pa.Array[Any] | None":
    """Whole seconds since 1970, or times with an offset; None where one is neither, or missing."""
    if column.null_count or len(column) == 0:
        return None
    for read in (_whole_seconds, _times_with_offset):
        with suppress(pa.ArrowInvalid):
            return read(column)
    return None


def _whole_seconds(column: "pa.Array[Any]") -> "pa.Array[Any]":
    if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
        raise pa.ArrowInvalid("no whole numbers")
    seconds = column.cast(pa.int64())
    _refuse_outside(seconds, 0, _MILLISECONDS_FROM)
    return seconds.cast(pa.timestamp("s", tz="UTC")).cast(_TIME)


def _times_with_offset(column: "pa.Array[Any]") -> "pa.Array[Any]":
    kind = column.type
    if not (pa.types.is_string(kind) or (isinstance(kind, pa.TimestampType) and kind.tz)):
        raise pa.ArrowInvalid("no offset")
    times = column.cast(_TIME)
    _refuse_outside(times.cast(pa.int64()), _YEAR_1, _YEAR_10000)
    return times


def _refuse_outside(numbers: "pa.Array[Any]", low: int, high: int) -> None:
    least, most = (end.as_py() for end in pc.min_max(numbers).values())
    if least < low or most >= high:
        raise pa.ArrowInvalid("not all are usual")


def _usual_counts(column: "pa.Array[Any]") -> "pa.Array[Any] | None":
    """Whole numbers; None where one is something else."""
    try:
        return column.cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


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
    if not text.isdecimal():  # 20230806 is seconds, and an ISO date as well
        with suppress(ValueError):
            return datetime.fromisoformat(text)
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
