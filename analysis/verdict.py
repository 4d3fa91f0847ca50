"""The verdict: one word and its reasons. Too little to go by is a reason, never a guess."""

from collections.abc import Iterator, Sequence

from walkback.analysis.model import Phase, Verdict, Word
from walkback.analysis.phases import AFTER_REVERSAL, BASELINE


def judge(phases: Sequence[Phase]) -> Verdict:
    """The verdict without effects: inconclusive, whatever the series looks like.

    The reasons also name what the window lacks for an answer: a reversal, a baseline.
    """
    reversed_ = any(phase.name.startswith(AFTER_REVERSAL) for phase in phases)
    sentence = (
        "Whether the reversal calmed the pushback can't be said: effects are not estimated yet."
        if reversed_
        else "There is no reversal in the window, so there is nothing to hold the pushback against."
    )
    return Verdict(
        word=Word.INCONCLUSIVE,
        volume=Word.INCONCLUSIVE,
        sentiment=Word.INCONCLUSIVE,
        sentence=sentence,
        reasons=("effects are not estimated yet", *_lacking(phases, reversed_=reversed_)),
    )


def _lacking(phases: Sequence[Phase], *, reversed_: bool) -> Iterator[str]:
    if not reversed_:
        yield "there is no reversal in the window"
    if not any(phase.name == BASELINE and phase.observed_days > 0 for phase in phases):
        yield "nothing was observed before the first event, so there is no baseline"
