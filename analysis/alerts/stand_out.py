"""Does the last day stand out from the case's own past? Volume, sentiment, and silence.

What is usual is told by the median and the median absolute deviation of the past days, which an outcry
among them hardly moves (Rousseeuw and Croux 1993, Alternatives to the Median Absolute Deviation, section 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Final

from scipy.special import nbdtrik, pdtrik

from walkback.analysis.alerts.days import FEWEST_DAYS, Days
from walkback.analysis.alerts.signals import Kind, Level, Signal
from walkback.analysis.model import Bucket

_SD_OF_MAD: Final = 1.4826  # of the normal distribution
_BEGINS_AT: Final = 1 - 1e-4
_ENDS_AT: Final = 0.95
_LEAST_RISE: Final = 10  # posts above the usual: of next to nothing anything is a multiple
_SENTIMENT_BEGINS: Final = -4.0
_SENTIMENT_ENDS: Final = -2.0
_FEWEST_SCORED: Final = 30
_FEWEST_AUTHORS: Final = 20
_TWO_SIDED_95: Final = 1.96
_USUALLY_HEARD: Final = 10.0  # posts a day


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on a day stands out: so many times the usual posts; so much less mean compound."""

    volume_rise: float = 2.0
    sentiment_drop: float = 0.1


def volume_signal(days: Days | None, thresholds: Thresholds) -> Signal:
    """Posts of the last 24 hours against a negative binomial forecast from the past days.

    It begins above the forecast's 99.99% point, and at `volume_rise` times the usual, and ends below its
    95% point. Figures: posts, usual, high (the point at which it begins), days.
    """
    if days is None or len(days.past) < FEWEST_DAYS or not days.now.observed:
        return Signal(Kind.VOLUME, Level.UNKNOWN, figures=_days(days))
    counts = [float(bucket.measures.posts) for bucket in days.past]
    usual = max(median(counts), 0.5)
    spread = max(_spread(counts, usual) ** 2, usual) * (1 + 1 / len(counts))
    high = max(
        _forecast(usual, spread, _BEGINS_AT), thresholds.volume_rise * usual, median(counts) + _LEAST_RISE
    )
    low = _forecast(usual, spread, _ENDS_AT)
    posts = days.now.measures.posts
    level = Level.HIGH if posts > high else Level.LOW if posts <= low else Level.BETWEEN
    figures = {"posts": posts, "usual": median(counts), "high": high, **_days(days)}
    return Signal(Kind.VOLUME, level, figures=figures)


def sentiment_signal(days: Days | None, thresholds: Thresholds) -> Signal:
    """Mean compound of the last 24 hours against that of the past days.

    It begins four standard errors and `sentiment_drop` below the usual mean, and ends two standard errors
    or half the drop below it; an error has the day's own, clustered by author, and how much days
    differ besides. Figures: mean, ci_low, ci_high, usual, scored, days.
    """
    if days is None or not days.now.observed or not _is_enough(days.now):
        return Signal(Kind.SENTIMENT, Level.UNKNOWN, figures=_days(days))
    past = [bucket for bucket in days.past if _is_enough(bucket)]
    if len(past) < FEWEST_DAYS:
        return Signal(Kind.SENTIMENT, Level.UNKNOWN, figures=_days(days))
    means = [_mean(bucket) for bucket in past]
    usual = median(means)
    chance = median([_error(bucket) ** 2 for bucket in past])
    between = max(_spread(means, usual) ** 2 - chance, 0.0)
    error = sqrt((between + _error(days.now) ** 2) + (between + chance) / len(past))
    drop = _mean(days.now) - usual
    level = Level.BETWEEN
    if drop <= _SENTIMENT_BEGINS * error and drop <= -thresholds.sentiment_drop:
        level = Level.HIGH
    elif drop > _SENTIMENT_ENDS * error or drop > -thresholds.sentiment_drop / 2:
        level = Level.LOW
    now = days.now.measures
    figures = {
        "mean": _mean(days.now),
        "ci_low": now.ci_low or 0.0,
        "ci_high": now.ci_high or 0.0,
        "usual": usual,
        "scored": now.scored,
        "days": len(past),
    }
    return Signal(Kind.SENTIMENT, level, figures=figures)


def silence_signal(source: str, days: Days | None) -> Signal:
    """A source that usually has ten posts a day or more and had none in 24 hours. Figures: usual, days."""
    if days is None or len(days.past) < FEWEST_DAYS or not days.now.observed:
        return Signal(Kind.SILENT, Level.UNKNOWN, source, _days(days))
    usual = median([bucket.measures.posts for bucket in days.past])
    figures = {"usual": usual, **_days(days)}
    if days.now.measures.posts:
        return Signal(Kind.SILENT, Level.LOW, source, figures)
    return Signal(Kind.SILENT, Level.HIGH if usual >= _USUALLY_HEARD else Level.BETWEEN, source, figures)


def _days(days: Days | None) -> dict[str, float]:
    return {"days": 0 if days is None else len(days.past)}


def _spread(values: Sequence[float], usual: float) -> float:
    """The standard deviation, by the median absolute deviation."""
    return _SD_OF_MAD * median([abs(value - usual) for value in values])


def _forecast(mean: float, variance: float, share: float) -> float:
    """How many posts `share` of such days don't exceed."""
    if variance <= mean * (1 + 1e-9):
        return float(pdtrik(share, mean))
    size = mean**2 / (variance - mean)
    return float(nbdtrik(share, size, size / (size + mean)))


def _is_enough(bucket: Bucket) -> bool:
    known = bucket.measures
    return known.scored >= _FEWEST_SCORED and known.authors >= _FEWEST_AUTHORS and known.ci_low is not None


def _mean(bucket: Bucket) -> float:
    assert bucket.measures.mean_compound is not None  # noqa: S101  # `_is_enough` has seen to it
    return bucket.measures.mean_compound


def _error(bucket: Bucket) -> float:
    assert bucket.measures.ci_low is not None  # noqa: S101
    return (_mean(bucket) - bucket.measures.ci_low) / _TWO_SIDED_95
