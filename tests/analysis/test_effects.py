"""The estimators and the checks on hours whose counts are exactly what they should be on average."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.analysis.checks import bins_and_windows, placebo_in_time, second_source
from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus, estimate_volume
from walkback.analysis.effects.gls_drift import SentimentEffect, SentimentStatus
from walkback.analysis.effects.hours import Hours, Timing
from walkback.analysis.effects.reaction import Reaction, estimate


def outcry(*, factor=1.0, gap_days=4, half_life_days=2.5, bump=0.0, usual=4.0):
    """Hours around a reversal: an exponential fading whose excess is multiplied by `factor` after it.

    `bump` is added, as a share of the excess, in the first twelve hours: the reversal is news itself.
    """
    peak = -24 * gap_days
    offset = np.arange(peak - 12 - 14 * 24, 15 * 24, dtype=float)
    days = (offset + 0.5 - peak) / 24
    excess = np.where(days > 0, 120 * 2 ** (-days / half_life_days), np.where(days > -0.5, 60.0, 0.0))
    excess = np.where(offset >= 0, excess * factor, excess)
    excess = np.where((offset >= 0) & (offset < 12), excess * (1 + bump), excess)
    posts = usual + excess
    mean = np.where(offset < peak - 12, 0.2, np.where(offset < 0, -0.4, -0.4 + 0.3 * (factor < 1)))
    hours = Hours(
        offset=offset,
        hour_of_week=np.mod(offset, 168.0),
        observed=np.ones(len(offset), bool),
        posts=posts,
        scored=posts,
        total=posts * mean,
        squares=posts * (mean**2 + 0.2),
    )
    return hours, Timing(peak - 12, peak)


def evidence(finding, hours, timing, **more):
    """What a check works on."""
    return Evidence(finding=finding, timing=timing, hours=hours, bin_hours=6, **more)


@pytest.mark.parametrize("factor", [0.3, 0.6, 1.0, 1.6])
def test_the_right_shape_finds_the_factor(factor):
    """Of exponential fading, the exponential's estimate is the factor; the union holds it."""
    effect = estimate_volume(*outcry(factor=factor))
    exponential = next(fit for fit in effect.fits if fit.shape == 0)

    assert math.exp(exponential.log_ratio) == pytest.approx(factor, rel=0.03)
    assert effect.ci_low <= math.log(factor) + 1e-6
    assert math.log(factor) - 1e-6 <= effect.ci_high
    assert exponential.half_life_days == pytest.approx(2.5, rel=0.03)


def test_the_news_of_the_reversal_itself_does_not_count():
    """Three times the posts in the first twelve hours change nothing."""
    quiet, loud = (estimate_volume(*outcry(factor=0.5, bump=bump)) for bump in (0.0, 2.0))

    assert (loud.log_ratio, loud.ci_low, loud.ci_high) == (quiet.log_ratio, quiet.ci_low, quiet.ci_high)


def test_where_nothing_would_be_left_there_is_nothing_to_calm():
    """A pushback that halves every half day is over by itself."""
    effect = estimate_volume(*outcry(half_life_days=0.6, factor=0.1))

    assert effect.status is VolumeStatus.NOT_POSSIBLE
    assert "too little to calm" in effect.reason


def test_a_placebo_date_is_held_against_the_finding():
    """In ten days of even fading, no fake date shows what the reversal shows; p counts the finding itself."""
    hours, timing = outcry(factor=0.3, gap_days=10)
    result = placebo_in_time.check(evidence(estimate(hours, timing, 6), hours, timing))
    figures = dict(result.figures)

    assert result.passed is True
    assert figures["fake dates"] == (240 - 48 - 36) / 6 + 1
    assert figures["p"] == pytest.approx(1 / (1 + figures["fake dates"]))


def test_fake_dates_with_larger_effects_fail_the_finding():
    """A fading that breaks off two days before the reversal shows there, not at the reversal."""
    hours, timing = outcry(gap_days=10)
    broken = np.where((hours.offset > -60) & (hours.offset < 0), 0.15, 1.0)
    hours = replace(hours, posts=4 + (hours.posts - 4) * broken)
    claimed = VolumeEffect(VolumeStatus.DOWN, None, -0.2, -0.3, -0.1, 0.01)
    result = placebo_in_time.check(evidence(Reaction(claimed, moved(0)), hours, timing))

    assert result.passed is False
    assert dict(result.figures)["p"] > placebo_in_time.MOST_P


def test_too_few_placebo_dates_tell_nothing():
    """Four days from peak to reversal leave three of them."""
    hours, timing = outcry(factor=0.3)

    assert placebo_in_time.check(evidence(estimate(hours, timing, 6), hours, timing)).passed is None


def test_other_bins_and_windows_fail_a_finding_that_the_hours_deny():
    """Hours in which posts rose don't bear out that they fell."""
    hours, timing = outcry(factor=1.6)
    claimed = VolumeEffect(VolumeStatus.DOWN, None, -0.9, -1.2, -0.6, 0.001)

    assert bins_and_windows.check(evidence(Reaction(claimed, moved(0)), hours, timing)).passed is False
    finding = estimate(hours, timing, 6)
    assert bins_and_windows.check(evidence(finding, hours, timing)).passed is True


