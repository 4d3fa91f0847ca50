"""Hacker News from its Algolia API: search results and item trees.

Shapes: hn.algolia.com/api. The address of a story stands at the end of its text. What was deleted
has no words there any more; `dead` (killed by moderators or flags) is "removed".
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from walkback.collectors.archives.fields import count, epoch_time, iso_time, needed_id, optional_id, words
from walkback.collectors.archives.format import Format, NotAPost, Record, Sighting
from walkback.collectors.archives.html import html_to_text
from walkback.post import Engagement, Kind, Post, TextState, clean_text

SOURCE: Final = "hackernews"
_GONE: Final = {
    "[deleted]": TextState.DELETED,
    "[dead]": TextState.REMOVED,
    "[flagged]": TextState.REMOVED,
}


def is_search(record: Record) -> bool:
    """A page `{hits: [...]}`, or one hit."""
    hits = record.get("hits")
    if isinstance(hits, list):
        return _is_hit(hits[0]) if hits else "nbHits" in record
    return _is_hit(record)


def _is_hit(record: object) -> bool:
    return isinstance(record, Mapping) and {"objectID", "created_at_i", "author"} <= record.keys()


def is_item(record: Record) -> bool:
    """An item with its tree of children."""
    return "created_at_i" in record and "children" in record and "type" in record and "objectID" not in record


def search_items(record: Record) -> Iterable[Record]:
    """The page's hits."""
    hits = record.get("hits")
    if not isinstance(hits, list):
        return [record]
    return [hit if isinstance(hit, Mapping) else {} for hit in hits]


def item_items(record: Record) -> Iterable[Record]:
    """The item and everything below it."""
    return list(_tree(record))


def _tree(item: Record) -> Iterator[Record]:
    waiting: list[Any] = [item]  # a stack, not recursion: threads can be deep
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            yield item
            below = item.get("children")
            waiting.extend(reversed(below) if isinstance(below, list) else ())


def hit_to_post(hit: Record, sighting: Sighting) -> Post:
    """A search result's post."""
    tags = hit.get("_tags")
    tags = tags if isinstance(tags, list) else []
    if "pollopt" in tags:
        raise NotAPost("an option of a poll")
    is_comment = hit.get("comment_text") is not None or "comment" in tags
    said = hit.get("comment_text") or hit.get("story_text")
    return _post(hit, hit.get("objectID"), said, sighting, is_comment=is_comment)


def item_to_post(item: Record, sighting: Sighting) -> Post:
    """An item's post. Poll options are none."""
    if item.get("type") == "pollopt":
        raise NotAPost("an option of a poll")
    return _post(item, item.get("id"), item.get("text"), sighting, is_comment=item.get("type") == "comment")


def _post(item: Record, number: Any, said: Any, sighting: Sighting, *, is_comment: bool) -> Post:
    identity = needed_id(number)
    text, state = _text(item, html_to_text(words(said)), is_comment=is_comment)
    masked = sighting.door.mask(clean_text(text))
    author = optional_id(item.get("author"))
    return Post(
        source=SOURCE,
        id=identity,
        kind=Kind.COMMENT if is_comment else Kind.STORY,
        author=sighting.door.author(SOURCE, author) if author else None,
        created_at=_time(item),
        edited_at=None,
        lang=None,
        text=masked,
        text_state=state,
        url=f"https://news.ycombinator.com/item?id={identity}",
        parent_id=optional_id(item.get("parent_id")),
        conversation_id=optional_id(item.get("story_id")) or (None if is_comment else identity),
        place=None,
        fetched_at=sighting.fetched_at,
        via="hackernews" if "objectID" in item else "hackernews-item",
        engagement=_engagement(item),
    )


def _text(item: Record, said: str, *, is_comment: bool) -> tuple[str, TextState]:
    # Titles are plain text; all else is HTML.
    pieces = (said,) if is_comment else (words(item.get("title")), said, words(item.get("url")))
    text = "\n".join(piece for piece in pieces if piece)
    if item.get("deleted"):
        return "", TextState.DELETED
    if item.get("dead"):
        return "", TextState.REMOVED
    state = _GONE.get(said or text, TextState.PRESENT if text else TextState.DELETED)
    return (text if state is TextState.PRESENT else ""), state


def _time(item: Record) -> datetime:
    seconds = item.get("created_at_i")
    return iso_time(item.get("created_at")) if seconds is None else epoch_time(seconds)


def _engagement(item: Record) -> Engagement | None:
    points, replies = count(item.get("points")), count(item.get("num_comments"))
    return None if points is None and replies is None else Engagement(replies=replies, score=points)


HACKERNEWS_SEARCH: Final = Format("hackernews", is_search, search_items, hit_to_post)
HACKERNEWS_ITEM: Final = Format("hackernews-item", is_item, item_items, item_to_post)
