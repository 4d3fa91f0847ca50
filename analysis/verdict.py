"""The verdict: one word, its sentence and its reasons. Too little to go by is a reason, never a guess."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Final

from walkback.analysis.checks.base import BAD, GOOD
from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus
from walkback.analysis.effects.gls_drift import SentimentEffect, SentimentStatus
from walkback.analysis.effects.reaction import Reaction
from walkback.analysis.model import CheckResult, Phase, Verdict, Word
from walkback.analysis.phases import BASELINE

ENOUGH: Final = 0.5  # of what fading predicts left, or of the dip recovered: calmed, and not only partly
MOST_NOISE: Final = 0.35  # standard deviation of the log rate beyond season and chance
_MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Signals:
    """The word of both signals together, before any check, and each one's own."""

    word: Word
    volume: Word
    sentiment: Word


def judge_signals(volume: VolumeEffect, sentiment: SentimentEffect) -> Signals:
    """The word by the two intervals, at 99% and 96%, so that both together hold in 95% of cases.

    | volume, sentiment                                                        | word          |
    |--------------------------------------------------------------------------|---------------|
    | one down or better, the other not leaning to the worse, and half of it   |               |
    | gone or recovered                                                        | calmed        |
    | the same without the size                                                | partly calmed |
    | one up or worse, the other not leaning to the better                     | worsened      |
    | sentiment without material change; or volume so and sentiment unclear    | not calmed    |
    | anything else                                                            | inconclusive  |

    A signal leans to where its estimate points; volume to where all shapes of fading do. Without that rule
    more than 5% of simulated worlds in which nothing was done are called calmed; see docs/method.md. Volume
    that is `unsteady` is unclear and leans nowhere, whatever its interval says.
    """
    volume = _steadied(volume)
    own = _word_of_volume(volume), _word_of_sentiment(sentiment)
    return Signals(_joint(own, volume, sentiment), *own)


def _steadied(volume: VolumeEffect) -> VolumeEffect:
    return replace(volume, status=VolumeStatus.UNCLEAR, fits=()) if unsteady(volume) else volume


def unsteady(volume: VolumeEffect) -> str | None:
    """Why volume's interval is not to be trusted: it swings as far when nothing happens. None if it doesn't.

    In worlds whose log rate swings by 0.5 over 36 hours its 99% interval holds the truth in 88%; see
    docs/method.md.
    """
    noise = volume.noise
    if noise is None or volume.status not in GOOD | BAD or noise.sd <= MOST_NOISE:
        return None
    return (
        f"volume swings too much by itself to tell (before the outcry its log rate by {noise.sd:.2f} "
        f"beyond season and chance, more than {MOST_NOISE})"
    )


def _joint(own: tuple[Word, Word], volume: VolumeEffect, sentiment: SentimentEffect) -> Word:
    statuses = {volume.status, sentiment.status}
    leanings = {_leaning(volume), _leaning(sentiment)}
    if statuses & GOOD:
        sized = Word.CALMED if Word.CALMED in own else Word.PARTLY
        return Word.INCONCLUSIVE if -1 in leanings else sized
    if statuses & BAD:
        return Word.INCONCLUSIVE if 1 in leanings else Word.WORSENED
    if sentiment.status is SentimentStatus.SAME:
        return Word.NOT_CALMED
    if volume.status is VolumeStatus.SAME and sentiment.status is SentimentStatus.UNCLEAR:
        return Word.NOT_CALMED
    return Word.INCONCLUSIVE


def _leaning(effect: VolumeEffect | SentimentEffect) -> int:
    """1 where the estimate points to the better, -1 to the worse, 0 where it can't be told."""
    if isinstance(effect, SentimentEffect):
        return 0 if not effect.step else 1 if effect.step > 0 else -1
    falling = {fit.log_ratio < 0 for fit in effect.fits}
    return 0 if len(falling) != 1 else 1 if falling == {True} else -1


def _word_of_volume(effect: VolumeEffect) -> Word:
    match effect.status:
        case VolumeStatus.DOWN:
            return Word.CALMED if exp(effect.log_ratio or 0.0) <= ENOUGH else Word.PARTLY
        case VolumeStatus.UP:
            return Word.WORSENED
        case VolumeStatus.SAME:
            return Word.NOT_CALMED
        case _:
            return Word.INCONCLUSIVE


def _word_of_sentiment(effect: SentimentEffect) -> Word:
    match effect.status:
        case SentimentStatus.BETTER:
            return Word.CALMED if (effect.recovered_share or 0.0) >= ENOUGH else Word.PARTLY
        case SentimentStatus.WORSE:
            return Word.WORSENED
        case SentimentStatus.SAME:
            return Word.NOT_CALMED
        case _:
            return Word.INCONCLUSIVE


