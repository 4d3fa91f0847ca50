"""What others do, for reference: before against after, and the textbook's interrupted time series."""

from typing import Final

import numpy as np
from scipy.special import ndtri

from walkback.analysis.effects.bins import VolumeBins, volume_bins
from walkback.analysis.effects.hours import Bools, Floats, Hours, Timing
from walkback.analysis.effects.seasonal_poisson import fit_seasonal_poisson

BIN_HOURS: Final = 6
WEEK_HOURS: Final = 168
FEWEST_BINS: Final = 4
Interval = tuple[float, float]


def before_after(hours: Hours, timing: Timing) -> Interval | None:
    """Log of mean posts in the week after to mean posts since the peak, 95% (Newey-West).

    None with fewer than four bins on a side.
    """
    bins, after = _bins(hours, timing)
    if not _enough(after):
        return None
    design = np.column_stack([~after, after]).astype(float)
    mean, covariance = _least_squares(design, bins.posts)
    gradient = np.array([-1 / mean[0], 1 / mean[1]])
    return _interval(float(np.log(mean[1] / mean[0])), float(gradient @ covariance @ gradient))


def log_linear_its(hours: Hours, timing: Timing) -> Interval | None:
    """Mean distance in the week after from the line of log posts before, 95% (Newey-West).

    Log posts = 1 + t + after + after t, as textbooks have it (Wagner et al. 2002), seasons divided out.
    None with fewer than four bins on a side.
    """
    bins, after = _bins(hours, timing)
    if not _enough(after):
        return None
    days = bins.at / 24
    design = np.column_stack([np.ones_like(days), days, after, after * days])
    beta, covariance = _least_squares(design, np.log((bins.posts + 0.5) / bins.expected))
    contrast = np.array([0, 0, 1, days[after].mean()])
    return _interval(float(contrast @ beta), float(contrast @ covariance @ contrast))


def _bins(hours: Hours, timing: Timing) -> tuple[VolumeBins, Bools]:
    """Bins from the peak to a week after the event, and which lie after it."""
    part = hours.between(timing.peak, WEEK_HOURS)
    baseline = fit_seasonal_poisson(hours, timing.announced)
    if baseline is None:
        raise ValueError("a world without a baseline")
    bins = volume_bins(part, baseline.expected(part), BIN_HOURS)
    return bins, np.asarray(bins.at > 0)


def _enough(after: Bools) -> bool:
    return bool(min(after.sum(), (~after).sum()) >= FEWEST_BINS)


def _least_squares(design: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Coefficients and their Newey-West covariance with lags up to 24 hours."""
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ values
    score = design * (values - design @ beta)[:, None]
    meat = score.T @ score
    for lag in range(1, 24 // BIN_HOURS + 1):
        cross = score[lag:].T @ score[:-lag]
        meat += (1 - lag / (24 // BIN_HOURS + 1)) * (cross + cross.T)
    return beta, bread @ meat @ bread


def _interval(value: float, variance: float) -> Interval:
    reach = float(ndtri(0.975)) * variance**0.5
    return value - reach, value + reach
