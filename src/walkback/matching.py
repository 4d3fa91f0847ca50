"""Which posts belong to a case: the query, checked here against every text, whatever a platform says."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from walkback.case import Terms
from walkback.post import Door

EVERYTHING: Final = "*"

# No lookaround in RE2, which Arrow searches with. A dot may stand before a term: zoom.us is in
# https://explore.zoom.us/terms; #zoom is not in ##zoom.
_BEFORE: Final = r"(?:^|[^\pL\pN_#@])"
_AFTER: Final = r"(?:$|[^\pL\pN_])"
# The same as far as ASCII goes. Arrow compiles a pattern each time, and these in a hundredth of the time.
_ASCII_BEFORE: Final = r"(?:^|[\x00-\x22\x24-\x2F\x3A-\x3F\x5B-\x5E\x60\x7B-\x7F])"
_ASCII_AFTER: Final = r"(?:$|[\x00-\x2F\x3A-\x40\x5B-\x5E\x60\x7B-\x7F])"
_GAP: Final = r"[\s\pZ]+"  # a phrase may be broken by any space, a line's end among them

_Found = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Term:
    """A term as it was written, and the pattern of its letters in a lower-case text."""

    written: str
    letters: str


class Matcher:
    """The query of one case, ready to be held against columns of texts.

    Texts are masked ones; an @account is found by its mask, which needs the same key.
    """

    def __init__(self, query: Terms, door: Door) -> None:
        """Compile the query's terms once."""
        self._any = [_compiled(term, door) for term in query.any]
        self._all = [_compiled(term, door) for term in query.all]
        self._none = [_compiled(term, door) for term in query.none]

    def terms(self, texts: "pa.Array[Any]") -> "pa.Array[Any]":
        """For each text the terms of `any` and `all` that it has; null where it doesn't match the query.

        `texts` are strings without nulls; the answer is a list of strings for each.
        """
        lower = pc.utf8_lower(texts)
        rows = np.flatnonzero(_search("|".join(term.letters for term in self._any), lower))
        lower = lower.take(rows)
        found = _table(self._any, lower)
        required = _table(self._all, lower)
        matches = found.any(axis=0) & required.all(axis=0) & ~_table(self._none, lower).any(axis=0)
        named = np.vstack([found, required])[:, matches].T
        return _lists(self._any + self._all, len(texts), rows[matches], named)


def _lists(terms: list[_Term], size: int, rows: npt.NDArray[np.intp], named: _Found) -> "pa.Array[Any]":
    """A list of terms for each of `size` texts: `named` says which of them each of `rows` has."""
    lengths = np.zeros(size, np.int32)
    lengths[rows] = named.sum(axis=1)
    ends = pa.array(np.concatenate(([0], np.cumsum(lengths))), pa.int32())
    unmatched = np.ones(size, bool)
    unmatched[rows] = False
    names = pa.array([term.written for term in terms], pa.string())
    values = names.take(np.nonzero(named)[1])
    return pa.ListArray.from_arrays(ends, values, mask=pa.array(unmatched, pa.bool_()))


def _table(terms: list[_Term], texts: "pa.Array[Any]") -> _Found:
    """Which term (rows) is in which text (columns)."""
    return np.array([_has(term, texts) for term in terms], bool).reshape(len(terms), len(texts))


def _has(term: _Term, texts: "pa.Array[Any]") -> _Found:
    # First the letters alone: a pattern that begins with letters is searched for four times as fast.
    unsure = np.flatnonzero(_search(term.letters, texts))
    has = np.zeros(len(texts), bool)
    for before, after in ((_ASCII_BEFORE, _ASCII_AFTER), (_BEFORE, _AFTER)):
        if len(unsure):
            has[unsure] = _search(before + term.letters + after, texts.take(unsure))
            unsure = unsure[~has[unsure]]
    return has


def _search(pattern: str, texts: "pa.Array[Any]") -> _Found:
    return np.array(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), bool)


def _compiled(term: str, door: Door) -> _Term:
    if term == EVERYTHING:
        return _Term(term, "(?s:.*)")
    if term.startswith("@"):
        return _Term(term, "@" + door.mention(term[1:]))
    words = pc.utf8_lower(pa.array(term.split(), pa.string()))
    return _Term(term, _GAP.join(re.escape(str(word)) for word in words.to_pylist()))
