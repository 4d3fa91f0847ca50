"""Mastodon's public hashtag timelines, server by server, newest first; most need no key.

Contract: docs.joinmastodon.org/methods/timelines, #tag. Ids are each server's own and hold the time in
their upper bits; a post seen from several servers is one post by its origin. Accounts that ask not to
be indexed (`indexable` false, `noindex`, #nobot in the bio) are left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests

from walkback.case import Mastodon as MastodonSettings
from walkback.case import Query
from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.mastodon import MASTODON
from walkback.collectors.collector import (
    COMPLETE,
    TRUNCATED,
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
from walkback.collectors.trouble import SourceError, TierError, UnreachableError
from walkback.post import Door

SOURCE: Final = "mastodon"
_PAGE: Final = 40
_TAGS_AT_ONCE: Final = 4
_ID_SHIFT: Final = 16  # an id is milliseconds since 1970, and 16 bits more
_CLOSED: Final = frozenset({401, 403, 404, 422})
_STATUS: Final = "/api/v1/statuses/"
_NOT_THERE: Final = frozenset({404, 410})
_PUBLIC_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_NO_PUBLIC_HOST: Final = (".local", ".localhost", ".internal", ".lan", ".home", ".test", ".onion")
_PSEUDONYM: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Place:
    """Which timeline is asked, below which id, and which servers are closed or don't answer."""

    timeline: int
    below: str | None
    closed: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class MastodonCollector:
    """Posts with the case's hashtags that its servers know of."""

    source = SOURCE
    looks_up_ids = True
    overlap = timedelta(minutes=10)

    def __init__(self, settings: MastodonSettings, query: Query, door: Door, asking: Asking) -> None:  # noqa: ARG002
        """Nothing is asked yet. The query is held against the texts by the store: tags find them."""
        self._servers = settings.servers
        tags = [tag.lstrip("#") for tag in settings.tags]
        groups = [tags[first : first + _TAGS_AT_ONCE] for first in range(0, len(tags), _TAGS_AT_ONCE)]
        self._timelines = [(server, group) for server in settings.servers for group in groups]
        self._door = door
        self._budget = asking.budget
        self._clock = asking.clock
        self._session = asking.session(_judge_by(asking), _rate_state)

    @property
    def scope(self) -> Sequence[str]:
        """Each tag on each server."""
        return tuple(f"{server} #{tag}" for server, tags in self._timelines for tag in tags)

    def queries(self) -> Sequence[str]:
        """The timelines that are asked."""
        return [f"{server}: {' or '.join('#' + tag for tag in tags)}" for server, tags in self._timelines]

    def estimate(self, window: Stretch) -> Estimate:  # noqa: ARG002
        """No server counts beforehand."""
        return Estimate()

    def pages(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Fetched]:
        """Timeline by timeline, newest first; a closed or silent server keeps the others from nothing.

        Raises TierError or UnreachableError at the end where there was one.
        """
        place = _place(state) if state else _Place(0, self._top(window))
        while place.timeline < len(self._timelines):
            server = self._timelines[place.timeline][0]
            fetched, below = Fetched(), None
            try:
                if server not in (*place.closed, *place.silent):
                    fetched, below = self._page(window, place)
            except TierError:
                place = replace(place, closed=(*place.closed, server))
            except UnreachableError:
                place = replace(place, silent=(*place.silent, server))
            if below is None:
                place = replace(place, timeline=place.timeline + 1, below=self._top(window))
            else:
                place = replace(place, below=below)
            yield replace(fetched, state=asdict(place))
        whole = not place.closed and not place.silent
        yield Fetched(covered=(Covered(window.start, window.end, COMPLETE if whole else TRUNCATED),))
        if not whole:
            raise _trouble(place)

    def observe(self, due: Sequence[Due]) -> Iterator[Fetched]:
        """The posts again, by asking for their times; those not found, by number at the servers they are of.

        A server that shows nothing to strangers, or doesn't answer, tells nothing about its posts.
        """
        missing = {post.id for post in due}
        trouble: SourceError | None = None
        try:
            yield from ask_by_time(self, due, missing)
        except (TierError, UnreachableError) as error:
            trouble = error
        silent: set[str] = set()
        for identity in sorted(missing):
            server, _, number = identity.partition("/")
            if server in silent or not _may_be_asked(server, number):
                continue
            try:
                yield self._status(server, number)
            except (TierError, UnreachableError):
                silent.add(server)
        if trouble is not None:
            raise trouble

    def probe(self) -> str:
        """One post of each server's first timeline."""
        for server, tags in self._timelines:
            self._ask(server, tags, None, limit=1)
        return f"works, no key needed ({', '.join(self._servers)})"

    def _page(self, window: Stretch, place: _Place) -> tuple[Fetched, str | None]:
        """One page, and the id below which the timeline goes on; None: it is done."""
        server, tags = self._timelines[place.timeline]
        most = self._budget.affordable(_PAGE)
        answer = self._ask(server, tags, place.below, limit=most)
        shown = answer.json()
        self._budget.used(posts=len(shown))
        statuses = [status for status in shown if not _wants_no_index(status)]
        fetched = read(MASTODON, statuses, Sighting(self._door, self._clock.now()))
        below = _below(answer)
        # By the last one: an old post may come again at the top of a page.
        back = bool(fetched.posts) and fetched.posts[-1].created_at < window.start
        if below == place.below or back:
            below = None
        return Fetched(within(window, fetched.posts), fetched.faults), below

    def _status(self, server: str, number: str) -> Fetched:
        """One post by its number on its own server."""
        self._budget.affordable(1)
        answer = self._session.get(f"https://{server}{_STATUS}{number}")
        self._budget.used(posts=1)
        if answer.status_code in _NOT_THERE:
            return Fetched(gone=(f"{server}/{number}",))
        status = answer.json()
        if _wants_no_index(status):
            return Fetched(gone=(f"{server}/{number}",))
        return read(MASTODON, [status], Sighting(self._door, self._clock.now()))

    def _top(self, window: Stretch) -> str | None:
        """The id where the window ends; None: at the newest, where ids may not be told from our clock."""
        if window.end > self._clock.now() - timedelta(hours=1):
            return None
        return str(int(window.end.timestamp() * 1000) << _ID_SHIFT)

    def _ask(self, server: str, tags: Sequence[str], below: str | None, *, limit: int) -> requests.Response:
        return self._session.get(
            f"https://{server}/api/v1/timelines/tag/{tags[0]}",
            params={"limit": str(limit), "any[]": list(tags[1:]), **({"max_id": below} if below else {})},
        )


