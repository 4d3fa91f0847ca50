"""A lake: posts of one or more stores as Parquet files in one folder, by source and day.

    lake.json                                       what this is, and whose pseudonyms are in it
    cases/CASE/CASE.toml                            case files, with what they name beside them
    posts/source=x/day=2023-08-06/PART.parquet      posts by source and day of UTC, sorted by time
    coverage/PART.parquet                           what was covered, by case, source and time
    unfinished/PART                                 while a store is being written: days of it are missing

A part is a store: stores that share a pseudonym key can share a lake, and each replaces its own files alone.
A post may be in several parts; `rank` says which row counts, as in a store.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq

from walkback.case import Case, load_case
from walkback.errors import CaseError, FolderError
from walkback.folder import Folder, is_address

LAKE_FILE: Final = "lake.json"
_FORMAT: Final = 1
_POST_FILE: Final = re.compile(r"posts/source=([^/]+)/day=(\d{4}-\d{2}-\d{2})/[^/]+\.parquet")
_TIME: Final = pa.timestamp("us", tz="UTC")

# `rank`: see `_RANK` of the store's pages; the last of what orders the rows of one post.
_POST_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("source", pa.string(), nullable=False),
    pa.field("id", pa.string(), nullable=False),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("author", pa.string()),
    pa.field("created_at", _TIME, nullable=False),
    pa.field("edited_at", _TIME),
    pa.field("lang", pa.string()),
    pa.field("text", pa.string(), nullable=False),
    pa.field("text_state", pa.string(), nullable=False),
    pa.field("url", pa.string()),
    pa.field("parent_id", pa.string()),
    pa.field("conversation_id", pa.string()),
    pa.field("place", pa.string()),
    pa.field("first_seen_at", _TIME),
    pa.field("fetched_at", _TIME, nullable=False),
    pa.field("content_hash", pa.uint64()),
    pa.field("via", pa.string()),
    pa.field("account_days", pa.int16()),
    pa.field("observed_at", _TIME),
    pa.field("likes", pa.int64()),
    pa.field("replies", pa.int64()),
    pa.field("reposts", pa.int64()),
    pa.field("quotes", pa.int64()),
    pa.field("score", pa.int64()),
    pa.field("views", pa.int64()),
    pa.field("rank", pa.uint64()),
]
POST_SCHEMA: Final = pa.schema(_POST_FIELDS)

_COVERAGE_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("case", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("query_hash", pa.string(), nullable=False),
    pa.field("starts_at", _TIME, nullable=False),
    pa.field("ends_at", _TIME, nullable=False),
    pa.field("status", pa.string(), nullable=False),
    pa.field("how", pa.string(), nullable=False),
]
COVERAGE_SCHEMA: Final = pa.schema(_COVERAGE_FIELDS)
ANY_QUERY: Final = "*"  # of an archive, which is held against every query


@dataclass(frozen=True, slots=True)
class PostFile:
    """A file of posts: its name in the lake, its size in bytes; source and day of UTC by its folders."""

    name: str
    size: int
    source: str
    day: date


@dataclass(frozen=True, slots=True)
class Covered:
    """A stretch of a source that was covered, [start, end), UTC; `query_hash` may be `ANY_QUERY`."""

    case: str
    source: str
    query_hash: str
    start: datetime
    end: datetime
    status: str
    how: str


def is_lake(place: str) -> bool:
    """Whether a place is a lake, rather than a file or another folder; any address is taken for one."""
    return is_address(place) or Path(place, LAKE_FILE).is_file()


def post_file(source: str, day: str, part: str) -> str:
    """The name of the file of a part's posts of one source and day."""
    return f"posts/source={quote(source, safe='')}/day={day}/{part}.parquet"


def coverage_file(part: str) -> str:
    """The name of the file that says what a part covers."""
    return f"coverage/{part}.parquet"


def unfinished_file(part: str) -> str:
    """The name of the file that is there while a part is being written."""
    return f"unfinished/{part}"


