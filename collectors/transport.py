"""The one way out to the network: every request of every client passes here.

It sets a time-out (tweepy has none, praw's settings for it don't work), counts requests against the
budget, tries again where that can help, and waits when a platform asks for it, no longer than
allowed. It may send a host's requests to another address, with the Host header kept: that is how
the sandbox stands in for the platforms.
"""

import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from walkback.collectors.budget import Budget
from walkback.collectors.clock import Clock
from walkback.collectors.trouble import (
    CredentialsError,
    QueryError,
    RateLimitedError,
    SourceError,
    TierError,
    UnreachableError,
)

TRIES: Final = 5
_TIMEOUT_S: Final = (5.0, 30.0)  # to connect, between two bytes
_FIRST_PAUSE_S: Final = 1.0
_UNTOLD_WAIT_S: Final = 60.0
_JITTER_S: Final = 0.5
LONGEST_ANSWER: Final = 64 * 2**20  # bytes, unpacked: a hundred times the longest page that a platform gives
SLOWEST_ANSWER_S: Final = 120.0  # from asking to its last byte
_PIECE: Final = 2**16
_NO_SKEW: Final = timedelta(seconds=2)
_TRANSIENT: Final = frozenset({408, 500, 502, 503, 504, 520, 522, 524})


@dataclass(frozen=True, slots=True)
class Wait:
    """The platform asks to come back at a time (UTC); None: it doesn't say when."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Something went wrong that may be over at the next try."""

    why: str


Judgement = Wait | Retry | SourceError | None
Judge = Callable[[requests.Response], Judgement]
"""What an answer means: None where all is well."""

RateState = Callable[[Mapping[str, str], datetime], tuple[float, datetime] | None]
"""(requests left, when they are refilled) from an answer's headers and the platform's time, by which
the second is meant; None: not told."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The circumstances under which a source is asked.

    `routes` sends a host's requests elsewhere: {"https://api.twitter.com": "http://127.0.0.1:8080"}.
    `waiting` hears the source and until when, before each wait of more than a second.
    """

    budget: Budget
    clock: Clock
    routes: Mapping[str, str] = field(default_factory=dict)
    waiting: Callable[[str, datetime], None] | None = None

    def session(self, judge: Judge, rate_state: RateState | None = None) -> requests.Session:
        """A session whose every request passes the transport."""
        session = requests.Session()
        transport = Transport(self, judge, rate_state)
        session.mount("https://", transport)
        session.mount("http://", transport)
        return session


