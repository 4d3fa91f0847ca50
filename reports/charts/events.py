"""Events on a chart: which ones, their lines, and labels that keep out of each other's way."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes

from walkback.analysis.model import Analysis
from walkback.case import Event, EventKind
from walkback.reports import words
from walkback.reports.charts.sheet import (
    INK,
    LEADING,
    SOFT,
    WIDE,
    Look,
    Sheet,
    days_between,
    drawable,
    spread,
)

Dated = tuple[int, datetime, Event]  # an event's number in the case, its instant, itself


def events_shown(analysis: Analysis, look: Look) -> list[Dated]:
    """The events inside the window with their numbers; the most telling kinds where there are too many."""
    grid = analysis.series.grid
    numbered = [(n, at, event) for n, (at, event) in enumerate(analysis.case.timeline(), 1)]
    inside = [each for each in numbered if grid.start <= each[1] <= grid.end]
    most = look.events if len(numbered) < 100 else look.events - 3  # three digits need more room
    telling = sorted(inside, key=lambda each: (list(EventKind).index(each[2].kind) % 4 == 0, each[0]))
    return sorted(telling[:most], key=lambda each: each[0])


def mark_events(axes: Axes, sheet: Sheet, events: Sequence[Dated]) -> None:
    """A line at each event's time, heavier at a reversal."""
    for number, moment, event in events:
        width = 0.5 if len(events) > 5 else 1.3 if event.kind is EventKind.REVERSAL else 0.7
        # Many lines go behind the bars, or they would hide them.
        order = 1.6 if len(events) > 5 else 2.5
        axes.axvline(
            days_between(sheet.start, moment), color=INK, lw=width, zorder=order, gid=f"event-{number}"
        )


def label_events(sheet: Sheet, events: Sequence[Dated]) -> bool:
    """Labels above the panel, moved apart and tied to their lines; True where they are only numbers."""
    if not events:
        return False
    wanted = [sheet.x(moment) for _, moment, _ in events]
    zone = ZoneInfo(sheet.timezone)
    for letters in (26, 20, 16) if sheet.look is WIDE and len(events) <= 5 else ():
        rows = [wrap(_event_text(event), letters, max_lines=3, placeholder="…") for _, _, event in events]
        rows = [[words.day(e[1], zone, year=False), *text] for e, text in zip(events, rows, strict=True)]
        places = spread(wanted, [sheet.width(each, weight="bold") for each in rows], sheet.left, sheet.right)
        if places and all(abs(a - b) < 110 for a, b in zip(places, wanted, strict=True)):
            _write_events(sheet, events, places, rows)
            return False
    rows = [[str(number)] for number, _, _ in events]
    widths = [sheet.width(each, weight="bold") + 4 for each in rows]
    _write_events(sheet, events, spread(wanted, widths, sheet.left, sheet.right) or wanted, rows)
    return True


def _write_events(
    sheet: Sheet, events: Sequence[Dated], places: Sequence[float], rows: Sequence[list[str]]
) -> None:
    """Each event's rows, the first one bold, standing on one line; a leader runs to the event's time."""
    step = LEADING * sheet.look.type
    tall = max(map(len, rows))
    for (number, moment, _), place, (head, *text) in zip(events, places, rows, strict=True):
        top = sheet.y + (tall - 1 - len(text)) * step
        foot = sheet.y + tall * step
        sheet.write(place, top, head, ha="center", weight="bold", gid=f"label-{number}")
        sheet.column(place, text, top=top + step, gid=f"label-{number}")
        sheet.line([place, place, sheet.x(moment)], [foot, foot + 3, foot + 14], color=INK, lw=0.7)
    sheet.y += tall * step + 14


def list_events(sheet: Sheet, events: Sequence[Dated], told: int) -> None:
    """The numbered events in words, and how many of the `told` ones are not drawn."""
    sheet.y += 6
    size = sheet.look.type - 0.5
    zone = ZoneInfo(sheet.timezone)
    indent = sheet.size("88 ", size=size, weight="bold")[0]
    letters = int((sheet.right - sheet.left - indent) / size / 0.58)
    for number, moment, event in events:
        sheet.write(sheet.left, sheet.y, str(number), size=size, weight="bold")
        for row in wrap(
            f"{words.day(moment, zone, year=False)}  {_event_text(event)}",
            letters,
            max_lines=2,
            placeholder="…",
        ):
            sheet.write(sheet.left + indent, sheet.y, row, size=size)
            sheet.y += size * 1.35
    if told > len(events):
        sheet.lines(f"{words.count(told - len(events), 'more event')} not drawn", size=size, color=SOFT)


def _event_text(event: Event) -> str:
    return drawable(words.shorten(event.label, 120), event.kind)
