"""The phases as slopes: posts a day and mean sentiment, a dot each, labelled where it stands."""

from collections.abc import Sequence
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from walkback.analysis.model import Analysis, Phase
from walkback.reports import words
from walkback.reports.charts.panels import draw_scale, mood_limit_of
from walkback.reports.charts.sheet import (
    BAND,
    BLUE,
    HALO,
    LEADING,
    NARROW,
    SOFT,
    VERMILION,
    WIDE,
    Sheet,
    drawable,
    styled,
    write_heading,
)

_HEIGHT = 120.0  # points
_MOST = 8  # phases: more can't be told apart


def by_phase(analysis: Analysis, *, narrow: bool = False) -> Figure:
    """Two panels, side by side or, if `narrow`, one above the other.

    Phases in which too few people wrote are left out; their places stay empty.
    """
    with styled():
        look = NARROW if narrow else WIDE
        grid = analysis.series.grid
        sheet = Sheet(look, grid.start, grid.end, analysis.case.timezone)
        phases = analysis.phases[:_MOST]
        halves = [(sheet.left, sheet.right)] * 2
        if not narrow:
            middle = (sheet.left + sheet.right) / 2
            halves = [(sheet.left, middle - 18), (middle + 34, sheet.right)]
        top = sheet.y
        _posts(sheet, analysis, phases, *halves[0])
        if not narrow:
            sheet.y = top
        _sentiment(sheet, analysis, phases, *halves[1])
        return sheet.finish(f"phases-{look.name}")


def _posts(sheet: Sheet, analysis: Analysis, phases: Sequence[Phase], left: float, right: float) -> None:
    alone = sheet.look is NARROW  # on a line of its own
    write_heading(sheet, "Posts a day, by phase", "", synthetic=analysis.case.synthetic and alone)
    axes = _panel(sheet, phases, left, right)
    known = [
        (number, phase.posts_per_day)
        for number, phase in enumerate(phases)
        if phase.posts_per_day is not None and not words.hides(analysis, phase.measures)
    ]
    axes.set_ylim(0, 1.25 * max((rate for _, rate in known), default=1) or 1)
    axes.set_yticks([])
    if known:
        axes.plot(*zip(*known, strict=True), color=BLUE, lw=1.6, marker="o", ms=5)
    for number, rate in known:
        _label(axes, sheet, number, rate, words.rate(rate), BLUE)


def _sentiment(sheet: Sheet, analysis: Analysis, phases: Sequence[Phase], left: float, right: float) -> None:
    kept, sheet.left = sheet.left, left
    beside = sheet.look is not NARROW
    write_heading(sheet, "Mean sentiment, by phase", "", synthetic=analysis.case.synthetic and beside)
    sheet.left = kept
    axes = _panel(sheet, phases, left, right)
    shown = [
        (number, phase.measures)
        for number, phase in enumerate(phases)
        if phase.measures.mean_compound is not None and not words.hides(analysis, phase.measures)
    ]
    limit = mood_limit_of([measures for _, measures in shown])
    draw_scale(axes, limit)
    means = [(number, measures.mean_compound or 0.0) for number, measures in shown]
    for number, measures in shown:
        if measures.ci_low is not None and measures.ci_high is not None:
            axes.vlines(number, measures.ci_low, measures.ci_high, color=BAND, lw=7, zorder=2)
    axes.plot(
        *zip(*means, strict=True), color=VERMILION, lw=1.6, marker="o", ms=5, zorder=3
    ) if means else None
    for number, mean in means:
        _label(axes, sheet, number, mean, words.signed(mean), VERMILION)


def _panel(sheet: Sheet, phases: Sequence[Phase], left: float, right: float) -> Axes:
    """Axes with a place for each phase and its name below, and the room for both."""
    axes = sheet.panel(_HEIGHT, left=left, right=right)
    axes.set_xlim(-0.5, max(len(phases), 1) - 0.5)
    axes.set_xticks([])
    sheet.y += _HEIGHT + 6
    letters = max(6, int((right - left) / max(len(phases), 1) / sheet.look.type / 0.6))
    names = [wrap(drawable(words.sentence_case(phase.name, 40), "Phase"), letters)[:3] for phase in phases]
    step = (right - left) / max(len(phases), 1)
    for number, rows in enumerate(names):
        sheet.column(left + (number + 0.5) * step, rows, color=SOFT)
    sheet.y += max(map(len, names), default=0) * LEADING * sheet.look.type + 10
    return axes


def _label(axes: Axes, sheet: Sheet, x: float, y: float, text: str, colour: str) -> None:
    axes.annotate(
        text,
        (x, y),
        (0, 7),
        textcoords="offset points",
        ha="center",
        va="bottom",
        size=sheet.look.type,
        weight="bold",
        color=colour,
        path_effects=HALO,
        zorder=5,
    )
