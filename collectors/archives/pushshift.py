"""Reddit submissions and comments: Pushshift's and Arctic Shift's dumps, and Reddit's own listings.

Shapes: Baumgartner et al. 2020 (The Pushshift Reddit Dataset); Arctic Shift's schemas and its
`file_content_explanations.md`; reddit.com/dev/api, "things".
"""

import html
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from walkback.collectors.archives.format import Format, Record, Sighting
from walkback.post import Engagement, Kind, Post, TextState, clean_text, content_hash, utc_from_seconds

SOURCE: Final = "reddit"
_THINGS: Final = ("t1", "t3", "Listing", "more")
_GONE: Final = {"[deleted]": TextState.DELETED, "[removed]": TextState.REMOVED}


def is_reddit(record: Record) -> bool:
    """A submission, a comment, or a listing of them."""
    if record.get("kind") in _THINGS and isinstance(record.get("data"), Mapping):
        return True
    return "created_utc" in record and "id" in record and ("body" in record or "title" in record)


def items(record: Record) -> Iterable[Record]:
    """The thing itself, or every submission and comment of a listing, replies and all."""
    return [record] if "data" not in record or "kind" not in record else list(_things(record))


def _things(listing: Record) -> Iterator[Record]:
    # A stack, not recursion: a listing from a file can be nested as deep as its maker likes.
    waiting: list[Any] = [listing]
    while waiting:
        thing = waiting.pop()
        if not isinstance(thing, Mapping) or thing.get("kind") == "more":
            continue
        data = thing["data"]
        if thing["kind"] == "Listing":
            waiting.extend(reversed(data.get("children") or []))
            continue
        yield data
        waiting.append(data.get("replies"))


def to_post(thing: Record, sighting: Sighting) -> Post:
    """A post. Ids are fullnames, `t3_…` and `t1_…`: the two kinds count apart."""
    is_comment = "body" in thing
    name = f"{'t1' if is_comment else 't3'}_{_needed_id(thing)}"
    text, state = _text(thing, is_comment=is_comment)
    masked = sighting.door.mask(clean_text(text))
    link = str(thing["link_id"]) if thing.get("link_id") else name
    edited = thing.get("edited")
    return Post(
        source=SOURCE,
        id=name,
        kind=Kind.COMMENT if is_comment else Kind.POST,
        author=_author(thing, sighting),
        created_at=_time(thing["created_utc"]),
        edited_at=_time(edited) if edited and not isinstance(edited, bool) else None,
        lang=None,
        text=masked,
        text_state=state,
        url=_address(name, link, is_comment=is_comment),
        parent_id=str(thing["parent_id"]) if thing.get("parent_id") else None,
        conversation_id=link,
        place=thing.get("subreddit"),
        fetched_at=_fetched_at(thing) or sighting.fetched_at,
        content_hash=content_hash(masked),
        via="pushshift",
        engagement=Engagement(replies=thing.get("num_comments"), score=thing.get("score")),
    )


def _needed_id(thing: Record) -> str:
    identity = thing["id"]
    if not isinstance(identity, str) or not identity:
        raise ValueError("id is not a text")
    return identity


def _text(thing: Record, *, is_comment: bool) -> tuple[str, TextState]:
    said: str = thing["body"] if is_comment else thing.get("selftext") or ""
    state = _state(thing, said)
    if state is not TextState.PRESENT:
        return "", state  # the title goes as well: what was taken back was taken back whole
    if not is_comment:
        said = "\n".join(part for part in (thing.get("title"), said, _outside_link(thing)) if part)
    return (html.unescape(said) if "&" in said else said), TextState.PRESENT


def _state(thing: Record, said: str) -> TextState:
    if said in _GONE:
        return _GONE[said]
    removal = thing.get("removed_by_category")
    meta = thing.get("_meta")
    if meta and meta.get("was_deleted_later"):
        removal = meta.get("removal_type") or "deleted"
    if not removal:
        return TextState.PRESENT
    return TextState.DELETED if removal in {"deleted", "author"} else TextState.REMOVED


def _outside_link(submission: Record) -> str | None:
    if submission.get("is_self"):
        return None
    link = submission.get("url")
    return link if isinstance(link, str) and link.startswith(("http://", "https://")) else None


def _author(thing: Record, sighting: Sighting) -> str | None:
    name = thing.get("author")
    if not name or name == "[deleted]":
        return None
    return sighting.door.author(SOURCE, str(thing.get("author_fullname") or name))


def _address(name: str, link: str, *, is_comment: bool) -> str:
    thread = f"https://www.reddit.com/comments/{link.removeprefix('t3_')}"
    return f"{thread}/_/{name.removeprefix('t1_')}" if is_comment else thread


def _fetched_at(thing: Record) -> datetime | None:
    meta = thing.get("_meta") or {}
    seconds = meta.get("retrieved_2nd_on") or thing.get("retrieved_on") or thing.get("retrieved_utc")
    return _time(seconds) if seconds else None


def _time(seconds: Any) -> datetime:
    return utc_from_seconds(float(seconds))


PUSHSHIFT: Final = Format("pushshift", is_reddit, items, to_post)
