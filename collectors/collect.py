"""Collecting: each source in a thread of its own, each page in a transaction of its own.

A source asks for its next page only when the last one is in the store, with the cursor that leads on
from it: a run that is killed is gone on with where it was, and nothing is paid for twice.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import orjson

from walkback.case import Case
from walkback.collectors.budget import Budget
from walkback.collectors.clock import Clock
from walkback.collectors.collector import (
    COMPLETE,
    ERASED,
    TRUNCATED,
    Collector,
    Due,
    Fetched,
    Stretch,
)
from walkback.collectors.trouble import BudgetSpentError, QueryError, UnreachableError
from walkback.collectors.windows import joined, windows_to_ask
from walkback.errors import WalkbackError
from walkback.matching import Matcher
from walkback.post import Door, TextState
from walkback.store import Cursor, Page, Span, Store, Written, page_table

_NEWEST: Final = timedelta(minutes=1)  # what is younger may not be in a platform's index yet
_LOOKED_AT_AGAIN: Final = 2_000  # posts a source and run
_NO_COST: Final = Decimal(0)
MOST_EMPTY_PAGES: Final = (
    2_000  # a subreddit has a thousand threads, and one without a post in the window is a page
)
COLLECT, RECHECK = "collect", "recheck"
_WORDLESS: Final = (TextState.DELETED, TextState.REMOVED, TextState.WITHHELD)


@dataclass(frozen=True, slots=True)
class Source:
    """A collector and the budget that its requests go against."""

    collector: Collector
    budget: Budget


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of one source. `trouble` is None where all of it was asked for.

    `not_whole` are the stretches that were asked for and are not complete; `gone` is how many stored posts
    were found to have been deleted.
    """

    source: str
    stored: int
    duplicates: int
    quarantined: int
    requests: int
    cost: Decimal
    not_whole: tuple[Span, ...]
    trouble: WalkbackError | None
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """One page of a source is in the store."""

    source: str
    stored: int
    at: datetime | None


def window_of(case: Case, now: datetime, since: datetime | None, until: datetime | None) -> Stretch:
    """What is to be asked for: the case's window or a part of it, up to a minute ago."""
    start, end = case.window(now)
    return Stretch(max(start, since or start), min(end, until or end, now - _NEWEST))


def collect(
    case: Case,
    store: Store,
    door: Door,
    sources: Sequence[Source],
    window: Stretch,
    *,
    clock: Clock,
    progress: Callable[[Progress], None],
) -> list[Collected]:
    """Ask every source for what is missing of the window, then look again at posts whose age is due.

    One source's failure stops no other. Raises StoreError where the store can't be written; the run
    then stays noted as running.
    """
    matcher = Matcher(case.query, door)
    runs = {one.collector.source: _Run(case, store, matcher, one, clock) for one in sources}
    writer = _Writer(case, store, runs, clock, progress)
    writer.write_all({name: run.pages(window) for name, run in runs.items()})
    healthy = {name: run for name, run in runs.items() if writer.trouble[name] is None}
    # Asked here and not in the threads: nobody may read the store while another writes it.
    due = {name: store.due(case, name, clock.now(), limit=_LOOKED_AT_AGAIN) for name in healthy}
    writer.write_all({name: run.later_counts(due[name]) for name, run in healthy.items()})
    for name, run in runs.items():
        run.finish(writer.trouble[name])
    return [run.collected(writer.trouble[name]) for name, run in runs.items()]


def recheck(
    case: Case,
    store: Store,
    door: Door,
    sources: Sequence[Source],
    periods: Mapping[str, timedelta],
    *,
    clock: Clock,
    progress: Callable[[Progress], None],
) -> list[Collected]:
    """Look whether the stored posts of each source are still there; those that are gone lose their words.

    `periods`: how long a look holds good, by source. A source's failure stops no other. Raises StoreError
    where the store can't be written.
    """
    matcher = Matcher(case.query, door)
    due = {
        (name := one.collector.source): store.unseen_since(
            case, name, clock.now() - periods[name], any_post=one.collector.looks_up_ids
        )
        for one in sources
    }
    runs = {
        one.collector.source: _Run(case, store, matcher, one, clock, what=RECHECK)
        for one in sources
        if due[one.collector.source]
    }
    writer = _Writer(case, store, runs, clock, progress)
    writer.write_all({name: run.later_counts(due[name]) for name, run in runs.items()})
    for name, run in runs.items():
        run.finish(writer.trouble[name])
    return [run.collected(writer.trouble[name]) for name, run in runs.items()]


def missing_of(case: Case, store: Store, collector: Collector, window: Stretch) -> list[Stretch]:
    """What a collection would ask of a source."""
    return windows_to_ask(window, _Place(case, store, collector).covered, collector.overlap)


