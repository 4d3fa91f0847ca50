"""A column of texts, scored: the same rules, thousands of texts at a time.

Tokens are found and looked up in the column's bytes (`spans`, `words`); the rules for a word in its
surroundings (`rules.valence_of`) are asked once for each window that ever comes up; what is left are sums.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from walkback.analysis.scorers.vader.lexicon import (
    FIRST_NAMED,
    FIRST_SCORED,
    OUTSIDE,
    SCORED_ASIDE,
    UPPER,
    Vocabulary,
)
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
from walkback.analysis.scorers.vader.spans import Flags, Ints, Spans, cut, find_tokens
from walkback.analysis.scorers.vader.text import Valences
from walkback.analysis.scorers.vader.words import Codes, WordTable

Floats = npt.NDArray[np.float64]

_ROWS: Final = 8_192
_BYTES: Final = 2**20
_FIRST_LOUD: Final = UPPER + 0x100
_CLOSE: Final = 1e-9
_SCALE: Final = np.array([1e3, 1e3, 1e3, 1e4])


class ColumnScorer:
    """VADER's rules for a column of texts."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """`vocabulary` may be shared with others."""
        self._vocabulary = vocabulary
        self._table = WordTable(vocabulary)
        self._of_windows = [Valences(vocabulary, some_capitals=some) for some in (False, True)]
        # What `_of_windows` says of a word among words that no rule asks for; NaN before it was asked.
        self._alone = np.full((2, 2 * UPPER), np.nan)
        self._asides = np.zeros(2 * UPPER, np.uint16)
        self._words_known = 0
        self._but = ord(vocabulary["but"])

    def score(self, texts: "pa.ChunkedArray[Any]") -> Floats:
        """A row for each text: negative, neutral, positive, compound. `texts` has no nulls."""
        blocks = [self._score(block) for block in cut(texts, rows=_ROWS, size=_BYTES)]
        return np.concatenate(blocks) if blocks else np.zeros((0, 4))

    def _score(self, texts: "pa.Array[Any]") -> Floats:
        spans = find_tokens(texts)
        codes = self._table.codes(spans)
        at = np.flatnonzero((codes & (UPPER - 1)) >= FIRST_SCORED)
        text = np.searchsorted(spans.first, at, "right") - 1
        capitals = self._some_capitals(spans, codes)[text]
        valences = self._valences(spans, codes, at, text, capitals)
        buts = np.flatnonzero((codes & (UPPER - 1)) == self._but)
        _contrast(valences, at, text, _first_of_each(buts, spans.first))
        words = np.diff(spans.first)
        return _summarise(valences, text, words, emphases(spans))

    def _valences(self, spans: Spans, codes: Codes, at: Ints, text: Ints, capitals: Flags) -> Floats:
        """`rules.valence_of` each scored word; most stand among words that no rule asks for."""
        asides = self._as_asides(codes)
        word, rows = codes[at], capitals.astype(np.intp)
        named = word & (UPPER - 1) >= FIRST_NAMED
        asked = named | (_before(asides, at) > ord(SCORED_ASIDE)).any(axis=0)
        new = np.flatnonzero(np.isnan(self._alone[rows, word]) & ~asked)
        for row, code in set(zip(rows[new].tolist(), word[new].tolist(), strict=True)):
            self._alone[row, code] = self._of_windows[row][OUTSIDE * BEFORE + chr(code)]
        valences: Floats = self._alone[rows, word]
        for row, of_windows in enumerate(self._of_windows):
            for after, of in ((0, ~named), (AFTER, named)):
                some = np.flatnonzero(asked & (rows == row) & of)
                windows = _windows(asides, at[some], spans.first, text[some], after)
                windows[:, BEFORE] = word[some]
                keys = windows.view(f"U{BEFORE + 1 + after}").ravel().tolist()
                valences[some] = list(map(of_windows.__getitem__, keys))
        return valences

    def _as_asides(self, codes: Codes) -> Codes:
        """What each word is to the words around it."""
        if self._words_known != len(self._vocabulary.words):
            for character in list(self._vocabulary.words):
                self._asides[ord(character)] = ord(self._vocabulary.aside(character))
            self._words_known = len(self._vocabulary.words)
        asides: Codes = self._asides[codes]
        return asides

    @staticmethod
    def _some_capitals(spans: Spans, codes: Codes) -> Flags:
        """`has_some_capitals` of each text."""
        loud = _texts_with(codes >= _FIRST_LOUD, spans.first)
        # Most texts have a word that begins with a small letter.
        small = _texts_with(spans.data[spans.starts] - np.uint8(ord("a")) < 26, spans.first)
        for text in np.flatnonzero(loud & ~small).tolist():
            content = spans.data[spans.offsets[text] : spans.offsets[text + 1]].tobytes().decode()
            loud[text] = not all(map(str.isupper, content.split()))
        return loud


def _texts_with(tokens: Flags, first: Ints) -> Flags:
    """Which texts have one of these tokens."""
    texts: Flags = np.diff(np.searchsorted(np.flatnonzero(tokens), first)) > 0
    return texts


def _before(asides: Codes, at: Ints) -> Codes:
    """The words before each place, a row a step, not minding where texts begin."""
    return np.stack([asides[np.maximum(at - step, 0)] for step in range(1, BEFORE + 1)])


def _windows(codes: Codes, at: Ints, first: Ints, text: Ints, after: int) -> npt.NDArray[np.uint32]:
    """The codes from `BEFORE` before to `after` after each place; OUTSIDE where another text begins."""
    windows = np.full((len(at), BEFORE + 1 + after), ord(OUTSIDE), np.uint32)
    for column, step in enumerate(range(-BEFORE, after + 1)):
        place = at + step
        inside = np.flatnonzero((place >= first[text]) & (place < first[text + 1]))
        windows[inside, column] = codes[place[inside]]
    return windows


def _first_of_each(places: Ints, first: Ints) -> Ints:
    """For each text the first of some places that lies in it, -1 where none does."""
    texts, earliest = np.unique(np.searchsorted(first, places, "right") - 1, return_index=True)
    found = np.full(len(first) - 1, -1)
    found[texts] = places[earliest]
    return found


def _contrast(valences: Floats, at: Ints, text: Ints, but_at: Ints) -> None:
    """`rules.contrast`, which is asked itself where a text has a changed valence and another one alike."""
    of = np.flatnonzero(but_at[text] >= 0)
    owners, values = text[of], valences[of]
    changed = values * np.where(at[of] < but_at[owners], BEFORE_BUT, AFTER_BUT)
    for one in _mistakable(owners, values, changed).tolist():
        mine = slice(*np.searchsorted(owners, [one, one + 1]))
        exact = values[mine].tolist()
        contrast(exact, at[of[mine]].tolist(), int(but_at[one]))
        changed[mine] = exact
    valences[of] = changed


def _mistakable(owners: Ints, values: Floats, changed: Floats) -> Ints:
    """The owners that have one of their values, other than 0, among the changed ones, too."""
    both, twice = np.concatenate([values, changed]), np.concatenate([owners, owners])
    after = np.repeat([False, True], len(owners))
    order = np.lexsort((after, both, twice))
    both, twice, after = both[order], twice[order], after[order]
    alike = (twice[1:] == twice[:-1]) & (both[1:] == both[:-1]) & (after[1:] != after[:-1]) & (both[1:] != 0)
    return np.unique(twice[1:][alike])


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
