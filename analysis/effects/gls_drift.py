"""Sentiment: how far the mean compound of posts about the policy moved at an event, net of its drift.

Generalised least squares with a straight drift and an autocorrelated error whose memory is estimated
together with the baseline's (Turner et al. 2021, BMC Med. Res. Methodol. 21:181: short series alone
understate it).
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

import numpy as np
from scipy.special import stdtr, stdtrit

from walkback.analysis.effects.bins import SentimentBins, sentiment_bins
from walkback.analysis.effects.hours import Floats, Hours, Timing
from walkback.analysis.effects.noise import Noise, Residuals, correlation, estimate_noise

LEVEL: Final = 0.96  # more of the error than volume has, because sentiment tells more; see docs/method.md
WASHOUT_HOURS: Final = 24
WINDOW_END_HOURS: Final = 168
BIN_HOURS: Final = 6
MIN_POSTS_IN_BIN: Final = 5
MIN_BINS_BEFORE: Final = 4
MIN_BINS_AFTER: Final = 2
MIN_HOURS_AFTER: Final = 72
MIN_POSTS_AFTER: Final = 50
MIN_DIP: Final = 0.05
NO_CHANGE: Final = 0.3  # of the dip
_LEAST_SD: Final = 0.02
_LEAST_MEMORY_HOURS: Final = 6.0
_ROUNDS: Final = 3


class SentimentStatus(StrEnum):
    """What the interval says."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no material change"
    UNCLEAR = "unclear"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True)
class SentimentEffect:
    """The step in mean compound with its 96% interval, or why there is none.

    `recovered_share` is the step over the dip, `dip` the baseline's mean less what the drift alone
    predicts in the middle of the window after the event. `intercept` and `drift` (a day) are that
    prediction's. `posts_before` and `posts_after` are scored posts.
    """

    status: SentimentStatus
    reason: str | None = None
    step: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    dip: float | None = None
    recovered_share: float | None = None
    recovered_low: float | None = None
    recovered_high: float | None = None
    intercept: float = 0.0
    drift: float = 0.0
    noise: Noise | None = None
    posts_before: int = 0
    posts_after: int = 0
    bin_hours: int = BIN_HOURS

    def counterfactual(self, at: Floats) -> Floats:
        """Mean compound that the drift alone predicts `at` hours from the event; shape (n,)."""
        return self.intercept + self.drift * at / 24


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients (intercept, step, drift a day), their covariance, and the error that was assumed."""

    coefficients: Floats
    covariance: Floats
    noise: Noise


def estimate_sentiment(
    hours: Hours,
    timing: Timing,
    *,
    bin_hours: int = BIN_HOURS,
    window_end_hours: int = WINDOW_END_HOURS,
    level: float = LEVEL,
    least_dip: float | None = MIN_DIP,
) -> SentimentEffect:
    """The step at the event in m = c0 + step [after] + drift t + error, from the peak to a week after.

    The first day after the event is left out. Errors have the covariance s^2 exp(-|dt| / tau) plus
    sd^2 / n of each bin's mean; s and tau by moments, with the baseline's residuals, no less than 0.02
    and 6 hours. Student's t at span / (2 tau) degrees of freedom, 4 at least. Too little to go by, or a dip
    of less than `least_dip`, gives `not possible` with the reason.
    """
    end = min(float(window_end_hours), timing.until)

    def bins(start: float, end: float) -> SentimentBins:
        return sentiment_bins(hours.between(start, end), bin_hours, MIN_POSTS_IN_BIN)

    sample = _Sample(
        bins(-np.inf, timing.announced), bins(timing.peak, 0), bins(WASHOUT_HOURS, end), bin_hours
    )
    lacking = _lacking(sample, end)
    return _not_possible(lacking, sample) if lacking else _estimate(sample, level, least_dip)


@dataclass(frozen=True, slots=True)
class _Sample:
    """The bins of the baseline, from the peak to the event, and of the window after it."""

    usual: SentimentBins
    before: SentimentBins
    after: SentimentBins
    bin_hours: int

    @property
    def spread(self) -> float:
        """The variance of single posts' compound about their bin's mean."""
        parts = (self.usual, self.before, self.after)
        free = sum(float((part.scored - 1).sum()) for part in parts)
        return sum(float(part.within.sum()) for part in parts) / max(free, 1.0)


def _lacking(sample: _Sample, end: float) -> str | None:
    bins = f"bins with at least {MIN_POSTS_IN_BIN} scored posts"
    scored = int(sample.after.scored.sum())
    if len(sample.usual.at) == 0:
        return f"no {bins} lie before the outcry, so the usual sentiment is not known"
    if len(sample.before.at) < MIN_BINS_BEFORE:
        return (
            f"only {len(sample.before.at)} {bins} lie between the peak and the event, "
            f"fewer than {MIN_BINS_BEFORE}"
        )
    if end - WASHOUT_HOURS < MIN_HOURS_AFTER:
        return "fewer than four days after the event belong to it"
    if len(sample.after.at) < MIN_BINS_AFTER:
        return (
            f"only {len(sample.after.at)} {bins} lie in the week after the event, fewer than {MIN_BINS_AFTER}"
        )
    if scored < MIN_POSTS_AFTER:
        return f"only {scored} scored posts lie in the week after the event, fewer than {MIN_POSTS_AFTER}"
    return None


def _not_possible(reason: str, sample: _Sample) -> SentimentEffect:
    return SentimentEffect(
        SentimentStatus.NOT_POSSIBLE,
        reason,
        posts_before=int(sample.before.scored.sum()),
        posts_after=int(sample.after.scored.sum()),
    )


def _estimate(sample: _Sample, level: float, least_dip: float | None) -> SentimentEffect:
    spread = sample.spread
    fit = _fit(sample, spread)
    dip, covariance = _dip(sample, fit, spread)
    if least_dip is not None and dip < least_dip:
        return _not_possible(
            f"mean sentiment fell by less than {least_dip} from the usual, so there is no dip to undo",
            sample,
        )
    span = (len(sample.before.at) + len(sample.after.at)) * sample.bin_hours
    degrees = max(4.0, span / (2 * fit.noise.hours))
    return _effect(fit, dip, covariance, float(stdtrit(degrees, 0.5 + level / 2)), degrees, sample)


def _fit(sample: _Sample, spread: float) -> _Fit:
    usual, before, after = sample.usual, sample.before, sample.after
    at, mean, scored = (
        np.concatenate([getattr(before, name), getattr(after, name)]) for name in ("at", "mean", "scored")
    )
    post = at > 0
    design = np.column_stack([np.ones_like(at), post, at / 24])
    chatter = _residuals(usual.at, usual.mean - _weighted_mean(usual), usual.scored, spread)
    noise = Noise(_LEAST_SD, _LEAST_MEMORY_HOURS)
    for _ in range(_ROUNDS):
        coefficients, _ = generalised_least_squares(design, mean, _covariance(at, scored, spread, noise))
        residual = mean - design @ coefficients
        sides = [_residuals(at[side], residual[side], scored[side], spread) for side in (~post, post)]
        found = estimate_noise([*sides, chatter], sample.bin_hours, with_own=True)
        noise = Noise(max(found.sd, _LEAST_SD), max(found.hours, _LEAST_MEMORY_HOURS))
    fitted = generalised_least_squares(design, mean, _covariance(at, scored, spread, noise))
    return _Fit(*fitted, noise)


def _covariance(at: Floats, scored: Floats, spread: float, noise: Noise) -> Floats:
    return noise.sd**2 * correlation(at, noise.hours) + np.diag(spread / scored)


def generalised_least_squares(design: Floats, values: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Aitken's estimate (k,) and its covariance (k, k); design (n, k), values (n,), covariance (n, n)."""
    weighted = np.linalg.solve(covariance, design)
    inverse = np.linalg.inv(design.T @ weighted)
    return inverse @ weighted.T @ values, inverse


