"""Reading what the methods need for one event: the hours around it, whole and in part."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from walkback.analysis.checks.base import Evidence
from walkback.analysis.coverage import read_coverage
from walkback.analysis.effects.hours import Hours
from walkback.analysis.effects.reaction import Reaction, Setting
from walkback.analysis.hourly import (
    BIN_HOURS,
    DAY_HOURS,
    Span,
    build_hours,
    capped_sources,
    date_zone,
    on_dates,
    span_around,
    start_of_day,
)
from walkback.analysis.model import CoverageSpan, CoverageStatus
from walkback.analysis.reading import Counting, Records
from walkback.case import Case
from walkback.store import HourTally, Subset, Window

_LONGEST_BASELINE: Final = timedelta(days=56)  # what was usual a year ago is not
_LONGEST_AFTER: Final = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Around:
    """The hours around an event. `left_out`: sources whose counts are no volume, because they were cut off.

    `setting` counts from the start of the event's day where posts have dates alone, in `dates`' zone.
    """

    setting: Setting
    hours: Hours
    bin_hours: int
    left_out: frozenset[str]
    span: Span
    tallies: Sequence[HourTally]
    counted: frozenset[str]
    dates: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the hours of a case come from. `window` is the case's whole window."""

    records: Records
    counting: Counting
    case: Case
    window: Window
    coverage: Sequence[CoverageSpan]
    sources: Collection[str]

    def around(self, setting: Setting) -> Around:
        """The hours around an event, of all posts."""
        span = self._span(setting)
        tallies = self._tallies(self.window, span)
        dates = date_zone(tallies, span.first, self.case.zone)
        if dates is not None:
            setting = _at_start_of_day(setting, dates)
            span = self._span(setting)
            tallies = on_dates(self._tallies(self.window, span), span, dates)
        left_out = capped_sources(self.coverage, span.first, span.end)
        counted = frozenset(self.sources) - left_out
        if counted:
            hours = build_hours(tallies, span, self.coverage, counted, self.case.zone)
        else:  # no count is a volume, but the busiest hour and every mean can still be told
            seen = [_whole(source, span) for source in self.sources]
            hours = build_hours(tallies, span, seen, self.sources, self.case.zone)
        bin_hours = BIN_HOURS if dates is None else DAY_HOURS
        return Around(setting, hours, bin_hours, left_out, span, tallies, counted, dates)

    def evidence(self, around: Around, finding: Reaction) -> Evidence:
        """Everything that the checks of a finding need. Raises ValueError where it has no timing."""
        if finding.timing is None:
            raise ValueError("a finding without a peak can't be checked")
        return Evidence(
            finding=finding,
            timing=finding.timing,
            hours=around.hours,
            bin_hours=around.bin_hours,
            by_source={source: self._of_source(around, source) for source in sorted(self.sources)},
            by_scorer=self._of_other_scorers(around),
            without_near_duplicates=self._of_subset(around, Subset.NO_NEAR_DUPLICATES),
            one_an_author_and_day=self._of_subset(around, Subset.ONE_AN_AUTHOR_AND_DAY),
            established_accounts=self._of_established(around),
            control=self._of_control(around),
        )

    def _span(self, setting: Setting) -> Span:
        start = max(self.window.start, setting.announced - _LONGEST_BASELINE)
        return span_around(setting.at, start, min(self.window.end, setting.at + _LONGEST_AFTER))

    def _tallies(self, window: Window, span: Span, subset: Subset = Subset.ALL) -> list[HourTally]:
        asked = replace(window, start=span.first, end=span.end)
        return self.counting.hour_tallies(asked, self.case.timezone, subset=subset)

    def _read(self, around: Around, window: Window, subset: Subset = Subset.ALL) -> Sequence[HourTally]:
        tallies = self._tallies(window, around.span, subset)
        return tallies if around.dates is None else on_dates(tallies, around.span, around.dates)

    def _hours(self, around: Around, tallies: Sequence[HourTally]) -> Hours:
        return build_hours(tallies, around.span, self.coverage, around.counted, self.case.zone)

    def _of_subset(self, around: Around, subset: Subset) -> Hours:
        return self._hours(around, self._read(around, self.window, subset))

    def _of_established(self, around: Around) -> Hours | None:
        if not self.counting.young(self.window, [around.span.first, around.span.end]):
            return None
        return self._of_subset(around, Subset.ESTABLISHED_ACCOUNTS)

    def _of_source(self, around: Around, source: str) -> Hours:
        own = [tally for tally in around.tallies if tally.source == source]
        return build_hours(own, around.span, self.coverage, around.counted & {source}, self.case.zone)

    def _of_other_scorers(self, around: Around) -> dict[str, Hours]:
        most = sum(tally.scored for tally in around.tallies)
        return {
            f"{name} {version}": self._hours(
                around, self._read(around, replace(self.window, scorer=name, version=version))
            )
            for name, version, scored in self.counting.scorers(self.case)
            if (name, version) != (self.window.scorer, self.window.version) and scored >= most
        }

    def _of_control(self, around: Around) -> Hours | None:
        control = self.case.control()
        if control is None:
            return None
        window = replace(self.window, case=control.name, query_hash=control.query.hash)
        tallies = self._read(around, window)
        own = read_coverage(self.records, control)
        archives = [span for span in self.coverage if span.how in {"archive", "stated"}]
        counted = {tally.source for tally in tallies} - around.left_out
        return build_hours(tallies, around.span, [*own, *archives], counted, self.case.zone)


def _whole(source: str, span: Span) -> CoverageSpan:
    return CoverageSpan(source, span.first, span.end, CoverageStatus.COMPLETE, "asked")


def _at_start_of_day(setting: Setting, zone: ZoneInfo) -> Setting:
    return replace(
        setting,
        at=start_of_day(setting.at, zone),
        announced=start_of_day(setting.announced, zone),
        since=start_of_day(setting.since, zone),
    )