class Lake:
    """A lake that is there. `key` tells whose pseudonyms are in it; None where nobody can say any more."""

    def __init__(self, folder: Folder) -> None:
        """Read what it says of itself. Raises CaseError where it is no lake that this Walkback knows."""
        self.folder = folder
        self.key = _key_of(folder)

    def refuse_unfinished(self) -> None:
        """Raises CaseError where a store was not written whole."""
        left = [file.name for file in self.folder.files("unfinished")]
        if left:
            raise CaseError(
                f"{self.folder.place}: {len(left)} of its stores were not written to the end ({left[0]}). "
                "Run `walkback export CASE LAKE --partitioned` of that store again"
            )

    def post_files(self, window: tuple[datetime, datetime] | None = None) -> list[PostFile]:
        """The files of posts, by name; of the days of [start, end) and of a day before and after it."""
        first, last = (date.min, date.max) if window is None else _days_around(*window)
        return [file for file in self._all_post_files() if first <= file.day <= last]

    def _all_post_files(self) -> Iterator[PostFile]:
        for file in self.folder.files("posts"):
            found = _POST_FILE.fullmatch(file.name)
            if found is not None:
                yield PostFile(file.name, file.size, unquote(found[1]), date.fromisoformat(found[2]))

    def coverage(self) -> list[Covered]:
        """All that is said to be covered. Raises CaseError where a file of it can't be read."""
        return [span for file in self.folder.files("coverage") for span in self._spans(file.name)]

    def coverage_of(self, case: Case) -> list[Covered]:
        """What is said to be covered for a case's query."""
        queries = {case.query.hash, ANY_QUERY}
        return [span for span in self.coverage() if span.case == case.name and span.query_hash in queries]

    def covered(self, case: Case) -> list[Covered]:
        """What is said to be covered for a case's query; of a case that is not in the lake, its archives'.

        An archive is complete whatever is asked, whichever case brought it.
        """
        return self.coverage_of(case) or [span for span in self.coverage() if span.query_hash == ANY_QUERY]

    def _spans(self, name: str) -> list[Covered]:
        try:
            with self.folder.opened(name) as file:
                rows = pq.read_table(file, columns=COVERAGE_SCHEMA.names).cast(COVERAGE_SCHEMA)
        except (pa.ArrowException, OSError) as error:
            why = str(error).partition("\n")[0]
            raise CaseError(
                f"{self.folder.place}/{name}: can't be read ({why}). Export its store again"
            ) from error
        return [Covered(*row.values()) for row in rows.to_pylist()]

    def cases(self) -> list[str]:
        """The names of the cases whose files are in it."""
        names = [file.name.split("/") for file in self.folder.files("cases")]
        return sorted(name[1] for name in names if len(name) == 3 and name[2] == f"{name[1]}.toml")

    def load_case(self, name: str, into: Path) -> Case:
        """One of its cases, by a copy of its files in a folder. Raises CaseError as `load_case`."""
        for file in self.folder.files(f"cases/{name}"):
            (into / Path(file.name).name).write_bytes(self.folder.read(file.name))
        return load_case(into / f"{name}.toml")


def begin_lake(folder: Folder, key: str | None) -> Lake:
    """The lake in a folder to add a store to, made where the folder is empty.

    Raises CaseError where something else is in the folder, or another key's pseudonyms.
    """
    if not folder.has(LAKE_FILE):
        if folder.files():
            raise CaseError(f"{folder.place}: is not empty and is no lake. Name another folder, or a lake")
        folder.write(LAKE_FILE, f"{json.dumps({'walkback_lake': _FORMAT, 'key': key})}\n".encode())
    lake = Lake(folder)
    if lake.key != key:
        raise CaseError(
            f"{folder.place}: has pseudonyms of another key: one author would be two. Name another folder"
        )
    return lake


def missing_columns(header: Sequence[str]) -> list[str]:
    """Which of the columns that a file of posts must have it lacks."""
    return [field.name for field in POST_SCHEMA if not field.nullable and field.name not in header]


def _key_of(folder: Folder) -> str | None:
    try:
        said = json.loads(folder.read(LAKE_FILE))
        version, key = said["walkback_lake"], said.get("key")
    except FolderError as error:
        raise CaseError(
            f"{folder.place}: has no {LAKE_FILE} that can be read, is no lake. {error}"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CaseError(
            f"{folder.place}/{LAKE_FILE}: is broken ({error!r}). Export into a new folder"
        ) from error
    if version != _FORMAT:
        raise CaseError(
            f"{folder.place}: is a lake of form {version!r}, this Walkback knows {_FORMAT}. Upgrade"
        )
    return None if key is None else str(key)


def _days_around(start: datetime, end: datetime) -> tuple[date, date]:
    """Generous by a day: what an archive says of a post's time may differ a little from another's."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    return _moved(first, -1), _moved(last, 1)


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day


def reach_of(days: Sequence[date]) -> tuple[datetime, datetime]:
    """From the start of the first day to the end of the last, UTC."""
    first, last = min(days), max(days)
    midnight = datetime.min.time()
    return (
        datetime.combine(first, midnight, UTC),
        datetime.combine(_moved(last, 1), midnight, UTC),
    )