def _residuals(at: Floats, residual: Floats, scored: Floats, spread: float) -> Residuals:
    """Weighted by precision, so that bins of five posts don't drown those of five hundred."""
    weight = 1 / (_LEAST_SD**2 + spread / scored)
    weight = weight / max(float(weight.mean()), 1e-12) if len(weight) else weight
    root = np.sqrt(weight)
    return Residuals(at, residual * root, root, spread / scored * weight)


def _weighted_mean(bins: SentimentBins) -> float:
    return float((bins.mean * bins.scored).sum() / bins.scored.sum())


def _dip(sample: _Sample, fit: _Fit, spread: float) -> tuple[float, Floats]:
    """The dip, and the covariance of (step, dip), shape (2, 2)."""
    usual, middle = sample.usual, float(sample.after.at.mean()) / 24
    level, variance = generalised_least_squares(
        np.ones((len(usual.at), 1)), usual.mean, _covariance(usual.at, usual.scored, spread, fit.noise)
    )
    rows = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, -middle]])
    covariance = rows @ fit.covariance @ rows.T
    covariance[1, 1] += float(variance[0, 0])
    return float(level[0]) + float(rows[1] @ fit.coefficients), covariance


def _effect(
    fit: _Fit, dip: float, covariance: Floats, quantile: float, degrees: float, sample: _Sample
) -> SentimentEffect:
    step, error = float(fit.coefficients[1]), sqrt(float(fit.covariance[1, 1]))
    low, high = step - quantile * error, step + quantile * error
    share = step / max(dip, MIN_DIP)
    gradient = np.array([1.0, -share]) / max(dip, MIN_DIP)  # delta method
    reach = quantile * sqrt(float(gradient @ covariance @ gradient))
    return SentimentEffect(
        status=_status(low, high, max(dip, MIN_DIP)),
        step=step,
        ci_low=low,
        ci_high=high,
        p=2 * float(stdtr(degrees, -abs(step) / error)),
        dip=dip,
        recovered_share=share,
        recovered_low=share - reach,
        recovered_high=share + reach,
        intercept=float(fit.coefficients[0]),
        drift=float(fit.coefficients[2]),
        noise=fit.noise,
        posts_before=int(sample.before.scored.sum()),
        posts_after=int(sample.after.scored.sum()),
        bin_hours=sample.bin_hours,
    )


def _status(low: float, high: float, dip: float) -> SentimentStatus:
    if low > 0:
        return SentimentStatus.BETTER
    if high < 0:
        return SentimentStatus.WORSE
    unchanged = low >= -NO_CHANGE * dip and high <= NO_CHANGE * dip
    return SentimentStatus.SAME if unchanged else SentimentStatus.UNCLEAR