class _Place:
    """How far a source is: what is covered, and the window that is under way.

    The cursor has it beside the store's coverage where the source's scope grew: what was covered
    before that is not for all of it.
    """

    def __init__(self, case: Case, store: Store, collector: Collector) -> None:
        self._scope = list(collector.scope)
        name = collector.source
        saved: dict[str, Any] = orjson.loads(store.cursor(case, name) or "{}")
        before = saved.get("scope", self._scope)
        self._since: list[Stretch] | None = None
        if not set(self._scope) <= set(before):
            self._since = []
        elif "since" in saved:
            self._since = [_stretch(ends) for ends in saved["since"]]
        self.under_way: tuple[Stretch, Mapping[str, Any]] | None = None
        if saved.get("state") is not None and before == self._scope:
            self.under_way = _stretch(saved["window"]), saved["state"]
        rows = [
            row for row in store.coverage(case) if row.source == name and row.status in {COMPLETE, ERASED}
        ]
        self.covered = (
            self._since if self._since is not None else [Stretch(row.start, row.end) for row in rows]
        )

    def cursor(self, window: Stretch, fetched: Fetched) -> str | None:
        """What is to be kept with a page of the window; None: nothing."""
        kept: dict[str, Any] = {}
        if fetched.state is not None:
            kept |= {"window": _ends(window), "state": fetched.state}
        if self._scope:
            kept["scope"] = self._scope
        if self._since is not None:
            whole = [Stretch(one.start, one.end) for one in fetched.covered if one.status == COMPLETE]
            self._since = joined([*self._since, *whole])
            kept["since"] = [_ends(stretch) for stretch in self._since]
        return orjson.dumps(kept).decode() if kept else None


class _Run:
    """One source's part of a collection."""

    def __init__(
        self, case: Case, store: Store, matcher: Matcher, source: Source, clock: Clock, *, what: str = COLLECT
    ) -> None:
        self._case = case
        self._store = store
        self._matcher = matcher
        self._collector = source.collector
        self.budget = source.budget
        self._clock = clock
        self._told_requests, self._told_cost = 0, _NO_COST
        self._name = source.collector.source
        self._place = _Place(case, store, source.collector)
        self.id = store.start_run(case, what, self._name, clock.now())
        self.written = Written()
        self.quarantined = self._gone = 0
        self._not_whole: dict[tuple[datetime, datetime], Span] = {}

    def pages(self, window: Stretch) -> Iterator[Page]:
        """Where the last run stopped first, then whatever else is missing."""
        covered = list(self._place.covered)
        if self._place.under_way is not None:
            resumed, state = self._place.under_way
            yield from self._resumed(resumed, state)
            covered.append(resumed)
        for part in windows_to_ask(window, covered, self._collector.overlap):
            yield from self._window(part, None)

    def later_counts(self, due: Sequence[tuple[str, datetime]]) -> Iterator[Page]:
        """Posts that are due to be looked at again."""
        if due:
            for fetched in self._collector.observe([Due(*post) for post in due]):
                emptied = sum(post.text_state in _WORDLESS for post in fetched.posts)
                self._gone += len(fetched.gone) + emptied
                yield self._page(fetched)

    def finish(self, trouble: WalkbackError | None) -> None:
        """Note how it ended, and what was used since the last page."""
        self._store.add_pages(
            self._case, self.id, [self.spending()], now=self._clock.now(), written=lambda _: None
        )
        outcome = "done" if trouble is None else f"{'stopped' if _is_stop(trouble) else 'failed'}: {trouble}"
        self._store.finish_run(self.id, refused=0, outcome=outcome, now=self._clock.now())

    def collected(self, trouble: WalkbackError | None) -> Collected:
        """What came of it."""
        return Collected(
            self._name,
            self.written.stored,
            self.written.duplicates,
            self.quarantined,
            self.budget.requests,
            self.budget.cost,
            tuple(self._not_whole[ends] for ends in sorted(self._not_whole)),
            trouble,
            self._gone,
        )

    def _resumed(self, window: Stretch, state: Mapping[str, Any]) -> Iterator[Page]:
        try:
            yield from self._window(window, state)
        except QueryError:  # the platform no longer knows the place: from the window's end again
            yield from self._window(window, None)

    def _window(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Page]:
        reached = window.end
        try:
            for fetched in _ending(self._name, self._collector.pages(window, state)):
                reached = min([reached, *(stretch.start for stretch in fetched.covered)])
                yield self._page(fetched, window)
        except Exception:
            if reached > window.start:
                rest = Span(self._name, window.start, reached, TRUNCATED, "asked")
                self._not_whole[window.start, reached] = rest
                yield self._accounted(Page(coverage=(rest,)))
            raise

    def _page(self, fetched: Fetched, window: Stretch | None = None) -> Page:
        spans = tuple(
            Span(self._name, stretch.start, stretch.end, stretch.status, "asked")
            for stretch in fetched.covered
            if stretch.start < stretch.end
        )
        self._not_whole |= {(span.start, span.end): span for span in spans if span.status != COMPLETE}
        page = Page(
            posts=page_table(fetched.posts, self._matcher),
            faults=fetched.faults,
            coverage=spans,
            gone=tuple((self._name, identity) for identity in fetched.gone),
            alive=tuple((self._name, identity) for identity in fetched.alive),
            cursor=None if window is None else Cursor(self._name, self._place.cursor(window, fetched)),
        )
        return self._accounted(page)

    def spending(self) -> Page:
        """No posts, but what was used since the last page."""
        return self._accounted(Page())

    def _accounted(self, page: Page) -> Page:
        """The page, with what was used since the last one."""
        requests, cost = self.budget.requests - self._told_requests, self.budget.cost - self._told_cost
        self._told_requests, self._told_cost = self.budget.requests, self.budget.cost
        return replace(page, requests=requests, cost=cost)


