"""Mastodon servers and their public hashtag timelines.

Contract: docs.joinmastodon.org/methods/timelines, #tag; /methods/statuses, #get; /api/rate-limits.
Two servers, each knowing two thirds of the posts, under ids of its own.
"""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from walkback.collectors.sandbox.platforms.buckets import Bucket, Level
from walkback.collectors.sandbox.platforms.crossposts import Crosspost, crossposts
from walkback.collectors.sandbox.platforms.exchange import Answer, Asked, Record, UnknownRequestError
from walkback.collectors.sandbox.world import World

SERVERS: Final = ("mastodon.social", "hachyderm.io")
_STATUS: Final = re.compile(r"/api/v1/statuses/(\d+)")
_PATH: Final = re.compile(r"/api/v1/timelines/tag/(\w+)")
_HASHTAG: Final = re.compile(r"#(\w+)")
_MOST: Final = 40
_ID_SHIFT: Final = 16
_REQUESTS, _WINDOW_S = 300, 300.0


class Mastodon:
    """Two servers over a world."""

    source = "mastodon"
    hosts: tuple[str, ...] = SERVERS
    date_fields: tuple[str, ...] = ("created_at",)

    def __init__(self, world: World) -> None:
        """What each server knows, newest first."""
        posts = list(reversed(crossposts(world, "mastodon")))
        self._known = {
            server: [post for post in posts if post.number // 4 % 3 != leaves_out]
            for leaves_out, server in enumerate(SERVERS)
        }
        self._at_home = {_origin_id(post): post for post in posts}
        self._buckets = {server: Bucket(_REQUESTS, _WINDOW_S) for server in SERVERS}
        self._gone: set[str] = set()

    def delete(self, identity: str) -> None:
        """By the number in its origin's address; the servers forget it."""
        self._gone.add(identity)

    def answer(self, asked: Asked) -> Answer:
        """A page of a timeline, newest first; or one status."""
        match = _PATH.fullmatch(asked.path)
        status = _STATUS.fullmatch(asked.path)
        if (match is None and status is None) or asked.method != "GET":
            raise UnknownRequestError(f"{asked.method} {asked.host}{asked.path}")
        level = self._buckets[asked.host].take(asked.at)
        headers = _rate_headers(level)
        if not level.allowed:
            return Answer({"error": "Too many requests"}, HTTPStatus.TOO_MANY_REQUESTS, headers)
        if status is not None:
            return self._status(asked, int(status[1]), headers)
        assert match is not None  # noqa: S101  # one of the two is there
        return self._timeline(asked, match[1], headers)

    def _status(self, asked: Asked, number: int, headers: dict[str, str]) -> Answer:
        """By its number where it is at home."""
        asked.takes()
        post = self._at_home.get(number)
        if asked.host != SERVERS[0] or post is None or str(number) in self._gone:
            return Answer({"error": "Record not found"}, HTTPStatus.NOT_FOUND, headers)
        shown = _status(number, post)
        return Answer(shown, HTTPStatus.OK, headers, [shown])

    def _timeline(self, asked: Asked, tag: str, headers: dict[str, str]) -> Answer:
        asked.takes("limit", "any[]", "max_id")
        tags = {each.lower() for each in (tag, *asked.params.get("any[]", ()))}
        below = asked.number("max_id", 1 << 80)
        found = [
            (_local_id(post, asked.host), post)
            for post in self._known[asked.host]
            if str(_origin_id(post)) not in self._gone
            and tags & {each.lower() for each in _HASHTAG.findall(post.text)}
        ]
        page = [(name, post) for name, post in found if name < below][: min(asked.number("limit", 20), _MOST)]
        items = [_status(name, post) for name, post in page]
        if page:
            headers["Link"] = _links(asked, tag, page[-1][0], page[0][0])
        return Answer(items, HTTPStatus.OK, headers, items)

    def refusal(self, why: str) -> Answer | None:
        """Bodies as Mastodon sends them; it knows no caps and no queries."""
        return _REFUSALS.get(why)


def _origin_id(post: Crosspost) -> int:
    return (int(post.created_at.timestamp() * 1000) << _ID_SHIFT) + post.number % 65_000


def _local_id(post: Crosspost, server: str) -> int:
    """The origin's, or a little later: the time that it took to get here."""
    if server == SERVERS[0]:
        return _origin_id(post)
    late_ms = 300 + post.number % 700
    return _origin_id(post) + (late_ms << _ID_SHIFT)


def _status(name: int, post: Crosspost) -> Record:
    home = f"https://{SERVERS[0]}"
    origin = f"{home}/users/{post.author}/statuses/{_origin_id(post)}"
    words = html.escape(post.text, quote=False).replace("\n\n", "</p><p>")
    return {
        "id": str(name),
        "created_at": f"{post.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": origin,
        "url": f"{home}/@{post.author}/{_origin_id(post)}",
        "replies_count": 0,
        "reblogs_count": post.reposts,
        "favourites_count": post.likes,
        "content": f"<p>{words}</p>",
        "reblog": None,
        "account": _account(post),
        "media_attachments": [],
        "mentions": [],
        "tags": [
            {"name": tag.lower(), "url": f"{home}/tags/{tag.lower()}"} for tag in _HASHTAG.findall(post.text)
        ],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def _account(post: Crosspost) -> Record:
    home = f"https://{SERVERS[0]}"
    return {
        "id": str(post.author_number),
        "username": post.author,
        "acct": post.author,
        "display_name": post.author.replace("_", " ").title(),
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": post.author_number % 10 != 0,  # one in ten asks not to be indexed
        "group": False,
        "created_at": f"{datetime(2022, 11, 1 + post.author_number % 28, tzinfo=UTC):%Y-%m-%dT00:00:00.000Z}",
        "note": "<p>A made-up account.</p>",
        "url": f"{home}/@{post.author}",
        "followers_count": post.followers,
        "following_count": 40 + post.author_number % 900,
        "statuses_count": 100 + post.author_number % 900,
        "emojis": [],
        "fields": [],
    }


def _links(asked: Asked, tag: str, oldest: int, newest: int) -> str:
    base = f"https://{asked.host}/api/v1/timelines/tag/{tag}"
    kept = [("any[]", other) for other in asked.params.get("any[]", ())]
    following = urlencode([("limit", asked.param("limit")), *kept, ("max_id", str(oldest))])
    before = urlencode([("limit", asked.param("limit")), *kept, ("min_id", str(newest))])
    return f'<{base}?{following}>; rel="next", <{base}?{before}>; rel="prev"'


def _rate_headers(level: Level) -> dict[str, str]:
    headers: Mapping[str, str] = {
        "X-RateLimit-Limit": str(level.most),
        "X-RateLimit-Remaining": str(level.left),
        "X-RateLimit-Reset": f"{level.refilled_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return dict(headers)


_REFUSALS: Final = {
    "rate_limited": Answer({"error": "Too many requests"}, HTTPStatus.TOO_MANY_REQUESTS),
    "bad_credentials": Answer({"error": "The access token is invalid"}, HTTPStatus.UNAUTHORIZED),
    "closed_tier": Answer(
        {"error": "This method requires an authenticated user"}, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
}
