"""The shape of the outcry: baseline, onset, peak, build-up and excess, from counts alone.

A description, not an effect: nothing here says what an event caused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import sqrt
from statistics import fmean, stdev
from typing import Final

from scipy.special import stdtrit

from walkback.analysis.build_up import doubling_time_hours
from walkback.analysis.measures import mean_difference
from walkback.analysis.model import Bucket, Estimate, Peak, Phase, Series, Shape
from walkback.analysis.phases import BASELINE, OUTCRY

MIN_BASELINE_DAYS: Final = 3
_ONSET_RUN_DAYS: Final = 2
_ONSET_SDS: Final = 4.0
_ONSET_LEAST_RISE: Final = 0.5
_WHOLE_DAY: Final = 0.999
_PEAK_HOURS: Final = 6


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Posts a day before the outcry: mean and standard deviation over `days` observed days."""

    per_day: float
    sd: float
    days: int


def describe_outcry(
    daily: Series, hourly: Series, phases: Sequence[Phase], reversal: datetime | None = None
) -> Shape:
    """The shape of the outcry; what can't be computed is None and said in `notes`.

    `daily` and `hourly` are the volume of all sources on the same window. Days of excess count as before
    the reversal up to the day that it falls on.
    """
    peak = _peak(daily)
    if peak is None:
        return Shape(notes=("No day was observed, so there is no volume to describe.",))
    baseline = _baseline(daily, phases)
    if baseline is None:
        note = (
            f"No baseline: fewer than {MIN_BASELINE_DAYS} whole days before the first event were observed, "
            "so neither onset, amplification nor excess can be told."
        )
        return Shape(peak=peak, sentiment_drop=_sentiment_drop(phases), notes=(note,))
    onset = find_onset(daily, baseline.per_day, baseline.sd)
    shape = Shape(
        baseline_posts_per_day=baseline.per_day,
        onset=onset,
        peak=peak,
        amplification=peak.posts / baseline.per_day if baseline.per_day else None,
        sentiment_drop=_sentiment_drop(phases),
    )
    if onset is None:
        return replace(shape, notes=("No onset: volume never stayed above the baseline for two days.",))
    growth = doubling_time_hours(hourly, baseline.per_day, onset, peak.start)
    days = [day for day in daily.buckets if day.observed and day.start >= onset]
    return replace(
        shape,
        hours_to_peak=_hours_to_peak(hourly, onset),
        doubling_time_hours=growth.estimate,
        excess_posts=_excess(days, baseline),
        excess_posts_before=_excess_until(days, baseline, reversal),
        excess_posts_after=_excess_from(days, baseline, reversal),
        notes=growth.notes,
    )


def find_onset(daily: Series, baseline_per_day: float, baseline_sd: float) -> datetime | None:
    """The start of the first of two observed days in a row that stand out from the baseline.

    A day stands out when it has more than 1 + max(4 sd, 0.5) times the baseline, sd being the
    standard deviation of the baseline's days over its mean. None where no two days do.
    """
    if baseline_per_day <= 0:
        threshold = 0.0
    else:
        threshold = baseline_per_day * (
            1 + max(_ONSET_SDS * baseline_sd / baseline_per_day, _ONSET_LEAST_RISE)
        )
    run: list[Bucket] = []
    for day in daily.buckets:
        stands_out = day.observed and day.measures.posts > threshold
        run = [*run, day] if stands_out else []
        if len(run) == _ONSET_RUN_DAYS:
            return run[0].start
    return None


def _peak(daily: Series) -> Peak | None:
    observed = [day for day in daily.buckets if day.observed]
    if not observed:
        return None
    busiest = max(observed, key=lambda day: day.measures.posts)
    return Peak(busiest.start, busiest.measures.posts) if busiest.measures.posts else None


def _baseline(daily: Series, phases: Sequence[Phase]) -> _Baseline | None:
    stretch = next((phase for phase in phases if phase.name == BASELINE), None)
    if stretch is None:
        return None
    counts = [
        day.measures.posts
        for day in daily.buckets
        if day.observed_share >= _WHOLE_DAY and stretch.start <= day.start and day.end <= stretch.end
    ]
    if len(counts) < MIN_BASELINE_DAYS:
        return None
    return _Baseline(fmean(counts), stdev(counts), len(counts))


def _hours_to_peak(hourly: Series, onset: datetime) -> float | None:
    """From the onset to the middle of the busiest six hours, in hours; None where no six were observed."""
    hours = [hour for hour in hourly.buckets if hour.start >= onset - timedelta(days=1)]
    runs = [hours[at : at + _PEAK_HOURS] for at in range(len(hours) - _PEAK_HOURS + 1)]
    seen = [run for run in runs if all(hour.observed for hour in run)]
    if not seen:
        return None
    busiest = max(seen, key=lambda run: sum(hour.measures.posts for hour in run))
    return max((busiest[_PEAK_HOURS // 2].start - onset) / timedelta(hours=1), 0.0)


def _excess_until(days: Sequence[Bucket], baseline: _Baseline, moment: datetime | None) -> Estimate | None:
    return None if moment is None else _excess([day for day in days if day.start < moment], baseline)


def _excess_from(days: Sequence[Bucket], baseline: _Baseline, moment: datetime | None) -> Estimate | None:
    return None if moment is None else _excess([day for day in days if day.start >= moment], baseline)


def _excess(days: Sequence[Bucket], baseline: _Baseline) -> Estimate:
    """Posts beyond the baseline over observed days.

    The interval is that of what the baseline would have brought: its mean is known from so many days
    only, and days differ. It takes days as independent.
    """
    length = sum(day.observed_share for day in days)
    value = sum(day.measures.posts for day in days) - length * baseline.per_day
    standard_error = baseline.sd * sqrt(length + length**2 / baseline.days)
    reach = float(stdtrit(baseline.days - 1, 0.975)) * standard_error
    return Estimate(value, value - reach, value + reach)


def _sentiment_drop(phases: Sequence[Phase]) -> Estimate | None:
    """Baseline mean minus outcry mean; its interval takes the two phases as independent."""
    named = {phase.name: phase.measures for phase in phases}
    before, during = named.get(BASELINE), named.get(OUTCRY)
    if before is None or during is None:
        return None
    return mean_difference(before, during)
