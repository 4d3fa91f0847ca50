"""The build-up by the hour: a column a day, a row an hour of the day, darker where there were more posts."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from walkback.analysis.model import Analysis, Bucket
from walkback.reports import words
from walkback.reports.charts.sheet import (
    GAP,
    GAP_LINES,
    HEAT,
    NARROW,
    SOFT,
    WIDE,
    Sheet,
    styled,
    write_footnotes,
    write_heading,
)

_BEFORE: Final = timedelta(days=3)
_DAYS: Final = 16
_CELL: Final = 7.0  # points an hour
_HOURS: Final = (0, 6, 12, 18)


Place = tuple[date, int]


def heat(analysis: Analysis, *, narrow: bool = False) -> Figure:
    """Posts of each hour around the onset, or of the window's first days where no onset is known."""
    with styled():
        look = NARROW if narrow else WIDE
        cells, days = _cells(analysis)
        grid = analysis.series.grid
        sheet = Sheet(look, grid.start, grid.end, analysis.case.timezone)
        write_heading(sheet, "Posts an hour", "", synthetic=analysis.case.synthetic)
        steps = _steps(
            max((bucket.measures.posts for bucket in cells.values() if bucket.observed), default=0)
        )
        _legend(sheet, steps)
        axes = sheet.panel(24 * _CELL)
        sheet.y += 24 * _CELL
        axes.set_xlim(0, len(days))
        axes.set_ylim(24, 0)
        axes.grid(visible=False)
        _draw(axes, cells, days, steps)
        axes.set_yticks([hour + 0.5 for hour in _HOURS], labels=[f"{hour:02}:00" for hour in _HOURS])
        every = max(1, -(-len(days) // look.ticks))
        axes.set_xticks(
            [number + 0.5 for number in range(0, len(days), every)],
            labels=[words.local_day(day) for day in days[::every]],
        )
        sheet.y += 1.35 * look.type + 8
        gaps = ["Hatched: not observed."] if any(not bucket.observed for bucket in cells.values()) else []
        write_footnotes(sheet, gaps)
        return sheet.finish(f"heat-{look.name}")


def days_of(analysis: Analysis) -> list[date]:
    """The local days that are drawn."""
    zone, start, end = analysis.case.zone, analysis.series.grid.start, analysis.series.grid.end
    onset = analysis.shape.onset
    first = max(start, onset - _BEFORE) if onset else start
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    begin = first.astimezone(zone).date()
    return [begin + timedelta(days=n) for n in range(min(_DAYS, (last - begin).days + 1))]


def _cells(analysis: Analysis) -> tuple[dict[Place, Bucket], list[date]]:
    """By local day and hour; of an hour that comes twice when clocks go back, the one with more posts."""
    days = days_of(analysis)
    inside, found = set(days), dict[Place, Bucket]()
    for bucket in analysis.hourly.buckets if analysis.hourly else ():
        local = bucket.start.astimezone(analysis.case.zone)
        place = (local.date(), local.hour)
        known = found.get(place)
        if local.date() in inside and (known is None or known.measures.posts < bucket.measures.posts):
            found[place] = bucket
    return found, days


def _steps(most: int) -> list[int]:
    """The least posts of each shade: none, then shares of the most, in whole numbers."""
    shades, steps = len(HEAT) - 1, [0, 1]
    for number in range(1, shades):
        steps.append(max(steps[-1] + 1, round(most * (number / shades) ** 1.5)))
    return steps


def _legend(sheet: Sheet, steps: Sequence[int]) -> None:
    x, size = sheet.left, sheet.look.type
    for colour, text in zip(HEAT, _ranges(steps), strict=True):
        width = size + 16 + sheet.size(text, size=size - 0.5)[0]
        if x + width > sheet.right:
            x, sheet.y = sheet.left, sheet.y + 1.6 * size
        sheet.bar(x, x + size, size, facecolor=colour, edgecolor=SOFT, linewidth=0.4)
        sheet.write(x + size + 4, sheet.y + 0.5, text, color=SOFT, size=size - 0.5)
        x += width
    sheet.y += 2.0 * size


def _ranges(steps: Sequence[int]) -> list[str]:
    """What each shade stands for: `0`, `1 to 3`, `12 or more`."""
    ends = [following - 1 for following in steps[1:]]
    names = [
        words.number(least) if least == last else f"{words.number(least)} to {words.number(last)}"
        for least, last in zip(steps, ends, strict=False)
    ]
    return [*names, f"{words.number(steps[-1])} or more"]


def _draw(axes: Axes, cells: dict[Place, Bucket], days: Sequence[date], steps: Sequence[int]) -> None:
    """A square an hour, those of one shade in one path; hours that were not observed are hatched."""
    shades: dict[str, list[Path]] = {}
    for (day, hour), bucket in cells.items():
        shade = HEAT[bisect_right(steps, bucket.measures.posts) - 1] if bucket.observed else GAP
        shades.setdefault(shade, []).append(_square(days.index(day), hour))
    for shade, squares in shades.items():
        hatch = {"hatch": "////", "edgecolor": GAP_LINES} if shade == GAP else {}
        path = Path.make_compound_path(*squares)
        axes.add_patch(PathPatch(path, facecolor=shade, linewidth=0, **hatch))


def _square(x: float, y: float) -> Path:
    low, high = 0.03, 0.97
    corners = [(low, low), (high, low), (high, high), (low, high), (low, low)]
    return Path([(x + dx, y + dy) for dx, dy in corners], closed=True)