def test_a_second_source_has_to_point_the_same_way():
    """Two that agree pass; one against one fails; one alone tells nothing."""
    hours, timing = outcry(factor=0.3)
    rising, _ = outcry(factor=1.6)
    finding = estimate(hours, timing, 6)

    def passed(**by_source):
        return second_source.check(evidence(finding, hours, timing, by_source=by_source)).passed

    assert passed(x=hours, reddit=hours) is True
    assert passed(x=hours, reddit=rising) is False
    assert passed(x=hours) is None


def moved(log_ratio):
    """A sentiment that could not be tested where `log_ratio` is 0."""
    status = SentimentStatus.BETTER if log_ratio else SentimentStatus.NOT_POSSIBLE
    return SentimentEffect(status, "not tested")


def fell(ratio, low, high):
    """An effect on volume; its status follows from its interval."""
    low, middle, high = (math.log(value) for value in (low, ratio, high))
    status = VolumeStatus.DOWN if high < 0 else VolumeStatus.UP if low > 0 else VolumeStatus.UNCLEAR
    return Reaction(VolumeEffect(status, None, middle, low, high, 0.01), moved(0))


@pytest.mark.parametrize(
    ("expected", "finding", "other", "same_posts"),
    [
        (True, (0.4, 0.3, 0.6), (0.9, 0.4, 2.0), False),  # the sign is enough for other posts
        (False, (0.4, 0.3, 0.6), (0.9, 0.4, 2.0), True),  # not for the same ones
        (True, (0.4, 0.3, 0.6), (0.7, 0.5, 0.95), True),  # found again, if smaller
        (True, (0.4, 0.3, 0.6), (0.5, 0.2, 1.4), True),  # inside the finding's interval
        (False, (0.4, 0.3, 0.6), (1.1, 0.4, 2.0), False),
        (True, (0.8, 0.5, 1.5), (0.7, 0.5, 1.2), False),  # neither says anything
        (False, (0.8, 0.5, 1.5), (0.5, 0.3, 0.8), False),
    ],
)
def test_when_another_estimate_agrees(expected, finding, other, same_posts):
    """Sign for other posts; for the same posts less some, the finding too."""
    passed, _, figures = compare(fell(*finding), fell(*other), "other", same_posts=same_posts)

    assert passed is expected
    assert dict(figures) == {"other: volume ratio": pytest.approx(other[0])}


def garbled(hours, where, value):
    """Other counts and scores in some of the hours."""
    changes = {
        name: np.where(where, value, getattr(hours, name)) for name in ("posts", "scored", "total", "squares")
    }
    return replace(hours, **changes)


def told(hours, timing):
    """All that is said of both signals."""
    reaction = estimate(hours, timing, 6)
    return replace(reaction.volume, baseline=None), reaction.sentiment


@given(st.sets(st.integers(0, 500), max_size=60), st.floats(0, 1e6))
def test_what_stands_in_an_unobserved_hour_is_no_count(missing, value):
    """Volume takes it as missing, zero or a million; a post found there has a tone still."""
    hours, timing = outcry(factor=0.5)
    hidden = np.isin(np.arange(len(hours.offset)), list(missing))
    gaps = replace(hours, observed=~hidden)
    other = replace(gaps, posts=np.where(hidden, value, gaps.posts))

    assert told(other, timing) == told(gaps, timing)


@given(st.integers(-14 * 24, 60), st.integers(1, 24))
def test_a_gap_is_not_taken_for_calm(start, length):
    """A day and less that nobody looked at moves the exponential's estimate by a tenth at most."""
    hours, timing = outcry(factor=0.5)
    gap = (hours.offset >= start) & (hours.offset < start + length)
    effect = estimate(replace(hours, observed=~gap), timing, 6).volume
    exponential = next(fit for fit in effect.fits if fit.shape == 0)

    assert math.exp(exponential.log_ratio) == pytest.approx(0.5, rel=0.1)


@given(st.floats(0, 1e6))
def test_what_comes_after_the_windows_does_not_count(value):
    """A week after the event another story may begin."""
    hours, timing = outcry(factor=0.5)
    later = garbled(hours, hours.offset >= 168, value)

    assert told(later, timing) == told(hours, timing)


@given(st.floats(0.1, 50))
def test_the_answer_is_in_ratios(scale):
    """So many times the posts, usual and angry alike: the same estimate, a narrower interval at most."""
    hours, timing = outcry(factor=0.5)
    more = replace(
        hours, **{name: getattr(hours, name) * scale for name in ("posts", "scored", "total", "squares")}
    )
    effect = estimate_volume(more, timing)
    exponential = next(fit for fit in effect.fits if fit.shape == 0)

    assert math.exp(exponential.log_ratio) == pytest.approx(0.5, rel=0.05)
