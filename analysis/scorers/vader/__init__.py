"""VADER (Hutto and Gilbert, ICWSM 2014), exactly as vaderSentiment has it and in a fraction of its time.

From top to bottom: `lexicon`, what is known of words; `rules`, what is made of them; `text`, one text;
`spans`, `words` and `columns`, a column of texts at once. `domain` adds words of a field, which VADER lacks.
"""

from walkback.analysis.scorers.vader.domain import DomainWords, load_words, policy_words
from walkback.analysis.scorers.vader.front import Vader
from walkback.analysis.scorers.vader.rules import Scores

__all__ = ["DomainWords", "Scores", "Vader", "load_words", "policy_words"]
