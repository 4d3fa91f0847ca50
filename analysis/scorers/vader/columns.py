"""A column of texts, scored: the same rules, thousands of texts at a time.

Tokens are found and looked up in the column's bytes (`spans`, `words`); the rules for a word in its
surroundings (`rules.valence_of`) are asked once for each window that ever comes up; what is left are sums.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from walkback.analysis.scorers.vader.lexicon import OUTSIDE, UPPER, Vocabulary
from walkback.analysis.scorers.vader.rules import (
    AFTER,
    AFTER_BUT,
    ALPHA,
    BEFORE,
    BEFORE_BUT,
    CLEAR,
    contrast,
    emphasis,
    summarise,
)
from walkback.analysis.scorers.vader.spans import Ints, Spans, cut, find_tokens
from walkback.analysis.scorers.vader.text import Valences, has_some_capitals
from walkback.analysis.scorers.vader.words import Codes, WordTable

Floats = npt.NDArray[np.float64]

_ROWS: Final = 8_192
_BYTES: Final = 2**20
_FIRST_SCORED: Final = 0x400
_CLOSE: Final = 1e-9
_SCALE: Final = np.array([1e3, 1e3, 1e3, 1e4])


class ColumnScorer:
    """VADER's rules for a column of texts."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """`vocabulary` may be shared with others."""
        self._vocabulary = vocabulary
        self._table = WordTable(vocabulary)
        self._quiet = Valences(vocabulary, some_capitals=False)
        self._loud = Valences(vocabulary, some_capitals=True)
        self._but = ord(vocabulary["but"])

    def score(self, texts: "pa.ChunkedArray[Any]") -> Floats:
        """A row for each text: negative, neutral, positive, compound. `texts` has no nulls."""
        blocks = [self._score(block) for block in cut(texts, rows=_ROWS, size=_BYTES)]
        return np.concatenate(blocks) if blocks else np.zeros((0, 4))

    def _score(self, texts: "pa.Array[Any]") -> Floats:
        spans = find_tokens(texts)
        codes = self._table.codes(spans)
        at = np.flatnonzero((codes & (UPPER - 1)) >= _FIRST_SCORED)
        text = np.searchsorted(spans.first, at, "right") - 1
        windows = _windows(codes, at, spans.first[text], spans.first[text + 1])
        valences = self._valences(windows, text, spans)
        buts = np.flatnonzero((codes & (UPPER - 1)) == self._but)
        _contrast(valences, at, text, _first_of_each(buts, spans.first))
        words = np.diff(spans.first)
        return _summarise(valences, text, words, emphases(spans))

    def _valences(self, windows: npt.NDArray[np.uint32], text: Ints, spans: Spans) -> Floats:
        keys = np.ascontiguousarray(windows).view(f"U{BEFORE + 1 + AFTER}").ravel().tolist()
        valences = list(map(self._quiet.__getitem__, keys))
        loud = np.flatnonzero((windows & UPPER).any(axis=1))
        some = {}
        for one, of in zip(loud.tolist(), text[loud].tolist(), strict=True):
            if of not in some:
                some[of] = self._has_some_capitals(spans, of)
            if some[of]:
                valences[one] = self._loud[keys[one]]
        return np.array(valences, np.float64)

    def _has_some_capitals(self, spans: Spans, text: int) -> bool:
        """Whether not all of a text's words are in capitals; one that matters is known to be."""
        content = spans.data[spans.offsets[text] : spans.offsets[text + 1]].tobytes()
        if not content.isupper():
            return True  # there is a small letter
        return has_some_capitals("".join(map(self._vocabulary.__getitem__, content.decode().split())))


def _windows(codes: Codes, at: Ints, first: Ints, end: Ints) -> npt.NDArray[np.uint32]:
    """The codes around each place, a row each; OUTSIDE where another text begins."""
    windows = np.full((len(at), BEFORE + 1 + AFTER), ord(OUTSIDE), np.uint32)
    for column, step in enumerate(range(-BEFORE, AFTER + 1)):
        place = at + step
        inside = np.flatnonzero((place >= first) & (place < end))
        windows[inside, column] = codes[place[inside]]
    return windows


def _first_of_each(places: Ints, first: Ints) -> Ints:
    """For each text the first of some places that lies in it, -1 where none does."""
    texts, earliest = np.unique(np.searchsorted(first, places, "right") - 1, return_index=True)
    found = np.full(len(first) - 1, -1)
    found[texts] = places[earliest]
    return found


def _contrast(valences: Floats, at: Ints, text: Ints, but_at: Ints) -> None:
    """`rules.contrast`, which is asked itself where a text has, before or after, the same valence twice."""
    of = np.flatnonzero(but_at[text] >= 0)
    owners, values = text[of], valences[of]
    changed = values * np.where(at[of] < but_at[owners], BEFORE_BUT, AFTER_BUT)
    for one in _with_twins(np.concatenate([owners, owners]), np.concatenate([values, changed])).tolist():
        mine = slice(*np.searchsorted(owners, [one, one + 1]))
        exact = values[mine].tolist()
        contrast(exact, at[of[mine]].tolist(), int(but_at[one]))
        changed[mine] = exact
    valences[of] = changed


def _with_twins(owners: Ints, values: Floats) -> Ints:
    """The owners that have a value other than 0 twice."""
    order = np.lexsort((values, owners))
    owners, values = owners[order], values[order]
    return np.unique(
        owners[1:][(owners[1:] == owners[:-1]) & (values[1:] == values[:-1]) & (values[1:] != 0)]
    )


def emphases(spans: Spans) -> Floats:
    """`rules.emphasis` of each text."""
    table = np.array(
        [[emphasis(exclamations, questions) for questions in range(5)] for exclamations in range(5)]
    )
    return table[np.minimum(spans.exclamations, 4), np.minimum(spans.questions, 4)]


def _summarise(valences: Floats, text: Ints, words: Ints, emphasised: Floats) -> Floats:
    """`rules.summarise`, which is asked itself where numbers lie next to a tie or sums next to 0."""
    count = len(words)
    above, below = valences > 0, valences < 0
    total = np.bincount(text, valences, count)
    positive = np.bincount(text[above], valences[above] + 1, count)
    negative = np.bincount(text[below], 1 - valences[below], count)
    neutral = words - np.bincount(text[above | below], minlength=count)
    total = np.where(total == 0, total, total + np.copysign(emphasised, total))
    unsure = (np.abs(total) < _CLOSE) | (np.abs(positive - negative) < _CLOSE)
    unsure = (unsure | (np.abs(np.abs(total) - emphasised) < _CLOSE)) & (positive + negative > 0)
    more = np.where(positive > negative, emphasised, 0.0)
    less = np.where(positive < negative, emphasised, 0.0)
    whole = np.where(words > 0, positive + more + negative + less + neutral, 1.0)
    parts = [(negative + less) / whole, neutral / whole, (positive + more) / whole]
    exact = np.stack([*parts, total / np.sqrt(total * total + ALPHA)], axis=1)
    nearest = np.rint(exact * _SCALE)
    unsure |= (np.abs(exact * _SCALE - nearest) > CLEAR).any(axis=1)
    scores: Floats = nearest / _SCALE
    for one in np.flatnonzero(unsure).tolist():
        mine = slice(*np.searchsorted(text, [one, one + 1]))
        scores[one] = summarise(valences[mine].tolist(), int(words[one]), float(emphasised[one]))
    return scores
