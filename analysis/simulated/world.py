"""One simulated outcry: hourly counts and sums of compound around a reversal, and the truth.

Posts are not drawn one by one: a post's compound is normal about its hour's mean with a standard
deviation of 0.45, so that an hour's sum and its sum of squares can be drawn from their own
distributions, which is exact. Real scores are bounded and lumpy; means of five or more don't show it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from walkback.analysis.effects.hours import Bools, Floats, Hours, Timing
from walkback.analysis.simulated.decay import draw_decay, log_uniform
from walkback.analysis.simulated.settings import Range, Setting

BASELINE_HOURS: Final = 14 * 24
AFTER_HOURS: Final = 14 * 24
POST_SD: Final = 0.45
VOLUME_WINDOW: Final = (12.0, 72.0)
SENTIMENT_WINDOW: Final = (24.0, 168.0)


@dataclass(frozen=True, slots=True)
class Truth:
    """What the estimators are after.

    `log_ratio`: of the excess, to what it would have been; `step`: what the reversal added to the mean
    compound of posts about the policy, over its window; `dip`: how far that mean would have been below
    the baseline's, over the same window; `family`: of the decay; `peak`: hours from the reversal.
    """

    log_ratio: float
    step: float
    dip: float
    family: str
    peak: float


@dataclass(frozen=True, slots=True)
class World:
    """A simulated case.

    `policy`: counts of all posts, with the sums of compound of the posts about the policy alone (of all
    posts before the announcement). `everything`: the same counts, with the sums of all posts.
    """

    policy: Hours
    everything: Hours
    announced: float
    truth: Truth

    @property
    def timing(self) -> Timing:
        """Where the reversal stands, with the true peak."""
        return Timing(self.announced, self.truth.peak)


@dataclass(frozen=True, slots=True)
class _Posts:
    """Posts about the policy or others, hour by hour, and the sums of their compound."""

    count: Floats
    total: Floats
    squares: Floats


def draw_world(setting: Setting, seed: int, number: int) -> World:
    """The `number`-th world of a seed: the same whenever it is drawn.

    Another effect or gap changes its counts and scores, but not what it is like otherwise.
    """
    rng = np.random.default_rng((seed, number))
    peak = -24.0 * setting.gap_days
    announced = peak - float(np.floor(rng.uniform(6, 36)))
    offset: Floats = np.arange(announced - BASELINE_HOURS, AFTER_HOURS, dtype=np.float64)
    hour_of_week: Floats = np.mod(np.arange(len(offset), dtype=np.float64) + float(rng.integers(168)), 168.0)

    base = log_uniform(rng, 3, 30)
    season = _season(rng, setting, hour_of_week)
    family, natural = _natural(rng, setting, offset, announced, peak)
    amplitude = base * log_uniform(rng, 4, 40)
    reversal = np.where(offset >= 0, setting.effect.excess, 1.0) * _bump(rng, setting, offset)
    angry = amplitude * natural * reversal * season
    chatter = base * (1 + _burst(rng, offset, peak)) * season

    noise = _autoregressive(rng, len(offset), setting.rate_sd, setting.rate_hours)
    mood = _autoregressive(rng, len(offset), setting.mood_sd, setting.mood_hours)
    dip = _dip(rng, setting, offset, announced)
    neutral = rng.uniform(0.05, 0.25)
    observed = _observed(rng, offset, announced)
    returned = np.where(offset >= 0, setting.effect.recovered, 0.0) * dip

    counts = _overdispersed(rng, (angry + chatter) * np.exp(noise))
    about_policy = rng.binomial(counts, angry / (angry + chatter)).astype(np.float64)
    policy = _scored(rng, about_policy, neutral - dip + returned + mood)
    others = _scored(rng, counts - about_policy, neutral + mood)
    before = offset < announced

    window = (offset >= SENTIMENT_WINDOW[0]) & (offset < SENTIMENT_WINDOW[1])
    truth = Truth(
        log_ratio=float(np.log(setting.effect.excess)),
        step=float(returned[window].mean()),
        dip=float(dip[window].mean()),
        family=family,
        peak=peak,
    )
    everyone = _together(policy, others)
    topical = _Posts(
        *(np.where(before, getattr(everyone, part), getattr(policy, part)) for part in _Posts.__slots__)
    )
    stretch = (offset, hour_of_week, observed)
    return World(
        policy=_hours(stretch, everyone.count, topical),
        everything=_hours(stretch, everyone.count, everyone),
        announced=announced,
        truth=truth,
    )


def _season(rng: np.random.Generator, setting: Setting, hour_of_week: Floats) -> Floats:
    """A factor of mean 1: the day's two harmonics and the weekend."""
    day = 2 * np.pi * hour_of_week / 24
    log_factor = rng.uniform(0.2, 0.6) * np.cos(day - rng.uniform(0, 2 * np.pi))
    log_factor += rng.uniform(0.0, 0.2) * np.cos(2 * day - rng.uniform(0, 2 * np.pi))
    weekend = rng.uniform(setting.weekend.low, setting.weekend.high)
    factor = np.exp(log_factor + np.where(hour_of_week >= 120, weekend, 0.0))
    return np.asarray(factor / factor[:168].mean())


