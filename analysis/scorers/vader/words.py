"""Which of a column's tokens mean something to the rules: one table of all such words, asked at once.

Four of five tokens mean nothing. A first look at eight bytes and a length drops almost all of them; what is
left is compared whole.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from walkback.analysis.scorers.vader.lexicon import PLAIN, UPPER, Vocabulary
from walkback.analysis.scorers.vader.spans import Bytes, Flags, Ints, Numbers, Spans, eight_bytes

Codes = npt.NDArray[np.uint16]

_LONGEST: Final = 16  # bytes that are compared here; longer words are looked up one by one
_MASKS: Final = np.array([2 ** (8 * length) - 1 for length in range(9)], np.uint64)
_LOOK_BITS: Final = 18
_SLOT_BITS: Final = 20
_ODD: Final = tuple(
    np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
)
_NOBODY: Final = -1


def _every_byte(value: int) -> np.uint64:
    return np.uint64(value * 0x0101010101010101)


class _Packed(NamedTuple):
    """Words as numbers: their first eight bytes, the eight after these, and how many they have in all."""

    first: Numbers
    second: Numbers
    lengths: Ints


class WordTable:
    """The words that mean something to the rules, by their bytes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Lay out the table; takes some tens of milliseconds."""
        self._vocabulary = vocabulary
        # Others are never met as ASCII tokens: the rules look up single words in lower case.
        words = sorted(
            word for word in vocabulary.known if word.isascii() and word == word.lower() and " " not in word
        )
        starts, lengths, data = _laid_out(words)
        self._codes = np.array([ord(vocabulary.character(word)) for word in words], np.uint16)
        self._looks_known = np.zeros(2**_LOOK_BITS, np.bool_)
        self._looks_known[_look(data, starts, lengths)] = True
        self._words = _packed(data, starts, lengths)
        slots = _slots(self._words)
        self._word_in = np.full(2**_SLOT_BITS, _NOBODY, np.int32)
        self._word_in[slots] = np.arange(len(words))
        self._crowded = np.bincount(slots, minlength=2**_SLOT_BITS) > 1

    def codes(self, spans: Spans) -> Codes:
        """The character of each token's Word, as a number; PLAIN for plain words in capitals, too."""
        codes = np.full(len(spans.starts), ord(PLAIN), np.uint16)
        lengths = spans.core_ends - spans.cores
        seen = np.flatnonzero(self._looks_known[_look(spans.data, spans.cores, lengths)])
        tokens, in_capitals = _lower(_packed(spans.data, spans.cores[seen], lengths[seen]))
        slots = _slots(tokens)
        word = self._word_in[slots]
        same = (
            (self._words.first[word] == tokens.first)
            & (self._words.second[word] == tokens.second)
            & (self._words.lengths[word] == tokens.lengths)
        )
        codes[seen] = np.where(same, self._codes[word] + UPPER * in_capitals, ord(PLAIN))
        unsure = seen[(tokens.lengths > _LONGEST) | (self._crowded[slots] & ~same)]
        nt = _with_nt(spans)
        nt = nt[codes[nt] == ord(PLAIN)]  # the usual ones are in the table
        self._ask(codes, spans, np.concatenate([unsure, spans.odd, nt]))
        return codes

    def _ask(self, codes: Codes, spans: Spans, tokens: Ints) -> None:
        """Look tokens up one by one, as a text's own scorer does."""
        data = spans.data.tobytes()
        for token, start, end in zip(
            tokens.tolist(), spans.starts[tokens].tolist(), spans.ends[tokens].tolist(), strict=True
        ):
            codes[token] = ord(self._vocabulary[data[start:end].decode()])


def _laid_out(words: list[str]) -> tuple[Ints, Ints, Bytes]:
    """Words in a run of bytes: where each starts, how long it is, and the bytes."""
    lengths = np.array([len(word) for word in words], np.int64)
    starts = np.cumsum(lengths) - lengths
    content = "".join(words).encode()
    data = np.frombuffer(content + bytes(-len(content) % 8 + 32), np.uint8)
    return starts, lengths, data


def _packed(data: Bytes, at: Ints, lengths: Ints) -> _Packed:
    return _Packed(
        eight_bytes(data, at) & _MASKS[np.minimum(lengths, 8)],
        eight_bytes(data, at + 8) & _MASKS[np.clip(lengths - 8, 0, 8)],
        lengths,
    )


def _look(data: Bytes, at: Ints, lengths: Ints) -> Numbers:
    """What a word looks like at first sight: alike for words that differ in capitals alone."""
    first = (eight_bytes(data, at) | _every_byte(0x20)) & _MASKS[np.minimum(lengths, 8)]
    looks: Numbers = (first + lengths.astype(np.uint64)) * _ODD[0] >> np.uint64(64 - _LOOK_BITS)
    return looks


def _slots(words: _Packed) -> Numbers:
    mixed = words.first * _ODD[0] + words.second * _ODD[1] + words.lengths.astype(np.uint64) * _ODD[2]
    slots: Numbers = (mixed ^ mixed >> np.uint64(29)) * _ODD[1] >> np.uint64(64 - _SLOT_BITS)
    return slots


def _lower(words: _Packed) -> tuple[_Packed, Flags]:
    """ASCII words in lower case, and whether each was in capitals (`str.isupper`)."""
    first, second = _between(words.first, "A", "Z"), _between(words.second, "A", "Z")
    small = _between(words.first, "a", "z") | _between(words.second, "a", "z")
    to_small = np.uint64(2)  # from the high bit of a byte to 0x20, by which capitals and small letters differ
    lower = _Packed(words.first | first >> to_small, words.second | second >> to_small, words.lengths)
    return lower, ((first | second) != 0) & (small == 0)


def _between(eight: Numbers, first: str, last: str) -> Numbers:
    """The high bit of each ASCII byte that lies between two characters, both included."""
    at_least = eight + _every_byte(0x80 - ord(first))
    above = eight + _every_byte(0x80 - ord(last) - 1)
    return at_least & ~above & _every_byte(0x80)


def _with_nt(spans: Spans) -> Ints:
    """Tokens with "n't" in them."""
    at = np.flatnonzero(spans.data == ord("'"))
    nt = at[(spans.data[at - 1] | 0x20 == ord("n")) & (spans.data[at + 1] | 0x20 == ord("t"))]
    tokens: Ints = np.searchsorted(spans.starts, nt, "right") - 1
    return tokens
