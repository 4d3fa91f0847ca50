"""Importing an archive: read it as a stream, parse it on every core, write it page by page."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from walkback.case import Case
from walkback.collectors.archives.parquet import parquet_blocks, parquet_header
from walkback.collectors.archives.parse import Block, Lines, Numbered, Parsed, Parser, Records
from walkback.collectors.archives.reading import document_items, lines, open_archive
from walkback.collectors.archives.sniff import Archive, Shape, sniff
from walkback.collectors.archives.table import (
    BLOCK_BYTES,
    BLOCK_ROWS,
    Mapped,
    csv_blocks,
    map_columns,
    read_csv_header,
)
from walkback.store import Page, Span, Store, Written
from walkback.workers import worker_pool

_INLINE_BELOW: Final = 4 * 2**20  # starting processes takes longer than parsing this much
_LINES_BYTES: Final = 2**20  # of a block; parsed, it is a third of that
_PAGE_BYTES: Final = 2**20  # of smaller pages the transactions alone take a tenth of the time


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says about the files.

    `columns` maps a post's fields to a table's columns. `source` names a table's source where no
    column does. `covers` is the half-open time in UTC that the file is complete for; without it,
    from its first to its last post.
    """

    format_name: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    assumed_zone: str | None = None
    covers: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's records: every one is counted once."""

    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    refused: int = 0

    def __add__(self, other: "Imported") -> "Imported":
        """Sums, field by field."""
        return Imported(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.quarantined + other.quarantined,
            self.refused + other.refused,
        )

    @property
    def records(self) -> int:
        """How many records there were."""
        return self.stored + self.duplicates + self.quarantined + self.refused


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: the share of the file that was read, and what became of the records so far."""

    share: float
    so_far: Imported


def import_archive(
    case: Case,
    store: Store,
    path: Path,
    options: ImportOptions,
    *,
    now: datetime,
    progress: Callable[[Progress], None],
) -> Imported:
    """Import one file into the case's store; importing it again changes nothing.

    A record that can't be read goes to quarantine and its neighbours are kept. Raises ArchiveError
    where the file as a whole is not one of posts; then nothing has been written.
    """
    archive = sniff(path, options.format_name)
    mapped = _mapped(archive, options)
    door = store.prepare()
    fetched_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    parser = Parser(door, case.query, fetched_at, archive.format_name, mapped)
    run = store.start_run(case, "import", _origin(case, path), now)
    tally = Tally(options.covers)
    outcome = "failed"
    try:
        with (
            _no_search_for_cycles(),
            _reading(archive, mapped) as reading,
            parsing(parser, path.stat().st_size) as parse,
        ):

            def wrote(written: Written) -> None:
                tally.wrote(written)
                progress(Progress(reading.share(), tally.so_far))

            pages = tally.pages(parse(reading.blocks))
            store.add_pages(case, run, pages, now=now, written=wrote)
        outcome = "done"
    finally:
        store.finish_run(run, refused=tally.so_far.refused, outcome=outcome, now=now)
    return tally.so_far


def _origin(case: Case, path: Path) -> str:
    """The file as seen from the case file, so that it is known again whatever folder a run starts in."""
    folder, file = case.path.resolve().parent, path.resolve()
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _mapped(archive: Archive, options: ImportOptions) -> Mapped | None:
    if archive.shape in {Shape.LINES, Shape.DOCUMENT}:
        return None
    if archive.shape is Shape.PARQUET:
        header = parquet_header(archive.path)
    else:
        header = read_csv_header(archive.head, archive.shape.delimiter)
    return map_columns(
        archive.path,
        header,
        options.columns,
        via=archive.shape,
        source=options.source or archive.path.name.partition(".")[0],
        assumed_zone=options.assumed_zone,
    )


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """An import makes millions of objects and no cycles; looking for them takes a tenth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file's blocks as they come, and how much of it was read so far."""

    blocks: Iterator[Block]
    share: Callable[[], float]


@contextmanager
def _reading(archive: Archive, mapped: Mapped | None) -> Iterator[_Reading]:
    if mapped is not None and archive.shape is Shape.PARQUET:
        yield _Reading(*parquet_blocks(archive.path, mapped))
        return
    size = max(archive.path.stat().st_size, 1)
    with open_archive(archive.path) as (stream, raw):
        blocks: Iterator[Block]
        if mapped is not None:
            blocks = csv_blocks(stream, archive.shape.delimiter, mapped)
        elif archive.shape is Shape.DOCUMENT:
            blocks = _item_blocks(document_items(stream, archive.head), stream.tell)
        else:
            blocks = _line_blocks(lines(stream))
        yield _Reading(blocks, lambda: raw.tell() / size)


