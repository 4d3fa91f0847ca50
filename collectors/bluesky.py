"""Bluesky's search of posts, newest first, with a free account's app password.

Contract: lexicon app.bsky.feed.searchPosts. Strangers are mostly refused. A search shows some 10,000
posts and then no cursor; the next one ends where the last one's oldest post stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from walkback.case import Query
from walkback.collectors.archives.bluesky import BLUESKY
from walkback.collectors.archives.format import Sighting
from walkback.collectors.collector import (
    COMPLETE,
    SATURATED,
    Covered,
    Due,
    Estimate,
    Fetched,
    Stretch,
    read,
    stretches_of,
    within,
)
from walkback.collectors.keys import Keys
from walkback.collectors.transport import Asking, Judgement, usual_judge
from walkback.collectors.trouble import (
    BudgetSpentError,
    CredentialsError,
    QueryError,
    TierError,
    UnreachableError,
)
from walkback.matching import EVERYTHING
from walkback.post import Door

SOURCE: Final = "bluesky"
KEYS: Final = ("WALKBACK_BLUESKY_HANDLE", "WALKBACK_BLUESKY_APP_PASSWORD")
_WHERE: Final = "a free account makes app passwords in its settings (bsky.app, Privacy and security)"
_SEARCH: Final = "app.bsky.feed.searchPosts"
_HOME: Final = "https://bsky.social/xrpc"
_STRANGERS: Final = "https://public.api.bsky.app/xrpc"
_PAGE: Final = 100
_MAY_VANISH: Final = 3  # so few may be gone at once, though they be most of those that are due


@dataclass(frozen=True, slots=True)
class _Place:
    """The term that is asked for, the time below which, and the page there; was a moment too full."""

    term: int
    until: str
    cursor: str | None
    full: bool = False


class BlueskyCollector:
    """Posts that have a term of the query."""

    source = SOURCE
    looks_up_ids = False
    overlap = timedelta(minutes=10)

    def __init__(self, query: Query, door: Door, asking: Asking, keys: Keys) -> None:
        """Nothing is asked yet. Raises KeyMissingError where one of handle and password is missing."""
        if any(map(keys.get, KEYS)):
            self._login: tuple[str, ...] = keys.needed(SOURCE, KEYS, _WHERE)
        else:
            self._login = ()
        self._query = query
        self._door = door
        self._budget = asking.budget
        self._clock = asking.clock
        self._session = asking.session(_judge_by(asking, signed_in=bool(self._login)), _rate_state)
        self._bearer: str | None = None

    @property
    def scope(self) -> Sequence[str]:
        """It has no parts."""
        return ()

    def queries(self) -> Sequence[str]:
        """One search for each term; phrases are quoted. Raises QueryError for "*"."""
        if EVERYTHING in self._query.any:
            raise QueryError('bluesky: can\'t be asked for everything ("*"). Name words in [query].any')
        return [_quoted(term) for term in self._query.any]

    def estimate(self, window: Stretch) -> Estimate:
        """Bluesky's own counts, where it gives them; a post with two terms counts twice."""
        found: list[Any] = [
            self._ask(query, window, _Place(0, _stamp(window.end), None), limit=1).get("hitsTotal")
            for query in self.queries()
        ]
        if None in found:
            return Estimate()
        return Estimate(sum(found), sum(1 + count // _PAGE for count in found))

    def pages(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Fetched]:
        """Term by term, newest first."""
        queries = self.queries()
        place = _Place(**state) if state else _Place(0, _stamp(window.end), None)
        while place.term < len(queries):
            fetched, following = self._page(queries[place.term], window, place)
            place = following or _Place(place.term + 1, _stamp(window.end), None, place.full)
            if place.term < len(queries):
                yield replace(fetched, state=asdict(place))
            else:
                status = SATURATED if place.full else COMPLETE
                yield replace(fetched, covered=(Covered(window.start, window.end, status),))

    def observe(self, due: Sequence[Due]) -> Iterator[Fetched]:
        """The posts again, by asking for their times: their ids here are pseudonyms.

        What a whole search no longer finds is gone. Raises UnreachableError where that would be most of
        them: that is rather a fault of the search, and no word on any post.
        """
        gone: list[str] = []
        for stretch in stretches_of(due):
            there = [post for post in due if stretch.start <= post.created_at < stretch.end]
            missing, whole = {post.id for post in there}, False
            for fetched in self.pages(stretch, None):
                again = tuple(post for post in fetched.posts if post.id in missing)
                missing -= {post.id for post in again}
                whole = whole or any(part.status == COMPLETE for part in fetched.covered)
                if again:
                    yield Fetched(again)
            gone += sorted(missing) if whole else []
        if len(gone) > max(_MAY_VANISH, len(due) // 2):
            raise UnreachableError(
                f"bluesky: {len(gone):,} of {len(due):,} posts are not found any more. That looks like a "
                "fault of its search, and none of them is taken as deleted. Run it again later"
            )
        if gone:
            yield Fetched(gone=tuple(gone))

    def probe(self) -> str:
        """One post of the last day."""
        now = self._clock.now()
        day = Stretch(now - timedelta(days=1), now)
        self._ask(self.queries()[0], day, _Place(0, _stamp(now), None), limit=1)
        return "works" if self._login else "works without an account, for now"

    def _page(self, query: str, window: Stretch, place: _Place) -> tuple[Fetched, _Place | None]:
        """One page, and where the term goes on; None: nowhere, it is done."""
        most = self._budget.affordable(_PAGE)
        answer = self._ask(query, window, place, limit=most)
        views = answer.get("posts") or []
        self._budget.used(posts=len(views))
        fetched = read(BLUESKY, views, Sighting(self._door, self._clock.now()))
        kept = Fetched(within(window, fetched.posts), fetched.faults)
        cursor = answer.get("cursor")
        if cursor and cursor != place.cursor and self._login:
            return kept, replace(place, cursor=str(cursor))
        if not fetched.posts:
            return kept, None
        # No cursor, though there may be more below: strangers get none, and a search shows 10,000 posts.
        oldest = min(post.created_at for post in fetched.posts)
        until = _stamp(oldest + timedelta(milliseconds=1))
        if oldest < window.start or (until >= place.until and len(views) < most):
            return kept, None
        if until < place.until:
            return kept, replace(place, until=until, cursor=None)
        if most < _PAGE:
            raise BudgetSpentError(
                f"bluesky: one moment has more posts than the {most} that --max-posts leaves. Raise it"
            )
        # A millisecond with more than can be shown: nothing splits it.
        return kept, replace(place, until=_stamp(oldest), cursor=None, full=True)

    def _ask(self, query: str, window: Stretch, place: _Place, *, limit: int) -> dict[str, Any]:
        asked = {
            "q": query,
            "sort": "latest",
            "since": _stamp(window.start),
            "until": place.until,
            "limit": str(limit),
            **({"cursor": place.cursor} if place.cursor else {}),
        }
        if not self._login:
            return self._get(_STRANGERS, asked, {}).json()  # type: ignore[no-any-return]
        for _ in range(2):
            answer = self._get(_HOME, asked, {"Authorization": f"Bearer {self._signed_in()}"})
            if answer.status_code == requests.codes.ok:
                return answer.json()  # type: ignore[no-any-return]
            self._bearer = None  # an hour or two, and a session is over
        raise _refused()

    def _get(self, base: str, asked: Mapping[str, str], headers: Mapping[str, str]) -> requests.Response:
        return self._session.get(f"{base}/{_SEARCH}", params=asked, headers=headers)

    def _signed_in(self) -> str:
        """The session's bearer token; signs in where there is none."""
        if self._bearer is None:
            handle, password = self._login
            answer = self._session.post(
                f"{_HOME}/com.atproto.server.createSession", json={"identifier": handle, "password": password}
            )
            self._bearer = str(answer.json()["accessJwt"])
        return self._bearer


def _quoted(term: str) -> str:
    words = term.replace('"', " ").strip()
    return f'"{words}"' if " " in words else words


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _refused() -> CredentialsError:
    return CredentialsError(
        f"bluesky: {KEYS[0]} and {KEYS[1]} are refused. Make a new app password; {_WHERE}"
    )


def _is_answer(told: Any) -> bool:
    """A search's, or a session."""
    return isinstance(told, dict) and (isinstance(told.get("posts"), list) or "accessJwt" in told)


def _judge_by(asking: Asking, *, signed_in: bool) -> Callable[[requests.Response], Judgement]:
    usual = usual_judge(SOURCE, asking.clock, _is_answer)

    def judge(response: requests.Response) -> Judgement:
        code = response.status_code
        if code == requests.codes.forbidden and not signed_in:
            return TierError(
                f"bluesky: searching is closed to strangers (403). Set {KEYS[0]} and {KEYS[1]}; {_WHERE}"
            )
        if code in {requests.codes.unauthorized, requests.codes.bad_request}:
            if "createSession" in response.url:
                return _refused()
            if code == requests.codes.unauthorized or "ExpiredToken" in response.text:
                return None  # signed in anew by the caller
        return usual(response)

    return judge


def _rate_state(headers: Mapping[str, str], now: datetime) -> tuple[float, datetime] | None:  # noqa: ARG001
    try:
        reset = datetime.fromtimestamp(int(headers["ratelimit-reset"]), UTC)
        return float(headers["ratelimit-remaining"]), reset
    except (KeyError, ValueError):
        return None
