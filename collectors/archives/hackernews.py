"""Hacker News from its Algolia API: search results and item trees.

Shapes: hn.algolia.com/api. The address of a story stands at the end of its text.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from walkback.collectors.archives.format import Format, NotAPost, Record, Sighting
from walkback.collectors.archives.html import html_to_text
from walkback.post import Engagement, Kind, Post, TextState, clean_text, content_hash, utc_from_seconds

SOURCE: Final = "hackernews"


def is_search(record: Record) -> bool:
    """A page `{hits: [...]}`, or one hit."""
    return isinstance(record.get("hits"), list) or {"objectID", "created_at_i", "author"} <= record.keys()


def is_item(record: Record) -> bool:
    """An item with its tree of children."""
    return "created_at_i" in record and "children" in record and "type" in record and "objectID" not in record


def search_items(record: Record) -> Iterable[Record]:
    """The page's hits."""
    hits = record.get("hits")
    return hits if isinstance(hits, list) else [record]


def item_items(record: Record) -> Iterable[Record]:
    """The item and everything below it."""
    return list(_tree(record))


def _tree(item: Record) -> Iterator[Record]:
    waiting: list[Any] = [item]  # a stack, not recursion: threads can be deep
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            yield item
            waiting.extend(reversed(item.get("children") or []))


def hit_to_post(hit: Record, sighting: Sighting) -> Post:
    """A search result's post."""
    text = hit.get("comment_text") or hit.get("story_text")
    is_comment = hit.get("comment_text") is not None or "comment" in hit.get("_tags", ())
    return _post(
        {**hit, "id": hit["objectID"], "text": text}, sighting, is_comment=is_comment, via="hackernews"
    )


def item_to_post(item: Record, sighting: Sighting) -> Post:
    """An item's post. Poll options are none."""
    if item.get("type") == "pollopt":
        raise NotAPost("an option of a poll")
    return _post(item, sighting, is_comment=item.get("type") == "comment", via="hackernews-item")


def _post(item: Record, sighting: Sighting, *, is_comment: bool, via: str) -> Post:
    # Text posts are HTML; a title is not.
    said = html_to_text(item["text"]) if item.get("text") else None
    link = None if is_comment else item.get("url")
    text = "\n".join(part for part in (item.get("title"), said, link) if part)
    masked = sighting.door.mask(clean_text(text))
    author, parent, story = item.get("author"), item.get("parent_id"), item.get("story_id")
    return Post(
        source=SOURCE,
        id=str(item["id"]),
        kind=Kind.COMMENT if is_comment else Kind.STORY,
        author=sighting.door.author(SOURCE, str(author)) if author else None,
        created_at=utc_from_seconds(item["created_at_i"]),
        edited_at=None,
        lang=None,
        text=masked,
        text_state=TextState.PRESENT if masked else TextState.DELETED,
        url=f"https://news.ycombinator.com/item?id={item['id']}",
        parent_id=str(parent) if parent else None,
        conversation_id=str(story or item["id"]),
        place=None,
        fetched_at=sighting.fetched_at,
        content_hash=content_hash(masked),
        via=via,
        engagement=_engagement(item),
    )


def _engagement(item: Record) -> Engagement | None:
    points, replies = item.get("points"), item.get("num_comments")
    return None if points is None and replies is None else Engagement(replies=replies, score=points)


HACKERNEWS_SEARCH: Final = Format("hackernews", is_search, search_items, hit_to_post)
HACKERNEWS_ITEM: Final = Format("hackernews-item", is_item, item_items, item_to_post)
