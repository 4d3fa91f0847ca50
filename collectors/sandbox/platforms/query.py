"""The search languages, as far as Walkback speaks them: words, "phrases", OR, AND, NOT, -, brackets, url:.

One grammar for all: X joins words by AND without saying so, Reddit says it, Algolia and Bluesky know
words and phrases alone. AND binds tighter than OR, as in X.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r'\s*(?:(-)|(\()|(\))|(url:)?"([^"]*)"|([^\s()"]+))')
_WORD: Final = re.compile(r"[#@]?\w+")


class RejectedQueryError(ValueError):
    """A query that makes no sense."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A text as searches see it: its words in a row, once with # and @ and once without."""

    exact: str
    bare: str
    text: str


Test = Callable[[Indexed], bool]


@lru_cache(maxsize=20_000)  # a world's posts, on every platform and at every start
def index(text: str) -> Indexed:
    """Make a text searchable."""
    lower = text.lower()
    exact = _WORD.findall(lower)
    return Indexed(_row(exact), _row([word.lstrip("#@") for word in exact]), lower)


def _row(words: list[str]) -> str:
    return f" {' '.join(words)} "


def parse(query: str) -> Test:
    """The test that a query is. Raises RejectedQueryError."""
    tokens = _Tokens(query)
    test = _either(tokens)
    if tokens.peek() is not None:
        raise RejectedQueryError(f"unexpected {tokens.peek()} in {query}")
    return test


class _Tokens:
    def __init__(self, query: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        query = query.strip()
        while at < len(query):
            match = _TOKEN.match(query, at)
            if match is None:
                raise RejectedQueryError(f"not understood: {query[at:]}")
            minus, opening, closing, url, phrase, word = match.groups()
            if minus or opening or closing:
                self._tokens.append((match[0].strip(), ""))
            elif phrase is not None:
                self._tokens.append(("url" if url else "term", phrase))
            else:
                self._tokens.append((word, "") if word in {"OR", "AND", "NOT"} else ("term", word))
            at = match.end()

    def peek(self) -> str | None:
        return self._tokens[0][0] if self._tokens else None

    def next(self) -> tuple[str, str]:
        if not self._tokens:
            raise RejectedQueryError("the query ends too early")
        return self._tokens.pop(0)


def _either(tokens: _Tokens) -> Test:
    tests = [_both(tokens)]
    while tokens.peek() == "OR":
        tokens.next()
        tests.append(_both(tokens))
    return lambda text: any(test(text) for test in tests)


def _both(tokens: _Tokens) -> Test:
    tests = [_one(tokens)]
    while tokens.peek() not in {None, ")", "OR"}:
        if tokens.peek() == "AND":
            tokens.next()
        tests.append(_one(tokens))
    return lambda text: all(test(text) for test in tests)


def _one(tokens: _Tokens) -> Test:
    kind, words = tokens.next()
    if kind in {"-", "NOT"}:
        test = _one(tokens)
        return lambda text: not test(text)
    if kind == "(":
        test = _either(tokens)
        if tokens.next()[0] != ")":
            raise RejectedQueryError("a bracket is not closed")
        return test
    if kind == "url":
        return lambda text: words.lower() in text.text
    if kind != "term":
        raise RejectedQueryError(f"{kind} where a word should be")
    return _holds(words)


def _holds(words: str) -> Test:
    said = _WORD.findall(words.lower())
    row = _row(said)
    if any(word[0] in "#@" for word in said):
        return lambda text: row in text.exact
    return lambda text: row in text.bare
