"""The table of words, and what overrules it."""

import math
from itertools import product

import pytest

from walkback.analysis.effects.decay_shapes import SHAPES
from walkback.analysis.effects.decay_union import DecayFit, VolumeEffect, VolumeStatus
from walkback.analysis.effects.gls_drift import SentimentEffect, SentimentStatus
from walkback.analysis.effects.noise import Noise
from walkback.analysis.effects.reaction import Reaction
from walkback.analysis.model import CheckResult, Word
from walkback.analysis.verdict import judge, judge_signals

GOOD = {VolumeStatus.DOWN, SentimentStatus.BETTER}


def volume(status, ratio=None, noise=None, leaning=None):
    """An effect on volume of that status; `leaning`: the ratios by shape, else all the same."""
    ratio = ratio or (1.6 if status is VolumeStatus.UP else 0.4)
    middle = math.log(ratio)
    fits = tuple(
        DecayFit(shape, math.log(each), middle - 0.3, middle + 0.3, 0.01, 3.0, 0.3)
        for shape, each in zip(SHAPES, leaning or [ratio] * len(SHAPES), strict=True)
        if status is not VolumeStatus.NOT_POSSIBLE
    )
    return VolumeEffect(status, None, middle, middle - 0.3, middle + 0.3, 0.01, fits, noise)


def sentiment(status, share=0.6, step=None):
    """An effect on sentiment of that status."""
    step = step or (-0.2 if status is SentimentStatus.WORSE else 0.2)
    if status is SentimentStatus.NOT_POSSIBLE:
        return SentimentEffect(status, "too few")
    return SentimentEffect(
        status, None, step, step - 0.1, step + 0.1, 0.01, 0.33, share, share - 0.2, share + 0.2
    )


@pytest.mark.parametrize(
    ("expected", "of_volume", "of_sentiment"),
    [
        (Word.CALMED, volume(VolumeStatus.DOWN, 0.5), sentiment(SentimentStatus.UNCLEAR)),
        (Word.PARTLY, volume(VolumeStatus.DOWN, 0.51), sentiment(SentimentStatus.UNCLEAR)),
        (Word.CALMED, volume(VolumeStatus.UNCLEAR), sentiment(SentimentStatus.BETTER, 0.5)),
        (Word.PARTLY, volume(VolumeStatus.UNCLEAR), sentiment(SentimentStatus.BETTER, 0.49)),
        (Word.CALMED, volume(VolumeStatus.DOWN, 0.9), sentiment(SentimentStatus.BETTER, 0.9)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.DOWN), sentiment(SentimentStatus.WORSE)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.UP), sentiment(SentimentStatus.BETTER)),
        (Word.WORSENED, volume(VolumeStatus.UP), sentiment(SentimentStatus.SAME, step=-0.01)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.UP), sentiment(SentimentStatus.SAME, step=0.01)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.DOWN), sentiment(SentimentStatus.UNCLEAR, step=-0.01)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.UNCLEAR, 1.2), sentiment(SentimentStatus.BETTER)),
        (
            Word.CALMED,
            volume(VolumeStatus.UNCLEAR, 1.2, leaning=[1.3, 1.2, 1.1, 0.99]),
            sentiment(SentimentStatus.BETTER),
        ),
        (Word.WORSENED, volume(VolumeStatus.NOT_POSSIBLE), sentiment(SentimentStatus.WORSE)),
        (Word.NOT_CALMED, volume(VolumeStatus.UNCLEAR), sentiment(SentimentStatus.SAME)),
        (Word.NOT_CALMED, volume(VolumeStatus.SAME), sentiment(SentimentStatus.UNCLEAR)),
        (Word.CALMED, volume(VolumeStatus.DOWN), sentiment(SentimentStatus.NOT_POSSIBLE)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.SAME), sentiment(SentimentStatus.NOT_POSSIBLE)),
        (Word.INCONCLUSIVE, volume(VolumeStatus.UNCLEAR), sentiment(SentimentStatus.UNCLEAR)),
    ],
)
def test_the_table_of_words(expected, of_volume, of_sentiment):
    """Each row of the table, at its borders."""
    assert judge_signals(of_volume, of_sentiment).word is expected


@pytest.mark.parametrize(("first", "second"), list(product(VolumeStatus, SentimentStatus)))
@pytest.mark.parametrize(("ratio", "step"), [(0.5, 0.1), (0.5, -0.1), (1.5, 0.1), (1.5, -0.1)])
def test_a_good_word_needs_a_good_signal_and_none_that_leans_to_the_worse(first, second, ratio, step):
    """Whatever the two say."""
    word = judge_signals(volume(first, ratio), sentiment(second, step=step)).word
    worse = {ratio > 1 and first is not VolumeStatus.NOT_POSSIBLE}
    worse.add(step < 0 and second is not SentimentStatus.NOT_POSSIBLE)

    assert (word in {Word.CALMED, Word.PARTLY}) == (bool({first, second} & GOOD) and worse == {False})


@pytest.mark.parametrize(("expected", "sd"), [(Word.CALMED, 0.35), (Word.INCONCLUSIVE, 0.36)])
def test_volume_that_swings_by_itself_is_not_trusted(expected, sd):
    """A fall by half says nothing where the usual volume swings as far."""
    swinging = volume(VolumeStatus.DOWN, noise=Noise(sd, 20))
    verdict = judge(Reaction(swinging, sentiment(SentimentStatus.UNCLEAR)), (), ())

    assert verdict.word is expected
    assert any("swings too much" in reason for reason in verdict.reasons) == (sd > 0.35)


@pytest.mark.parametrize(
    ("expected", "passed"), [(Word.CALMED, True), (Word.CALMED, None), (Word.INCONCLUSIVE, False)]
)
def test_a_failed_check_takes_the_word(expected, passed):
    """Only one that failed."""
    check = CheckResult("control_topic", "Control topic", passed, "it moved too")
    finding = Reaction(volume(VolumeStatus.DOWN), sentiment(SentimentStatus.BETTER))
    verdict = judge(finding, (check,), ())

    assert verdict.word is expected
    assert (verdict.volume, verdict.sentiment) == (Word.CALMED, Word.CALMED)
    assert verdict.sentence.startswith("Pushback fell to 40% [30%, 54%] of what fading alone predicts")


@pytest.mark.parametrize(
    ("told", "first", "second"),
    [
        ("both signals point the same way", VolumeStatus.DOWN, SentimentStatus.BETTER),
        ("both signals point the same way", VolumeStatus.UP, SentimentStatus.WORSE),
        ("both signals point the same way", VolumeStatus.SAME, SentimentStatus.SAME),
        ("the two signals don't point the same way", VolumeStatus.SAME, SentimentStatus.WORSE),
        ("the two signals don't point the same way", VolumeStatus.DOWN, SentimentStatus.WORSE),
    ],
)
def test_whether_the_signals_agree_is_told(told, first, second):
    """No change and worse are not the same way."""
    assert told in judge(Reaction(volume(first), sentiment(second)), (), ()).reasons


def test_an_unsteady_volume_is_not_said_to_have_fallen():
    """The sentence claims no more than the word."""
    swinging = volume(VolumeStatus.DOWN, noise=Noise(0.5, 20))
    verdict = judge(Reaction(swinging, sentiment(SentimentStatus.UNCLEAR)), (), ())

    assert verdict.sentence.startswith("Pushback stood at 40% [30%, 54%]")
    assert "volume fits both" not in " ".join(verdict.reasons)
