from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from walkback.analysis.build_up import doubling_time_hours
from walkback.analysis.model import Bucket, Grid, Measures, Phase, Series
from walkback.analysis.outcry import describe_outcry, find_onset

START = datetime(2023, 8, 1, tzinfo=UTC)
NO_MOOD = (None, None, None, None)


def series(counts, hours, unobserved=()):
    """Buckets of so many hours with these counts."""
    edges = [START + timedelta(hours=hours * at) for at in range(len(counts) + 1)]
    shares = [0.0 if at in unobserved else 1.0 for at in range(len(counts))]
    buckets = tuple(
        Bucket(low, high, share, share >= 0.5, Measures(count, count, 0, *NO_MOOD))
        for count, share, (low, high) in zip(counts, shares, pairwise(edges), strict=True)
    )
    return Series(
        Grid("day", "UTC", tuple(edges)), None, buckets, Measures(sum(counts), 0, 0, *NO_MOOD), None
    )


def phase(name, first_day, last_day):
    """A phase without figures."""
    start, end = START + timedelta(days=first_day), START + timedelta(days=last_day)
    return Phase(name, start, end, 1.0, 1.0, Measures(0, 0, 0, *NO_MOOD))


PHASES = [phase("baseline", 0, 5), phase("outcry", 5, 20)]
DAYS = [10, 12, 8, 10, 10, 40, 90, 60, 30, 20]


def hourly(days):
    """Each day's posts spread over its hours, the rest in its last hour."""
    return series([count // 24 + (hour == 23) * (count % 24) for count in days for hour in range(24)], 1)


def test_the_shape_of_a_plain_outcry():
    """Counted by hand: baseline 10, onset on day 6, peak 90 on day 7, 190 posts above the baseline."""
    shape = describe_outcry(series(DAYS, 24), hourly(DAYS), PHASES)

    assert shape.baseline_posts_per_day == 10
    assert shape.onset == START + timedelta(days=5)
    assert (shape.peak.start, shape.peak.posts) == (START + timedelta(days=6), 90)
    assert shape.amplification == 9
    assert shape.excess_posts.value == 190
    # t(4) = 2.776 times sd √2, times √(5 days + 5²/5 baseline days)
    assert shape.excess_posts.value - shape.excess_posts.ci_low == pytest.approx(2.776445 * 2**0.5 * 10**0.5)


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_the_interval_of_the_excess_holds_the_truth(spread):
    """Over 600 worlds, of usual days that scatter as chance has it, and three times as much."""
    rng = np.random.default_rng(5)
    extra = np.array([0] * 14 + [200, 400, 300, 150, 80, 40])
    held = 0
    for _ in range(600):
        usual = rng.poisson(40 * rng.normal(1, spread, len(extra)).clip(0.1))
        days = (usual + extra).tolist()
        shape = describe_outcry(
            series(days, 24), hourly(days), [phase("baseline", 0, 14), phase("outcry", 14, 20)]
        )
        held += shape.excess_posts.ci_low <= extra.sum() <= shape.excess_posts.ci_high

    assert 0.92 <= held / 600 <= 0.98


def test_a_day_that_was_not_observed_is_no_quiet_day():
    """It counts neither as baseline nor as excess."""
    days = [10, 12, 0, 10, 10, 40, 90, 0, 30, 20]
    shape = describe_outcry(series(days, 24, unobserved={2, 7}), hourly(days), PHASES)

    assert shape.baseline_posts_per_day == 10.5
    assert shape.excess_posts.value == 40 + 90 + 30 + 20 - 4 * 10.5


def test_without_a_baseline_there_is_no_onset_and_that_is_said():
    """A case that starts with the outcry has a peak and nothing to hold it against."""
    shape = describe_outcry(series(DAYS, 24), hourly(DAYS), [phase("outcry", 0, 10)])

    assert (shape.peak.posts, shape.onset, shape.amplification, shape.excess_posts) == (90, None, None, None)
    assert shape.notes[0].startswith("No baseline")


def test_a_quiet_case_has_no_onset():
    """Ups and downs within the baseline's own range are no outcry."""
    days = [10, 12, 8, 10, 10, 14, 9, 14, 8, 10]
    shape = describe_outcry(series(days, 24), hourly(days), PHASES)

    assert shape.onset is None
    assert shape.notes == ("No onset: volume never stayed above the baseline for two days.",)


def test_nothing_observed_is_said_so():
    """No peak is made up out of nothing."""
    shape = describe_outcry(series([0, 0], 24, unobserved={0, 1}), series([0] * 48, 1), [])

    assert shape.peak is None
    assert shape.notes


def test_one_loud_day_is_no_onset():
    """Two days in a row have to stand out."""
    assert find_onset(series([10, 10, 99, 10, 99, 98], 24), 10, 1) == START + timedelta(days=4)
    assert find_onset(series([10, 10, 99, 10], 24), 10, 1) is None


@pytest.mark.parametrize("doubling", [4.0, 8.0, 16.0])
def test_the_doubling_time_is_recovered(doubling):
    """Hourly Poisson counts that double every so many hours on top of a baseline: the interval holds it."""
    rng = np.random.default_rng(5)
    hours = np.arange(72)
    rate = 2 + 3 * 2 ** (np.minimum(hours, 47) / doubling) * np.where(hours < 48, 1, 0.5)
    got = doubling_time_hours(
        series(rng.poisson(rate).tolist(), 1), 48.0, START, START + timedelta(days=1)
    ).estimate

    assert got.ci_low <= doubling <= got.ci_high
    assert got.value == pytest.approx(doubling, rel=0.15)


def test_the_doubling_times_interval_covers():
    """Over 200 seeded worlds, a quiet day before, the 95% interval holds the truth in 90 to 99%."""
    rng = np.random.default_rng(11)
    hours = np.arange(84)
    growth = np.where(hours < 24, 0, 4 * 2 ** ((np.minimum(hours, 65) - 24) / 8))
    rate = 2 + growth * np.where(hours < 66, 1, 0.3)
    onset = START + timedelta(days=1)
    held = tried = 0
    for _ in range(200):
        noisy = rng.poisson(rate * rng.gamma(20, 1 / 20, size=len(rate))).tolist()
        got = doubling_time_hours(series(noisy, 1), 48.0, onset, onset + timedelta(days=1)).estimate
        if got is not None:
            tried += 1
            held += got.ci_low <= 8 <= got.ci_high

    assert tried >= 190
    assert 0.90 <= held / tried <= 0.99


def test_a_short_build_up_has_no_doubling_time():
    """Fewer than 24 observed hours are too few."""
    got = doubling_time_hours(series([1, 2, 40] + [1] * 30, 1), 24.0, START, START)

    assert got.estimate is None
    assert "fewer than 24" in got.notes[0]


def test_no_growth_is_not_called_growth():
    """A flat stretch has no doubling time."""
    got = doubling_time_hours(series([9, 11, 10, 12] * 12, 1), 24.0, START, START + timedelta(days=1))

    assert got.estimate is None
