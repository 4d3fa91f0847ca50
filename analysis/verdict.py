"""The verdict: one word and its reasons. Too little to go by is a reason, never a guess."""

from typing import Final

from walkback.analysis.model import Verdict, Word

_NOT_ESTIMATED: Final = "effects are not estimated yet"


def judge() -> Verdict:
    """The verdict without effects: inconclusive, whatever the series looks like."""
    return Verdict(
        word=Word.INCONCLUSIVE,
        volume=Word.INCONCLUSIVE,
        sentiment=Word.INCONCLUSIVE,
        sentence="Whether the reversal calmed the pushback can't be said: effects are not estimated yet.",
        reasons=(_NOT_ESTIMATED,),
    )
