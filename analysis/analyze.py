"""From the store to an analysis: read once, then nothing but pure functions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from typing import Final

from walkback.analysis.answer import (
    Tested,
    counterfactual_on,
    effects_of,
    half_life_after,
    half_life_before,
    judged_of,
    notes_on,
    recovered_share,
)
from walkback.analysis.change import find_change
from walkback.analysis.changepoints import onset_opinion, volume_changepoints
from walkback.analysis.checks.run import run_checks
from walkback.analysis.coverage import read_coverage
from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus
from walkback.analysis.effects.reaction import Setting, impossible, react, settings
from walkback.analysis.evidence import Reader
from walkback.analysis.fading import state_of
from walkback.analysis.grid import build_grid
from walkback.analysis.model import (
    Analysis,
    CheckResult,
    Origin,
    Phase,
    Quote,
    ScorerId,
    Series,
    Shape,
    Totals,
    Verdict,
)
from walkback.analysis.outcry import describe_outcry
from walkback.analysis.phases import AFTER_REVERSAL, edges_of, find_phases, measure_phases
from walkback.analysis.quotes import find_quotes
from walkback.analysis.rates import ObservedCounts, cut_points
from walkback.analysis.reading import Counting, Records
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST
from walkback.analysis.series import Counts, build_series, build_series_by_source
from walkback.analysis.themes.codebook import codebook_of
from walkback.analysis.themes.concerns import find_concerns
from walkback.analysis.themes.phase_words import find_phase_words
from walkback.analysis.validity import measure_validity
from walkback.analysis.verdict import judge, judge_without_reversal
from walkback.analysis.voices import find_voices
from walkback.case import Case, Every
from walkback.errors import NothingToDoError
from walkback.store import RunRow, Snapshot, Store, Subset, Tally, Window

NO_OUTCRY: Final = "the case names no change or outcry before the reversal, which would end the usual volume"
_GRIDS: Final[tuple[Every, ...]] = ("hour", "day", "week")  # shape and change are the same on every one


def analyze(
    case: Case,
    store: Store,
    scorer: ScorerId,
    every: Every,
    now: datetime,
    *,
    quoted_since: datetime | None = None,
) -> Analysis:
    """The whole analysis of what the store holds for a case: `estimate`, and what people said.

    Posts from `quoted_since` on are quoted, which is the whole window where it is None. `now` (aware) ends
    the window of a case that still runs. Raises NothingToDoError where no stored post matches the query
    inside the window.
    """
    with store.snapshot() as snapshot:
        found = estimate_from(case, store, snapshot, scorer, every, now)
        window, fewest = window_of(found), case.report.minimum_cell
        return replace(
            found,
            quotes=_quotes(found, snapshot, quoted_since),
            concerns=find_concerns(snapshot, window, found.phases, codebook_of(case)),
            words=find_phase_words(snapshot, window, found.phases, fewest),
            voices=find_voices(snapshot, window, found.phases, fewest),
            validity=measure_validity(snapshot, window, found.phases),
        )


def estimate(case: Case, store: Store, scorer: ScorerId, every: Every, now: datetime) -> Analysis:
    """The analysis without what people said: series, phases, effects, verdict. Raises as `analyze`."""
    with store.snapshot() as snapshot:
        return estimate_from(case, store, snapshot, scorer, every, now)


def subset_series(
    case: Case, store: Store, scorer: ScorerId, every: Every, now: datetime, subset: Subset
) -> tuple[Series, ...]:
    """The series of some of the posts: of all sources together, then of each."""
    start, end = case.window(now)
    window = Window(case.name, case.query.hash, start, end, scorer.name, scorer.version)
    coverage = read_coverage(store, case)
    with store.snapshot() as snapshot:

        def tallies(edges: Sequence[datetime]) -> list[Tally]:
            return snapshot.tallies(
                window, edges, negative=NEGATIVE_AT_MOST, subset=subset, timezone=case.timezone
            )

        cuts = cut_points([start, end], coverage)
        counts = Counts(tallies([start, end]), ObservedCounts(cuts, tallies(cuts), coverage))
        grid = build_grid(start, end, every, case.timezone)
        counted = tallies(grid.edges)
    return (build_series(grid, counted, counts), *build_series_by_source(grid, counted, counts))


def window_of(found: Analysis) -> Window:
    """The posts and scores that an analysis is of."""
    grid, scorer = found.series.grid, found.scorer
    return Window(found.case.name, found.case.query.hash, grid.start, grid.end, scorer.name, scorer.version)


def estimate_from(
    case: Case, records: Records, counting: Counting, scorer: ScorerId, every: Every, now: datetime
) -> Analysis:
    """The estimate, from wherever the posts are. Raises as `analyze`."""
    start, end = case.window(now)
    window = Window(case.name, case.query.hash, start, end, scorer.name, scorer.version)
    totals = counting.case_counts(window)
    if totals.posts == 0:
        raise NothingToDoError(
            f"{case.path}: no stored post matches the query between {start:%Y-%m-%d} and {end:%Y-%m-%d}. "
            "Import or collect posts, or widen [query] or the window"
        )
    coverage = read_coverage(records, case)

    def tallies(edges: Sequence[datetime]) -> list[Tally]:
        return counting.tallies(window, edges, negative=NEGATIVE_AT_MOST)

    stretches = find_phases(case.timeline(), start, end)
    edges = edges_of(stretches)
    cuts = cut_points(edges, coverage)
    counts = Counts(tallies([start, end]), ObservedCounts(cuts, tallies(cuts), coverage))
    grids = {name: build_grid(start, end, name, case.timezone) for name in _GRIDS}
    counted = {name: tallies(grid.edges) for name, grid in grids.items()}
    series = {name: build_series(grid, counted[name], counts) for name, grid in grids.items()}
    by_source = build_series_by_source(grids[every], counted[every], counts)
    weekly = build_series_by_source(grids["week"], counted["week"], counts)
    phases = measure_phases(stretches, tallies(edges), counts.observed, counts.sources)
    reader = Reader(records, counting, case, window, coverage, counts.sources)
    tested = tuple(_tested(reader, setting) for setting in settings(case.timeline(), start, end))
    judged = judged_of(tested)
    checks = _checks(reader, judged)
    changepoints = volume_changepoints(series["day"])
    shape = _shape(series["day"], series["hour"], phases, judged, changepoints)
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
        shape=shape,
        effects=effects_of(tested),
        verdict=_verdict(tested, judged, checks, phases, state_of(series["day"], shape)),
        origins=_origins(records.runs(case)),
        checks=checks,
        counterfactual=None if judged is None else counterfactual_on(grids[every], judged),
        changepoints=changepoints,
        hourly=series["hour"],
        weekly=(series["week"], *weekly),
        change=find_change(series["week"], weekly),
    )


def _quotes(found: Analysis, snapshot: Snapshot, since: datetime | None) -> tuple[Quote, ...]:
    if found.case.report.quotes == "none":
        return ()
    window = window_of(found)
    asked = replace(window, start=max(window.start, since or window.start))
    phases = [phase for phase in found.phases if phase.end > asked.start]
    return find_quotes(snapshot, asked, phases, found.case.report.minimum_cell)


def _tested(reader: Reader, setting: Setting) -> Tested:
    around = reader.around(setting)
    reaction = react(around.hours, around.setting, around.bin_hours)
    if not around.counted:
        capped = VolumeEffect(VolumeStatus.NOT_POSSIBLE, "every source gave fewer posts than it had")
        reaction = replace(reaction, volume=capped)
    return Tested(around, reaction)


def _checks(reader: Reader, judged: Tested | None) -> tuple[CheckResult, ...]:
    if judged is None or judged.reaction.timing is None:
        return ()
    return run_checks(reader.evidence(judged.around, judged.reaction))


def _shape(
    daily: Series,
    hourly: Series,
    phases: tuple[Phase, ...],
    judged: Tested | None,
    changepoints: tuple[datetime, ...],
) -> Shape:
    shape = describe_outcry(daily, hourly, phases, None if judged is None else judged.setting.at)
    opinion = onset_opinion(changepoints, shape.onset)
    notes = (*shape.notes, opinion) if opinion else shape.notes
    if judged is None:
        return replace(shape, notes=notes)
    return replace(
        shape,
        half_life_days_before=half_life_before(judged.reaction),
        half_life_days_after=half_life_after(judged),
        sentiment_recovered_share=recovered_share(judged.reaction),
        notes=notes,
    )


def _verdict(
    tested: Sequence[Tested],
    judged: Tested | None,
    checks: tuple[CheckResult, ...],
    phases: tuple[Phase, ...],
    state: str,
) -> Verdict:
    notes = notes_on(tested)
    if judged is not None:
        return judge(judged.reaction, checks, phases, notes)
    if any(phase.name.startswith(AFTER_REVERSAL) for phase in phases):
        return judge(impossible(NO_OUTCRY), checks, phases, notes)
    return judge_without_reversal(state, phases, notes)


_BRING_POSTS: Final = {"import", "collect"}


def _origins(runs: Sequence[RunRow]) -> tuple[Origin, ...]:
    """What the posts came from; what was repeated and brought nothing new is not listed again."""
    runs = [run for run in runs if run.what in _BRING_POSTS]
    first_of = {run.origin: run for run in sorted(runs, key=lambda run: run.posts)}
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
        if run.posts or (run.finished_at is not None and first_of[run.origin] is run)
    )
