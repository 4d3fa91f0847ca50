"""Where a pushback stands that nothing has answered yet: building, or fading by itself."""

from typing import Final

from walkback.analysis.model import Series, Shape

_LATEST: Final = 2  # days
_WHOLE_DAY: Final = 0.999


def state_of(daily: Series, shape: Shape) -> str:
    """One sentence on the last two observed days against the peak, in posts above the baseline."""
    baseline, peak = shape.baseline_posts_per_day, shape.peak
    if baseline is None or peak is None:
        return "Without a baseline, it can't be told whether the pushback is building or fading."
    if shape.onset is None:
        return "Volume has not stood out from the usual for two days: there is no outcry to speak of."
    whole = [day for day in daily.buckets if day.observed_share >= _WHOLE_DAY and day.start >= shape.onset]
    latest = whole[-_LATEST:]
    if len(latest) < _LATEST:
        return "Fewer than two whole days were observed since the onset, too few to tell where it is going."
    excess = [day.measures.posts - baseline for day in latest]
    told = f"the last two whole days brought {_many(excess[0])} and {_many(excess[1])} posts above the usual"
    if peak.start >= latest[0].start:
        return f"The pushback is still building: {told}, and its busiest day is one of them."
    share = sum(excess) / _LATEST / max(peak.posts - baseline, 1)
    return (
        f"The pushback is fading by itself: {told}, {max(share, 0.0):.0%} of the peak's "
        f"{_many(peak.posts - baseline)}."
    )


def _many(posts: float) -> str:
    return f"{max(posts, 0.0):,.0f}"
