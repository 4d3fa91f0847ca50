"""Bluesky posts: views from searches, feeds and threads.

Shape: lexicon app.bsky.feed.defs#postView. A post's address holds its author's DID, so that the
DID's pseudonym stands in its place in every id.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.collectors.archives.twitter import iso_time
from walkback.post import Door, Engagement, Kind, Post, TextState, clean_text, content_hash

SOURCE: Final = "bluesky"
_POST: Final = "/app.bsky.feed.post/"


def is_post(record: Record) -> bool:
    """A view of a post, an entry of a feed, or a document of posts, a feed or a thread."""
    return _is_view(record) or _is_view(record.get("post")) or any(_is_view(view) for view in _views(record))


def _is_view(record: object) -> bool:
    return isinstance(record, Mapping) and _POST in str(record.get("uri")) and "record" in record


def items(record: Record) -> Iterable[Record]:
    """Every post in the record; a repost in a feed is the post that it shows."""
    if _is_view(record):
        return [record]
    if _is_view(record.get("post")):
        return [record["post"], *_below(record)]
    return list(_views(record))


def _views(record: Record) -> Iterator[Record]:
    yield from _listed(record.get("posts"))
    for entry in record.get("feed") or []:
        if isinstance(entry, Mapping):
            yield from _listed([entry.get("post")])
    thread = record.get("thread")
    if isinstance(thread, Mapping):
        yield from _below({"replies": [thread]})


def _listed(views: Any) -> list[Record]:
    return [view for view in views or [] if _is_view(view)]


def _below(thread: Record) -> Iterator[Record]:
    waiting: list[Any] = list(thread.get("replies") or [])
    parent = thread.get("parent")
    waiting += [parent] if parent else []
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        yield from _listed([node.get("post")])
        waiting += node.get("replies") or []
        waiting += [node["parent"]] if node.get("parent") else []


def to_post(view: Record, sighting: Sighting) -> Post:
    """A post; its time is the author's own, but never later than when it was first seen."""
    record, door = view["record"], sighting.door
    masked = door.mask(clean_text(_text(record)))
    reply = record.get("reply")
    langs = record.get("langs")
    return Post(
        source=SOURCE,
        id=_safe_id(view["uri"], door),
        kind=_kind(record),
        author=door.author(SOURCE, view["author"]["did"]),
        created_at=_time(record["createdAt"], view.get("indexedAt")),
        edited_at=None,
        lang=langs[0] if langs else None,
        text=masked,
        text_state=TextState.PRESENT,
        url=None,
        parent_id=_safe_id(reply["parent"]["uri"], door) if reply else None,
        conversation_id=_safe_id(reply["root"]["uri"] if reply else view["uri"], door),
        place=None,
        fetched_at=sighting.fetched_at,
        content_hash=content_hash(masked),
        via="bluesky",
        engagement=Engagement(
            likes=view.get("likeCount"),
            replies=view.get("replyCount"),
            reposts=view.get("repostCount"),
            quotes=view.get("quoteCount"),
        ),
    )


def _safe_id(uri: str, door: Door) -> str:
    """`at://DID/app.bsky.feed.post/KEY` with the DID's pseudonym: `PSEUDONYM/KEY`."""
    did, found, key = uri.removeprefix("at://").partition(_POST)
    if not found or not key:
        raise ValueError("uri is not that of a post")
    return f"{door.author(SOURCE, did)}/{key}"


def _time(created: str, indexed: str | None) -> Any:
    return min(iso_time(created), iso_time(indexed)) if indexed else iso_time(created)


def _text(record: Record) -> str:
    """The words, and the addresses of links that the words show only a piece of."""
    text: str = record["text"]
    links = [
        feature["uri"]
        for facet in record.get("facets") or []
        for feature in facet.get("features") or []
        if feature.get("$type") == "app.bsky.richtext.facet#link"
    ]
    external = (record.get("embed") or {}).get("external") or {}
    links += [external["uri"]] if external.get("uri") else []
    missing = [link for link in dict.fromkeys(links) if link not in text]
    return "\n".join([text, *missing])


def _kind(record: Record) -> Kind:
    if record.get("reply"):
        return Kind.REPLY
    embedded = (record.get("embed") or {}).get("$type", "")
    return Kind.QUOTE if embedded.startswith("app.bsky.embed.record") else Kind.POST


BLUESKY: Final = Format("bluesky", is_post, items, to_post)
