"""X's API v2: search, counts and lookup, app-only. Contract: docs.x.com/x-api.

Also told by x-rate-limit-* headers: a request a second for the full archive, beside the quarter-hour's
limits (docs.x.com/x-api/fundamentals/rate-limits).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from walkback.collectors.sandbox.archives import tweet
from walkback.collectors.sandbox.platforms.buckets import Bucket, Level
from walkback.collectors.sandbox.platforms.exchange import Answer, Asked, Record, UnknownRequestError
from walkback.collectors.sandbox.platforms.query import RejectedQueryError, Test, index, parse
from walkback.collectors.sandbox.world import World, WorldPost

_QUARTER: Final = 900.0
_LIMITS: Final = {
    "/2/tweets/search/recent": 450,
    "/2/tweets/search/all": 300,
    "/2/tweets/counts/recent": 300,
    "/2/tweets/counts/all": 300,
    "/2/tweets": 300,
}
_LONGEST: Final = {"recent": 512, "all": 1024}
_LARGEST: Final = {"recent": 100, "all": 500}
_SMALLEST: Final = 10
_RECENT: Final = timedelta(days=7)
_COUNTED_AT_ONCE: Final = timedelta(days=31)
_TOO_NEW: Final = timedelta(seconds=10)
_ALWAYS: Final = {"id", "text", "edit_history_tweet_ids"}
_MOST_IDS: Final = 100
_PROBLEMS: Final = "https://api.twitter.com/2/problems"


class X:
    """X over a world."""

    source = "x"
    hosts: tuple[str, ...] = ("api.twitter.com",)
    date_fields: tuple[str, ...] = ("created_at",)

    def __init__(self, world: World) -> None:
        """All posts of X, oldest first."""
        self._authors = world.authors
        self._posts = {post.id: post for post in world.posts if post.source == "x"}
        self._ordered = list(self._posts.values())
        self._times = [post.created_at for post in self._ordered]
        self._index = {post.id: index(post.text) for post in self._ordered}
        self._gone = {post.id for post in self._ordered if post.deleted}
        self._buckets = {path: Bucket(most, _QUARTER) for path, most in _LIMITS.items()}
        self._each_second = Bucket(1, 1.0)

    def delete(self, identity: str) -> None:
        """It is found no more."""
        self._gone.add(identity)

    def answer(self, asked: Asked) -> Answer:
        """Search, counts, lookup; everything else is unknown."""
        if asked.path not in self._buckets or asked.method != "GET":
            raise UnknownRequestError(f"{asked.method} {asked.host}{asked.path}")
        if not asked.token:
            return _REFUSALS["bad_credentials"]
        level = self._buckets[asked.path].take(asked.at)
        headers = _rate_headers(level)
        hurried = asked.path == "/2/tweets/search/all" and not self._each_second.take(asked.at).allowed
        if hurried or not level.allowed:
            return Answer(_TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS, headers)
        if asked.path == "/2/tweets":
            found = self._lookup(asked)
        elif "/counts/" in asked.path:
            found = self._counts(asked)
        else:
            found = self._search(asked)
        return Answer(found.body, found.status, {**headers, **found.headers}, found.items)

    def refusal(self, why: str) -> Answer | None:
        """Bodies as X sends them."""
        return _REFUSALS.get(why)

    def empty_page(self, asked: Asked) -> Answer:
        """A page without posts and with a token, as the full archive sends now and then."""
        token = asked.param("next_token") or "0-0"
        position, _, salt = token.partition("-")
        return Answer({"meta": {"result_count": 0, "next_token": f"{position}-{int(salt) + 1}"}})

    def _search(self, asked: Asked) -> Answer:
        asked.takes(
            "query", "start_time", "end_time", "max_results", "next_token", "tweet.fields", "sort_order"
        )
        archive = asked.path.rpartition("/")[2]
        size = asked.number("max_results", _SMALLEST)
        if not _SMALLEST <= size <= _LARGEST[archive]:
            return _invalid(asked, "max_results", f"[{size}] is not between 10 and {_LARGEST[archive]}")
        found = self._found(asked, archive)
        if isinstance(found, Answer):
            return found
        first = int((asked.param("next_token") or "0-0").partition("-")[0])
        page = found[first : first + size]
        if not page:
            return Answer({"meta": {"result_count": 0}})
        fields = _ALWAYS | set(asked.param("tweet.fields").split(","))
        items = [self._shown(post, fields) for post in page]
        meta: Record = {"newest_id": page[0].id, "oldest_id": page[-1].id, "result_count": len(page)}
        if first + size < len(found):
            meta["next_token"] = f"{first + size}-0"
        return Answer({"data": items, "meta": meta}, items=items)

    def _counts(self, asked: Asked) -> Answer:
        asked.takes("query", "start_time", "end_time", "granularity", "next_token")
        if asked.param("granularity") != "day":
            raise UnknownRequestError(f"{asked.path}: granularity={asked.param('granularity')}")
        archive = asked.path.rpartition("/")[2]
        found = self._found(asked, archive)
        if isinstance(found, Answer):
            return found
        start, end = _times(asked)
        upper = _moment(asked.param("next_token")) if asked.param("next_token") else end
        lower = max(start, upper - _COUNTED_AT_ONCE)
        days = Counter(
            post.created_at.replace(hour=0, minute=0, second=0)
            for post in found
            if lower <= post.created_at < upper
        )
        data: list[Record] = []
        at = lower
        while at < upper:
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            until = min(midnight + timedelta(days=1), upper)
            data.append({"start": _stamp(at), "end": _stamp(until), "tweet_count": days[midnight]})
            at = until
        meta: Record = {"total_tweet_count": sum(day["tweet_count"] for day in data)}
        if lower > start:
            meta["next_token"] = _stamp(lower)
        return Answer({"data": data, "meta": meta})

    def _lookup(self, asked: Asked) -> Answer:
        asked.takes("ids", "tweet.fields")
        ids = asked.param("ids").split(",")
        if not 1 <= len(ids) <= _MOST_IDS:
            return _invalid(asked, "ids", f"size must be between 1 and {_MOST_IDS}")
        fields = _ALWAYS | set(asked.param("tweet.fields").split(","))
        known = [self._posts[name] for name in ids if name in self._posts and name not in self._gone]
        items = [self._shown(post, fields) for post in known]
        shown = {post.id for post in known}
        errors = [_not_found(name) for name in ids if name not in shown]
        body = ({"data": items} if items else {}) | ({"errors": errors} if errors else {})
        return Answer(body, items=items)

    def _found(self, asked: Asked, archive: str) -> list[WorldPost] | Answer:
        """What the query finds in the time that is asked for, newest first; or why it is rejected."""
        query = asked.param("query")
        if len(query) > _LONGEST[archive]:
            return _invalid(
                asked, "query", f"is {len(query)} characters, more than the {_LONGEST[archive]} allowed"
            )
        try:
            test: Test = parse(query)
        except RejectedQueryError as error:
            return _invalid(asked, "query", str(error))
        start, end = _times(asked)
        if archive == "recent" and start < asked.at - _RECENT:
            return _invalid(asked, "start_time", "must be on or after the limit of seven days ago")
        if end > asked.at - _TOO_NEW:
            return _invalid(asked, "end_time", "must be a minimum of 10 seconds prior to the request time")
        first, last = bisect_left(self._times, start), bisect_left(self._times, end)
        return [
            post
            for post in reversed(self._ordered[first:last])
            if post.id not in self._gone and test(self._index[post.id])
        ]

    def _shown(self, post: WorldPost, fields: set[str]) -> Record:
        whole = tweet(post, self._posts, self._authors)
        return {name: value for name, value in whole.items() if name in fields}


def _times(asked: Asked) -> tuple[datetime, datetime]:
    return _moment(asked.param("start_time")), _moment(asked.param("end_time"))


def _moment(stamp: str) -> datetime:
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except ValueError as error:
        raise UnknownRequestError(f"{stamp!r} is not a time") from error


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _rate_headers(level: Level) -> Mapping[str, str]:
    return {
        "x-rate-limit-limit": str(level.most),
        "x-rate-limit-remaining": str(level.left),
        "x-rate-limit-reset": str(int(level.refilled_at.timestamp()) + 1),
    }


def _invalid(asked: Asked, name: str, why: str) -> Answer:
    return Answer(
        {
            "errors": [
                {
                    "parameters": {name: [asked.param(name)]},
                    "message": f"Invalid '{name}': {why}",
                }
            ],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{_PROBLEMS}/invalid-request",
        },
        HTTPStatus.BAD_REQUEST,
    )


def _not_found(name: str) -> Record:
    return {
        "value": name,
        "detail": f"Could not find tweet with ids: [{name}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": name,
        "type": f"{_PROBLEMS}/resource-not-found",
    }


_TOO_MANY: Final = {
    "title": "Too Many Requests",
    "detail": "Too Many Requests",
    "type": "about:blank",
    "status": 429,
}
_REFUSALS: Final = {
    "rate_limited": Answer(_TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS),
    "bad_credentials": Answer(
        {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
        HTTPStatus.UNAUTHORIZED,
    ),
    "closed_tier": Answer(
        {
            "client_id": "1",
            "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and "
            "tokens from a developer App that is attached to a Project with the appropriate access level.",
            "reason": "client-not-enrolled",
            "required_enrollment": "Appropriate Level of API Access",
            "title": "Client Forbidden",
            "type": f"{_PROBLEMS}/client-forbidden",
        },
        HTTPStatus.FORBIDDEN,
    ),
    "monthly_cap": Answer(
        {
            "account_id": 1,
            "detail": "Usage cap exceeded: Monthly product cap",
            "period": "Monthly",
            "product_name": "standard-basic",
            "scope": "Product",
            "title": "UsageCapExceeded",
            "type": f"{_PROBLEMS}/usage-capped",
        },
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
    "rejected_query": Answer(
        {
            "errors": [
                {"parameters": {"query": [""]}, "message": "There were errors processing your request."}
            ],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{_PROBLEMS}/invalid-request",
        },
        HTTPStatus.BAD_REQUEST,
    ),
}
