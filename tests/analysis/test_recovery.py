"""Simulated outcries with a known truth, the same ones in every run; `make bench` asks many more."""

from dataclasses import replace

import numpy as np
import pytest

from walkback.analysis.effects.decay_union import estimate_volume
from walkback.analysis.effects.gls_drift import estimate_sentiment
from walkback.analysis.effects.hours import Timing
from walkback.analysis.effects.timing import find_peak
from walkback.analysis.model import Word
from walkback.analysis.simulated.settings import LARGE, MODERATE, NONE, WORSE, Setting
from walkback.analysis.simulated.world import draw_world
from walkback.analysis.verdict import judge_signals

WORLDS = 120
SEED = 20230811


@pytest.fixture(scope="module")
def read():
    """What is said of the worlds of a setting: (truth, volume, sentiment, word) each; drawn once."""
    known = {}

    def readings(effect, gap_days):
        if (effect, gap_days) not in known:
            setting = replace(Setting(), effect=effect, gap_days=gap_days)
            known[effect, gap_days] = [_read(draw_world(setting, SEED, n)) for n in range(WORLDS)]
        return known[effect, gap_days]

    return readings


def _read(world):
    timing = Timing(world.announced, find_peak(world.policy, world.announced))
    volume, sentiment = estimate_volume(world.policy, timing), estimate_sentiment(world.policy, timing)
    return world.truth, volume, sentiment, judge_signals(volume, sentiment).word


def _share(readings, *words):
    return np.mean([word in words for *_, word in readings])


@pytest.mark.parametrize("gap_days", [4.0, 10.0])
def test_a_reversal_that_did_nothing_is_seldom_said_to_have_calmed(read, gap_days):
    """5% by design; two standard errors of so many worlds are 4%."""
    assert _share(read(NONE, gap_days), Word.CALMED, Word.PARTLY) <= 0.09


@pytest.mark.parametrize("effect", [NONE, MODERATE, LARGE, WORSE], ids=lambda effect: effect.name)
def test_intervals_hold_the_truth(read, effect):
    """Of 1,000 worlds 94 to 98% do; two standard errors of about 100 are 4%."""
    volumes = [(v.ci_low, truth.log_ratio, v.ci_high) for truth, v, _, _ in read(effect, 4.0) if v.fits]
    sentiments = [(s.ci_low, truth.step, s.ci_high) for truth, _, s, _ in read(effect, 4.0) if s.noise]
    for intervals in (volumes, sentiments):
        low, truth, high = np.array(intervals).T

        assert len(truth) > WORLDS / 2
        assert np.mean((low <= truth) & (truth <= high)) >= 0.9


@pytest.mark.parametrize("effect", [NONE, LARGE], ids=lambda effect: effect.name)
def test_sentiments_step_has_no_bias(read, effect):
    """The mean error is within three of its standard errors."""
    errors = np.array([s.step - truth.step for truth, _, s, _ in read(effect, 4.0) if s.noise])

    assert abs(errors.mean()) <= 3 * errors.std(ddof=1) / len(errors) ** 0.5


def test_a_large_effect_is_found_more_often_than_not(read):
    """And next to never called worsened."""
    assert _share(read(LARGE, 4.0), Word.CALMED, Word.PARTLY) >= 0.6
    assert _share(read(LARGE, 4.0), Word.WORSENED) <= 0.02
