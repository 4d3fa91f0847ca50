"""Bluesky posts: views from searches, feeds and threads.

Shape: lexicon app.bsky.feed.defs#postView. A post's address holds its author's DID, so that the
DID's pseudonym stands in its place in every id, and there is no url. A DID in the words (a link to
a profile) is masked as well.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from walkback.collectors.archives.fields import account_age, count, iso_time, language, part, parts, words
from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.post import Door, Engagement, Kind, Post, TextState, clean_text

SOURCE: Final = "bluesky"
_POST: Final = "/app.bsky.feed.post/"
_LINK: Final = "app.bsky.richtext.facet#link"
_DID: Final = re.compile(r"\bdid:(?:plc|web):[\w.%-]{1,256}")


def is_post(record: Record) -> bool:
    """A view of a post, an entry of a feed, or a document of posts, a feed or a thread."""
    return _is_view(record) or _is_view(record.get("post")) or any(_is_view(view) for view in _views(record))


def _is_view(record: object) -> bool:
    if not isinstance(record, Mapping) or "record" not in record:
        return False
    uri = record.get("uri")
    return isinstance(uri, str) and _POST in uri


def items(record: Record) -> Iterable[Record]:
    """Every post in the record; a repost in a feed is the post that it shows."""
    if _is_view(record):
        return [record]
    if _is_view(record.get("post")):
        return list(_nodes([record]))
    return list(_views(record))


def _views(record: Record) -> Iterator[Record]:
    yield from (view for view in parts(record, "posts") if _is_view(view))
    yield from (entry["post"] for entry in parts(record, "feed") if _is_view(entry.get("post")))
    yield from _nodes([record.get("thread")])


def _nodes(waiting: list[Any]) -> Iterator[Record]:
    """The posts of a thread; a stack, not recursion: threads can be deep."""
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        if _is_view(node.get("post")):
            yield node["post"]
        waiting += parts(node, "replies")
        waiting.append(node.get("parent"))


def to_post(view: Record, sighting: Sighting) -> Post:
    """A post; its time is the author's own, but never later than when it was first seen."""
    record, door = part(view, "record"), sighting.door
    identity = _safe_id(view.get("uri"), door)
    masked = door.mask(clean_text(_text(record, door)))
    reply = part(record, "reply")
    langs = record.get("langs")
    author = part(view, "author")
    created_at = _time(record.get("createdAt"), view.get("indexedAt"))
    return Post(
        source=SOURCE,
        id=identity,
        kind=_kind(record),
        author=_author(author, door),
        created_at=created_at,
        edited_at=None,
        lang=language(langs[0]) if isinstance(langs, list) and langs else None,
        text=masked,
        text_state=TextState.PRESENT,
        url=None,
        parent_id=_safe_id(part(reply, "parent").get("uri"), door) if reply else None,
        conversation_id=_safe_id(part(reply, "root").get("uri"), door) if reply else identity,
        place=None,
        fetched_at=sighting.fetched_at,
        via="bluesky",
        engagement=Engagement(
            likes=count(view.get("likeCount")),
            replies=count(view.get("replyCount")),
            reposts=count(view.get("repostCount")),
            quotes=count(view.get("quoteCount")),
        ),
        account_days=account_age(author.get("createdAt"), created_at),
    )


def _safe_id(uri: Any, door: Door) -> str:
    """`at://DID/app.bsky.feed.post/KEY` with the DID's pseudonym: `PSEUDONYM/KEY`."""
    if not uri:
        raise ValueError("id is missing")
    did, found, key = words(uri).removeprefix("at://").partition(_POST)
    if not found or not key:
        raise ValueError("uri is not that of a post")
    return f"{door.author(SOURCE, did)}/{clean_text(key)}"


def _author(author: Record, door: Door) -> str | None:
    did = words(author.get("did"))
    return door.author(SOURCE, did) if did else None


def _time(created: Any, indexed: Any) -> datetime:
    return min(iso_time(created), iso_time(indexed)) if indexed else iso_time(created)


def _text(record: Record, door: Door) -> str:
    """The words, and the addresses of links that the words show only a piece of."""
    text = words(record.get("text"))
    missing = [link for link in dict.fromkeys(_links(record)) if link not in text]
    text = "\n".join([text, *missing]) if missing else text
    return _DID.sub(lambda found: door.mention(found[0]), text) if "did:" in text else text


def _links(record: Record) -> Iterator[str]:
    for facet in parts(record, "facets"):
        for feature in parts(facet, "features"):
            if feature.get("$type") == _LINK and feature.get("uri"):
                yield words(feature["uri"])
    embed = part(record, "embed")
    external = part(embed, "external") or part(part(embed, "media"), "external")
    if external.get("uri"):
        yield words(external["uri"])


def _kind(record: Record) -> Kind:
    if record.get("reply"):
        return Kind.REPLY
    shown = words(part(record, "embed").get("$type"))
    return Kind.QUOTE if shown.startswith("app.bsky.embed.record") else Kind.POST


BLUESKY: Final = Format("bluesky", is_post, items, to_post)
