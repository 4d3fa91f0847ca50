"""What is drawn on the panels: posts, sentiment, phases, and what was not observed."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from walkback.analysis.model import Analysis, Bucket, Measures, Series
from walkback.reports import tables, words
from walkback.reports.charts.sheet import (
    BAND,
    BLUE,
    GAP,
    GAP_LINES,
    HALO,
    INK,
    LEADING,
    NARROW,
    PALE_BLUE,
    PHASES,
    SOFT,
    VERMILION,
    Sheet,
    days_between,
    drawable,
    spread,
)


def draw_volume(
    axes: Axes, sheet: Sheet, series: Series, rungs: int = 4, *, at_least: float = 0
) -> list[str]:
    """Bars from zero; returns the notes that the reader needs. The axis holds `at_least` so many posts.

    Posts that were found in a bucket that was hardly observed stand pale before its hatching: they
    are the least that there was.
    """
    seen = [b for b in series.buckets if b.observed or b.measures.posts]
    top = max((b.measures.posts for b in seen), default=0)
    axes.set_ylim(0, max(top, at_least) * 1.18 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=rungs, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: words.number(value))
    part = [b for b in seen if words.is_partial(b.observed_share)]
    full = [b for b in seen if not words.is_partial(b.observed_share)]
    for buckets, colour, gid in ((full, BLUE, "bars"), (part, PALE_BLUE, "bars-partial")):
        outlines = [_outline(sheet, b, len(series.buckets)) for b in buckets if b.measures.posts]
        if outlines:  # one path for all bars: an hourly chart has a thousand
            path = Path.make_compound_path(*outlines)
            axes.add_patch(PathPatch(path, facecolor=colour, linewidth=0, gid=gid, zorder=2))
    if seen and not top:
        axes.text(
            0.5, 0.5, "no posts", transform=axes.transAxes, ha="center", color=SOFT, size=sheet.look.type
        )
    return ["Lighter bars: partly observed."] if any(b.measures.posts for b in part) else []


def _outline(sheet: Sheet, bucket: Bucket, buckets: int) -> Path:
    x0, x1 = days_between(sheet.start, bucket.start), days_between(sheet.start, bucket.end)
    inset = 0.07 * (x1 - x0) if buckets <= 150 else 0.0
    x0, x1, top = x0 + inset, x1 - inset, bucket.measures.posts
    return Path([[x0, 0], [x0, top], [x1, top], [x1, 0], [x0, 0]], closed=True)


def hatch_gaps(axes: Axes, sheet: Sheet, series: Series, *, label: bool = True) -> list[str]:
    """Hatch what was not observed and say so, in the gap where there is room; else return a note."""
    note: list[str] = []
    words_width, words_height = sheet.size("not observed")
    for number, (start, end) in enumerate(tables.gaps(series)):
        x0, x1 = days_between(sheet.start, start), days_between(sheet.start, end)
        axes.axvspan(
            x0,
            x1,
            facecolor=GAP,
            edgecolor=GAP_LINES,
            hatch="////",
            lw=0,
            zorder=1,
            gid=f"gap-{number}",
        )
        room = sheet.x(end) - sheet.x(start)
        if label and room >= words_height + 2:
            axes.text(
                (x0 + x1) / 2,
                0.5,
                "not observed",
                transform=axes.get_xaxis_transform(),
                rotation=0 if room > words_width + 8 else 90,
                ha="center",
                va="center",
                size=sheet.look.type,
                color=INK,
                bbox={"facecolor": GAP, "linewidth": 0, "pad": 1.5},
                zorder=4,
            )
        elif label:
            note = ["Hatched: not observed."]
    return note


def label_peak(axes: Axes, sheet: Sheet, analysis: Analysis) -> None:
    """The peak's posts and day above its bar, moved inwards where the sheet ends."""
    top = analysis.shape.peak
    bucket = next((b for b in analysis.series.buckets if top and b.start == top.start and b.observed), None)
    if top is None or bucket is None:
        return
    middle = bucket.start + (bucket.end - bucket.start) / 2
    text = f"{words.number(top.posts)} on {words.day(top.start, analysis.case.zone, year=False)}"
    half = sheet.size(text, weight="bold")[0] / 2
    centre = min(max(sheet.x(middle), sheet.left + half), sheet.right - half)
    how: dict[str, Any] = {
        "ha": "center",
        "va": "bottom",
        "size": sheet.look.type,
        "weight": "bold",
        "color": BLUE,
    }
    shift = (centre - sheet.x(middle), 2)
    axes.annotate(
        text,
        (days_between(sheet.start, middle), top.posts),
        shift,
        textcoords="offset points",
        zorder=5,
        path_effects=HALO,
        **how,
    )


def draw_baseline(axes: Axes, sheet: Sheet, analysis: Analysis) -> None:
    """The baseline as a dotted line with its figure, where there is room for both."""
    base, every = analysis.shape.baseline_posts_per_day, analysis.series.grid.every
    high = axes.get_ylim()[1]
    level = (base or 0) * {"hour": 1 / 24, "day": 1, "week": 7}[every]
    if base is None or not 0 < level < 0.6 * high or not analysis.series.buckets[0].observed:
        return
    text = f"baseline {words.rate(base)}" + ("" if sheet.look is NARROW else " a day")
    gap = next((sheet.x(start) for start, _ in tables.gaps(analysis.series)), sheet.right)
    if level > 0.25 * high and sheet.left + sheet.size(text)[0] + 8 > gap:
        return  # it would run into the words of the gap
    axes.axhline(level, color=INK, lw=0.9, ls=(0, (2, 2)), zorder=3)
    how: dict[str, Any] = {"size": sheet.look.type, "color": INK, "zorder": 5, "path_effects": HALO}
    axes.annotate(text, (0, level), (3, 3), textcoords="offset points", va="bottom", **how)


