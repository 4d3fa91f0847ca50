"""Rows of a lake's files as posts: they are posts already, but who wrote the file may have got it wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from walkback.case import Query
from walkback.collectors.archives.parse import Block, Parsed, page_of
from walkback.collectors.archives.table import Rows
from walkback.content_hash import content_hashes
from walkback.lake import POST_SCHEMA
from walkback.matching import Matcher
from walkback.post import ACCOUNT_AGES, LONGEST_TEXT, Door, Kind, TextState, clean_text
from walkback.store import PAGE_SCHEMA

_WORDED: Final = [TextState.PRESENT.value, TextState.TRUNCATED.value]
_KINDS: Final = [kind.value for kind in Kind]
_STATES: Final = [state.value for state in TextState]
_YEAR_1, _YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000  # in microseconds since 1970
_NAMES: Final = ("lang", "parent_id", "conversation_id", "place")
_COUNTS: Final = ("likes", "replies", "reposts", "quotes", "score", "views")
_LONGEST_NAME: Final = 2_000

_Column = Any  # an Arrow array
pc: Any = pyarrow.compute  # whose types know no column and value together


@dataclass(frozen=True, slots=True)
class LakeParser:
    """What is needed to take rows of a lake. `same_key`: its pseudonyms are those of this door."""

    door: Door
    query: Query
    same_key: bool

    def ready(self) -> Callable[[Block], Parsed]:
        """A function that takes blocks of rows."""
        matcher = Matcher(self.query, self.door)

        def parse(block: Block) -> Parsed:
            assert isinstance(block, Rows)  # noqa: S101  # a lake has tables alone
            posts, told = lake_rows_to_posts(block, self.door, matcher, same_key=self.same_key)
            return page_of(posts, told)

        return parse


def lake_rows_to_posts(
    rows: Rows, door: Door, matcher: Matcher, *, same_key: bool
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The posts as `PAGE_SCHEMA` has them, and (number, reason) of every row that is none.

    Handles are masked, which changes nothing where they were; a post without words keeps none; authors of
    another key's pseudonyms get one of ours.
    """
    cells, refused = _typed(rows.cells)
    faults = dict(refused)
    for at, reason in _wrong_rows(cells):
        faults.setdefault(at, reason)
    kept = [at for at in range(cells.num_rows) if at not in faults]
    told = [*rows.faults, *((rows.numbers[at], reason) for at, reason in faults.items())]
    return _posts(cells.take(pa.array(kept, pa.int64())), door, matcher, same_key=same_key), sorted(told)


def _typed(cells: pa.RecordBatch) -> tuple[pa.Table, dict[int, str]]:
    """Every column of a lake, null where the file has none; and rows with a value that is not of its type."""
    faults: dict[int, str] = {}
    arrays = []
    for field in POST_SCHEMA:
        if field.name not in cells.schema.names:
            arrays.append(pa.nulls(cells.num_rows, field.type))
            continue
        try:
            arrays.append(cells[field.name].cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            arrays.append(_cast_each(cells[field.name], field, faults))
    names = POST_SCHEMA.names
    return pa.Table.from_arrays(arrays, names=names), faults


def _cast_each(column: _Column, field: "pa.Field[Any]", faults: dict[int, str]) -> _Column:
    values: list[Any] = []
    for at, value in enumerate(column):
        try:
            values.append(value.cast(field.type).as_py())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            values.append(None)
            faults.setdefault(at, f"{field.name} {str(value)[:40]!r} is not of type {field.type}")
    return pa.array(values, field.type)


def _wrong_rows(posts: pa.Table) -> list[tuple[int, str]]:
    """(place, reason) of every row that is no post."""
    cells: dict[str, _Column] = {name: posts[name] for name in posts.column_names}
    told: list[tuple[int, str]] = []

    def wrong(mask: _Column, reason: str) -> None:
        told.extend((int(at), reason) for at in np.flatnonzero(_bools(mask)))

    for field in POST_SCHEMA:
        if not field.nullable:
            wrong(pc.is_null(cells[field.name]), f"{field.name} is missing")
    for name in ("source", "id"):
        wrong(pc.equal(cells[name], ""), f"{name} is empty")
    for name in ("source", "id", "author", "url", *_NAMES):
        wrong(
            pc.greater(pc.utf8_length(cells[name]), _LONGEST_NAME),
            f"{name} is longer than {_LONGEST_NAME:,} characters",
        )
        wrong(pc.match_substring(cells[name], "\x00"), f"{name} has a NUL in it")
    wrong(pc.invert(pc.is_in(cells["kind"], pa.array(_KINDS))), f"kind is not one of {', '.join(_KINDS)}")
    wrong(
        pc.invert(pc.is_in(cells["text_state"], pa.array(_STATES))),
        f"text_state is not one of {', '.join(_STATES)}",
    )
    for name in ("created_at", "fetched_at", "edited_at", "observed_at", "first_seen_at"):
        moments = pc.cast(cells[name], pa.int64())
        outside = pc.or_(pc.less(moments, _YEAR_1), pc.greater_equal(moments, _YEAR_10000))
        wrong(outside, f"{name} is beyond the times that can be stored")
    wrong(
        pc.greater(pc.utf8_length(cells["text"]), LONGEST_TEXT),
        f"text is longer than {LONGEST_TEXT:,} characters",
    )
    return told


def _bools(mask: _Column) -> "np.typing.NDArray[np.bool_]":
    filled = pc.fill_null(mask, False)  # noqa: FBT003  # what is not there is missing, and nothing else
    return np.array(filled.to_numpy(), bool)


def _posts(cells: pa.Table, door: Door, matcher: Matcher, *, same_key: bool) -> pa.Table:
    worded = _bools(pc.is_in(cells["text_state"], pa.array(_WORDED)))
    said: list[Any] = cells["text"].to_pylist()
    texts = pa.array(
        [door.mask(clean_text(text)) if has else "" for text, has in zip(said, worded, strict=True)],
        pa.string(),
    )
    columns: dict[str, Sequence[Any] | _Column] = {
        name: cells[name].combine_chunks() for name in PAGE_SCHEMA.names if name in cells.column_names
    }
    columns |= {
        "author": _authors(cells, door, same_key=same_key),
        "text": texts,
        "url": [_address(url, door) for url in cells["url"].to_pylist()],
        "content_hash": content_hashes(texts) if len(texts) else pa.array([], pa.uint64()),
        "via": [via or "lake" for via in cells["via"].to_pylist()],
        "account_days": [_age_class(days) for days in cells["account_days"].to_pylist()],
        "terms": matcher.terms(texts),
    }
    arrays = [pa.array(columns[field.name], field.type) for field in PAGE_SCHEMA]
    return pa.Table.from_arrays(arrays, schema=PAGE_SCHEMA)


def _authors(cells: pa.Table, door: Door, *, same_key: bool) -> list[str | None]:
    pairs: list[tuple[Any, Any]] = list(
        zip(cells["source"].to_pylist(), cells["author"].to_pylist(), strict=True)
    )
    ours = {
        (source, author): author if same_key and door.is_pseudonym(author) else door.author(source, author)
        for source, author in set(pairs)
        if author is not None
    }
    return [ours.get(pair) for pair in pairs]


def _address(url: str | None, door: Door) -> str | None:
    return door.mask(clean_text(url)) if url is not None and url.startswith(("http://", "https://")) else None


def _age_class(days: int | None) -> int | None:
    """No finer than we tell it ourselves."""
    return None if days is None or days < 0 else max(least for least in ACCOUNT_AGES if least <= days)