class Transport(HTTPAdapter):
    """Sends one source's requests. For one thread."""

    def __init__(self, asking: Asking, judge: Judge, rate_state: RateState | None) -> None:
        """Nothing is sent yet."""
        super().__init__()
        self._asking = asking
        self._judge = judge
        self._rate_state = rate_state
        self._closed_until: datetime | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send until there is an answer that makes sense; it has been read whole.

        Raises SourceError where there is none to be had.
        """
        kwargs["timeout"] = _TIMEOUT_S
        home = self._rerouted(request, kwargs)
        tried = waited = 0
        while True:
            self._wait_for_refill()
            self._asking.budget.before_request()
            response, judgement = self._try(request, args, kwargs)
            if response is not None and judgement is None:
                response.url = home
                return response
            if isinstance(judgement, SourceError):
                raise judgement
            if isinstance(judgement, Wait):
                waited += 1
                if waited == TRIES:
                    raise RateLimitedError(
                        f"{self._source}: still too many requests after {waited} waits. Run it again later"
                    )
                until = judgement.until or self._now() + timedelta(seconds=_UNTOLD_WAIT_S)
                self._wait_until(until, jitter_s=_JITTER_S * 2 ** (waited - 1))
                continue
            tried += 1
            if tried == TRIES:
                why = judgement.why if judgement else "no answer"
                raise UnreachableError(
                    f"{self._source}: {urlsplit(home).hostname} did not answer sensibly in {TRIES} tries "
                    f"({why}). Run it again later; what came so far is kept"
                )
            # Jitter, so that many who failed together don't come back together.
            self._asking.clock.sleep(_FIRST_PAUSE_S * 2 ** (tried - 1) * random.uniform(0.5, 1.5))  # noqa: S311

    @property
    def _source(self) -> str:
        return self._asking.budget.source

    def _now(self) -> datetime:
        return self._asking.clock.now()

    def _rerouted(self, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> str:
        """Point the request where its host's route leads; returns its own address."""
        home = request.url or ""
        parts = urlsplit(home)
        route = self._asking.routes.get(f"{parts.scheme}://{parts.netloc}")
        if route is not None:
            request.headers["Host"] = parts.netloc
            request.url = route + home.removeprefix(f"{parts.scheme}://{parts.netloc}")
            kwargs["proxies"] = {}
        return home

    def _try(
        self, request: requests.PreparedRequest, args: Any, kwargs: dict[str, Any]
    ) -> tuple[requests.Response | None, Judgement]:
        try:
            response = self._in_time(request, args, kwargs)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return None, Retry(_plainly(error))
        theirs = _their_time(response.headers, self._now())
        state = self._rate_state(response.headers, theirs) if self._rate_state else None
        if state is not None and state[0] < 1:
            self._closed_until = self._now() + (state[1] - theirs)
        judgement = self._judge(response)
        if isinstance(judgement, Wait) and judgement.until is None and self._closed_until is not None:
            judgement = Wait(self._closed_until)
        return response, judgement

    def _in_time(
        self, request: requests.PreparedRequest, args: Any, kwargs: dict[str, Any]
    ) -> requests.Response:
        """The answer, read whole. Raises UnreachableError where it is too long or too slow.

        Asked for by a thread of its own, which is left behind when time is up: a server may dawdle over
        its greeting, its headers or its body, and no time-out of a socket's would ever come.
        """
        answer: Future[requests.Response] = Future()

        def ask() -> None:
            try:
                response = super(Transport, self).send(request, *args, **kwargs)
                self._read_whole(response)  # here, where a cut-off body can be asked for again
                answer.set_result(response)
            except Exception as error:  # noqa: BLE001  # raised again by whoever waits
                answer.set_exception(error)

        Thread(target=ask, daemon=True).start()
        if not wait([answer], timeout=SLOWEST_ANSWER_S).done:
            raise self._endless(request, "endlessly slow")
        return answer.result()

    def _read_whole(self, response: requests.Response) -> None:
        """Read the body, unpacked, while it is not too long. Raises UnreachableError."""
        size = 0
        pieces: list[bytes] = []
        while piece := response.raw.read1(_PIECE, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > LONGEST_ANSWER:
                response.close()
                raise self._endless(response.request, f"longer than {LONGEST_ANSWER >> 20} MiB")
        response._content = b"".join(pieces)  # noqa: SLF001  # where requests keeps what it has read
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001

    def _endless(self, request: requests.PreparedRequest, how: str) -> UnreachableError:
        return UnreachableError(
            f"{self._source}: an answer of {_host_of(request)} is {how}. What came so far is kept; "
            "tell whoever runs it"
        )

    def _wait_for_refill(self) -> None:
        until, self._closed_until = self._closed_until, None
        if until is not None and until > self._now():
            self._wait_until(until)

    def _wait_until(self, until: datetime, *, jitter_s: float = _JITTER_S) -> None:
        """Wait, at least a second and no longer than allowed.

        And up to `jitter_s` more, so that two who share a limit don't meet again and again.
        """
        limits = self._asking.budget.limits
        seconds = max((until - self._now()).total_seconds(), 1.0)
        late = limits.deadline is not None and self._now() + timedelta(seconds=seconds) > limits.deadline
        if seconds > limits.max_wait_s or late:
            raise RateLimitedError(
                f"{self._source}: asks to wait until {until:%Y-%m-%d %H:%M:%S} UTC ({seconds:.0f} s), longer "
                "than --max-wait or --max-time allow. Run it again after that; what came so far is kept"
            )
        self._closed_until = None
        if self._asking.waiting is not None and seconds > 1:
            self._asking.waiting(self._source, until)
        self._asking.clock.sleep(seconds + random.uniform(0.0, jitter_s))  # noqa: S311


def _host_of(request: requests.PreparedRequest) -> str:
    """The platform's host, wherever its requests are sent."""
    return str(request.headers.get("Host") or urlsplit(request.url or "").hostname)


def _plainly(error: Exception) -> str:
    """What went wrong on the way, for somebody who doesn't know the library."""
    known: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.ProxyError, "no way through the proxy"),
        (requests.exceptions.SSLError, "its certificate is not trusted"),
        (requests.Timeout, "no answer in time"),
        (requests.ConnectionError, "no connection"),
        (urllib3.exceptions.ReadTimeoutError, "no answer in time"),
        (urllib3.exceptions.ProtocolError, "the answer was cut off"),
        (urllib3.exceptions.DecodeError, "the answer's compression is broken"),
    )
    return next((told for kind, told in known if isinstance(error, kind)), type(error).__name__)


