"""How unsteady a series is beyond chance, and for how long it remembers: moments of residuals."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np

from walkback.analysis.effects.hours import Floats

LONGEST_LAG_HOURS: Final = 24.0
_LONGEST_MEMORY_HOURS: Final = 96.0  # lags of a day can't tell longer ones apart
_PHIS: Final = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True, slots=True)
class Noise:
    """A first-order autoregression: its standard deviation, its time constant in hours (0: none)."""

    sd: float
    hours: float


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals of one stretch, shape (n,): middles in hours, residuals, and the scale they are held against.

    The covariance of residuals i and j is taken as scale_i scale_j sd^2 exp(-|t_i - t_j| / hours), plus
    `own` of each residual alone.
    """

    at: Floats
    residual: Floats
    scale: Floats
    own: Floats


def estimate_noise(stretches: Sequence[Residuals], bin_hours: int, *, with_own: bool) -> Noise:
    """Fit sd^2 phi^lag to the autocovariances of all the residuals, pooled, at lags up to 24 hours.

    `with_own`: whether lag 0, less what each residual has of its own, is fitted too; without it the
    variance comes from neighbours alone and lag 0 only bounds it. Moments as in Davis, Dunsmuir and Wang
    (1999) for a latent process in counts. Turner et al. (2021), BMC Med. Res. Methodol. 21:181, warn that
    short series understate persistence; pooling the baseline is the remedy.
    """
    lags = range(max(int(LONGEST_LAG_HOURS // bin_hours), 1) + 1)
    products, weights = np.array([_products(stretches, lag, bin_hours) for lag in lags]).T
    most = max(products[0] / weights[0], 0.0) if weights[0] > 0 else 0.0
    told = (weights > 0) & (np.array(lags) >= (0 if with_own else 1))
    if most == 0 or not told.any():
        return Noise(0.0, 0.0)
    products, weights = products[told], weights[told]
    powers = _PHIS[:, None] ** np.array(lags, float)[told]
    variances = (powers * products).sum(axis=1) / (powers**2 * weights).sum(axis=1)
    variances = np.clip(variances, 0.0, None if with_own else most)
    misfit = (weights * (variances[:, None] * powers - products / weights) ** 2).sum(axis=1)
    best = int(np.argmin(misfit))
    if variances[best] <= 0:
        return Noise(0.0, 0.0)
    return Noise(sqrt(variances[best]), min(-bin_hours / log(_PHIS[best]), _LONGEST_MEMORY_HOURS))


def _products(stretches: Sequence[Residuals], lag: int, bin_hours: int) -> tuple[float, float]:
    """Sum of the products of residuals `lag` bins apart, and of the products of their scales."""
    product = weight = 0.0
    for part in stretches:
        apart = np.abs(np.subtract.outer(part.at, part.at)) / bin_hours
        pairs = np.triu(np.abs(apart - lag) < 0.5, k=0 if lag == 0 else 1)
        if lag == 0:
            pairs &= np.eye(len(part.at), dtype=bool)
        outer, scales = np.outer(part.residual, part.residual), np.outer(part.scale, part.scale)
        product += float(outer[pairs].sum()) - (float(part.own.sum()) if lag == 0 else 0.0)
        weight += float(scales[pairs].sum())
    return product, weight


def correlation(at: Floats, hours: float) -> Floats:
    """Exp(-|t_i - t_j| / hours) for times in hours, shape (n, n); `hours` is more than 0."""
    return np.exp(-np.abs(np.subtract.outer(at, at)) / hours)