def label_phases(sheet: Sheet, analysis: Analysis) -> None:
    """A coloured strip beneath the bars, with the phases' names under it where they fit."""
    inside = [p for p in analysis.phases if p.start < sheet.end and p.end > sheet.start]
    if not inside:
        sheet.y += 16
        return
    sheet.y += 4
    ends = [(sheet.x(max(p.start, sheet.start)), sheet.x(min(p.end, sheet.end))) for p in inside]
    for number, (x0, x1) in enumerate(ends):
        sheet.bar(x0, x1, 4, facecolor=PHASES[number % len(PHASES)][0], edgecolor="white", linewidth=0.5)
    middles = [(x0 + x1) / 2 for x0, x1 in ends]
    texts = [drawable(words.sentence_case(p.name, 40), "Phase") for p in inside]
    sheet.y += 8
    for letters in (30, 14, 9):
        rows = [wrap(text, letters, break_long_words=False)[:3] for text in texts]
        widths = [sheet.width(names) for names in rows]
        places = spread(middles, widths, sheet.left, sheet.right)
        if places and all(abs(a - b) < sheet.look.width / 6 for a, b in zip(places, middles, strict=True)):
            for names, place in zip(rows, places, strict=True):
                sheet.column(place, names, color=SOFT)
            sheet.y += max(map(len, rows)) * LEADING * sheet.look.type
            break
    sheet.y += 14


def tint_phases(axes: Axes, sheet: Sheet, analysis: Analysis) -> None:
    """Each phase's time in the pale tint of its strip."""
    for number, phase in enumerate(analysis.phases):
        x0, x1 = (
            days_between(sheet.start, max(phase.start, sheet.start)),
            days_between(sheet.start, min(phase.end, sheet.end)),
        )
        if x0 < x1:
            axes.axvspan(
                x0, x1, facecolor=PHASES[number % len(PHASES)][1], lw=0, zorder=0, gid=f"phase-{number}"
            )


def draw_mood(axes: Axes, sheet: Sheet, series: Series, limit: float, fewest: int) -> None:
    """The mean line with its band, broken wherever no mean is known."""
    draw_scale(axes, limit)
    runs = tables.mean_runs(series, fewest)
    fine = len(series.buckets) > 150
    for run in runs:
        xs = [days_between(sheet.start, b.start + (b.end - b.start) / 2) for b in run]
        means, lows, highs = zip(*(_known(b.measures) for b in run), strict=True)
        if len(run) == 1:  # a line needs two ends: show a lone mean as a dot on its interval
            axes.vlines(xs, lows, highs, color=BAND, lw=1 if fine else 5, zorder=2, gid="band")
            axes.plot(
                xs, means, color=VERMILION, ls="", marker="o", ms=1 if fine else 3.5, zorder=3, gid="mean"
            )
        else:
            axes.fill_between(xs, lows, highs, color=BAND, lw=0, zorder=2, gid="band")
            axes.plot(xs, means, color=VERMILION, lw=0.8 if fine else 1.6, zorder=3, gid="mean")
    if not runs and any(b.observed for b in series.buckets):
        told = "too few authors" if tables.mean_runs(series, 1) else "no scored posts"
        how: dict[str, Any] = {"ha": "center", "color": INK, "size": sheet.look.type, "path_effects": HALO}
        axes.text(0.5, 0.62, told, transform=axes.transAxes, **how)


def draw_scale(axes: Axes, limit: float) -> None:
    """The axis of sentiment, from -limit to +limit, with a line at zero."""
    axes.set_ylim(-limit, limit)
    axes.set_yticks([-limit, 0, limit], labels=[_signed(v) for v in (-limit, 0, limit)])
    axes.axhline(0, color=SOFT, lw=0.8, zorder=1.5)


def mood_limit(lines: Iterable[Series], fewest: int) -> float:
    """The least of 0.25, 0.5 and 1 that holds all means and their intervals."""
    return mood_limit_of(
        [b.measures for line in lines for run in tables.mean_runs(line, fewest) for b in run]
    )


def mood_limit_of(drawn: Iterable[Measures]) -> float:
    """The same of measures that are drawn."""
    most = max((abs(value) for each in drawn for value in _known(each)), default=1.0)
    return next((limit for limit in (0.25, 0.5) if most <= limit), 1.0)


def few_notes(analysis: Analysis) -> list[str]:
    """The note on buckets whose sentiment comes from too few people to be shown."""
    fewest, every = analysis.case.report.minimum_cell, analysis.series.grid.every
    known = sum(map(len, tables.mean_runs(analysis.series, 1)))
    drawn = sum(map(len, tables.mean_runs(analysis.series, fewest)))
    return [f"Sentiment: only {every}s with {fewest} authors or more."] if drawn < known else []


def _known(measures: Measures) -> tuple[float, float, float]:
    """The mean and its interval, which is the mean alone where it has none."""
    mean = measures.mean_compound or 0.0
    low, high = measures.ci_low, measures.ci_high
    return mean, mean if low is None else low, mean if high is None else high


def _signed(value: float) -> str:
    return f"+{value:g}" if value > 0 else f"{value:g}".replace("-", words.MINUS)


def scale_words(analysis: Analysis, limit: float) -> str:
    """Which score is drawn, how to read it, and whether the axis is zoomed."""
    name = (
        "VADER"
        if analysis.scorer.name == "vader"
        else drawable(words.shorten(analysis.scorer.name, 20), "scorer")
    )
    zoom = f"; zoomed, the scale runs from {words.MINUS}1 to +1" if limit < 1 else ""
    return f"{name} score, above 0 positive, below 0 negative; band: 95% interval{zoom}"
