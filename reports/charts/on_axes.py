"""Volume and sentiment on axes of the reader's own, in the report's colours."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import MaxNLocator

from walkback.analysis.model import Analysis, Bucket, Series
from walkback.reports import words
from walkback.reports.charts.sheet import BAND, BLUE, GAP, GAP_LINES, HALO, INK, PALE_BLUE, SOFT, VERMILION
from walkback.reports.tables import gaps


def draw_volume_on(axes: Axes, analysis: Analysis) -> Axes:
    """Posts of each bucket as bars from zero, events as lines, what was not observed hatched."""
    series, zone = analysis.series, analysis.case.zone
    shown = [bucket for bucket in series.buckets if bucket.observed or bucket.measures.posts]
    starts, widths = _places(shown)
    colours = [PALE_BLUE if words.is_partial(bucket.observed_share) else BLUE for bucket in shown]
    axes.bar(
        starts, [bucket.measures.posts for bucket in shown], widths, align="edge", color=colours, zorder=2
    )
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(f"posts {words.per(series.grid.every)}")
    return _dressed(axes, analysis, series, zone)


def draw_sentiment_on(axes: Axes, analysis: Analysis) -> Axes:
    """Mean compound of each observed bucket with its 95% interval; the scale is whole."""
    series, zone = analysis.series, analysis.case.zone
    fewest = analysis.case.report.minimum_cell
    known = [
        bucket
        for bucket in series.buckets
        if bucket.observed and bucket.measures.mean_compound is not None and bucket.measures.authors >= fewest
    ]
    middles = [_place(bucket.start + (bucket.end - bucket.start) / 2) for bucket in known]
    means = [bucket.measures.mean_compound or 0.0 for bucket in known]
    lows = [bucket.measures.ci_low for bucket in known]
    highs = [bucket.measures.ci_high for bucket in known]
    with_interval = [low is not None for low in lows]
    axes.fill_between(
        middles,
        [low if low is not None else mean for low, mean in zip(lows, means, strict=True)],
        [high if high is not None else mean for high, mean in zip(highs, means, strict=True)],
        where=with_interval,
        color=BAND,
        linewidth=0,
        zorder=2,
    )
    axes.plot(middles, means, color=VERMILION, marker=".", zorder=3)
    axes.axhline(0, color=SOFT, linewidth=0.8, zorder=1)
    axes.set_ylim(-1, 1)
    axes.set_ylabel("mean compound, of ±1")
    return _dressed(axes, analysis, series, zone)


def _place(moment: datetime) -> float:
    return float(date2num(moment))  # type: ignore[no-untyped-call]


def _places(buckets: Sequence[Bucket]) -> tuple[list[float], list[float]]:
    starts = [_place(bucket.start) for bucket in buckets]
    ends = [_place(bucket.end) for bucket in buckets]
    return starts, [0.9 * (end - start) for start, end in zip(starts, ends, strict=True)]


def _dressed(axes: Axes, analysis: Analysis, series: Series, zone: ZoneInfo) -> Axes:
    for start, end in gaps(series):
        axes.axvspan(
            _place(start),
            _place(end),
            facecolor=GAP,
            edgecolor=GAP_LINES,
            hatch="////",
            lw=0,
        )
    for at, event in analysis.case.timeline():
        place = _place(at)
        axes.axvline(place, color=INK, linewidth=0.8, linestyle=(0, (3, 2)), zorder=4)
        axes.annotate(
            event.kind.value,
            (place, 1.0),
            (2, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            rotation=90,
            ha="left",
            va="top",
            size="x-small",
            color=INK,
            path_effects=HALO,
            zorder=5,
        )
    locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlim(_place(series.grid.start), _place(series.grid.end))
    synthetic = " (synthetic posts)" if analysis.case.synthetic else ""
    axes.set_title(words.shorten(words.clean(analysis.case.title), 60) + synthetic)
    return axes
