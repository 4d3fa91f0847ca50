"""Tweets of Twitter's API v1.1, as twarc 1 and many old archives keep them.

Shape: "Tweet object" of the v1.1 documentation; extended tweets in `full_text` or `extended_tweet`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from walkback.collectors.archives.fields import (
    account_age,
    count,
    language,
    needed_id,
    optional_id,
    part,
    parts,
)
from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.collectors.archives.twitter import readable
from walkback.post import Engagement, Kind, Post, TextState, clean_text

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
        return _is_status(statuses[0]) if statuses else "search_metadata" in record
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
    if not isinstance(statuses, list):
        return [record]
    return [status if isinstance(status, Mapping) else {} for status in statuses]


def to_post(tweet: Record, sighting: Sighting) -> Post:
    """A post. A text that was cut and whose rest is nowhere in the record is `truncated`."""
    identity = needed_id(tweet.get("id_str"))
    reposted = part(tweet, "retweeted_status")
    text, state = _text(tweet, reposted)
    masked = sighting.door.mask(clean_text(text))
    kind, parent = _kind_and_parent(tweet, reposted)
    user = part(tweet, "user")
    author = optional_id(user.get("id_str"))
    created_at = _time(tweet.get("created_at"))
    return Post(
        source=SOURCE,
        id=identity,
        kind=kind,
        author=sighting.door.author(SOURCE, author) if author else None,
        created_at=created_at,
        edited_at=None,
        lang=language(tweet.get("lang")),
        text=masked,
        text_state=state,
        url=f"https://x.com/i/web/status/{identity}",
        parent_id=parent,
        conversation_id=None,
        place=None,
        fetched_at=sighting.fetched_at,
        via="twitter-v1",
        engagement=Engagement(
            likes=count(tweet.get("favorite_count")),
            replies=count(tweet.get("reply_count")),
            reposts=count(tweet.get("retweet_count")),
            quotes=count(tweet.get("quote_count")),
        ),
        account_days=account_age(user.get("created_at"), created_at, _time),
    )


def _kind_and_parent(tweet: Record, reposted: Record) -> tuple[Kind, str | None]:
    if reposted:
        return Kind.REPOST, optional_id(reposted.get("id_str"))
    if replied := tweet.get("in_reply_to_status_id_str"):
        return Kind.REPLY, optional_id(replied)
    if quoted := tweet.get("quoted_status_id_str"):
        return Kind.QUOTE, optional_id(quoted)
    return Kind.POST, None


def _text(tweet: Record, reposted: Record) -> tuple[str, TextState]:
    if _is_withheld(tweet) or _is_withheld(reposted):
        return "", TextState.WITHHELD
    if not reposted:
        return _whole_text(tweet)
    said, state = _whole_text(reposted)
    name = part(reposted, "user").get("screen_name")
    return (f"RT @{name}: {said}" if isinstance(name, str) else said), state


def _is_withheld(tweet: Record) -> bool:
    return bool(tweet.get("withheld_in_countries") or tweet.get("withheld_copyright"))


def _whole_text(tweet: Record) -> tuple[str, TextState]:
    extended = part(tweet, "extended_tweet")
    whole = tweet.get("full_text") or extended.get("full_text")
    text: Any = whole or tweet["text"]
    if not isinstance(text, str):
        raise TypeError("text is no text")
    entities = part(extended, "entities") or part(tweet, "entities")
    cut = bool(tweet.get("truncated")) and whole is None
    return readable(text, parts(entities, "urls")), TextState.TRUNCATED if cut else TextState.PRESENT


def _time(text: Any) -> datetime:
    """`Fri Jul 12 23:40:37 +0000 2019`: always in this form and in UTC."""
    if not text:
        raise ValueError("created_at is missing")
    try:
        _, month, day, clock, _, year = text.split(" ")
        hour, minute, second = clock.split(":")
        at = int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second)
    except (AttributeError, KeyError) as error:
        raise ValueError("created_at is no time as Twitter writes it") from error
    return datetime(*at, tzinfo=UTC)


TWITTER_V1: Final = Format("twitter-v1", is_tweet, items, to_post)
