"""Volume: how far posts fell below what fading alone predicts, whatever the shape of the fading.

A few days before an event don't tell the shapes of fading apart, and the shape chosen can decide the
answer (Gasparrini et al. 2009, Eur. J. Epidemiol. 24:597). So the interval is the union over all of
them, as in the set identification of Rambachan and Roth (2023), Rev. Econ. Stud. 90:2555.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import Final

import numpy as np
from scipy.special import stdtr, stdtrit

from walkback.analysis.effects.bins import VolumeBins, volume_bins
from walkback.analysis.effects.decay_shapes import (
    SHAPES,
    Fading,
    fading_of,
    fit_shapes,
    half_life_days,
    log_fading,
    standard_errors,
)
from walkback.analysis.effects.hours import Floats, Hours, Timing
from walkback.analysis.effects.noise import Noise, Residuals, estimate_noise
from walkback.analysis.effects.seasonal_poisson import MIN_DAYS, SeasonalBaseline, fit_seasonal_poisson

LEVEL: Final = 0.99  # with sentiment at 96% both together err in 5% of cases at most (Bonferroni)
WASHOUT_HOURS: Final = 12  # the event is news itself
WINDOW_HOURS: Final = 60
BIN_HOURS: Final = 6
MIN_HOURS_BEFORE: Final = 48
MIN_HOURS_AFTER: Final = 24
MIN_POSTS_BEFORE: Final = 100
LEAST_LEFT: Final = 0.25  # of the usual volume: with less, there is too little left to calm
NO_CHANGE: Final = log(1 / 0.7)
_LEAST_TOLD: Final = 25.0  # root of the sum of squared expected posts: 1 / 0.04


class VolumeStatus(StrEnum):
    """What the interval says."""

    DOWN = "down"
    UP = "up"
    SAME = "no material change"
    UNCLEAR = "unclear"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True)
class DecayFit:
    """One shape's fit: `log_ratio` (delta) is the mean log ratio of excess to what this fading predicts.

    `scale` (a) is the log of the excess at the peak in posts a bin of usual business; `decay` (lambda) is
    a day. `p` is two-sided.
    """

    shape: float
    log_ratio: float
    ci_low: float
    ci_high: float
    p: float
    scale: float
    decay: float

    @property
    def half_life_days(self) -> float:
        """Until half of the excess at the peak is gone, in days."""
        return half_life_days(self.shape, self.decay)

    def fading(self, days: Floats) -> Floats:
        """The excess `days` after the peak, in the unit of `exp(scale)`; shape (n,)."""
        log_g, _ = log_fading(days, np.array([[log(self.decay)]]), np.array([[self.shape]]))
        return np.asarray(np.exp(self.scale + log_g[0]), np.float64)


@dataclass(frozen=True, slots=True)
class VolumeEffect:
    """The effect on volume with its 99% interval, or why there is none.

    `log_ratio` is the middle of the shapes' estimates, the interval their union; `p` the largest of
    theirs. `posts_before` and `posts_after` went into it. `noise` is how the volume before the outcry
    swings beyond season and chance, None where too few posts tell. The swings of the outcry itself tell
    less, because the fitted fading takes part of them.
    """

    status: VolumeStatus
    reason: str | None = None
    log_ratio: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    fits: tuple[DecayFit, ...] = ()
    noise: Noise | None = None
    baseline: SeasonalBaseline | None = None
    posts_before: int = 0
    posts_after: int = 0
    bin_hours: int = BIN_HOURS

    def counterfactual(self, hours: Hours, peak: float) -> tuple[Floats, Floats]:
        """Least and most posts an hour that fading alone predicts over the shapes; two arrays of shape (n,).

        `peak` is in hours from the event, and `hours` begin at or after it. Raises ValueError without
        an estimate.
        """
        if self.baseline is None or not self.fits:
            raise ValueError("no estimate, so no counterfactual")
        usual = self.baseline.expected(hours)
        days = (hours.offset + 0.5 - peak) / 24
        curves = usual + np.array([usual / self.baseline.rate * fit.fading(days) for fit in self.fits])
        return curves.min(axis=0), curves.max(axis=0)


def estimate_volume(
    hours: Hours,
    timing: Timing,
    *,
    bin_hours: int = BIN_HOURS,
    window_hours: int = WINDOW_HOURS,
    level: float = LEVEL,
) -> VolumeEffect:
    """The log ratio of the excess 12 to 72 hours after the event to what fading alone would have left.

    Negative binomial counts about b + (b / mean b) exp(a) g(tau) exp(delta + zeta (t - mid) / span), the
    last factor after the event alone, so that what comes after says nothing of the fading. Standard
    errors are Newey and West's (1987) on the influence of each bin, with lags up to 24 hours; Student's t
    at n / (1 + 2 tau) degrees of freedom, tau being the noise's memory in bins. Bins of a day begin after
    the event's own day and reach over three. Too little to go by gives `not possible` with the reason.
    """
    baseline = fit_seasonal_poisson(hours, timing.announced)
    if baseline is None:
        return _not_possible(f"fewer than {MIN_DAYS} days before the outcry were observed")
    washout = max(WASHOUT_HOURS, bin_hours)
    end = min(washout + max(window_hours, 3 * bin_hours), timing.until)

    def bins(start: float, end: float) -> VolumeBins:
        part = hours.between(start, end)
        return volume_bins(part, baseline.expected(part), bin_hours)

    sample = _Sample(
        bins(-np.inf, timing.announced), bins(timing.peak, 0), bins(washout, end), baseline, bin_hours
    )
    lacking = _lacking(sample)
    return _not_possible(lacking, sample) if lacking else _estimate(sample, timing.peak, level)


def half_lives(
    hours: Hours, baseline: SeasonalBaseline, stretch: tuple[float, float], bin_hours: int
) -> tuple[float, ...]:
    """Half-lives in days of the excess over a stretch (hours from the event), by the shapes of xi = 0 and 1.

    Empty with fewer than 48 observed hours, and where the excess is less than a quarter of the usual volume.
    """
    part = hours.between(*stretch)
    bins = volume_bins(part, baseline.expected(part), bin_hours)
    excess = float(bins.posts.sum() - bins.expected.sum())
    if len(bins.at) * bin_hours < MIN_HOURS_BEFORE or excess < LEAST_LEFT * bins.expected.sum():
        return ()
    fitted = fit_shapes(fading_of(bins, bins.none(), stretch[0], baseline.rate))
    decays = dict(zip(SHAPES, np.exp(fitted.theta[:, 1]), strict=True))
    return tuple(half_life_days(shape, float(decays[shape])) for shape in (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class _Sample:
    """The bins of the baseline, from the peak to the event, and of the window after it."""

    usual: VolumeBins
    before: VolumeBins
    after: VolumeBins
    baseline: SeasonalBaseline
    bin_hours: int


def _lacking(sample: _Sample) -> str | None:
    posts = int(sample.before.posts.sum())
    if len(sample.before.at) * sample.bin_hours < MIN_HOURS_BEFORE:
        return f"fewer than {MIN_HOURS_BEFORE} observed hours lie between the peak and the event"
    if posts < MIN_POSTS_BEFORE:
        return f"only {posts} posts lie between the peak and the event, fewer than {MIN_POSTS_BEFORE}"
    if len(sample.after.at) * sample.bin_hours < MIN_HOURS_AFTER:
        return f"fewer than {MIN_HOURS_AFTER} observed hours lie in the three days after the event"
    return None


def _not_possible(reason: str, sample: _Sample | None = None) -> VolumeEffect:
    before, after = (0, 0) if sample is None else (sample.before.posts.sum(), sample.after.posts.sum())
    return VolumeEffect(VolumeStatus.NOT_POSSIBLE, reason, posts_before=int(before), posts_after=int(after))


def _estimate(sample: _Sample, peak: float, level: float) -> VolumeEffect:
    fading = fading_of(sample.before, sample.after, peak, sample.baseline.rate)
    fitted = fit_shapes(fading)
    left = float(fitted.faded[:, fading.post > 0].sum(axis=1).min() / sample.after.expected.sum())
    if left < LEAST_LEFT:
        return _not_possible(
            f"fading alone would have left {left:.0%} of the usual volume above it, too little to calm",
            sample,
        )
    noises = [_noise(fading, mean, sample) for mean in fitted.mean]
    errors = standard_errors(fading, fitted, sample.bin_hours)
    fits = tuple(
        _decay_fit(shape, theta, error, _degrees(len(fading.at), noise, sample.bin_hours), level)
        for shape, theta, error, noise in zip(SHAPES, fitted.theta, errors, noises, strict=True)
    )
    low, high = min(fit.ci_low for fit in fits), max(fit.ci_high for fit in fits)
    ratios = [fit.log_ratio for fit in fits]
    return VolumeEffect(
        status=_status(low, high),
        log_ratio=(min(ratios) + max(ratios)) / 2,
        ci_low=low,
        ci_high=high,
        p=max(fit.p for fit in fits),
        fits=fits,
        noise=_usual_noise(sample),
        baseline=sample.baseline,
        posts_before=int(sample.before.posts.sum()),
        posts_after=int(sample.after.posts.sum()),
        bin_hours=sample.bin_hours,
    )


def _noise(fading: Fading, mean: Floats, sample: _Sample) -> Noise:
    after = fading.post > 0
    sides = [
        Residuals(fading.at[side], fading.posts[side] - mean[side], mean[side], mean[side])
        for side in (~after, after)
    ]
    return estimate_noise([_usual_residuals(sample), *sides], sample.bin_hours, with_own=False)


def _usual_noise(sample: _Sample) -> Noise | None:
    """None where chance alone would make the variance of the log rate uncertain by 0.04 and more."""
    if float((sample.usual.expected**2).sum()) ** 0.5 < _LEAST_TOLD:
        return None
    return estimate_noise([_usual_residuals(sample)], sample.bin_hours, with_own=False)


def _usual_residuals(sample: _Sample) -> Residuals:
    usual = sample.usual
    return Residuals(usual.at, usual.posts - usual.expected, usual.expected, usual.expected)


def _degrees(bins: int, noise: Noise, bin_hours: int) -> float:
    return max(3.0, bins / (1 + 2 * noise.hours / bin_hours))


def _decay_fit(shape: float, theta: Floats, error: float, degrees: float, level: float) -> DecayFit:
    scale, log_decay, delta, _ = (float(value) for value in theta)
    reach = float(stdtrit(degrees, 0.5 + level / 2)) * error
    p = 2 * float(stdtr(degrees, -abs(delta) / error))
    return DecayFit(shape, delta, delta - reach, delta + reach, p, scale, float(np.exp(log_decay)))


def _status(low: float, high: float) -> VolumeStatus:
    if high < 0:
        return VolumeStatus.DOWN
    if low > 0:
        return VolumeStatus.UP
    return VolumeStatus.SAME if low >= -NO_CHANGE and high <= NO_CHANGE else VolumeStatus.UNCLEAR
