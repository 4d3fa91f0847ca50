"""Mastodon statuses, one by one or in search results.

Shape: docs.joinmastodon.org, "Status". A status has another `id` on every server, so that posts go
by `uri`. That and `url` hold the author's name, so that neither is kept: the id is made of the
origin server and the status's number there, and there is no url.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.collectors.archives.html import html_to_text
from walkback.collectors.archives.twitter import iso_time
from walkback.post import Engagement, Kind, Post, TextState, clean_text, content_hash

SOURCE: Final = "mastodon"
_NUMBERED: Final = re.compile(r"/statuses/(\w+)")


def is_status(record: Record) -> bool:
    """A status, or a search result `{accounts, statuses, hashtags}`."""
    statuses = record.get("statuses")
    if isinstance(statuses, list):
        return "hashtags" in record or any(_is_status(status) for status in statuses[:1])
    return _is_status(record)


def _is_status(record: object) -> bool:
    return isinstance(record, Mapping) and "content" in record and "uri" in record and "account" in record


def items(record: Record) -> Iterable[Record]:
    """The status itself, or the statuses of a search result."""
    statuses = record.get("statuses")
    return statuses if isinstance(statuses, list) else [record]


def to_post(status: Record, sighting: Sighting) -> Post:
    """A post; a boost has the words of what it boosts. `place` is the author's server."""
    server, number = _origin(status["uri"])
    boosted = status.get("reblog")
    said = boosted or status
    warning = said.get("spoiler_text")
    text = "\n".join(part for part in (warning, html_to_text(said.get("content") or "")) if part)
    masked = sighting.door.mask(clean_text(text))
    edited = status.get("edited_at")
    return Post(
        source=SOURCE,
        id=f"{server}/{number}",
        kind=_kind(status, boosted),
        author=sighting.door.author(SOURCE, _account(status["account"], server)),
        created_at=iso_time(status["created_at"]),
        edited_at=iso_time(edited) if edited else None,
        lang=status.get("language"),
        text=masked,
        text_state=TextState.PRESENT,
        url=None,
        parent_id="/".join(_origin(boosted["uri"])) if boosted else None,
        conversation_id=None,
        place=server,
        fetched_at=sighting.fetched_at,
        content_hash=content_hash(masked),
        via="mastodon",
        engagement=Engagement(
            likes=status.get("favourites_count"),
            replies=status.get("replies_count"),
            reposts=status.get("reblogs_count"),
            quotes=status.get("quotes_count"),
        ),
    )


def _origin(uri: str) -> tuple[str, str]:
    """The server that a status is from and its number there."""
    parts = urlsplit(uri)
    if not parts.hostname:
        raise ValueError("uri is not an address")
    numbered = _NUMBERED.search(parts.path)
    number = numbered[1] if numbered else parts.path.rstrip("/").rpartition("/")[2]
    if not number:
        raise ValueError("uri names no status")
    return parts.hostname, number


def _account(account: Record, server: str) -> str:
    """name@server in small letters, as seen from anywhere."""
    name: Any = account["acct"]
    return (name if "@" in name else f"{name}@{server}").lower()


def _kind(status: Record, boosted: object) -> Kind:
    if boosted:
        return Kind.REPOST
    return Kind.REPLY if status.get("in_reply_to_id") else Kind.POST


MASTODON: Final = Format("mastodon", is_status, items, to_post)
