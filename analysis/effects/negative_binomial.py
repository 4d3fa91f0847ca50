"""Overdispersion of counts: the negative binomial with variance mu + alpha mu^2 (Hilbe 2011, NB2)."""

import numpy as np

from walkback.analysis.effects.hours import Floats


def dispersion(counts: Floats, mean: Floats, parameters: int) -> float:
    """Alpha by moments from ((y - mu)^2 - mu) / mu^2, corrected for the fitted `parameters`; at least 0."""
    correction = len(counts) / max(len(counts) - parameters, 1)
    return max(0.0, float(np.mean(((counts - mean) ** 2 * correction - mean) / mean**2)))
