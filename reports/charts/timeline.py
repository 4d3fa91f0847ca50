"""The two charts: the whole case over time, and a row for each source."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from walkback.analysis.model import Analysis, Series
from walkback.reports import words
from walkback.reports.charts.counterfactual import draw_drift, draw_faded, highest
from walkback.reports.charts.events import events_shown, label_events, list_events, mark_events
from walkback.reports.charts.panels import (
    draw_baseline,
    draw_mood,
    draw_volume,
    few_notes,
    hatch_gaps,
    label_peak,
    label_phases,
    mood_limit,
    scale_words,
    tint_phases,
)
from walkback.reports.charts.sheet import (
    NARROW,
    WIDE,
    Look,
    Sheet,
    drawable,
    styled,
    write_footnotes,
    write_heading,
)
from walkback.reports.charts.ticks import draw_date_axis


def timeline(analysis: Analysis, *, narrow: bool = False) -> Figure:
    """Posts and mean sentiment over the case's window, with its phases, events and gaps.

    Where a reversal could be tested, what would have come without it is drawn over what came.
    Time runs evenly, ticks stand at local times of the case's zone. `narrow` has larger type and
    numbered events, for screens of about 360 pixels. A figure of its own, made for `render_*`.
    """
    with styled():
        look = NARROW if narrow else WIDE
        sheet = _new_sheet(analysis, look)
        line = analysis.series
        write_heading(sheet, f"Posts {words.per(line.grid.every)}", "", synthetic=analysis.case.synthetic)
        events = events_shown(analysis, sheet.look)
        listed = label_events(sheet, events)
        volume = sheet.panel(look.volume)
        sheet.y += look.volume
        faded = analysis.counterfactual
        notes = [
            *draw_volume(volume, sheet, line, at_least=highest(faded)),
            *(draw_faded(volume, sheet, line, faded) if faded else ()),
            *hatch_gaps(volume, sheet, line),
            *few_notes(analysis),
        ]
        label_peak(volume, sheet, analysis)
        draw_baseline(volume, sheet, analysis)
        label_phases(sheet, analysis)
        fewest = analysis.case.report.minimum_cell
        limit = mood_limit([line], fewest)
        write_heading(sheet, "Mean sentiment", scale_words(analysis, limit))
        mood = sheet.panel(look.mood)
        sheet.y += look.mood
        draw_mood(mood, sheet, line, limit, fewest)
        notes += draw_drift(mood, sheet, line, faded) if faded else ()
        hatch_gaps(mood, sheet, line, label=False)
        for axes in (volume, mood):
            tint_phases(axes, sheet, analysis)
            mark_events(axes, sheet, events)
        draw_date_axis(sheet, [volume], labels=False)
        draw_date_axis(sheet, [mood])
        write_footnotes(sheet, notes)
        if listed:
            list_events(sheet, events, len(analysis.case.events))
        return sheet.finish(f"timeline-{look.name}")


def small_multiples(analysis: Analysis, *, narrow: bool = False) -> Figure:
    """One row a source: its posts and, unless `narrow`, its mean sentiment. Each has its own scale of posts.

    Sources in which too few people wrote are left out; at most eight are drawn.
    """
    with styled():
        look = NARROW if narrow else WIDE
        sheet = _new_sheet(analysis, look)
        shown = [s for s in analysis.by_source if words.hidden_source(analysis, s) is None][:8]
        limit = mood_limit(shown, analysis.case.report.minimum_cell)
        told = "right: mean sentiment with its 95% interval" if not narrow else ""
        write_heading(
            sheet, f"Posts {words.per(analysis.series.grid.every)}", told, synthetic=analysis.case.synthetic
        )
        panels: list[Axes] = []
        for series in shown:
            panels += _row(sheet, analysis, series, limit)
        last = panels[-1:] if narrow else panels[-2:]
        draw_date_axis(sheet, [p for p in panels if p not in last], labels=False)
        draw_date_axis(sheet, last)
        write_footnotes(sheet, ["Each source has its own scale of posts." if shown else "No source to show."])
        return sheet.finish(f"sources-{look.name}")


def _row(sheet: Sheet, analysis: Analysis, series: Series, limit: float) -> list[Axes]:
    height = 62.0
    middle = (sheet.left + sheet.right) / 2
    narrow = sheet.look is NARROW
    name = drawable(words.shorten(series.source or "", 24), "source")
    write_heading(sheet, name, words.count(series.whole.posts, "post"))
    panels = [sheet.panel(height, right=None if narrow else middle - 12)]
    draw_volume(panels[0], sheet, series, rungs=2)
    if not narrow:
        panels.append(sheet.panel(height, left=middle + 40))
        draw_mood(panels[1], sheet, series, limit, analysis.case.report.minimum_cell)
    for axes in panels:
        hatch_gaps(axes, sheet, series, label=False)
        mark_events(axes, sheet, events_shown(analysis, sheet.look))
    sheet.y += height + 12
    return panels


def _new_sheet(analysis: Analysis, look: Look) -> Sheet:
    grid = analysis.series.grid
    sheet = Sheet(look, grid.start, grid.end, analysis.case.timezone)
    most = max((b.measures.posts for b in analysis.series.buckets), default=0)
    sheet.left = max(sheet.left, sheet.size(words.number(most))[0] + 12)
    return sheet