def _natural(
    rng: np.random.Generator, setting: Setting, offset: Floats, announced: float, peak: float
) -> tuple[str, Floats]:
    """(family of decay, the excess without a reversal, 1 at the peak).

    It rises e-fold in a quarter of the time from announcement to peak. In half the worlds a smaller
    concession follows within 6 to 24 hours of the peak.
    """
    family, decay = draw_decay(rng, np.maximum(offset - peak, 0) / 24)
    rise = np.exp(4 * np.minimum(offset - peak, 0) / (peak - announced))
    shape = np.where(offset < announced, 0.0, decay * rise)
    conceded, at = rng.random() < 0.5, peak + rng.uniform(6, 24)
    left = rng.uniform(setting.interim.low, setting.interim.high)
    return family, np.where(conceded & (offset >= at), shape * left, shape)


def _bump(rng: np.random.Generator, setting: Setting, offset: Floats) -> Floats:
    """The reversal is itself news: 30 to 150% more for its first hours."""
    height = rng.uniform(0.3, 1.5)
    return np.where((offset >= 0) & (offset < setting.bump_hours), 1 + height, 1.0)


def _burst(rng: np.random.Generator, offset: Floats, peak: float) -> Floats:
    """In 30% of the worlds something else is talked about, half to two baselines high, for a day or so."""
    happens, at = rng.random() < 0.3, rng.uniform(peak, 168)
    height, half_life = rng.uniform(0.5, 2), rng.uniform(6, 18)
    shape = np.where(offset >= at, height * 0.5 ** (np.maximum(offset - at, 0) / half_life), 0.0)
    return shape if happens else np.zeros_like(offset)


def _autoregressive(rng: np.random.Generator, length: int, sd: Range, memory: Range) -> Floats:
    """A stationary AR(1) of that standard deviation and memory in hours."""
    scale, hours = rng.uniform(sd.low, sd.high), rng.uniform(memory.low, memory.high)
    phi = np.exp(-1 / hours)
    shocks = rng.standard_normal(length)
    shocks[1:] *= np.sqrt(1 - phi**2)
    return np.asarray(scale * lfilter([1.0], [1.0, -phi], shocks))


def _dip(rng: np.random.Generator, setting: Setting, offset: Floats, announced: float) -> Floats:
    """How far posts about the policy lie below the baseline's mean; in half the worlds less every day."""
    depth, heals = rng.uniform(0.2, 0.5), rng.random() < setting.recovering
    half_life = rng.uniform(setting.recovery_days.low, setting.recovery_days.high)
    days = np.maximum(offset - announced, 0) / 24
    return np.where(heals, depth * 0.5 ** (days / half_life), depth)


def _overdispersed(rng: np.random.Generator, rate: Floats) -> NDArray[np.int64]:
    """Negative binomial counts, variance mu + alpha mu^2 with alpha between 0.02 and 0.10."""
    alpha = rng.uniform(0.02, 0.10)
    return rng.poisson(rate * rng.gamma(1 / alpha, alpha, len(rate)))


def _scored(rng: np.random.Generator, count: Floats, mean: Floats) -> _Posts:
    """Sums of `count` normal scores: the total is normal, what is left of the squares is chi-squared."""
    total = count * mean + np.sqrt(count) * POST_SD * rng.standard_normal(len(count))
    spread = POST_SD**2 * 2 * rng.standard_gamma(np.maximum(count - 1, 0) / 2)
    return _Posts(count, total, total**2 / np.maximum(count, 1) + spread)


def _observed(rng: np.random.Generator, offset: Floats, announced: float) -> Bools:
    """2% of the hours are missing; in 30% of the worlds six in a row as well."""
    observed = rng.random(len(offset)) >= 0.02
    fails, at = rng.random() < 0.3, np.floor(rng.uniform(announced, 168))
    outage = (offset >= at) & (offset < at + 6)
    return observed & ~outage if fails else observed


def _together(some: _Posts, others: _Posts) -> _Posts:
    return _Posts(some.count + others.count, some.total + others.total, some.squares + others.squares)


def _hours(stretch: tuple[Floats, Floats, Bools], posts: Floats, scored: _Posts) -> Hours:
    """Hours in which what was not observed is not there."""
    offset, hour_of_week, observed = stretch
    seen = (np.where(observed, values, 0.0) for values in (posts, scored.count, scored.total, scored.squares))
    return Hours(offset, hour_of_week, observed, *seen)
