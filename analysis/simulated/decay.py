"""How attention fades: three families that the literature on outrage and news finds."""

from math import log
from typing import Final

import numpy as np

from walkback.analysis.effects.hours import Floats

FAMILIES: Final = ("exponential", "power law", "bi-exponential")


def draw_decay(rng: np.random.Generator, days: Floats) -> tuple[str, Floats]:
    """(family, what is left of the peak's excess after so many days), 1 at the peak.

    Exponential with a half-life of 0.7 to 4 days; Lomax power law (Crane & Sornette 2008 find
    exponents of 0.3 to 1.4 in three classes); a fast and a slow exponential (Candia et al. 2019).
    """
    family = FAMILIES[rng.integers(len(FAMILIES))]
    if family == "exponential":
        return family, 0.5 ** (days / log_uniform(rng, 0.7, 4))
    if family == "power law":
        exponent, half_life = rng.uniform(0.6, 1.8), log_uniform(rng, 0.4, 2)
        scale = half_life / (2 ** (1 / exponent) - 1)
        return family, (1 + days / scale) ** -exponent
    fast, slow, share = log_uniform(rng, 0.4, 1.5), log_uniform(rng, 4, 15), rng.uniform(0.5, 0.9)
    return family, share * 0.5 ** (days / fast) + (1 - share) * 0.5 ** (days / slow)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between `low` and `high`, its logarithm drawn uniformly."""
    return float(np.exp(rng.uniform(log(low), log(high))))