def _ending(source: str, pages: Iterator[Fetched]) -> Iterator[Fetched]:
    """The pages, as long as there are posts on some of them. Raises UnreachableError."""
    empty = 0
    for fetched in pages:
        empty = 0 if fetched.posts or fetched.faults else empty + 1
        if empty > MOST_EMPTY_PAGES:
            raise UnreachableError(
                f"{source}: {empty:,} pages in a row without a post, and no end. Run it again later; what "
                "came so far is kept"
            )
        yield fetched


def _ends(stretch: Stretch) -> list[str]:
    return [stretch.start.isoformat(), stretch.end.isoformat()]


def _stretch(ends: Sequence[str]) -> Stretch:
    return Stretch(datetime.fromisoformat(ends[0]), datetime.fromisoformat(ends[1]))


def _is_stop(trouble: WalkbackError) -> bool:
    return isinstance(trouble, BudgetSpentError)


@dataclass(slots=True)
class _Handed:
    """A page on its way from a source's thread to the store; or, without a page, the source's end."""

    source: str
    page: Page | None
    error: Exception | None
    written: threading.Event


class _Writer:
    """Takes pages from all threads and writes them, one after the other, in the caller's thread."""

    def __init__(
        self,
        case: Case,
        store: Store,
        runs: Mapping[str, _Run],
        clock: Clock,
        progress: Callable[[Progress], None],
    ) -> None:
        self._case = case
        self._store = store
        self._runs = runs
        self._clock = clock
        self._progress = progress
        self._handed: queue.SimpleQueue[_Handed] = queue.SimpleQueue()
        self._stopping = False
        for source, run in runs.items():
            run.budget.before_paying = partial(self._note_spending, source)
        self.trouble: dict[str, WalkbackError | None] = dict.fromkeys(runs)

    def write_all(self, work: Mapping[str, Iterator[Page]]) -> None:
        """Run every source's pages to their end."""
        self._stopping = False
        threads = [
            threading.Thread(target=self._hand_over, args=item, daemon=True, name=item[0])
            for item in work.items()
        ]
        for thread in threads:
            thread.start()
        waiting = len(threads)
        try:
            while waiting:
                handed = self._handed.get()
                if handed.page is None:
                    waiting -= 1
                    self._end(handed)
                else:
                    self._write(handed, handed.page)
        finally:
            self._stopping = True  # a thread that is still asking finds nobody to hand over to

    def _hand_over(self, source: str, pages: Iterator[Page]) -> None:
        error: Exception | None = None
        try:
            for page in pages:
                self._hand_in(source, page)
                if self._stopping:
                    return
        except Exception as raised:  # noqa: BLE001  # told by the caller's thread
            error = raised
        self._handed.put(_Handed(source, None, error, threading.Event()))

    def _hand_in(self, source: str, page: Page) -> None:
        """Returns when the page is in the store."""
        handed = _Handed(source, page, None, threading.Event())
        self._handed.put(handed)
        handed.written.wait()

    def _note_spending(self, source: str) -> None:
        """In the source's thread, before a request that costs money."""
        self._hand_in(source, self._runs[source].spending())

    def _write(self, handed: _Handed, page: Page) -> None:
        run = self._runs[handed.source]
        outcome: list[Written] = []
        self._store.add_pages(self._case, run.id, [page], now=self._clock.now(), written=outcome.append)
        for written in outcome:
            run.written += written
        run.quarantined += len(page.faults)
        handed.written.set()
        self._progress(Progress(handed.source, run.written.stored, _oldest(page)))

    def _end(self, handed: _Handed) -> None:
        if handed.error is None:
            return
        if isinstance(handed.error, WalkbackError):
            self.trouble[handed.source] = handed.error
        else:
            told = f"{type(handed.error).__name__}: {handed.error}"
            self.trouble[handed.source] = WalkbackError(
                f"{handed.source}: unexpected {told}. What came so far is kept; report it"
            )


def _oldest(page: Page) -> datetime | None:
    times = page.posts["created_at"].to_pylist()
    return min(times) if times else None  # type: ignore[type-var]
