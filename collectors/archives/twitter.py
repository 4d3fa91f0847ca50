"""Posts of X's API v2, as twarc2 keeps them: pages, streamed lines, and flattened lines.

Shapes: docs.x.com, "Post object"; twarc2's `search` output and its `flatten`. The posts of
`includes` are what the page's own refer to: they lend their words to reposts and are no matches
themselves. `errors` beside `data` name what could not be had, and are no posts.
"""

import html
from collections.abc import Iterable, Mapping
from typing import Any, Final

from walkback.collectors.archives.fields import (
    account_age,
    count,
    iso_time,
    language,
    needed_id,
    optional_id,
    part,
    parts,
)
from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.post import Engagement, Kind, Post, TextState, clean_text

SOURCE: Final = "x"
_INCLUDED: Final = "walkback:included"
_USERS: Final = "walkback:users"
_RETRIEVED: Final = "walkback:retrieved_at"
_KINDS: Final = (("retweeted", Kind.REPOST), ("replied_to", Kind.REPLY), ("quoted", Kind.QUOTE))
_OTHERS: Final = frozenset({"id_str", "user", "event_type"})  # the old API's statuses, direct messages


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
    return "text" in record and "id" in record and _OTHERS.isdisjoint(record)


def page_items(record: Record) -> Iterable[Record]:
    """The page's tweets; what is only referred to (`includes`) goes along as context."""
    data = record.get("data") or []
    includes = part(record, "includes")
    referred = parts(includes, "tweets") or parts(includes, "posts")
    context = {
        _INCLUDED: _by_id(referred),
        _USERS: _by_id(parts(includes, "users")),
        _RETRIEVED: part(record, "__twarc").get("retrieved_at"),
    }
    tweets = [data] if isinstance(data, Mapping) else data
    return [{**tweet, **context} if isinstance(tweet, Mapping) else {} for tweet in tweets]


def flat_items(record: Record) -> Iterable[Record]:
    """The tweet; those that it refers to stand inside it."""
    referred = [tweet for tweet in _references(record) if "text" in tweet]
    retrieved = part(record, "__twarc").get("retrieved_at")
    return [{**record, _INCLUDED: _by_id(referred), _RETRIEVED: retrieved}]


def _by_id(tweets: list[Record]) -> dict[str, Record]:
    return {str(tweet.get("id")): tweet for tweet in tweets}


def to_post(tweet: Record, sighting: Sighting) -> Post:
    """A post. Text withheld in some country is not kept: its state says so."""
    identity = needed_id(tweet.get("id"))
    kind, parent = _kind_and_parent(tweet)
    text, state = _text(tweet, kind, parent)
    masked = sighting.door.mask(clean_text(text))
    author = optional_id(tweet.get("author_id") or part(tweet, "author").get("id"))
    created_at = iso_time(tweet.get("created_at"))
    versions = tweet.get("edit_history_tweet_ids")
    retrieved = tweet.get(_RETRIEVED)
    return Post(
        source=SOURCE,
        id=identity,
        kind=kind,
        author=sighting.door.author(SOURCE, author) if author else None,
        created_at=created_at,
        # Each version of an edited post has an id and a time of its own.
        edited_at=created_at if isinstance(versions, list) and identity in versions[1:] else None,
        lang=language(tweet.get("lang")),
        text=masked,
        text_state=state,
        url=f"https://x.com/i/web/status/{identity}",
        parent_id=parent,
        conversation_id=optional_id(tweet.get("conversation_id")),
        place=None,
        fetched_at=iso_time(retrieved) if retrieved else sighting.fetched_at,
        via="twarc",
        engagement=_engagement(part(tweet, "public_metrics") or part(tweet, "organic_metrics")),
        account_days=account_age(_user(tweet).get("created_at"), created_at),
    )


def _user(tweet: Record) -> Record:
    return part(tweet, "author") or part(part(tweet, _USERS), str(tweet.get("author_id")))


def _references(tweet: Record) -> list[Record]:
    return parts(tweet, "referenced_tweets") or parts(tweet, "referenced_posts")


def _kind_and_parent(tweet: Record) -> tuple[Kind, str | None]:
    referred = {str(reference.get("type")): reference.get("id") for reference in _references(tweet)}
    for name, kind in _KINDS if referred else ():
        if name in referred:
            return kind, optional_id(referred[name])
    return Kind.POST, None


def _text(tweet: Record, kind: Kind, parent: str | None) -> tuple[str, TextState]:
    if tweet.get("withheld"):
        return "", TextState.WITHHELD
    said = _whole_text(tweet)
    if kind is not Kind.REPOST:
        return said, TextState.PRESENT
    original = part(tweet, _INCLUDED).get(parent or "")
    if original is None:
        return said, TextState.TRUNCATED if said.endswith("…") else TextState.PRESENT
    if original.get("withheld"):
        return "", TextState.WITHHELD
    # A repost's own text is cut at 140 characters; some lack the `RT @name: ` that most begin with.
    opening, colon, _ = said.partition(": ") if said.startswith("RT @") else ("", "", "")
    return opening + colon + _whole_text(original), TextState.PRESENT


def _whole_text(tweet: Record) -> str:
    """All of a long post, with addresses in place of t.co links and entities decoded."""
    note = part(tweet, "note_tweet") or part(tweet, "note_post")
    text: Any = note.get("text") or tweet["text"]
    if not isinstance(text, str):
        raise TypeError("text is no text")
    entities = part(note, "entities") or part(tweet, "entities")
    return readable(text, parts(entities, "urls"))


def readable(text: str, links: list[Record]) -> str:
    """Text with its entities decoded and addresses in place of the t.co links that stand for them."""
    # Entities first: an address may hold what looks like one (`?a=1&copy=2`).
    if "&" in text:
        text = html.unescape(text)
    if links and "://t.co/" in text:
        for link in links:
            short, whole = link.get("url"), link.get("expanded_url")
            if isinstance(short, str) and isinstance(whole, str) and short:
                text = text.replace(short, whole)
    return text


def _engagement(metrics: Record) -> Engagement | None:
    if not metrics:
        return None
    return Engagement(
        likes=count(metrics.get("like_count")),
        replies=count(metrics.get("reply_count")),
        reposts=count(metrics.get("retweet_count", metrics.get("repost_count"))),
        quotes=count(metrics.get("quote_count")),
        # X counts views since the end of 2022 and says 0 of everything older: nobody knows.
        views=count(metrics.get("impression_count")) or None,
    )


TWARC_PAGE: Final = Format("twarc", is_page, page_items, to_post)
TWARC_FLAT: Final = Format("twarc-flat", is_flat, flat_items, to_post)
