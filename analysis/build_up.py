"""How fast the outcry built up: the doubling time of the excess between onset and peak."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from walkback.analysis.effects.negative_binomial import dispersion
from walkback.analysis.model import Bucket, Estimate, Series

BIN_HOURS: Final = 6
MIN_BINS: Final = 4
_ROUNDS: Final = 100
_WHOLE: Final = 0.999
_HOUR: Final = timedelta(hours=1)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Growth:
    """The doubling time in hours with its 95% interval, or why there is none."""

    estimate: Estimate | None
    notes: tuple[str, ...] = ()


def doubling_time_hours(
    hourly: Series, baseline_per_day: float, onset: datetime, peak_day: datetime
) -> Growth:
    """Ln 2 over the slope of log excess, from a day before the onset to the busiest 6 hours by the peak day.

    The day before belongs to it because the onset is told by whole days: an outcry that begins in
    the evening stands out on the next. Hours without excess tell nothing of the slope, and do no harm.

    The 6-hour counts y_t have the mean b + exp(a + s t), b being the baseline, and the negative
    binomial variance mu + alpha mu^2 (Hilbe 2011, NB2), alpha by moments from the Pearson
    statistic; a and s by Fisher scoring. Student's t at n - 2 degrees of freedom.
    """
    bins = _bins(hourly, onset, peak_day)
    if len(bins) < MIN_BINS:
        return Growth(
            None, (f"No doubling time: the build-up took fewer than {MIN_BINS * BIN_HOURS} observed hours.",)
        )
    hours = np.array([hour for hour, _ in bins])
    counts = np.array([count for _, count in bins], dtype=np.float64)
    fit = _fit(hours, counts, baseline_per_day / 24 * BIN_HOURS)
    if fit is None:
        return Growth(None, ("No doubling time: the build-up is not a steady growth.",))
    slope, standard_error = fit
    reach = float(stdtrit(len(bins) - 2, 0.975)) * standard_error
    if slope - reach <= 0:
        return Growth(None, ("No doubling time: the growth can't be told from none.",))
    return Growth(Estimate(log(2) / slope, log(2) / (slope + reach), log(2) / (slope - reach)))


def _bins(hourly: Series, onset: datetime, peak_day: datetime) -> list[tuple[float, int]]:
    """(middle in hours since onset, posts) of the whole 6-hour bins up to the busiest one."""
    first, last = onset - timedelta(days=1), peak_day + timedelta(days=1, hours=BIN_HOURS)
    hours = [bucket for bucket in hourly.buckets if first <= bucket.start < last]
    groups = [hours[at : at + BIN_HOURS] for at in range(0, len(hours) - BIN_HOURS + 1, BIN_HOURS)]
    counted = [
        ((group[0].start - onset) / _HOUR + BIN_HOURS / 2, sum(bucket.measures.posts for bucket in group))
        for group in groups
        if _whole(group)
    ]
    busiest = max(range(len(counted)), key=lambda at: counted[at][1], default=-1)
    return counted[: busiest + 1]


def _whole(group: list[Bucket]) -> bool:
    return all(bucket.observed_share >= _WHOLE for bucket in group)


def _fit(hours: Floats, counts: Floats, baseline: float) -> tuple[float, float] | None:
    """Slope of log excess per hour and its standard error; None where scoring does not settle."""
    centre = hours - hours.mean()
    design = np.column_stack([np.ones_like(centre), centre])
    excess = np.maximum(counts - baseline, 0.5)
    coefficients = np.linalg.lstsq(design, np.log(excess), rcond=None)[0]
    alpha = 0.0
    for _ in range(_ROUNDS):
        step, information, alpha = _scoring_step(design, counts, baseline, coefficients, alpha)
        coefficients = coefficients + step
        if not np.all(np.isfinite(coefficients)) or abs(coefficients[1]) > 5:
            return None
        if np.max(np.abs(step)) < 1e-9:
            return float(coefficients[1]), float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return None


def _scoring_step(
    design: Floats, counts: Floats, baseline: float, coefficients: Floats, alpha: float
) -> tuple[Floats, Floats, float]:
    """One step of Fisher scoring: the step, the information matrix and the new alpha."""
    growth = np.exp(np.clip(design @ coefficients, -30, 30))
    mean = baseline + growth
    alpha = dispersion(counts, mean, len(coefficients))
    weights = growth**2 / (mean + alpha * mean**2)
    information: Any = design.T @ (design * weights[:, None])
    score = design.T @ (weights * (counts - mean) / growth)
    step = np.linalg.lstsq(information, score, rcond=None)[0]
    return np.clip(step, -1.0, 1.0), information, alpha