def _item_blocks(items: Iterator[Numbered], read: Callable[[], int]) -> Iterator[Records]:
    """Items in blocks of at most 20,000 or about 4 MiB; `read` tells how many bytes were read so far."""
    block: list[Numbered] = []
    begun = 0
    for item in items:
        block.append(item)
        if len(block) >= BLOCK_ROWS or read() - begun >= BLOCK_BYTES:
            yield block
            block, begun = [], read()
    if block:
        yield block


def _line_blocks(numbered: Iterable[tuple[int, bytes | str]]) -> Iterator[Lines]:
    """Lines in blocks of at most 20,000 or about 1 MiB, of which some are under way at a time."""
    texts: list[bytes] = []
    numbers: list[int] = []
    faults: list[tuple[int, str]] = []
    weight = 0
    for number, line in numbered:
        if isinstance(line, str):
            faults.append((number, line))
        else:
            texts.append(line.removesuffix(b"\n"))
            numbers.append(number)
            weight += len(line)
        if len(texts) + len(faults) >= BLOCK_ROWS or weight >= _LINES_BYTES:
            yield Lines(b"\n".join(texts), numbers, faults)
            texts, numbers, faults, weight = [], [], [], 0
    if texts or faults:
        yield Lines(b"\n".join(texts), numbers, faults)


class BlockParser(Protocol):
    """What makes pages of blocks, and can go to another process."""

    def ready(self) -> Callable[[Block], Parsed]:
        """A function that parses blocks."""
        ...


_Parse = Callable[[Iterable[Block]], Iterator[Parsed]]


@contextmanager
def parsing(parser: BlockParser, size: int) -> Iterator[_Parse]:
    """Parse blocks in this process when there is little to do, else on every core; in order always."""
    if size < _INLINE_BELOW:
        parse = parser.ready()
        yield lambda blocks: map(parse, blocks)
        return
    workers = os.cpu_count() or 1
    with worker_pool(workers, partial(_get_ready, parser), preload=[__name__]) as pool:
        yield lambda blocks: _in_order(pool, blocks, ahead=workers + 2)


def _in_order(pool: ProcessPoolExecutor, blocks: Iterable[Block], ahead: int) -> Iterator[Parsed]:
    """Results in the blocks' order; at most `ahead` blocks are under way, so that memory stays flat."""
    under_way: deque[Future[Parsed]] = deque()
    for block in blocks:
        under_way.append(pool.submit(_parse_here, block))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


_parse_in_worker: Callable[[Block], Parsed]


def _get_ready(parser: BlockParser) -> None:
    global _parse_in_worker  # noqa: PLW0603  # a worker process is set up once
    gc.disable()
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps 20 MiB at hand
    _parse_in_worker = parser.ready()


def _parse_here(block: Block) -> Parsed:
    return _parse_in_worker(block)


def _as_one(pages: Sequence[Page]) -> Page:
    """Posts and faults of several pages."""
    posts = pa.concat_tables([page.posts for page in pages])
    return Page(posts, tuple(fault for page in pages for fault in page.faults))


class Tally:
    """Counts what becomes of the records, and how far each source's posts reach.

    `spans` is what is covered where that is known; else it is `covers`, or from the first to the last post.
    """

    def __init__(self, covers: tuple[datetime, datetime] | None, spans: Sequence[Span] | None = None) -> None:
        """Nothing is counted yet."""
        self.so_far = Imported()
        self._covers = covers
        self._known = spans
        self._reach: dict[str, tuple[datetime, datetime]] = {}

    def pages(self, parsed: Iterable[Parsed]) -> Iterator[Page]:
        """The pages to write; what the file covers goes with the last, when it is known."""
        held: list[Page] = []
        for part in parsed:
            if sum(page.posts.nbytes for page in held) >= _PAGE_BYTES:
                yield _as_one(held)
                held = []
            held.append(part.page)
            self._count(part)
        if held:
            yield replace(_as_one(held), coverage=tuple(self._spans()))

    def wrote(self, written: Written) -> None:
        """Count a page that is in the store."""
        self.so_far += Imported(stored=written.stored, duplicates=written.duplicates)

    def _count(self, part: Parsed) -> None:
        self.so_far += Imported(quarantined=len(part.page.faults), refused=part.refused)
        for source, (low, high) in part.reach.items():
            earliest, latest = self._reach.get(source, (low, high))
            self._reach[source] = min(low, earliest), max(high, latest)

    def _spans(self) -> Iterator[Span]:
        if self._known is not None:
            yield from self._known
            return
        for source, (earliest, latest) in sorted(self._reach.items()):
            if self._covers:
                yield Span(source, *self._covers, "complete", "stated")
            else:
                yield Span(source, earliest, latest + _JUST_AFTER, "complete")


_JUST_AFTER: Final = timedelta(microseconds=1)  # spans are half-open, and the last post is in
