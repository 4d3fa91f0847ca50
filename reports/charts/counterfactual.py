"""What would have come without the event, drawn over what came: a band of posts, a line of sentiment."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from walkback.analysis.model import Counterfactual, Series
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
    end = sheet.x(known[-1][0].end)
    return _label(axes, sheet, "what fading alone predicts", (edges[-1], (lows[-1] + highs[-1]) / 2), end)


def draw_drift(axes: Axes, sheet: Sheet, series: Series, faded: Counterfactual) -> list[str]:
    """The sentiment that the drift alone predicts, dashed, with its name beside it; else returns a note."""
    rows = zip(series.buckets, faded.mean_compound, strict=True)
    known = [(b.start + (b.end - b.start) / 2, mean) for b, mean in rows if mean is not None]
    if len(known) < 2:
        return []
    xs = [days_between(sheet.start, moment) for moment, _ in known]
    means = [mean for _, mean in known]
    axes.plot(xs, means, color=PURPLE, lw=1.4, ls=(0, (4, 2)), zorder=3.2, gid="drift")
    return _label(axes, sheet, "by drift alone", (xs[-1], means[-1]), sheet.x(known[-1][0]))


def highest(faded: Counterfactual | None) -> float:
    """The most posts of any bucket, 0 without any."""
    return max((high for high in faded.posts_high if high is not None), default=0.0) if faded else 0.0


def _label(axes: Axes, sheet: Sheet, text: str, at: Sequence[float], end: float) -> list[str]:
    if end + sheet.size(text)[0] + 6 > sheet.right:
        kind = "Purple band" if "fading" in text else "Dashed"
        return [f"{kind}: {text}."]
    how: dict[str, Any] = {"size": sheet.look.type, "color": PURPLE, "path_effects": HALO, "zorder": 5}
    axes.annotate(text, (at[0], at[1]), (5, 0), textcoords="offset points", va="center", **how)
    return []
