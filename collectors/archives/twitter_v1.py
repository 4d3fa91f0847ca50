"""Tweets of Twitter's API v1.1, as twarc 1 and many old archives keep them.

Shape: "Tweet object" of the v1.1 documentation; extended tweets in `full_text` or `extended_tweet`.
"""

import html
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.post import Engagement, Kind, Post, TextState, clean_text, content_hash

SOURCE: Final = "x"
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}


def is_tweet(record: Record) -> bool:
    """A status, or a search result `{statuses: [...]}` of them."""
    statuses = record.get("statuses")
    if isinstance(statuses, list):
        return "search_metadata" in record or any(_is_status(status) for status in statuses[:1])
    return _is_status(record)


def _is_status(record: object) -> bool:
    return (
        isinstance(record, Mapping)
        and "id_str" in record
        and isinstance(record.get("user"), Mapping)
        and ("text" in record or "full_text" in record)
    )


def items(record: Record) -> Iterable[Record]:
    """The status itself, or the statuses of a search result."""
    statuses = record.get("statuses")
    return statuses if isinstance(statuses, list) else [record]


def to_post(tweet: Record, sighting: Sighting) -> Post:
    """A post. A text that was cut and whose rest is nowhere in the record is `truncated`."""
    text, state = _text(tweet)
    masked = sighting.door.mask(clean_text(text))
    quoted = tweet.get("quoted_status_id_str")
    replied = tweet.get("in_reply_to_status_id_str")
    reposted = tweet.get("retweeted_status")
    lang = tweet.get("lang")
    return Post(
        source=SOURCE,
        id=str(tweet["id_str"]),
        kind=_kind(reposted, replied, quoted),
        author=sighting.door.author(SOURCE, str(tweet["user"]["id_str"])),
        created_at=_time(tweet["created_at"]),
        edited_at=None,
        lang=None if lang in {None, "und"} else lang,
        text=masked,
        text_state=state,
        url=f"https://x.com/i/web/status/{tweet['id_str']}",
        parent_id=reposted["id_str"] if reposted else replied or quoted,
        conversation_id=None,
        place=None,
        fetched_at=sighting.fetched_at,
        content_hash=content_hash(masked),
        via="twitter-v1",
        engagement=Engagement(
            likes=tweet.get("favorite_count"),
            replies=tweet.get("reply_count"),
            reposts=tweet.get("retweet_count"),
            quotes=tweet.get("quote_count"),
        ),
    )


def _kind(reposted: object, replied: object, quoted: object) -> Kind:
    if reposted:
        return Kind.REPOST
    if replied:
        return Kind.REPLY
    return Kind.QUOTE if quoted else Kind.POST


def _text(tweet: Record) -> tuple[str, TextState]:
    if tweet.get("withheld_in_countries") or tweet.get("withheld_copyright"):
        return "", TextState.WITHHELD
    original = tweet.get("retweeted_status")
    if original:
        said, state = _whole_text(original)
        return f"RT @{original['user']['screen_name']}: {said}", state
    return _whole_text(tweet)


def _whole_text(tweet: Record) -> tuple[str, TextState]:
    extended = tweet.get("extended_tweet") or {}
    whole = tweet.get("full_text") or extended.get("full_text")
    text: str = whole or tweet["text"]
    for link in (extended.get("entities") or tweet.get("entities") or {}).get("urls") or []:
        text = text.replace(link["url"], link.get("expanded_url") or link["url"])
    cut = bool(tweet.get("truncated")) and whole is None
    return html.unescape(text), TextState.TRUNCATED if cut else TextState.PRESENT


def _time(text: str) -> datetime:
    """`Fri Jul 12 23:40:37 +0000 2019`: always in this form and in UTC."""
    _, month, day, clock, _, year = text.split(" ")
    hour, minute, second = clock.split(":")
    return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)


TWITTER_V1: Final = Format("twitter-v1", is_tweet, items, to_post)
