"""What would have come without the event, drawn over what came: a band of posts, a line of sentiment."""

from typing import Any

from matplotlib.axes import Axes

from walkback.analysis.model import Counterfactual, Series
from walkback.reports import tables
from walkback.reports.charts.sheet import HALO, PALE_PURPLE, PURPLE, Sheet, days_between


def draw_faded(axes: Axes, sheet: Sheet, series: Series, faded: Counterfactual) -> list[str]:
    """A step band from the least to the most posts that fading alone predicts, with its name beside it.

    Returns a note where the name has no room.
    """
    rows = zip(series.buckets, faded.posts_low, faded.posts_high, strict=True)
    known = [(b, low, high) for b, low, high in rows if low is not None and high is not None]
    if not known:
        return []
    edges = [days_between(sheet.start, known[0][0].start)]
    edges += [days_between(sheet.start, bucket.end) for bucket, _, _ in known]
    lows, highs = [low for _, low, _ in known], [high for _, _, high in known]
    axes.stairs(
        highs, edges, baseline=lows, fill=True, color=PALE_PURPLE, alpha=0.75, zorder=2.2, gid="faded"
    )
    for values in (lows, highs):
        axes.stairs(values, edges, baseline=None, color=PURPLE, lw=1.1, zorder=2.4)
    text, end = "what fading alone predicts", sheet.x(known[-1][0].end)
    gaps = [sheet.x(start) for start, stop in tables.gaps(series) if stop > known[-1][0].end]
    if _fits(sheet, text, end, before=min([*gaps, sheet.right])):
        _label(axes, sheet, text, (edges[-1], (lows[-1] + highs[-1]) / 2))
        return []
    return [f"Purple band: {text}."]


def draw_drift(axes: Axes, sheet: Sheet, series: Series, faded: Counterfactual) -> list[str]:
    """The sentiment that the drift alone predicts, dashed, with its name beside it; else returns a note."""
    rows = zip(series.buckets, faded.mean_compound, strict=True)
    known = [(b.start + (b.end - b.start) / 2, mean) for b, mean in rows if mean is not None]
    if len(known) < 2:
        return []
    xs = [days_between(sheet.start, moment) for moment, _ in known]
    means = [mean for _, mean in known]
    axes.plot(xs, means, color=PURPLE, lw=1.4, ls=(0, (4, 2)), zorder=3.2, gid="drift")
    text = "by drift alone"
    if _fits(sheet, text, sheet.x(known[-1][0]), before=sheet.right):
        _label(axes, sheet, text, (xs[-1], means[-1]))
        return []
    return ["Dashed: sentiment by its drift alone."]


def highest(faded: Counterfactual | None) -> float:
    """The most posts of any bucket, 0 without any."""
    return max((high for high in faded.posts_high if high is not None), default=0.0) if faded else 0.0


def _fits(sheet: Sheet, text: str, end: float, *, before: float) -> bool:
    return end + sheet.size(text)[0] + 6 <= before


def _label(axes: Axes, sheet: Sheet, text: str, at: tuple[float, float]) -> None:
    how: dict[str, Any] = {"size": sheet.look.type, "color": PURPLE, "path_effects": HALO, "zorder": 5}
    axes.annotate(text, at, (5, 0), textcoords="offset points", va="center", **how)
