"""Mastodon statuses, one by one or in search results.

Shape: docs.joinmastodon.org, "Status". A status has another `id` on every server, so that posts go
by `uri`. That and `url` mostly hold the author's name, so that neither is kept: the id is the origin
server and the status's number there (`server/ID`), or, where the uri has no `/statuses/ID` (other
software of the fediverse), the server and the uri's pseudonym. There is no url: the only address
without a name that every server answers is its API's.

`in_reply_to_id` is a number of the server that was asked, not of the origin: no parent can be told.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from walkback.collectors.archives.fields import account_age, count, iso_time, language, part, words
from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.collectors.archives.html import html_to_text
from walkback.post import Door, Engagement, Kind, Post, TextState, clean_text

SOURCE: Final = "mastodon"
_NUMBERED: Final = re.compile(r"/statuses/(\w{1,64})(?:/activity)?/?$")


def is_status(record: Record) -> bool:
    """A status, or a search result `{accounts, statuses, hashtags}`."""
    statuses = record.get("statuses")
    if isinstance(statuses, list):
        return _is_status(statuses[0]) if statuses else "hashtags" in record
    return _is_status(record)


def _is_status(record: object) -> bool:
    return isinstance(record, Mapping) and "content" in record and "uri" in record and "account" in record


def items(record: Record) -> Iterable[Record]:
    """The status itself, or the statuses of a search result."""
    statuses = record.get("statuses")
    if not isinstance(statuses, list):
        return [record]
    return [status if isinstance(status, Mapping) else {} for status in statuses]


def to_post(status: Record, sighting: Sighting) -> Post:
    """A post; a boost has the words of what it boosts. `place` is the author's server."""
    door = sighting.door
    server, identity = _origin(status.get("uri"), door)
    boosted = part(status, "reblog")
    said = boosted or status
    pieces = (words(said.get("spoiler_text")), html_to_text(words(said.get("content"))))
    masked = door.mask(clean_text("\n".join(piece for piece in pieces if piece)))
    account = part(status, "account")
    created_at = iso_time(status.get("created_at"))
    edited = status.get("edited_at")
    return Post(
        source=SOURCE,
        id=identity,
        kind=_kind(status, boosted),
        author=_author(account, server, door),
        created_at=created_at,
        edited_at=iso_time(edited) if edited else None,
        lang=language(said.get("language")),
        text=masked,
        text_state=TextState.PRESENT,
        url=None,
        parent_id=_origin(boosted.get("uri"), door)[1] if boosted else None,
        conversation_id=None,
        place=server,
        fetched_at=sighting.fetched_at,
        via="mastodon",
        engagement=_engagement(status),
        account_days=account_age(account.get("created_at"), created_at),
    )


def _origin(uri: object, door: Door) -> tuple[str, str]:
    """The server that a status is from, and an id that is the same from wherever it is seen."""
    if not uri:
        raise ValueError("id is missing")
    address = urlsplit(words(uri))
    server = clean_text(address.hostname or "")
    if not server:
        raise ValueError("uri is not an address")
    numbered = _NUMBERED.search(address.path)
    return server, f"{server}/{numbered[1] if numbered else door.author(SOURCE, words(uri))}"


def _author(account: Record, server: str, door: Door) -> str:
    """The pseudonym of name@server in small letters, as seen from anywhere.

    The server is the one of the account's own address where that is told: `acct` leaves it out at
    home, and a server may give its people names under another domain.
    """
    name, _, domain = words(account.get("acct")).partition("@")
    if not name:
        raise ValueError("acct is missing")
    home = urlsplit(words(account.get("url") or account.get("uri"))).hostname
    return door.author(SOURCE, f"{name}@{home or domain or server}".lower())


def _kind(status: Record, boosted: Record) -> Kind:
    if boosted:
        return Kind.REPOST
    if status.get("in_reply_to_id"):
        return Kind.REPLY
    return Kind.QUOTE if status.get("quote") else Kind.POST


def _engagement(status: Record) -> Engagement:
    return Engagement(
        likes=count(status.get("favourites_count")),
        replies=count(status.get("replies_count")),
        reposts=count(status.get("reblogs_count")),
        quotes=count(status.get("quotes_count")),
    )


MASTODON: Final = Format("mastodon", is_status, items, to_post)
