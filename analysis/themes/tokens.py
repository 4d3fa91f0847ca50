"""A text's words and pairs of words, as themes count them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

_NO_WORD: Final = re.compile(r"https?://\S+|www\.\S+|[@]\S+|&\w+;")
_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019]*[\w]|[^\W\d_]")
_VERBS: Final = [
    "do",
    "does",
    "did",
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "had",
    "ca",
    "could",
    "wo",
    "would",
    "should",
    "must",
    "need",
    "might",
]
_PRONOUNS: Final = [
    "i",
    "you",
    "we",
    "they",
    "he",
    "she",
    "it",
    "that",
    "there",
    "what",
    "who",
    "how",
    "let",
    "here",
    "where",
]
_RESTS: Final = ["s", "m", "re", "ve", "ll", "d"]


def terms_of(text: str) -> set[str]:
    """Words in lower case, and pairs of words that stand side by side; no stop words, links or mentions."""
    terms: set[str] = set()
    before: str | None = None
    for word in words_of(text):
        if word in stop_words() or len(word) < 2:  # a letter says nothing
            before = None
            continue
        terms.add(word)
        if before is not None and before != word:
            terms.add(f"{before} {word}")
        before = word
    return terms


def words_of(text: str) -> Iterator[str]:
    """Words in lower case, in their order, with straight apostrophes."""
    for found in _WORD.finditer(_NO_WORD.sub(" . ", text.lower())):
        yield found[0].replace("\u2019", "'")


@cache
def stop_words() -> frozenset[str]:
    """Those of scikit-learn, and the contractions that it has in pieces."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  # takes 0.7 s

    whole = {f"{verb}n't" for verb in _VERBS} | {f"{who}'{rest}" for who in _PRONOUNS for rest in _RESTS}
    return frozenset(ENGLISH_STOP_WORDS) | whole
