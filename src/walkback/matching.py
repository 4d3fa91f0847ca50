"""Which posts belong to a case: the query, checked here against every text, whatever a platform says."""

import re
from collections.abc import Callable
from typing import Final

from walkback.case import Query
from walkback.post import Door

EVERYTHING: Final = "*"


class Matcher:
    """The query of one case, ready to be held against texts.

    Texts are masked ones; an @account is found by its mask, which needs the same key.
    """

    def __init__(self, query: Query, door: Door) -> None:
        """Compile the query's terms once."""
        self._any = [(term, _finder(term, door)) for term in query.any]
        self._all = [(term, _finder(term, door)) for term in query.all]
        self._none = [_finder(term, door) for term in query.none]

    def terms(self, text: str) -> list[str] | None:
        """The terms of `any` and `all` that the text has; None if it doesn't match the query."""
        text = " ".join(text.lower().split())
        found = [term for term, has in self._any if has(text)]
        if not found or any(has(text) for has in self._none):
            return None
        if not all(has(text) for _, has in self._all):
            return None
        return found + [term for term, _ in self._all]


def _finder(term: str, door: Door) -> Callable[[str], bool]:
    """A function from lower-case text with single spaces to whether the term is in it."""
    if term == EVERYTHING:
        return lambda _text: True
    term = "@" + door.mention(term[1:]) if term.startswith("@") else " ".join(term.lower().split())
    search = re.compile(_LEFT + re.escape(term) + _RIGHT).search
    # A plain substring test is 20 times quicker than the pattern and nearly always says no.
    return lambda text: term in text and search(text) is not None


# A dot may stand before: zoom.us is in https://explore.zoom.us/terms; #zoom is not in ##zoom.
_LEFT: Final = r"(?<![\w#@])"
_RIGHT: Final = r"(?!\w)"