def judge(
    reaction: Reaction, checks: Sequence[CheckResult], phases: Sequence[Phase], notes: Sequence[str] = ()
) -> Verdict:
    """The verdict on a reversal: the table's word, unless a failed check forbids one.

    `notes` are reasons that the caller knows of.
    """
    noise = unsteady(reaction.volume)
    reaction = replace(reaction, volume=_steadied(reaction.volume))
    signals = judge_signals(reaction.volume, reaction.sentiment)
    objections = list(_failed(checks)) if signals.word is not Word.INCONCLUSIVE else []
    return Verdict(
        word=Word.INCONCLUSIVE if objections else signals.word,
        volume=signals.volume,
        sentiment=signals.sentiment,
        sentence=_sentence(reaction),
        reasons=(
            *objections,
            *_why(reaction, noise),
            *_checked(checks, signals.word),
            *lacking(phases),
            *notes,
        ),
    )


def judge_without_reversal(state: str, phases: Sequence[Phase], notes: Sequence[str] = ()) -> Verdict:
    """The verdict where nothing was reversed: there is nothing to judge, but a state to tell."""
    return Verdict(
        word=Word.INCONCLUSIVE,
        volume=Word.INCONCLUSIVE,
        sentiment=Word.INCONCLUSIVE,
        sentence=f"There is no reversal in the window, so there is nothing to judge. {state}",
        reasons=("there is no reversal in the window", *lacking(phases), *notes),
    )


def lacking(phases: Sequence[Phase]) -> Iterator[str]:
    """What the window lacks for an answer, beyond the event."""
    if not any(phase.name == BASELINE and phase.observed_days > 0 for phase in phases):
        yield "nothing was observed before the first event, so there is no baseline"


def _failed(checks: Sequence[CheckResult]) -> Iterator[str]:
    for check in checks:
        if check.passed is False:
            yield f"a check failed: {check.title.lower()} ({check.text})"


def _checked(checks: Sequence[CheckResult], word: Word) -> Iterator[str]:
    """What a reader of a good word has to know of the checks that did not speak."""
    if word not in {Word.CALMED, Word.PARTLY}:
        return
    for check in checks:
        if check.passed is None and check.name in {"second_source", "control_topic", "placebo_in_time"}:
            yield f"not checked: {check.title.lower()} ({check.text})"


def _why(reaction: Reaction, noise: str | None) -> Iterator[str]:
    volume, sentiment = reaction.volume, reaction.sentiment
    if volume.status is VolumeStatus.NOT_POSSIBLE and volume.reason == sentiment.reason:
        yield f"neither signal can be tested: {volume.reason}"
        return
    if volume.status is VolumeStatus.NOT_POSSIBLE:
        yield f"volume can't be tested: {volume.reason}"
    elif noise:
        yield noise
    elif volume.status is VolumeStatus.UNCLEAR:
        yield "volume fits both with fading alone and with a material change"
    if sentiment.status is SentimentStatus.NOT_POSSIBLE:
        yield f"sentiment can't be tested: {sentiment.reason}"
    elif sentiment.status is SentimentStatus.UNCLEAR:
        yield "sentiment fits both with its drift alone and with a material change"
    found = _direction(volume.status) or _direction(sentiment.status)
    if found and -found in {_leaning(volume), _leaning(sentiment)}:
        yield "one signal alone is not enough where the other's estimate points the other way"
    first, second = _direction(volume.status), _direction(sentiment.status)
    if first is not None and second is not None:
        yield (
            "both signals point the same way"
            if first == second
            else "the two signals don't point the same way"
        )


def _direction(status: VolumeStatus | SentimentStatus) -> int | None:
    """1 for the better, -1 for the worse, 0 where nothing moved; None where that can't be told."""
    if status in GOOD | BAD:
        return 1 if status in GOOD else -1
    return 0 if status in {VolumeStatus.SAME, SentimentStatus.SAME} else None


def _sentence(reaction: Reaction) -> str:
    return f"{_volume_words(reaction.volume)}; {_sentiment_words(reaction.sentiment)}."


def _volume_words(effect: VolumeEffect) -> str:
    if effect.log_ratio is None or effect.ci_low is None or effect.ci_high is None:
        return "Whether there was less pushback than fading alone predicts can't be told"
    verb = {VolumeStatus.DOWN: "fell to", VolumeStatus.UP: "rose to"}.get(effect.status, "stood at")
    ends = f"{exp(effect.ci_low):.0%}, {exp(effect.ci_high):.0%}"
    return (
        f"Pushback {verb} {exp(effect.log_ratio):.0%} [{ends}] of what fading alone predicts in the three "
        "days after the reversal"
    )


def _sentiment_words(effect: SentimentEffect) -> str:
    if effect.step is None or effect.ci_low is None or effect.ci_high is None:
        return "whether sentiment turned can't be told"
    verb = {SentimentStatus.BETTER: "rose", SentimentStatus.WORSE: "fell"}.get(effect.status, "moved")
    ends = f"{_signed(effect.ci_low)}, {_signed(effect.ci_high)}"
    return (
        f"mean sentiment {verb} by {_signed(effect.step)} [{ends}] beyond its drift, "
        f"{_percent(effect.recovered_share)} "
        f"[{_percent(effect.recovered_low)}, {_percent(effect.recovered_high)}] of its dip"
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", _MINUS)


def _percent(value: float | None) -> str:
    return f"{value or 0.0:.0%}".replace("-", _MINUS)
