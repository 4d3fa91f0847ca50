"""The scorer that a case asks for."""

from typing import Final

from walkback.analysis.scorers.base import Scorer
from walkback.analysis.scorers.transformer import Transformer
from walkback.analysis.scorers.vader import Vader, load_words, policy_words
from walkback.case import Case

_THAT_COMES_WITH_US: Final = "policy"


def scorer_for(case: Case) -> Scorer:
    """VADER, with the options of the case's `[scorer]` table, or the model that it names.

    Raises CaseError where its lexicon file or a model's file is missing or faulty.
    """
    if case.scorer.model is not None:
        return Transformer(case.path.parent / case.scorer.model)
    lexicon = case.scorer.lexicon
    if lexicon is None:
        words = None
    elif lexicon == _THAT_COMES_WITH_US:
        words = policy_words()
    else:
        words = load_words(case.path.parent / lexicon)
    return Vader(words, curly_apostrophes=case.scorer.curly_apostrophes)
