"""Posts of X's API v2, as twarc2 keeps them: pages, streamed lines, and flattened lines.

Shapes: docs.x.com, "Post object"; twarc2's `search` output and its `flatten`.
"""

import html
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.post import Engagement, Kind, Post, TextState, clean_text, content_hash

SOURCE: Final = "x"
_INCLUDED: Final = "walkback:included"
_RETRIEVED: Final = "walkback:retrieved_at"
_KINDS: Final = (("retweeted", Kind.REPOST), ("replied_to", Kind.REPLY), ("quoted", Kind.QUOTE))


def is_page(record: Record) -> bool:
    """A page `{data: [tweets], includes, meta}`, a streamed line `{data: tweet}`, or an empty page."""
    data = record.get("data")
    if isinstance(data, list) and data:
        data = data[0]
    if isinstance(data, Mapping):
        return _is_tweet(data) and "author" not in data
    meta = record.get("meta")
    return not data and isinstance(meta, Mapping) and meta.get("result_count") == 0


def is_flat(record: Record) -> bool:
    """A tweet by itself, as `twarc2 flatten` writes them."""
    signed = "author_id" in record or isinstance(record.get("author"), Mapping)
    return "data" not in record and signed and _is_tweet(record)


def _is_tweet(record: Record) -> bool:
    return "text" in record and "id" in record and "id_str" not in record and "user" not in record


def page_items(record: Record) -> Iterable[Record]:
    """The page's tweets; what is only referred to (`includes`) goes along as context."""
    data = record.get("data") or []
    includes = record.get("includes") or {}
    included = {tweet["id"]: tweet for tweet in includes.get("tweets") or includes.get("posts") or []}
    context = {_INCLUDED: included, _RETRIEVED: (record.get("__twarc") or {}).get("retrieved_at")}
    tweets = [data] if isinstance(data, Mapping) else data
    return [tweet | context if isinstance(tweet, dict) else tweet for tweet in tweets]


def flat_items(record: Record) -> Iterable[Record]:
    """The tweet; those that it refers to stand inside it."""
    referred = _references(record)
    context = {_INCLUDED: {tweet["id"]: tweet for tweet in referred if "text" in tweet}}
    return [{**record, **context, _RETRIEVED: (record.get("__twarc") or {}).get("retrieved_at")}]


def to_post(tweet: Record, sighting: Sighting) -> Post:
    """A post. Text withheld in some country is not kept: its state says so."""
    kind, parent = _kind_and_parent(tweet)
    text, state = _text(tweet, kind, parent)
    masked = sighting.door.mask(clean_text(text))
    author = tweet.get("author_id") or (tweet.get("author") or {}).get("id")
    retrieved = tweet.get(_RETRIEVED)
    return Post(
        source=SOURCE,
        id=str(tweet["id"]),
        kind=kind,
        author=sighting.door.author(SOURCE, str(author)) if author else None,
        created_at=iso_time(tweet["created_at"]),
        edited_at=None,
        lang=_language(tweet.get("lang")),
        text=masked,
        text_state=state,
        url=f"https://x.com/i/web/status/{tweet['id']}",
        parent_id=parent,
        conversation_id=tweet.get("conversation_id"),
        place=None,
        fetched_at=iso_time(retrieved) if retrieved else sighting.fetched_at,
        content_hash=content_hash(masked),
        via="twarc",
        engagement=_engagement(tweet.get("public_metrics") or tweet.get("organic_metrics")),
    )


def _references(tweet: Record) -> list[Any]:
    return tweet.get("referenced_tweets") or tweet.get("referenced_posts") or []


def _kind_and_parent(tweet: Record) -> tuple[Kind, str | None]:
    referred = {reference["type"]: str(reference["id"]) for reference in _references(tweet)}
    for name, kind in _KINDS:
        if name in referred:
            return kind, referred[name]
    return Kind.POST, None


def _text(tweet: Record, kind: Kind, parent: str | None) -> tuple[str, TextState]:
    if tweet.get("withheld"):
        return "", TextState.WITHHELD
    said = _whole_text(tweet)
    if kind is not Kind.REPOST:
        return said, TextState.PRESENT
    original = tweet[_INCLUDED].get(parent)
    if original is not None:
        # A repost's own text is cut at 140 characters.
        return said.partition(": ")[0] + ": " + _whole_text(original), TextState.PRESENT
    return said, TextState.TRUNCATED if said.endswith("…") else TextState.PRESENT


def _whole_text(tweet: Record) -> str:
    """All of a long post, with addresses in place of t.co links and entities decoded."""
    note = tweet.get("note_tweet") or {}
    text: str = note.get("text") or tweet["text"]
    if "https://t.co/" in text:
        entities = (note if "entities" in note else tweet).get("entities") or {}
        for link in entities.get("urls") or []:
            text = text.replace(link["url"], link.get("expanded_url") or link["url"])
    return html.unescape(text) if "&" in text else text


def _language(code: str | None) -> str | None:
    return None if code in {None, "und", "zxx"} or (code or "").startswith("q") else code


def _engagement(metrics: Record | None) -> Engagement | None:
    if not metrics:
        return None
    return Engagement(
        likes=metrics.get("like_count"),
        replies=metrics.get("reply_count"),
        reposts=metrics.get("retweet_count", metrics.get("repost_count")),
        quotes=metrics.get("quote_count"),
        views=metrics.get("impression_count"),
    )


def iso_time(text: str) -> datetime:
    """ISO 8601 as the platforms write it; UTC where no offset is given, which they mean."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


TWARC_PAGE: Final = Format("twarc", is_page, page_items, to_post)
TWARC_FLAT: Final = Format("twarc-flat", is_flat, flat_items, to_post)
