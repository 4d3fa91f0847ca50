"""Hours put together into bins that are counted from the event, so that no bin holds both sides of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from walkback.analysis.effects.hours import Bools, Floats, Hours

OBSERVED_AT_LEAST: Final = 0.5  # of a bin's hours; below that its count is missing


@dataclass(frozen=True, slots=True)
class VolumeBins:
    """Bins with enough observed hours, shape (n,): middle in hours from the event, posts, expected posts.

    `posts` and `expected` are summed over the same observed hours: what is missing is missing from both.
    """

    at: Floats
    posts: Floats
    expected: Floats
    hours: Floats

    def none(self) -> "VolumeBins":
        """No bin."""
        return VolumeBins(*np.empty((4, 0)))


@dataclass(frozen=True, slots=True)
class SentimentBins:
    """Bins with scored posts, shape (n,): middle in hours from the event, scored posts, mean compound.

    `within` is the sum of squared deviations from the bin's mean. Sampling cuts none of it: a bin that
    was observed in part has a mean all the same.
    """

    at: Floats
    scored: Floats
    mean: Floats
    within: Floats


def volume_bins(hours: Hours, expected: Floats, bin_hours: int) -> VolumeBins:
    """Whole bins of `bin_hours`, those left out that were observed for less than half."""
    index, n = _index(hours, bin_hours)
    seen = hours.observed.astype(float)
    observed, posts, rate, middle = (
        _sums(index, part * seen, n) for part in (np.ones(len(index)), hours.posts, expected, hours.offset)
    )
    kept: Bools = observed >= OBSERVED_AT_LEAST * bin_hours
    return VolumeBins(middle[kept] / observed[kept] + 0.5, posts[kept], rate[kept], observed[kept])


def sentiment_bins(hours: Hours, bin_hours: int, least: int) -> SentimentBins:
    """Bins of `bin_hours` with at least `least` scored posts."""
    index, n = _index(hours, bin_hours)
    scored, total, squares, middle = (
        _sums(index, part, n)
        for part in (hours.scored, hours.total, hours.squares, (hours.offset + 0.5) * hours.scored)
    )
    kept = scored >= max(least, 1)
    scored, total, squares, middle = scored[kept], total[kept], squares[kept], middle[kept]
    within = np.maximum(squares - total**2 / scored, 0.0)
    return SentimentBins(middle / scored, scored, total / scored, within)


def _index(hours: Hours, bin_hours: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], int]:
    """The bin of each hour, numbered from 0, and the number of bins."""
    bins = np.floor(hours.offset / bin_hours).astype(np.intp)
    index = bins - (bins[0] if len(bins) else 0)
    return index, int(index[-1]) + 1 if len(index) else 0


def _sums(index: np.ndarray[tuple[int], np.dtype[np.intp]], values: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(index, values, n), np.float64)
