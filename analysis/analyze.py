"""From the store to an analysis: read once, then nothing but pure functions."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Final

from walkback.analysis.grid import build_grid
from walkback.analysis.model import (
    Analysis,
    CoverageSpan,
    CoverageStatus,
    Origin,
    ScorerId,
    Totals,
)
from walkback.analysis.outcry import describe_outcry
from walkback.analysis.phases import find_phases, measure_phases
from walkback.analysis.rates import ObservedCounts, cut_points
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST
from walkback.analysis.series import Counts, build_series, build_series_by_source
from walkback.analysis.verdict import judge
from walkback.case import Case, Every
from walkback.errors import NothingToDoError
from walkback.store import RunRow, Store, Tally, Window

_SHAPE_GRIDS: Final[tuple[Every, ...]] = ("hour", "day")  # the outcry's shape is the same on every grid


def analyze(case: Case, store: Store, scorer: ScorerId, every: Every, now: datetime) -> Analysis:
    """The whole analysis of what the store holds for a case.

    `now` (aware) ends the window of a case that still runs. Raises NothingToDoError where no stored
    post matches the query inside the window.
    """
    start, end = case.window(now)
    window = Window(case.name, case.query.hash, start, end, scorer.name, scorer.version)
    totals = store.case_counts(window)
    if totals.posts == 0:
        raise NothingToDoError(
            f"{case.path}: no stored post matches the query between {start:%Y-%m-%d} and {end:%Y-%m-%d}. "
            "Import or collect posts, or widen [query] or the window"
        )
    coverage = _coverage(store, case)

    def tallies(edges: Sequence[datetime]) -> list[Tally]:
        return store.tallies(window, edges, negative=NEGATIVE_AT_MOST)

    stretches = find_phases(case.timeline(), start, end)
    edges = [stretch.start for stretch in stretches] + [end]
    cuts = cut_points(edges, coverage)
    counts = Counts(tallies([start, end]), ObservedCounts(cuts, tallies(cuts), coverage))
    grids = {name: build_grid(start, end, name, case.timezone) for name in (every, *_SHAPE_GRIDS)}
    counted = {name: tallies(grid.edges) for name, grid in grids.items()}
    series = {name: build_series(grid, counted[name], counts) for name, grid in grids.items()}
    by_source = build_series_by_source(grids[every], counted[every], counts)
    phases = measure_phases(stretches, tallies(edges), counts.observed, counts.sources)
    return Analysis(
        case=case,
        generated_at=now,
        scorer=scorer,
        totals=Totals(
            posts=totals.posts,
            authors=totals.authors,
            scored=totals.scored,
            unscorable=totals.unscorable,
            near_duplicates=totals.near_duplicates,
            by_source={str(part.source): part.whole.posts for part in by_source},
        ),
        coverage=coverage,
        series=series[every],
        by_source=by_source,
        phases=phases,
        shape=describe_outcry(series["day"], series["hour"], phases),
        effects=(),
        verdict=judge(phases),
        origins=_origins(store.runs(case)),
    )


def _coverage(store: Store, case: Case) -> tuple[CoverageSpan, ...]:
    return tuple(
        CoverageSpan(row.source, row.start, row.end, CoverageStatus(row.status), row.how)
        for row in store.coverage(case)
    )


def _origins(runs: Sequence[RunRow]) -> tuple[Origin, ...]:
    """What the posts came from; a repeated import that brought nothing new is not listed again."""
    first_of = {run.origin: run for run in reversed(runs)}
    return tuple(
        Origin(
            what=f"{run.what} {PurePath(run.origin).name}",
            finished_at=run.finished_at,
            posts=run.posts,
            duplicates=run.duplicates,
            quarantined=run.quarantined,
            refused=run.refused,
        )
        for run in runs
        if run.finished_at is not None and (run.posts or first_of[run.origin] is run)
    )
