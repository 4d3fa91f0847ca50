"""Bluesky: sessions and searches.

Contracts: the lexicons com.atproto.server.createSession and app.bsky.feed.searchPosts; docs.bsky.app,
"Rate limits".
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from walkback.collectors.sandbox.platforms.buckets import Bucket, Level
from walkback.collectors.sandbox.platforms.crossposts import Crosspost, crossposts
from walkback.collectors.sandbox.platforms.exchange import (
    Answer,
    Asked,
    Record,
    UnknownRequestError,
    page_of_html,
)
from walkback.collectors.sandbox.platforms.query import RejectedQueryError, index, parse
from walkback.collectors.sandbox.world import World

_HOME: Final = "bsky.social"
_STRANGERS: Final = "public.api.bsky.app"
_SIGN_IN: Final = "/xrpc/com.atproto.server.createSession"
_SEARCH: Final = "/xrpc/app.bsky.feed.searchPosts"
_MOST: Final = 100
_DEEPEST: Final = 10_000
_SESSION_LASTS: Final = timedelta(hours=2)
_BASE32: Final = "234567abcdefghijklmnopqrstuvwxyz"


class Bluesky:
    """Bluesky over a world. Any handle and password sign in; strangers may not search."""

    source = "bluesky"
    hosts: tuple[str, ...] = (_HOME, _STRANGERS)
    date_fields: tuple[str, ...] = ("createdAt",)

    def __init__(self, world: World) -> None:
        """Posts, newest first."""
        self._posts = list(reversed(crossposts(world, "bluesky")))
        self._index = [index(post.text) for post in self._posts]
        self._gone: set[str] = set()
        self._sessions: dict[str, datetime] = {}
        self._buckets = {_SIGN_IN: Bucket(30, 300.0), _SEARCH: Bucket(3_000, 300.0)}

    def delete(self, identity: str) -> None:
        """By its record's key; it is found no more."""
        self._gone.add(identity)

    def answer(self, asked: Asked) -> Answer:
        """A session, or a search."""
        if asked.host == _STRANGERS and asked.path == _SEARCH:
            return page_of_html(HTTPStatus.FORBIDDEN, "403 Forbidden")
        methods = {_SIGN_IN: "POST", _SEARCH: "GET"}
        if asked.host != _HOME or methods.get(asked.path) != asked.method:
            raise UnknownRequestError(f"{asked.method} {asked.host}{asked.path}")
        level = self._buckets[asked.path].take(asked.at)
        headers = _rate_headers(level)
        if not level.allowed:
            return Answer(_TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS, headers)
        found = self._sign_in(asked) if asked.path == _SIGN_IN else self._search(asked)
        return Answer(found.body, found.status, headers, found.items)

    def refusal(self, why: str) -> Answer | None:
        """Bodies as Bluesky sends them; it knows no caps."""
        return _REFUSALS.get(why)

    def _sign_in(self, asked: Asked) -> Answer:
        if not asked.json.get("identifier") or not asked.json.get("password"):
            return _REFUSALS["bad_credentials"]
        token = f"synthetic-session-{len(self._sessions) + 1}"
        self._sessions[token] = asked.at + _SESSION_LASTS
        handle = str(asked.json["identifier"])
        return Answer(
            {
                "did": _did(handle),
                "handle": handle,
                "active": True,
                "accessJwt": token,
                "refreshJwt": f"{token}-refresh",
            }
        )

    def _search(self, asked: Asked) -> Answer:
        asked.takes("q", "sort", "since", "until", "limit", "cursor")
        ends = self._sessions.get(asked.token)
        if ends is None:
            return _error(HTTPStatus.UNAUTHORIZED, "AuthMissing", "Authentication Required")
        if asked.at >= ends:
            return _error(HTTPStatus.BAD_REQUEST, "ExpiredToken", "Token has expired")
        size = asked.number("limit", 25)
        if not 1 <= size <= _MOST or asked.param("sort") != "latest":
            raise UnknownRequestError(f"{asked.path}: limit={size}, sort={asked.param('sort')}")
        try:
            test = parse(asked.param("q"))
        except RejectedQueryError as error:
            return _error(HTTPStatus.BAD_REQUEST, "InvalidRequest", str(error))
        since, until = (datetime.fromisoformat(asked.param(name)) for name in ("since", "until"))
        found = [
            post
            for post, words in zip(self._posts, self._index, strict=True)
            if since <= post.created_at < until and _key(post) not in self._gone and test(words)
        ]
        first = asked.number("cursor", 0)
        items = [_view(post) for post in found[first : first + size]]
        body: Record = {"posts": items, "hitsTotal": len(found)}
        if first + size < min(len(found), _DEEPEST):
            body["cursor"] = str(first + size)
        return Answer(body, items=items)


def _did(handle: str) -> str:
    digest = hashlib.sha256(handle.encode()).digest()
    return "did:plc:" + "".join(_BASE32[byte % 32] for byte in digest[:24])


def _key(post: Crosspost) -> str:
    """A record's key: microseconds since 1970 and a clock's number, in base 32."""
    number = (int(post.created_at.timestamp() * 1_000_000) << 10) + post.number % 1024
    return "".join(_BASE32[number >> shift & 31] for shift in range(60, -1, -5))


def _view(post: Crosspost) -> Record:
    handle = f"{post.author.replace('_', '-').lower()}.bsky.social"
    did = _did(handle)
    made = f"{post.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    return {
        "uri": f"at://{did}/app.bsky.feed.post/{_key(post)}",
        "cid": "bafyrei" + hashlib.sha256(post.text.encode()).hexdigest()[:52],
        "author": {
            "did": did,
            "handle": handle,
            "displayName": post.author.replace("_", " ").title(),
            "labels": [],
        },
        "record": {"$type": "app.bsky.feed.post", "createdAt": made, "langs": ["en"], "text": post.text},
        "replyCount": 0,
        "repostCount": post.reposts,
        "likeCount": post.likes,
        "quoteCount": 0,
        "indexedAt": made,
        "labels": [],
    }


def _rate_headers(level: Level) -> Mapping[str, str]:
    return {
        "ratelimit-limit": str(level.most),
        "ratelimit-remaining": str(level.left),
        "ratelimit-reset": str(int(level.refilled_at.timestamp()) + 1),
        "ratelimit-policy": f"{level.most};w=300",
    }


def _error(status: int, name: str, message: str) -> Answer:
    return Answer({"error": name, "message": message}, status)


_TOO_MANY: Final = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
_REFUSALS: Final = {
    "rate_limited": Answer(_TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS),
    "bad_credentials": _error(
        HTTPStatus.UNAUTHORIZED, "AuthenticationRequired", "Invalid identifier or password"
    ),
    "closed_tier": page_of_html(HTTPStatus.FORBIDDEN, "403 Forbidden"),
    "rejected_query": _error(HTTPStatus.BAD_REQUEST, "InvalidRequest", "Error: q must be a string"),
}
