"""The shapes of fading: counts about the usual volume plus an excess that fades, fitted for each shape.

The excess fades as g(tau) = (1 + xi lambda tau)^(-1/xi): exponential at xi = 0, a slow power law at
xi = 2 (Crane and Sornette 2008, PNAS 105:15649, saw the power laws).
"""

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from walkback.analysis.effects.bins import VolumeBins
from walkback.analysis.effects.hours import Floats
from walkback.analysis.effects.negative_binomial import dispersion
from walkback.analysis.effects.noise import LONGEST_LAG_HOURS

SHAPES: Final = (0.0, 0.5, 1.0, 2.0)  # xi
_PRIOR_MEAN: Final = np.array([0.0, log(0.35), 0.0, 0.0])  # a, log lambda a day, delta, zeta
_PRIOR_PRECISION: Final = np.diag([1 / 25.0, 1 / 1.5**2, 1 / 25.0, 1 / 9.0])
_ROUNDS: Final = 40
_ALPHA_LOOPS: Final = 4
_SETTLED: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Fading:
    """What is fitted, shape (n,): days since the peak, posts, usual posts, their share of the usual rate.

    `post` is 1 after the event, `middle` how far from the middle of the window after it, in its spans.
    """

    at: Floats
    days: Floats
    posts: Floats
    usual: Floats
    season: Floats
    post: Floats
    middle: Floats


@dataclass(frozen=True, slots=True)
class FittedShapes:
    """All shapes' fits; m shapes, n bins, k parameters (a, log lambda, delta, zeta).

    `theta` (m, k); `mean` (m, n); `faded`: the excess that fading alone predicts (m, n);
    `influence`: of each bin on delta (m, n).
    """

    theta: Floats
    mean: Floats
    faded: Floats
    influence: Floats


def fading_of(before: VolumeBins, after: VolumeBins, peak: float, rate: float) -> Fading:
    """The bins from the peak (in hours from the event) on; `rate`: the usual posts an hour."""
    at, posts, usual = (
        np.concatenate([getattr(before, name), getattr(after, name)]) for name in ("at", "posts", "expected")
    )
    post = np.repeat([0.0, 1.0], [len(before.at), len(after.at)])
    centre, span = (after.at.mean(), max(float(np.ptp(after.at)), 1.0)) if len(after.at) else (0.0, 1.0)
    middle = post * (at - centre) / span
    return Fading(at, (at - peak) / 24, posts, usual, usual / rate, post, middle)


def log_fading(days: Floats, log_decay: Floats, shapes: Floats) -> tuple[Floats, Floats]:
    """Log of the fading and its derivative by log lambda; shapes and log lambdas (m, 1), days (n,)."""
    reach = np.exp(log_decay) * np.maximum(days, 0.0)
    bend = shapes * reach
    shrink = np.where(bend > 1e-9, np.log1p(bend) / np.maximum(bend, 1e-9), 1.0)
    return -reach * shrink, -reach / (1 + bend)


def half_life_days(shape: float, decay: float) -> float:
    """Days until half of the excess is gone; `decay` (lambda) is a day."""
    return log(2) / decay if shape == 0 else (2**shape - 1) / (shape * decay)


def fit_shapes(fading: Fading) -> FittedShapes:
    """Fisher scoring for every shape at once, the dispersion by moments between the loops."""
    shapes = np.array(SHAPES)[:, None]
    theta = np.tile(_PRIOR_MEAN, (len(SHAPES), 1))
    theta[:, 0] = log(max(float((fading.posts - fading.usual)[0] / fading.season[0]), 0.1))
    alpha = np.zeros((len(SHAPES), 1))
    for _ in range(_ALPHA_LOOPS):
        for _ in range(_ROUNDS):
            mean, gradient, _faded = _model(fading, theta, shapes)
            weight = 1 / (mean + alpha * mean**2)
            information = _information(gradient, weight)
            score = np.einsum("mnk,mn->mk", gradient, weight * (fading.posts - mean))
            score -= (theta - _PRIOR_MEAN) @ _PRIOR_PRECISION
            step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
            theta = theta + np.clip(step, -1, 1)
            if np.abs(step).max() < _SETTLED:
                break
        mean, gradient, faded = _model(fading, theta, shapes)
        alpha = np.array([[dispersion(fading.posts, row, theta.shape[1])] for row in mean])
    weight = 1 / (mean + alpha * mean**2)
    scores = gradient * (weight * (fading.posts - mean))[:, :, None]
    influence = np.einsum("mk,mnk->mn", np.linalg.inv(_information(gradient, weight))[:, 2], scores)
    return FittedShapes(theta, mean, faded, influence)


def _model(fading: Fading, theta: Floats, shapes: Floats) -> tuple[Floats, Floats, Floats]:
    """Means (m, n), their gradients (m, n, k), and the excess that fading alone predicts (m, n)."""
    scale, log_decay, delta, zeta = (theta[:, [column]] for column in range(4))
    log_g, slope = log_fading(fading.days, log_decay, shapes)
    faded = fading.season * np.exp(np.clip(scale + log_g, -30, 30))
    excess = faded * np.exp(np.clip(fading.post * delta + fading.middle * zeta, -30, 30))
    ones = np.ones_like(excess)
    columns = (ones, slope, fading.post * ones, fading.middle * ones)
    return fading.usual + excess, excess[:, :, None] * np.stack(columns, axis=2), faded


def _information(gradient: Floats, weight: Floats) -> Floats:
    information: Floats = np.einsum("mnk,mn,mnl->mkl", gradient, weight, gradient) + _PRIOR_PRECISION
    return information


def standard_errors(fading: Fading, fitted: FittedShapes, bin_hours: int) -> Floats:
    """Newey and West's, shape (m,): Bartlett weights up to 24 hours, times n / (n - k)."""
    apart = np.abs(np.subtract.outer(fading.at, fading.at))
    weights = np.maximum(1 - apart / (max(LONGEST_LAG_HOURS, bin_hours) + bin_hours), 0)
    n, k = len(fading.at), fitted.theta.shape[1]
    variance: Floats = np.einsum("mi,ij,mj->m", fitted.influence, weights, fitted.influence)
    return np.asarray(np.sqrt(variance * n / max(n - k, 1)), np.float64)
