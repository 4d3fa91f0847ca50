"""VADER behind Walkback's interface for scorers."""

from functools import cached_property
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from walkback.analysis.scorers.vader.columns import ColumnScorer
from walkback.analysis.scorers.vader.lexicon import Vocabulary, lexicon
from walkback.analysis.scorers.vader.rules import Scores
from walkback.analysis.scorers.vader.text import TextScorer


class Vader:
    """The numbers of vaderSentiment, to the last bit. Not to be shared between threads."""

    name = "vader"

    def __init__(self) -> None:
        """Read the lexicon that comes with the package."""
        self.version = version("vaderSentiment")
        self._vocabulary = Vocabulary(lexicon())

    def __reduce__(self) -> tuple[type["Vader"], tuple[()]]:
        """Another process makes its own, without what was learned here."""
        return (Vader, ())

    @cached_property
    def _texts(self) -> TextScorer:
        return TextScorer(self._vocabulary)

    @cached_property
    def _columns(self) -> ColumnScorer:
        return ColumnScorer(self._vocabulary)

    def score_text(self, text: str) -> Scores:
        """One text's four numbers."""
        return self._texts.score(text)

    def score(self, texts: "pa.ChunkedArray[Any]") -> pa.Table:
        """See `Scorer`. compound has four decimals, the shares have three."""
        negative, neutral, positive, compound = self._columns.score(texts).T
        return pa.table(
            {"compound": compound, "negative": negative, "neutral": neutral, "positive": positive}
        )
