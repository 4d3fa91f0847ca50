"""VADER behind Walkback's interface for scorers."""

import re
from functools import cached_property
from importlib.metadata import version
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from walkback.analysis.scorers.vader.columns import ColumnScorer
from walkback.analysis.scorers.vader.domain import DomainWords
from walkback.analysis.scorers.vader.lexicon import Vocabulary, lexicon
from walkback.analysis.scorers.vader.rules import Scores
from walkback.analysis.scorers.vader.text import TextScorer

_CURLY_NOT: Final = "([nN])\u2019([tT])"
_STRAIGHT_NOT: Final = r"\1'\2"
_find_curly_not: Final = re.compile(_CURLY_NOT)


class Vader:
    """The numbers of vaderSentiment, to the last bit. Not to be shared between threads.

    Two options lead away from these numbers and are named in `name` and `version`: `words` of a field,
    and `curly_apostrophes`, by which "don\u2019t", as phones write it, negates as "don't" does.
    """

    batch = 20_000

    def __init__(self, words: DomainWords | None = None, *, curly_apostrophes: bool = False) -> None:
        """Read the lexicon that comes with the package."""
        own = version("vaderSentiment")
        self.name = f"vader+{words.name}" if words else "vader"
        self.version = "+".join(
            [own, *([words.digest] if words else []), *(["curly"] if curly_apostrophes else [])]
        )
        self._words = words
        self._curly_apostrophes = curly_apostrophes
        self._vocabulary = Vocabulary(words.over(lexicon()) if words else lexicon())

    def __reduce__(self) -> tuple[Any, tuple[DomainWords | None, bool]]:
        """Another process makes its own, without what was learned here."""
        return (_made_again, (self._words, self._curly_apostrophes))

    @cached_property
    def _texts(self) -> TextScorer:
        return TextScorer(self._vocabulary)

    @cached_property
    def _columns(self) -> ColumnScorer:
        return ColumnScorer(self._vocabulary)

    def score_text(self, text: str) -> Scores:
        """One text's four numbers."""
        if self._curly_apostrophes:
            text = _find_curly_not.sub(_STRAIGHT_NOT, text)
        return self._texts.score(text)

    def score(self, texts: "pa.ChunkedArray[Any]") -> pa.Table:
        """See `Scorer`. compound has four decimals, the shares have three."""
        if self._curly_apostrophes:
            texts = pc.replace_substring_regex(texts, _CURLY_NOT, _STRAIGHT_NOT)
        negative, neutral, positive, compound = self._columns.score(texts).T
        return pa.table(
            {"compound": compound, "negative": negative, "neutral": neutral, "positive": positive}
        )


def _made_again(words: DomainWords | None, curly_apostrophes: bool) -> Vader:  # noqa: FBT001  # pickled
    return Vader(words, curly_apostrophes=curly_apostrophes)
