"""X by tweepy: recent or full-archive search, counts for the estimate, lookups for later counts.

Contracts: docs.x.com/x-api/posts/search, /counts, /lookup. tweepy is the transport alone: its
paginator drops `includes` and `errors`, and its waiting for rate limits can go on for ever.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast

import requests
import tweepy

from walkback.case import Query
from walkback.case import X as XSettings
from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.twitter import TWARC_PAGE
from walkback.collectors.collector import (
    COMPLETE,
    GAP,
    Covered,
    Due,
    Estimate,
    Fetched,
    Stretch,
    read,
    within,
)
from walkback.collectors.keys import Keys
from walkback.collectors.prices import X_COUNTS, X_POST
from walkback.collectors.queries import split_any
from walkback.collectors.transport import Asking, Judgement, Wait, excerpt, usual_judge
from walkback.collectors.trouble import (
    BudgetSpentError,
    CredentialsError,
    QueryError,
    QuotaError,
    SourceError,
    TierError,
    UnreachableError,
)
from walkback.matching import EVERYTHING
from walkback.post import Door

SOURCE: Final = "x"
KEY: Final = "WALKBACK_X_BEARER_TOKEN"
_WHERE: Final = "a bearer token comes with an app at console.x.com"
_LONGEST_QUERY: Final = {"recent": 512, "all": 1024}
_RECENT: Final = timedelta(days=7)
_MARGIN: Final = timedelta(minutes=1)  # between our clock and theirs
_PACE: Final = timedelta(seconds=1.05)  # between two questions to the full archive
_PAGE: Final = 100  # more with many fields has ended in 503s (twarc's experience)
_SMALL_PAGE: Final = 25
_LEAST: Final = 10  # X takes no smaller max_results
_BATCH: Final = 100
_FIELDS: Final = [
    "created_at",
    "author_id",
    "lang",
    "conversation_id",
    "in_reply_to_user_id",
    "referenced_tweets",
    "public_metrics",
    "entities",
    "edit_history_tweet_ids",
    "possibly_sensitive",
    "note_tweet",
    "withheld",
]
_GONE: Final = ("/resource-not-found", "/not-authorized-for-resource")  # problems; other ones may pass
_PARTS: Final = ("data", "errors")
_SITE: Final = re.compile(r"[\w-]+(\.[\w-]+)+(/\S*)?")
_PLAIN: Final = re.compile(r"[#@]?\w+")

# At DEBUG, tweepy logs every request with its bearer token.
logging.getLogger("tweepy").setLevel(logging.INFO)


class XCollector:
    """Posts of X that the case's query finds."""

    source = SOURCE
    looks_up_ids = True
    overlap = timedelta(minutes=10)

    def __init__(self, settings: XSettings, query: Query, door: Door, asking: Asking, keys: Keys) -> None:
        """Nothing is asked yet. Raises SourceError without a limit of cost, KeyMissingError without a key."""
        if asking.budget.limits.max_cost is None:
            raise SourceError(
                "x: every post read costs money, and there is no limit. Set max_cost (US dollars a run) in "
                "[sources.x], or give --max-cost"
            )
        (bearer,) = keys.needed(SOURCE, (KEY,), _WHERE)
        self._archive = settings.archive
        self._query = query
        self._door = door
        self._budget = asking.budget
        self._clock = asking.clock
        self._next_at = asking.clock.now()
        self._page_size = _PAGE
        # tweepy annotates its return types for the default one alone.
        self._client: Any = tweepy.Client(bearer, return_type=dict)
        self._client.session = asking.session(_judge_by(asking), _rate_state)

    @property
    def scope(self) -> Sequence[str]:
        """Both archives find the same posts, as far as they reach."""
        return ()

    def queries(self) -> Sequence[str]:
        """The query in X's syntax, in as few as fit the tier's length."""
        return compile_query(self._query, _LONGEST_QUERY[self._archive])

    def estimate(self, window: Stretch) -> Estimate:
        """Posts that X counts; each question costs as `prices` says."""
        asked = self._reachable(window)
        if asked is None:
            return Estimate(0, 0, Decimal(0))
        queries = self.queries()
        posts = sum(self._count(query, asked) for query in queries)
        return Estimate(posts, posts // _PAGE + len(queries), posts * X_POST)

    def pages(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Fetched]:
        """Newest first, one query after the other."""
        asked = self._reachable(window)
        missed = window.end if asked is None else asked.start
        gap = (Covered(window.start, missed, GAP),) if missed > window.start else ()
        if asked is None:
            yield Fetched(covered=gap)
            return
        queries = self.queries()
        first, token = (state["query"], state["token"]) if state else (0, None)
        if state and state.get("archive", self._archive) != self._archive:
            first, token = 0, None  # a token is its archive's own
        for position in range(first, len(queries)):
            while True:
                page = self._search(queries[position], asked, token)
                if "meta" not in page:
                    raise UnreachableError("x: a search answers with errors alone. Run it again later")
                before, token = token, page.get("meta", {}).get("next_token")
                if token is not None and token == before:
                    raise UnreachableError("x: the same page follows itself. Run it again later")
                more = token is not None or position + 1 < len(queries)
                fetched = self._fetched(page, asked)
                covered = gap if more else (*gap, Covered(asked.start, asked.end, COMPLETE))
                if more and len(queries) == 1 and fetched.posts:
                    oldest = min(post.created_at for post in fetched.posts) + timedelta(seconds=1)
                    covered = (*gap, Covered(oldest, asked.end, COMPLETE)) if oldest < asked.end else gap
                go_on = {
                    "archive": self._archive,
                    "query": position if token else position + 1,
                    "token": token,
                }
                yield Fetched(fetched.posts, fetched.faults, state=go_on if more else None, covered=covered)
                if token is None:
                    break

    def observe(self, due: Sequence[Due]) -> Iterator[Fetched]:
        """The posts by id; those that X no longer has are gone."""
        ids = [post.id for post in due]
        while ids:
            batch, ids = self._next_batch(ids)
            with self._budget.paying(len(batch) * X_POST):
                answer = self._client.get_tweets(ids=batch, tweet_fields=_FIELDS)
            fetched = self._fetched(answer, None)
            gone = tuple(
                str(error["resource_id"])
                for error in answer.get("errors", ())
                if str(error.get("resource_id")) in batch and str(error.get("type")).endswith(_GONE)
            )
            yield Fetched(fetched.posts, fetched.faults, gone)

    def probe(self) -> str:
        """The count of the last hour: the cheapest question that X takes."""
        now = self._clock.now() - _MARGIN
        count = self._count(self.queries()[0], Stretch(now - timedelta(hours=1), now), archive="recent")
        return f"works ({count:,} posts in the last hour; asking cost ${X_COUNTS['recent']})"

    def _next_batch(self, ids: list[str]) -> tuple[list[str], list[str]]:
        size = self._budget.affordable(min(_BATCH, len(ids)), X_POST)
        return ids[:size], ids[size:]

    def _reachable(self, window: Stretch) -> Stretch | None:
        """What the archive reaches of the window."""
        if self._archive == "all":
            return window
        oldest = self._clock.now() - _RECENT + _MARGIN
        return None if window.end <= oldest else Stretch(max(window.start, oldest), window.end)

    def _search(self, query: str, window: Stretch, token: str | None) -> dict[str, Any]:
        size = self._budget.affordable(self._page_size, X_POST)
        if size < _LEAST:
            raise BudgetSpentError(
                f"x: what is left of the budget is {size} posts, and X gives no fewer than {_LEAST} at a "
                "time. Raise max_cost or --max-posts, or go on another day"
            )
        search: Callable[..., Any] = (
            self._client.search_all_tweets if self._archive == "all" else self._client.search_recent_tweets
        )

        def ask(most: int) -> dict[str, Any]:
            if self._archive == "all":
                self._keep_pace()
            page = search(
                query=query,
                start_time=window.start.astimezone(UTC),
                end_time=window.end.astimezone(UTC),
                max_results=most,
                next_token=token,
                tweet_fields=_FIELDS,
            )
            return cast(dict[str, Any], page)

        with self._budget.paying(size * X_POST):
            try:
                return ask(size)
            except UnreachableError:
                if size <= _SMALL_PAGE:
                    raise
            self._page_size = _SMALL_PAGE  # X has answered large pages with 503 that it gave in small ones
            return ask(_SMALL_PAGE)

    def _keep_pace(self) -> None:
        """The full archive takes one question a second: called last before it is asked."""
        early = (self._next_at - self._clock.now()).total_seconds()
        if early > 0:
            self._clock.sleep(early)
        self._next_at = self._clock.now() + _PACE

    def _fetched(self, page: dict[str, Any], window: Stretch | None) -> Fetched:
        tweets = page.get("data") or []
        self._budget.used(posts=len(tweets), cost=len(tweets) * X_POST)
        fetched = read(TWARC_PAGE, TWARC_PAGE.items(page), Sighting(self._door, self._clock.now()))
        if tweets and all("created_at" not in tweet for tweet in tweets):
            raise SourceError(
                "x: the answers no longer say when a post was made (created_at), so that none can be placed "
                "in time. Upgrade Walkback"
            )
        return Fetched(within(window, fetched.posts), fetched.faults) if window else fetched

    def _count(self, query: str, window: Stretch, archive: str | None = None) -> int:
        archive = archive or self._archive
        ask = self._client.get_all_tweets_count if archive == "all" else self._client.get_recent_tweets_count
        total, token = 0, None
        while True:
            self._budget.before_cost(X_COUNTS[archive])
            with self._budget.paying(X_COUNTS[archive]):
                answer = ask(
                    query=query,
                    start_time=window.start.astimezone(UTC),
                    end_time=window.end.astimezone(UTC),
                    granularity="day",
                    **({"next_token": token} if token else {}),
                )
            self._budget.used(cost=X_COUNTS[archive])
            meta = answer.get("meta", {})
            total += int(meta.get("total_tweet_count", 0))
            token = meta.get("next_token")
            if token is None:
                return total


def compile_query(query: Query, longest: int) -> list[str]:
    """The query in X's syntax; several, each with some of `any`, where one would be longer than allowed.

    Syntax: docs.x.com/x-api/posts/search/integrate/operators. Raises QueryError where that can't be.
    """
    if EVERYTHING in query.any:
        raise QueryError('x: can\'t be asked for everything ("*"). Name words in [query].any')
    rest = "".join(f" {_term(term)}" for term in query.all)
    rest += "".join(f" -{_term(term)}" for term in query.none)
    compiled = split_any(
        [_term(term) for term in query.any], lambda terms: _group(terms) + rest, longest=longest
    )
    too_long = max(compiled, key=len)
    if len(too_long) > longest:
        raise QueryError(
            f"x: the query is {len(too_long)} characters even with one term of `any`, and this tier takes "
            f"{longest}. Shorten [query].all and none"
        )
    return compiled


def _group(terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def _term(term: str) -> str:
    if _PLAIN.fullmatch(term) and term.upper() not in {"OR", "AND"}:
        return term
    words = term.replace('"', " ").strip()
    return f'url:"{words}"' if _SITE.fullmatch(term) else f'"{words}"'


def _is_answer(told: Any) -> bool:
    """Of a search, a count (which have `meta`) or a lookup (which has `data`, or `errors` alone)."""
    if not isinstance(told, dict):
        return False
    return isinstance(told.get("meta"), dict) or any(isinstance(told.get(name), list) for name in _PARTS)


def _judge_by(asking: Asking) -> Callable[[requests.Response], Judgement]:
    usual = usual_judge(SOURCE, asking.clock, _is_answer)

    def judge(response: requests.Response) -> Judgement:
        code = response.status_code
        if code == requests.codes.too_many_requests and "usage-capped" in response.text:
            return QuotaError(
                "x: the month's cap on posts is used up. Wait for the next month, or raise it at "
                "console.x.com"
            )
        state = _rate_state(response.headers, asking.clock.now())
        if code == requests.codes.too_many_requests and state is not None and state[0] >= 1:
            return Wait(asking.clock.now() + timedelta(seconds=1))  # more than one request a second
        if code == requests.codes.payment_required:
            return QuotaError("x: the account's balance is used up (402). Add credits at console.x.com")
        if code == requests.codes.unauthorized:
            return CredentialsError(
                f"x: {KEY} is refused (401). Check it, or make a new one at console.x.com"
            )
        if code == requests.codes.forbidden:
            return TierError(
                f'x: the app\'s tier is too low for this ({_problem(response)}). Take archive = "recent", or '
                "another tier at console.x.com"
            )
        if code == requests.codes.bad_request:
            return QueryError(f"x: the query is rejected ({_problem(response)}). Change [query]")
        return usual(response)

    return judge


def _problem(response: requests.Response) -> str:
    """What X says is wrong, in one line. https://docs.x.com/x-api/fundamentals/response-codes-and-errors."""
    try:
        told = response.json()
    except ValueError:
        return excerpt(response)
    first: dict[str, Any] = next(iter(told.get("errors") or ()), {})
    return " ".join(
        str(first.get("message") or told.get("detail") or told.get("title") or "no reason")[:200].split()
    ).rstrip(".")


def _rate_state(headers: Mapping[str, str], now: datetime) -> tuple[float, datetime] | None:  # noqa: ARG001
    try:
        reset = datetime.fromtimestamp(int(headers["x-rate-limit-reset"]), UTC)
        return float(headers["x-rate-limit-remaining"]), reset
    except (KeyError, ValueError):
        return None
