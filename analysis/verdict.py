"""The verdict: one word and its reasons. Too little to go by is a reason, never a guess."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from walkback.analysis.model import Phase, Verdict, Word
from walkback.analysis.phases import BASELINE
from walkback.case import Event, EventKind


def judge(phases: Sequence[Phase], timeline: Sequence[tuple[datetime, Event]]) -> Verdict:
    """The verdict without effects: inconclusive, whatever the series looks like.

    The reasons also name what the case lacks for an answer: a reversal, a baseline.
    """
    reversed_ = any(event.kind is EventKind.REVERSAL for _, event in timeline)
    sentence = (
        "Whether the reversal calmed the pushback can't be said: effects are not estimated yet."
        if reversed_
        else "There is no reversal among the events, so there is nothing to hold the pushback against."
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
        yield "the case has no reversal"
    if not any(phase.name == BASELINE and phase.observed_days > 0 for phase in phases):
        yield "nothing was observed before the first event, so there is no baseline"