def _their_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """The platform's own time, where it says it and ours is off by more than a second or two."""
    try:
        theirs = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return now
    if theirs.tzinfo is None or abs(now - theirs) <= _NO_SKEW:
        return now
    return theirs


Sense = Callable[[Any], bool]
"""Whether decoded JSON is an answer at all: an error's words with status 200 must not look like no posts."""


def usual_judge(source: str, clock: Clock, sense: Sense = lambda _: True) -> Judge:
    """What answers mean where a platform has no words of its own for it."""

    def judge(response: requests.Response) -> Judgement:
        code = response.status_code
        if code in _TRANSIENT or code > requests.codes.internal_server_error:
            return Retry(f"status {code}")
        if code == requests.codes.too_many_requests:
            return Wait(_retry_after(response, clock.now()))
        if code == requests.codes.ok and (why := _nonsense(response, sense)):
            return Retry(why)
        return _refusal(source, response)

    return judge


def _refusal(source: str, response: requests.Response) -> SourceError | None:
    """What asking again can't help."""
    code = response.status_code
    if response.is_redirect:  # followed, it would lead to hosts that nobody was told of
        here = _host_of(response.request)
        there = urlsplit(response.headers["Location"]).hostname or "another address"
        return UnreachableError(
            f"{source}: {here} sends on to {there}, and Walkback follows nobody. See docs/sources.md"
        )
    if code == requests.codes.unauthorized:
        return CredentialsError(f"{source}: the credentials are refused (401). Check them, or make new ones")
    if code == requests.codes.forbidden:
        return TierError(f"{source}: this is not open to these credentials (403). See docs/sources.md")
    if code == requests.codes.bad_request:
        return QueryError(
            f"{source}: the query is rejected ({excerpt(response)}). Change [query] in the case file"
        )
    if code > requests.codes.bad_request:
        return SourceError(f"{source}: answers with status {code} ({excerpt(response)}). See docs/sources.md")
    return None


def _retry_after(response: requests.Response, now: datetime) -> datetime | None:
    """Seconds or a date, RFC 9110."""
    told = response.headers.get("Retry-After", "")
    if told.isdecimal():
        return now + timedelta(seconds=int(told))
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    return until if until.tzinfo else until.replace(tzinfo=UTC)


def _nonsense(response: requests.Response, sense: Sense) -> str | None:
    """What is wrong with the body; None: it is whole JSON of the kind that was asked for."""
    try:
        told = response.json()
    except ValueError:
        return "no JSON but " + (response.headers.get("Content-Type") or "nothing")
    return None if sense(told) else "JSON that is no answer to this"


def excerpt(response: requests.Response) -> str:
    """The beginning of what an answer says, on one line."""
    return " ".join(response.text[:200].split())
