"""Hacker News by Algolia's search, newest first; no key is needed.

Contract: hn.algolia.com/api. A question shows 1,000 hits at most, whatever the page, so that each next
one ends where the last one's oldest hit stands. Algolia knows no OR: each term of `any` is a question
of its own, and the rest of the query is held against the texts here. A post that is not found again
is asked for by its id: the search alone is no proof that it is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import requests

from walkback.case import Query
from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.hackernews import HACKERNEWS_SEARCH
from walkback.collectors.collector import (
    COMPLETE,
    SATURATED,
    Covered,
    Due,
    Estimate,
    Fetched,
    Stretch,
    ask_by_time,
    read,
    within,
)
from walkback.collectors.transport import Asking, Judge, Judgement, usual_judge
from walkback.collectors.trouble import BudgetSpentError, QueryError, UnreachableError
from walkback.matching import EVERYTHING
from walkback.post import Door

SOURCE: Final = "hackernews"
_URL: Final = "https://hn.algolia.com/api/v1/search_by_date"
_ITEM: Final = "https://hn.algolia.com/api/v1/items/"
_MOST: Final = 1_000
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Place:
    """The term that is asked for, the newest second still open, and the seconds that showed too much."""

    term: int
    high: int
    saturated: tuple[int, ...] = ()


class HackerNewsCollector:
    """Stories and comments that have a term of the query."""

    source = SOURCE
    looks_up_ids = True
    overlap = timedelta(hours=1)  # the index lags, and posts can be edited for two hours

    def __init__(self, query: Query, door: Door, asking: Asking) -> None:
        """Nothing is asked yet."""
        self._query = query
        self._door = door
        self._budget = asking.budget
        self._clock = asking.clock
        self._session = asking.session(_judge_by(asking))

    @property
    def scope(self) -> Sequence[str]:
        """It has no parts."""
        return ()

    def queries(self) -> Sequence[str]:
        """One question for each term; phrases are quoted. Raises QueryError for "*"."""
        if EVERYTHING in self._query.any:
            raise QueryError('hackernews: can\'t be asked for everything ("*"). Name words in [query].any')
        return [_quoted(term) for term in self._query.any]

    def estimate(self, window: Stretch) -> Estimate:
        """Algolia's own counts; a post with two terms counts twice."""
        found = [
            int(self._ask(query, window, _last_second(window), hits=0).get("nbHits", 0))
            for query in self.queries()
        ]
        return Estimate(sum(found), sum(1 + count // _MOST for count in found))

    def pages(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Fetched]:
        """Term by term, newest first."""
        queries = self.queries()
        place = _place(state) if state else _Place(0, _last_second(window))
        while place.term < len(queries):
            fetched, following = self._page(queries[place.term], window, place)
            place = following or _Place(place.term + 1, _last_second(window), place.saturated)
            if place.term < len(queries):
                yield replace(fetched, state=asdict(place))
            else:
                yield replace(fetched, covered=_covered(window, place.saturated))

    def observe(self, due: Sequence[Due]) -> Iterator[Fetched]:
        """The posts again, by asking for their times: one question brings many of them."""
        missing = {post.id for post in due}
        yield from ask_by_time(self, due, missing)
        for identity in sorted(missing):
            yield Fetched(gone=(identity,)) if self._is_gone(identity) else Fetched(alive=(identity,))

    def probe(self) -> str:
        """How much there was in the last day."""
        now = self._clock.now()
        day = Stretch(now - timedelta(days=1), now)
        found = int(self._ask(self.queries()[0], day, _last_second(day), hits=0).get("nbHits", 0))
        return f"works, no key needed ({found:,} posts with the first term in the last day)"

    def _page(self, query: str, window: Stretch, place: _Place) -> tuple[Fetched, _Place | None]:
        """What one question brings, and where the term goes on; None: nowhere, it is done."""
        most = self._budget.affordable(_MOST)
        answer = self._ask(query, window, place.high, hits=most)
        hits, found = answer.get("hits") or [], int(answer.get("nbHits", 0))
        self._budget.used(posts=len(hits))
        fetched = read(HACKERNEWS_SEARCH, hits, Sighting(self._door, self._clock.now()))
        fetched = Fetched(within(window, fetched.posts), fetched.faults)
        if found and not hits:
            raise UnreachableError(f"hackernews: counts {found:,} posts and shows none. Run it again later")
        if len(hits) >= found:
            return fetched, None
        times = [int(hit["created_at_i"]) for hit in hits if hit.get("created_at_i")]
        oldest = min(times, default=place.high)
        if oldest < place.high:
            return fetched, replace(place, high=oldest)
        if len(hits) == most < _MOST:
            raise BudgetSpentError(
                f"hackernews: one second has more posts than the {most} that --max-posts leaves. Raise it"
            )
        # A second with more than can be shown: nothing splits it.
        return fetched, _Place(place.term, place.high - 1, (*place.saturated, place.high))

    def _is_gone(self, identity: str) -> bool:
        """Whether Algolia has no such item, or one without an author: both have been deleted."""
        self._budget.affordable(1)
        answer = self._session.get(_ITEM + identity)
        self._budget.used(posts=1)
        return answer.status_code == requests.codes.not_found or not answer.json().get("author")

    def _ask(self, query: str, window: Stretch, high: int, *, hits: int) -> dict[str, Any]:
        low = _ceiling(window.start)
        answer = self._session.get(
            _URL,
            params={
                "query": query,
                "tags": "(story,comment)",
                "numericFilters": f"created_at_i>={low},created_at_i<={high}",
                "hitsPerPage": str(hits),
                "advancedSyntax": "true",
                "typoTolerance": "false",
            },
        )
        return cast(dict[str, Any], answer.json())


def _is_answer(told: Any) -> bool:
    """A search's, or an item."""
    if not isinstance(told, dict):
        return False
    return "id" in told or (isinstance(told.get("hits"), list) and isinstance(told.get("nbHits"), int))


def _judge_by(asking: Asking) -> Judge:
    usual = usual_judge(SOURCE, asking.clock, _is_answer)

    def judge(response: requests.Response) -> Judgement:
        item = "/items/" in (response.request.path_url or "")
        return None if item and response.status_code == requests.codes.not_found else usual(response)

    return judge


def _quoted(term: str) -> str:
    words = term.replace('"', " ").strip()
    return words if words.isalnum() else f'"{words}"'


def _ceiling(moment: datetime) -> int:
    """The first whole second that is not before the moment."""
    return -int(-moment.timestamp() // 1)


def _last_second(window: Stretch) -> int:
    return _ceiling(window.end) - 1


def _place(state: Mapping[str, Any]) -> _Place:
    return _Place(state["term"], state["high"], tuple(state["saturated"]))


def _covered(window: Stretch, saturated: Sequence[int]) -> tuple[Covered, ...]:
    """Complete, but for the seconds that showed too much."""
    parts: list[Covered] = []
    reached = window.start
    for second in sorted(set(saturated)):
        at = datetime.fromtimestamp(second, UTC)
        parts.append(Covered(reached, at, COMPLETE))
        parts.append(Covered(at, at + _SECOND, SATURATED))
        reached = at + _SECOND
    parts.append(Covered(reached, window.end, COMPLETE))
    return tuple(part for part in parts if part.start < part.end)