def _place(state: Mapping[str, Any]) -> _Place:
    return _Place(state["timeline"], state["below"], tuple(state["closed"]), tuple(state.get("silent", ())))


def _trouble(place: _Place) -> SourceError:
    """What to tell of the servers that gave nothing."""
    closed, silent = ", ".join(place.closed), ", ".join(place.silent)
    told = [f"the timelines of {closed} are closed to strangers. Name another server"] if closed else []
    told += (
        [f"{silent} did not answer sensibly. Run it again later, or name another server"] if silent else []
    )
    return (TierError if closed else UnreachableError)(f"mastodon: {'; '.join(told)}")


def _below(answer: requests.Response) -> str | None:
    """The `max_id` of the next page, by the Link header."""
    following = answer.links.get("next", {}).get("url")
    if following is None:
        return None
    for name, value in parse_qsl(urlsplit(following).query):
        if name == "max_id":
            return str(value)
    return None


def _wants_no_index(status: Any) -> bool:
    account = status.get("account") if isinstance(status, Mapping) else None
    if not isinstance(account, Mapping):
        return False
    shy = account.get("indexable") is False or account.get("noindex") is True
    return shy or "#nobot" in str(account.get("note", "")).lower()


def _may_be_asked(server: str, number: str) -> bool:
    """Whether an id names a public server and a number there. Anybody can write a post with one."""
    is_public = _PUBLIC_HOST.fullmatch(server) is not None and not server.endswith(_NO_PUBLIC_HOST)
    return is_public and re.fullmatch(r"\w+", number) is not None and not _PSEUDONYM.fullmatch(number)


def _is_answer(told: Any) -> bool:
    """A timeline, or a status."""
    return isinstance(told, list) or (isinstance(told, dict) and "uri" in told)


def _judge_by(asking: Asking) -> Judge:
    usual = usual_judge(SOURCE, asking.clock, _is_answer)

    def judge(response: requests.Response) -> Judgement:
        if response.status_code in _NOT_THERE and _STATUS in (response.request.path_url or ""):
            return None
        if response.status_code in _CLOSED:
            host = response.request.headers.get("Host") or urlsplit(response.url).netloc
            return TierError(f"mastodon: {host} does not show its timelines to strangers")
        return usual(response)

    return judge


def _rate_state(headers: Mapping[str, str], now: datetime) -> tuple[float, datetime] | None:  # noqa: ARG001
    try:
        reset = datetime.fromisoformat(headers["X-RateLimit-Reset"]).astimezone(UTC)
        return float(headers["X-RateLimit-Remaining"]), reset
    except (KeyError, ValueError):
        return None
