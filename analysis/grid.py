"""The grid: hours, days or weeks of the case's time zone, as instants."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from walkback.analysis.model import Grid
from walkback.case import Every


def build_grid(start: datetime, end: datetime, every: Every, timezone: str) -> Grid:
    """The buckets of the half-open window [start, end).

    Hours, days and weeks (from Monday) begin as the clocks of `timezone` (an IANA name) say, so a
    day has 23 or 25 hours when they change. The first and the last bucket are cut to the window.
    """
    zone = ZoneInfo(timezone)
    inside = (edge for edge in _boundaries(start, end, every, zone) if start < edge < end)
    return Grid(every=every, timezone=timezone, edges=(start, *inside, end))


def bucket_of(grid: Grid, moment: datetime) -> int | None:
    """The index of the bucket that `moment` falls into; None outside the grid."""
    if not grid.start <= moment < grid.end:
        return None
    return bisect_right(grid.edges, moment) - 1


def _boundaries(start: datetime, end: datetime, every: Every, zone: ZoneInfo) -> Iterator[datetime]:
    if every == "hour":
        for midnight, next_midnight in pairwise(_midnights(start, end, 1, zone)):
            yield from _hours(midnight, next_midnight)
    else:
        yield from _midnights(start, end, 7 if every == "week" else 1, zone)


def _midnights(start: datetime, end: datetime, step_days: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Midnights from the one at or before `start` to the one after `end`; weeks begin on Monday."""
    day = start.astimezone(zone).date()
    if step_days == 7:
        day -= timedelta(days=day.weekday())
    midnight = _midnight(day, zone)
    while midnight <= end:
        yield midnight
        day += timedelta(days=step_days)
        midnight = _midnight(day, zone)
    yield midnight


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _hours(midnight: datetime, next_midnight: datetime) -> Iterator[datetime]:
    """Hours counted from midnight: the last is shorter in a zone that shifts by half an hour."""
    hour = midnight
    while hour < next_midnight:
        yield hour
        hour += timedelta(hours=1)
