"""VADER as its authors publish it (Hutto and Gilbert, ICWSM 2014; package vaderSentiment)."""

from importlib.metadata import version
from typing import Any

import pyarrow as pa
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


class Vader:
    """The reference implementation behind Walkback's interface.

    Its time grows with the square of a text's length: 50 µs for a tweet, a second for 40,000
    characters.
    """

    name = "vader"

    def __init__(self) -> None:
        """Read the lexicon that comes with the package."""
        self.version = version("vaderSentiment")
        self._polarity = SentimentIntensityAnalyzer().polarity_scores

    def score(self, texts: "pa.ChunkedArray[Any]") -> pa.Table:
        """See `Scorer`. compound has four decimals, the shares have three."""
        scores = [self._polarity(text) for text in texts.to_pylist()]
        return pa.table(
            {
                "compound": pa.array([score["compound"] for score in scores], pa.float64()),
                "negative": pa.array([score["neg"] for score in scores], pa.float64()),
                "neutral": pa.array([score["neu"] for score in scores], pa.float64()),
                "positive": pa.array([score["pos"] for score in scores], pa.float64()),
            }
        )
