"""The time axis: ticks at round local times, from hours to decades."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes

from walkback.reports import words
from walkback.reports.charts.sheet import SOFT, Sheet, days_between

_ALL_HOURS: Final = tuple(range(24))
# From fine to coarse: which days, at which hours, and the tick's first line.
_STEPS: Final[tuple[tuple[Callable[[date], bool], tuple[int, ...], str], ...]] = (
    (lambda _: True, _ALL_HOURS, "hour"),
    (lambda _: True, _ALL_HOURS[::3], "hour"),
    (lambda _: True, _ALL_HOURS[::6], "hour"),
    (lambda _: True, (0,), "day"),
    (lambda d: d.toordinal() % 2 == 0, (0,), "day"),
    (lambda d: d.weekday() == 0, (0,), "day"),
    (lambda d: d.toordinal() % 14 == 1, (0,), "day"),
    (lambda d: d.day == 1, (0,), "month"),
    (lambda d: d.day == 1 and d.month % 3 == 1, (0,), "month"),
    (lambda d: d.day == 1 and d.month % 6 == 1, (0,), "month"),
    (lambda d: d.timetuple().tm_yday == 1, (0,), "year"),
    (lambda d: d.timetuple().tm_yday == 1 and d.year % 2 == 0, (0,), "year"),
    (lambda d: d.timetuple().tm_yday == 1 and d.year % 5 == 0, (0,), "year"),
    (lambda d: d.timetuple().tm_yday == 1 and d.year % 20 == 0, (0,), "year"),
)


def date_ticks(start: datetime, end: datetime, zone: ZoneInfo, most: int) -> list[tuple[datetime, str]]:
    """At most `most` moments at round local times in [start, end), with their labels.

    The year stands beneath the first label and wherever it changes.
    """
    first = start.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((end.astimezone(zone).date() - first).days + 1)]
    last = end - (end - start) / 50  # a label at the very edge would be cut
    for wanted, hours, form in _STEPS:  # noqa: B007  # the form of the step that fits is used below
        moments = [datetime.combine(day, time(hour), zone) for day in days if wanted(day) for hour in hours]
        inside = [moment for moment in moments if start <= moment <= last]
        if len(inside) <= most:
            break
    return list(_labelled(inside[:most] or [start.astimezone(zone)], form, zone))


def _labelled(moments: list[datetime], form: str, zone: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    year = None
    for moment in moments:
        day = words.day(moment, zone, year=False)
        head = {"hour": f"{moment:%H:%M}" if moment.hour else day, "day": day, "month": day[2:], "year": ""}[
            form
        ]
        yield moment, f"{head}\n{moment.year}".strip() if moment.year != year else head
        year = moment.year


def draw_date_axis(sheet: Sheet, panels: Sequence[Axes], *, labels: bool = True) -> None:
    """The same ticks on each panel; with `labels`, the sheet makes room for them."""
    ticks = date_ticks(sheet.start, sheet.end, ZoneInfo(sheet.timezone), sheet.look.ticks)
    for axes in panels:
        axes.set_xticks(
            [days_between(sheet.start, moment) for moment, _ in ticks],
            labels=[text if labels else "" for _, text in ticks],
        )
        axes.tick_params(axis="x", length=3, color=SOFT)
    if labels:
        sheet.y += 2 * 1.35 * sheet.look.type + 6
