"""One text, scored."""

import re
from typing import Final

from walkback.analysis.scorers.vader.lexicon import CAPITALS, LOUD, NAMED, OUTSIDE, SCORED, Vocabulary, emoji
from walkback.analysis.scorers.vader.rules import (
    AFTER,
    BEFORE,
    NEUTRAL,
    NOTHING,
    Scores,
    contrast,
    emphasis,
    summarise,
    valence_of,
)

_START: Final = OUTSIDE * BEFORE
_LENGTH: Final = BEFORE + 1 + AFTER
_END: Final = OUTSIDE * AFTER
_find_scored: Final = re.compile(f"[{SCORED}]").finditer
find_windows: Final = re.compile(
    f"(?=({'.' * BEFORE}[{NAMED}]{'.' * AFTER}|{'.' * BEFORE}[{SCORED}]))"
).findall
_find_loud: Final = re.compile(f"[{LOUD}]").search
_find_other: Final = re.compile(f"[^{CAPITALS}]").search
_SPELLED_OUT: Final = {character: f" {words}" for character, words in emoji().items()}
_LATIN_EMOJI: Final = "".join(character for character in _SPELLED_OUT if character <= "\xff")
_FIRST_OTHER: Final = min(character for character in _SPELLED_OUT if character > "\xff")
# Few ranges, and so quicker asked than the whole set; curly quotes and accents are outside.
_replace_possible_emoji: Final = re.compile(f"[{_LATIN_EMOJI}{_FIRST_OTHER}-\U0010ffff]").sub


class Valences(dict[str, float]):
    """Window to valence. The rules see six words at most, and most windows come again."""

    _AT_HAND: Final = 200_000

    def __init__(self, vocabulary: Vocabulary, *, some_capitals: bool) -> None:
        """For texts of which some words, but not all, are in capitals; or for the others."""
        super().__init__()
        self._words = vocabulary.words
        self._aside = vocabulary.aside
        self._some_capitals = some_capitals

    def __missing__(self, window: str) -> float:
        """Apply the rules to `BEFORE` words, a scored one and, where that has a role, `AFTER` words."""
        if len(self) >= self._AT_HAND:
            self.clear()
        asides = "".join(map(self._aside, window[:BEFORE])) + window[BEFORE:]
        if asides != window:
            valence = self[window] = self[asides]
            return valence
        seen = [None if word == OUTSIDE else self._words[word] for word in window.ljust(_LENGTH, OUTSIDE)]
        valence = self[window] = valence_of(tuple(seen), some_capitals=self._some_capitals)  # type: ignore[arg-type]
        return valence


class TextScorer:
    """VADER's rules for one text at a time. The time it takes grows with a text's length alone."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """`vocabulary` may be shared with others."""
        self._character = vocabulary.__getitem__
        self._valences = tuple(Valences(vocabulary, some_capitals=some) for some in (False, True))
        self._find_but = re.compile(f"[{vocabulary['but']}{vocabulary['BUT']}]").search

    def score(self, text: str) -> Scores:
        """`SentimentIntensityAnalyzer.polarity_scores`."""
        if not text.isascii():
            text = spell_out_emoji(text)
        words = "".join(map(self._character, text.split()))
        if not words:
            return NOTHING
        windows = find_windows(f"{_START}{words}{_END}")
        if not windows:
            return NEUTRAL
        valences = list(map(self._valences[has_some_capitals(words)].__getitem__, windows))
        but = self._find_but(words)
        if but:
            contrast(valences, [match.start() for match in _find_scored(words)], but.start())
        return summarise(valences, len(words), emphasis(text.count("!"), text.count("?")))


def spell_out_emoji(text: str) -> str:
    """`polarity_scores`: emoji give way to their descriptions.

    What follows an emoji sticks to the last word of its description, so that no rule knows that word
    then; "!" in a description counts as if the writer had set it.
    """
    return _replace_possible_emoji(_spelled_out, text)


def _spelled_out(found: re.Match[str]) -> str:
    return _SPELLED_OUT.get(found[0], found[0])


def has_some_capitals(words: str) -> bool:
    """`allcap_differential`, as far as it matters: a word of interest is in capitals, not all words are."""
    return _find_loud(words) is not None and _find_other(words) is not None
