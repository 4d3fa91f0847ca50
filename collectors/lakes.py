"""Importing a lake: its posts as they are, and what it says to be covered."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from walkback.case import Case
from walkback.collectors.archives.lake_rows import LakeParser
from walkback.collectors.archives.parquet import file_blocks
from walkback.collectors.archives.parse import Parsed
from walkback.collectors.archives.table import BLOCK_BYTES, BLOCK_ROWS, Rows
from walkback.collectors.imports import Imported, ImportOptions, Progress, Tally, parsing
from walkback.errors import ArchiveError, FolderError
from walkback.folder import Folder
from walkback.lake import ANY_QUERY, POST_SCHEMA, Covered, Lake, PostFile, missing_columns
from walkback.store import Page, Span, Store, Written

_NO_ROWS: Final = pa.RecordBatch.from_arrays(
    [pa.array([], field.type) for field in POST_SCHEMA], schema=POST_SCHEMA
)


@dataclass(frozen=True, slots=True)
class LakeImported:
    """What became of a lake's rows. `same_key`: its pseudonyms are the store's own."""

    rows: Imported
    same_key: bool


def import_lake(
    case: Case,
    store: Store,
    place: str,
    options: ImportOptions,
    *,
    now: datetime,
    progress: Callable[[Progress], None],
) -> LakeImported:
    """Import all posts of a lake into the case's store; importing it again changes nothing.

    A row, or a file, that can't be read goes to quarantine; its line counts through all files, by name.
    Authors of a lake with another key get pseudonyms of this store's. Raises CaseError where the place is no
    lake, ArchiveError where it has no posts or an option is for other files, FolderError.
    """
    _refuse_options(place, options)
    lake = Lake(Folder(place))
    lake.refuse_unfinished()
    files = lake.post_files()
    if not files:
        raise ArchiveError(f"{place}: a lake without posts. Export a store into it first")
    covered = None if options.covers else (lake.covered(case) or None)
    door = store.prepare()
    same_key = lake.key == door.fingerprint
    origin = lake.folder.address("").rstrip("/")
    run = store.start_run(case, "import", origin, now)
    tally, reading = Tally(options.covers, covered and _spans(covered)), _Reading(lake, files)
    outcome = "failed"
    try:
        parser = LakeParser(door, case.query, same_key)
        with parsing(parser, sum(file.size for file in files)) as parse:

            def wrote(written: Written) -> None:
                tally.wrote(written)
                progress(Progress(reading.share(), tally.so_far))

            pages = tally.pages(reading.named(parse(reading.blocks())))
            store.add_pages(case, run, pages, now=now, written=wrote)
        outcome = "done"
    finally:
        store.finish_run(run, refused=tally.so_far.refused, outcome=outcome, now=now)
    control = case.control()
    if control is not None and (asked := lake.coverage_of(control)):
        _add_coverage(control, store, origin, _spans(asked), now)
    return LakeImported(tally.so_far, same_key)


class _Reading:
    """The rows of files one after another, numbered from 1 through all of them."""

    def __init__(self, lake: Lake, files: Sequence[PostFile]) -> None:
        self._lake = lake
        self._files = files
        self._firsts: list[int] = []  # the number of each file's first row
        self._share: Callable[[], float] = lambda: 0.0

    def share(self) -> float:
        """How much of all was read so far."""
        done = max(len(self._firsts) - 1, 0)
        return (done + self._share()) / len(self._files)

    def blocks(self) -> Iterator[Rows]:
        """Blocks of rows; a day of a quiet source is a small file, and many go together."""
        number = 1
        together = _Together()
        for file in self._files:
            self._firsts.append(number)
            for rows in self._blocks_of(file, number):
                number = max(number, _last(rows) + 1)
                yield from together.add(rows)
        yield from together.rest()

    def _blocks_of(self, file: PostFile, first: int) -> Iterator[Rows]:
        try:
            with self._lake.folder.opened(file.name) as one, self._lake.folder.opened(file.name) as other:
                plain = pq.ParquetFile(one)
                header = [name for name in plain.schema_arrow.names if name in POST_SCHEMA.names]
                if missing := missing_columns(header):
                    raise ArchiveError(f"has no column {', '.join(missing)}")  # noqa: TRY301  # told with the others
                folded = pq.ParquetFile(other, read_dictionary=header)
                blocks, self._share = file_blocks(plain, folded, {name: name for name in header})
                for rows in blocks:
                    yield _moved(rows, first - 1)
        except (pa.ArrowException, OSError, ArchiveError, FolderError) as error:
            yield Rows(_NO_ROWS, (), [(first, f"can't be read ({error})")])

    def named(self, parsed: Iterable[Parsed]) -> Iterator[Parsed]:
        """The same, every fault with the name of its file and the row in it."""
        for part in parsed:
            faults = tuple(
                replace(fault, reason=self._placed(fault.line, fault.reason)) for fault in part.page.faults
            )
            yield replace(part, page=replace(part.page, faults=faults))

    def _placed(self, number: int, reason: str) -> str:
        at = bisect_right(self._firsts, number) - 1
        return f"{self._files[at].name}, row {number - self._firsts[at] + 1}: {reason}"


class _Together:
    """Rows of several files that go together: they have the same columns, and are not too many."""

    def __init__(self) -> None:
        self._waiting: list[Rows] = []

    def add(self, rows: Rows) -> Iterator[Rows]:
        """Keep rows back, or give those before them first."""
        if self._waiting and not self._fits(rows):
            yield from self.rest()
        self._waiting.append(rows)

    def rest(self) -> Iterator[Rows]:
        """What was kept back, as one block."""
        if self._waiting:
            cells = pa.Table.from_batches([rows.cells for rows in self._waiting]).combine_chunks()
            batch = next(iter(cells.to_batches()), self._waiting[0].cells)
            numbers = [number for rows in self._waiting for number in rows.numbers]
            faults = [fault for rows in self._waiting for fault in rows.faults]
            self._waiting = []
            yield Rows(batch, numbers, faults)

    def _fits(self, rows: Rows) -> bool:
        together = [*self._waiting, rows]
        return (
            rows.cells.schema.equals(self._waiting[0].cells.schema)
            and sum(len(each.numbers) + len(each.faults) for each in together) <= BLOCK_ROWS
            and sum(each.cells.nbytes for each in together) <= BLOCK_BYTES
        )


def _last(rows: Rows) -> int:
    return max([*rows.numbers[-1:], *(number for number, _ in rows.faults)], default=0)


def _moved(rows: Rows, by: int) -> Rows:
    return Rows(
        rows.cells,
        [number + by for number in rows.numbers],
        [(number + by, reason) for number, reason in rows.faults],
    )


def _spans(said: Iterable[Covered]) -> list[Span]:
    return [_span(each) for each in said]


def _span(said: Covered) -> Span:
    of_query = said.query_hash != ANY_QUERY
    return Span(said.source, said.start, said.end, said.status, said.how, of_query)


def _add_coverage(topic: Case, store: Store, origin: str, spans: Sequence[Span], now: datetime) -> None:
    """Of the control topic, whose posts came with the others."""
    run = store.start_run(topic, "import", origin, now)
    page = Page(coverage=tuple(spans))
    store.add_pages(topic, run, [page], now=now, written=lambda _: None)
    store.finish_run(run, refused=0, outcome="done", now=now)


def _refuse_options(place: str, options: ImportOptions) -> None:
    if options.format_name or options.columns or options.source or options.assumed_zone:
        raise ArchiveError(
            f"{place}: is a lake, whose columns are known. Of the options --covers alone goes with it"
        )
