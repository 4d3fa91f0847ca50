"""Where the peak before an event is."""

from typing import Final

import numpy as np

from walkback.analysis.effects.hours import Hours

_HALF_WINDOW: Final = 3
_LEAST_OBSERVED: Final = 3


def find_peak(hours: Hours, announced: float) -> float | None:
    """The hour of the greatest 6-hour centred mean of posts in [announced, 0), in hours from the event.

    Only observed hours before the event count; a mean needs three of them. None where there is none.
    """
    before = hours.between(announced, 0)
    posts = np.where(before.observed, before.posts, 0.0)
    window = np.ones(2 * _HALF_WINDOW)
    sums, seen = (_centred(part, window) for part in (posts, before.observed.astype(float)))
    enough = seen >= _LEAST_OBSERVED
    if not enough.any():
        return None
    means = np.where(enough, sums / np.maximum(seen, 1), -1.0)
    return float(before.offset[int(np.argmax(means))])


def _centred(values: np.ndarray[tuple[int], np.dtype[np.float64]], window: np.ndarray) -> np.ndarray:
    """Sums over [i - 3, i + 3) for each i; beyond the ends there is nothing."""
    padded = np.concatenate([np.zeros(_HALF_WINDOW), values, np.zeros(_HALF_WINDOW - 1)])
    return np.convolve(padded, window, mode="valid")
