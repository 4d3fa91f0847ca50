"""What a scorer is: text to sentiment, with a name and a version that the scores are kept under."""

from typing import Any, Final, Protocol

import pyarrow as pa

# The thresholds of Hutto and Gilbert (2014), as in vaderSentiment's README.
NEGATIVE_AT_MOST: Final = -0.05
POSITIVE_AT_LEAST: Final = 0.05


class Scorer(Protocol):
    """Text to sentiment. The same name and version always give the same scores.

    `batch` is how many posts it scores in a few seconds at most, for so many are kept at a time.
    It is called from one thread, which need not be the one that made it.
    """

    name: str
    version: str
    batch: int

    def score(self, texts: "pa.ChunkedArray[Any]") -> pa.Table:
        """A row for each text, in order: compound in [-1, 1]; negative, neutral, positive in [0, 1].

        `texts` are strings without nulls.
        """
        ...
