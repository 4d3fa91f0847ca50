"""Which posts belong to a case: the query, checked here against every text, whatever a platform says."""

import re
from dataclasses import dataclass
from typing import Final

from walkback.case import Query
from walkback.post import Door

EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class _Term:
    """A term ready to be looked for: nearly every text is ruled out by its letters alone."""

    written: str
    letters: str
    pattern: re.Pattern[str]


class Matcher:
    """The query of one case, ready to be held against texts.

    Texts are masked ones; an @account is found by its mask, which needs the same key.
    """

    def __init__(self, query: Query, door: Door) -> None:
        """Compile the query's terms once."""
        self._any = [_compiled(term, door) for term in query.any]
        self._all = [_compiled(term, door) for term in query.all]
        self._none = [_compiled(term, door) for term in query.none]

    def terms(self, text: str) -> list[str] | None:
        """The terms of `any` and `all` that the text has; None if it doesn't match the query."""
        text = _single_spaced(text.lower())
        found = _found(self._any, text)
        if not found or _found(self._none, text):
            return None
        required = _found(self._all, text)
        return found + required if len(required) == len(self._all) else None


def _found(terms: list[_Term], text: str) -> list[str]:
    return [term.written for term in terms if term.letters in text and term.pattern.search(text)]


def _single_spaced(text: str) -> str:
    """Phrases may be broken by any space, a line's end among them."""
    # Written out, because a loop over the spaces takes as long as the rest of the matching.
    if "  " in text or "\n" in text or "\t" in text or "\r" in text or "\xa0" in text or "\u202f" in text:
        return " ".join(text.split())
    return text


def _compiled(term: str, door: Door) -> _Term:
    if term == EVERYTHING:
        return _Term(term, "", re.compile(""))
    letters = "@" + door.mention(term[1:]) if term.startswith("@") else " ".join(term.lower().split())
    literal = re.escape(letters)
    # The term comes first and what may stand before it last: a pattern that begins with letters is
    # searched for five times as fast as one that begins with a condition.
    return _Term(term, letters, re.compile(rf"{literal}(?!\w)(?<={_NOT_BEFORE}{literal})"))


# A dot may stand before: zoom.us is in https://explore.zoom.us/terms; #zoom is not in ##zoom.
_NOT_BEFORE: Final = r"(?<![\w#@])"
