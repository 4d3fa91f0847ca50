"""From the store's sums by hour to the hours around an event that the methods work on."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from walkback.analysis.coverage import observed_shares, observed_stretches
from walkback.analysis.effects.hours import Hours
from walkback.analysis.model import CoverageSpan, CoverageStatus
from walkback.store import HourTally

BIN_HOURS: Final = 6
DAY_HOURS: Final = 24
_OBSERVED_AT_LEAST: Final = 0.5
_UNIT: Final = 10_000  # tallies hold compound in ten-thousandths
_HOUR: Final = timedelta(hours=1)
_FEWEST_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Span:
    """The whole hours around an event: `first` is the first one's start; `before` of `n` lie before it."""

    first: datetime
    before: int
    n: int

    @property
    def end(self) -> datetime:
        """The end of the last hour."""
        return self.first + self.n * _HOUR


def span_around(event: datetime, start: datetime, end: datetime) -> Span:
    """The whole hours of [start, end) that are counted from `event`."""
    before = floor((event - start) / _HOUR)
    first = event - before * _HOUR
    return Span(first, before, max(floor((end - first) / _HOUR), 0))


def date_zone(tallies: Sequence[HourTally], first: datetime, zone: ZoneInfo) -> ZoneInfo | None:
    """The time zone of posts that have a date and no time, because all stand at one hour of its days.

    None where posts have times.
    """
    moments = [first + tally.hour * _HOUR for tally in tallies]
    for candidate in (zone, ZoneInfo("UTC")):
        local = [moment.astimezone(candidate) for moment in moments]
        if len({moment.date() for moment in local}) >= _FEWEST_DAYS and len({m.hour for m in local}) == 1:
            return candidate
    return None


def on_dates(tallies: Sequence[HourTally], span: Span, zone: ZoneInfo) -> list[HourTally]:
    """Tallies of posts that have dates alone, each at the first hour of its day, days being 24 hours long.

    A day of 23 or 25 hours would shift all later ones into their neighbours' bins.
    """
    event_date = (span.first + span.before * _HOUR).astimezone(zone).date()
    days = [
        ((span.first + tally.hour * _HOUR).astimezone(zone).date() - event_date).days for tally in tallies
    ]
    return [replace(tally, hour=span.before + 24 * day) for tally, day in zip(tallies, days, strict=True)]


def start_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the day of `zone` that `moment` lies in, UTC."""
    return datetime.combine(moment.astimezone(zone).date(), datetime.min.time(), zone).astimezone(UTC)


def capped_sources(coverage: Iterable[CoverageSpan], start: datetime, end: datetime) -> frozenset[str]:
    """Sources that gave fewer posts than they had somewhere in [start, end): their counts are no volume."""
    cut = {CoverageStatus.SATURATED, CoverageStatus.TRUNCATED}
    return frozenset(
        span.source for span in coverage if span.status in cut and span.start < end and span.end > start
    )


def build_hours(
    tallies: Iterable[HourTally],
    span: Span,
    coverage: Sequence[CoverageSpan],
    counted: Collection[str],
    zone: ZoneInfo,
) -> Hours:
    """The hours of `span`, from tallies that count from its start.

    Volume is that of the `counted` sources, observed where all of them were; sentiment is that of all
    the tallies, since a sample has a mean even where its source was cut off.
    """
    posts, scored, total, squares = np.zeros((4, span.n), np.int64)  # whole until the end: exact in any order
    for tally in tallies:
        if not 0 <= tally.hour < span.n:
            continue
        posts[tally.hour] += tally.posts if tally.source in counted else 0
        scored[tally.hour] += tally.scored
        total[tally.hour] += tally.total
        squares[tally.hour] += tally.squares
    edges = [span.first + hour * _HOUR for hour in range(span.n + 1)]
    shares = observed_shares(edges, observed_stretches(coverage, sorted(counted)))
    middles = [(edge + _HOUR / 2).astimezone(zone) for edge in edges[:-1]]
    return Hours(
        offset=np.arange(span.n, dtype=np.float64) - span.before,
        hour_of_week=np.array([24 * middle.weekday() + middle.hour for middle in middles], np.float64),
        observed=np.array([share >= _OBSERVED_AT_LEAST for share in shares], bool),
        posts=posts.astype(np.float64),
        scored=scored.astype(np.float64),
        total=total / _UNIT,
        squares=squares / _UNIT**2,
    )
