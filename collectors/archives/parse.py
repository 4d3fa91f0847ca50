"""From blocks of records to pages: the work that is spread over processes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
import pyarrow as pa

from walkback.case import Query
from walkback.collectors.archives.columns import rows_to_posts
from walkback.collectors.archives.format import Format, NotAPost, Sighting
from walkback.collectors.archives.formats import FORMATS, recognise
from walkback.collectors.archives.refusals import refusal
from walkback.collectors.archives.table import Mapped, Rows
from walkback.matching import Matcher
from walkback.post import Door, Post
from walkback.store import Fault, Page, page_table

Numbered = tuple[int, bytes | dict[str, Any] | str]
Records = Sequence[Numbered]
"""(number, record) pairs: bytes or a dict of JSON, or a str that says what is wrong there."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines one after another, the number of each, and (number, what is wrong) of those that can't be had.

    One text, because ten thousand small ones take four times as long to reach another process.
    """

    text: bytes
    numbers: Sequence[int]
    faults: Sequence[tuple[int, str]]

    def records(self) -> Iterator[Numbered]:
        """The lines, and then the faults."""
        if self.numbers:
            yield from zip(self.numbers, self.text.split(b"\n"), strict=True)
        yield from self.faults


Block = Records | Lines | Rows

# What taking a broken record apart may raise. It is that record's fault alone, never its neighbours'.
_BROKEN: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What became of a block: a page to write, how many records are no posts, and each source's times."""

    page: Page
    refused: int
    reach: dict[str, tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Parser:
    """All that is needed to parse a block, and nothing that can't go to another process.

    `format_name` is None until a record is recognised; `mapped` is set for tables alone.
    """

    door: Door
    query: Query
    fetched_at: datetime
    format_name: str | None
    mapped: Mapped | None

    def ready(self) -> Callable[[Block], Parsed]:
        """A function that parses blocks; it keeps pseudonyms and patterns at hand."""
        sighting = Sighting(self.door, self.fetched_at)
        matcher = Matcher(self.query, self.door)
        usual = _format_named(self.format_name)

        def parse(block: Block) -> Parsed:
            if isinstance(block, Rows):
                assert self.mapped is not None  # noqa: S101  # rows come from a table, and a table is mapped
                return _parse_rows(block, self.mapped, sighting, matcher)
            records = block.records() if isinstance(block, Lines) else block
            return _parse_records(records, usual, sighting, matcher)

        return parse


@dataclass(slots=True)
class _Harvest:
    """What a block has given so far."""

    posts: list[Post] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refused: int = 0


def _parse_rows(rows: Rows, mapped: Mapped, sighting: Sighting, matcher: Matcher) -> Parsed:
    return page_of(*rows_to_posts(rows, mapped, sighting, matcher))


def page_of(posts: pa.Table, told: Iterable[tuple[int, str]]) -> Parsed:
    """Rows of a table that are posts, and (number, reason) of those that are none."""
    faults = tuple(_fault(number, 0, reason, reason) for number, reason in told)
    return Parsed(Page(posts, faults), 0, _reach(posts))


def _parse_records(
    records: Iterable[Numbered], usual: Format | None, sighting: Sighting, matcher: Matcher
) -> Parsed:
    harvest = _Harvest()
    for number, record in records:
        if isinstance(record, str):
            harvest.faults.append(_fault(number, 0, record, record))
        else:
            _expand(record, number, usual, sighting, harvest)
    posts = page_table(harvest.posts, matcher)
    return Parsed(Page(posts, tuple(harvest.faults)), harvest.refused, _reach(posts))


def _expand(record: Any, number: int, usual: Format | None, sighting: Sighting, harvest: _Harvest) -> None:
    decoded = _decode(record)
    if isinstance(decoded, str):
        harvest.faults.append(_fault(number, 0, decoded, record))
        return
    try:
        known = usual if usual and usual.recognises(decoded) else recognise(decoded)
        if known is None:
            _refuse(decoded, number, harvest)
            return
    except _BROKEN as error:
        harvest.faults.append(_fault(number, 0, _reason(error), record))
        return
    _items(known, decoded, number, sighting, harvest)


def _decode(record: Any) -> dict[str, Any] | str:
    """The record as a dict, or what is wrong with it."""
    if isinstance(record, dict):
        return record
    try:
        decoded = orjson.loads(record)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"
    return decoded if isinstance(decoded, dict) else f"not an object but {type(decoded).__name__}"


def _refuse(record: dict[str, Any], number: int, harvest: _Harvest) -> None:
    if refusal(record):
        harvest.refused += 1
    else:
        keys = ", ".join(list(record)[:6])
        harvest.faults.append(_fault(number, 0, f"no post that Walkback knows (keys: {keys})", record))


def _items(known: Format, record: dict[str, Any], number: int, sighting: Sighting, harvest: _Harvest) -> None:
    try:
        items = list(known.items(record))
    except _BROKEN as error:
        harvest.faults.append(_fault(number, 0, _reason(error), record))
        return
    for position, item in enumerate(items):
        try:
            harvest.posts.append(known.to_post(item, sighting))
        except NotAPost:
            harvest.refused += 1
        except _BROKEN as error:
            harvest.faults.append(_fault(number, position, _reason(error), item))


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, ValueError):
        return str(error)
    return f"not of the shape that its format has ({error})"


def _fault(number: int, item: int, reason: str, stood_there: Any) -> Fault:
    words = stood_there if isinstance(stood_there, bytes) else repr(stood_there).encode("utf-8", "replace")
    return Fault(number, item, reason[:500], hashlib.sha256(words).hexdigest())


def _reach(posts: pa.Table) -> dict[str, tuple[datetime, datetime]]:
    """Each source's earliest and latest post."""
    spans = posts.group_by("source").aggregate([("created_at", "min"), ("created_at", "max")]).to_pylist()
    return {span["source"]: (span["created_at_min"], span["created_at_max"]) for span in spans}


def _format_named(name: str | None) -> Format | None:
    return next((known for known in FORMATS if known.name == name), None)
