"""Reddit submissions and comments: Pushshift's and Arctic Shift's dumps, and Reddit's own listings.

Shapes: Baumgartner et al. 2020 (The Pushshift Reddit Dataset); Arctic Shift's schemas and its
`file_content_explanations.md`; reddit.com/dev/api, "things".
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from walkback.collectors.archives.fields import (
    account_age,
    count,
    epoch_time,
    optional_id,
    part,
    parts,
    words,
)
from walkback.collectors.archives.format import Format, NotAPost, Record, Sighting
from walkback.post import Door, Engagement, Kind, Post, TextState, clean_text

SOURCE: Final = "reddit"
_POSTS: Final = ("t1", "t3")
_OTHERS: Final = frozenset({"dest", "display_name"})  # private messages, subreddits
_GONE: Final = {
    "[deleted]": TextState.DELETED,
    "[removed]": TextState.REMOVED,
    "[ Removed by Reddit ]": TextState.REMOVED,
}
_BY_AUTHOR: Final = ("deleted", "author")
_PROFILE: Final = re.compile(r"(?<=r/)u_([\w-]{2,32})")


def is_reddit(record: Record) -> bool:
    """A submission, a comment, or a listing of them; no user, message or subreddit."""
    if "kind" in record and isinstance(record.get("data"), Mapping):
        return _is_thing(record)
    return (
        "created_utc" in record
        and "id" in record
        and _OTHERS.isdisjoint(record)
        and ("body" in record or "title" in record)
    )


def _is_thing(thing: Record) -> bool:
    if thing["kind"] != "Listing":
        return thing["kind"] in _POSTS
    kinds = [child.get("kind") for child in parts(thing["data"], "children")]
    return not kinds or any(kind in _POSTS for kind in kinds)


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
        data = part(thing, "data")
        if thing.get("kind") == "Listing":
            waiting.extend(reversed(parts(data, "children")))
        elif thing.get("kind") in _POSTS:
            yield data
            waiting.append(data.get("replies"))
        else:
            yield thing


def to_post(thing: Record, sighting: Sighting) -> Post:
    """A post. Ids are fullnames, `t3_…` and `t1_…`: the two kinds count apart."""
    if "kind" in thing and "data" in thing:
        raise NotAPost(f"a Reddit thing of the kind {str(thing['kind'])[:40]}")
    is_comment = "body" in thing
    name = _fullname(thing, is_comment=is_comment)
    link = optional_id(thing.get("link_id")) if is_comment else name
    text, state = _text(thing, is_comment=is_comment)
    masked = _masked(text, sighting.door)
    edited = thing.get("edited")
    created_at = epoch_time(thing.get("created_utc"))
    return Post(
        source=SOURCE,
        id=name,
        kind=Kind.COMMENT if is_comment else Kind.POST,
        author=_author(thing, sighting.door),
        created_at=created_at,
        edited_at=epoch_time(edited) if edited and not isinstance(edited, bool) else None,
        lang=None,
        text=masked,
        text_state=state,
        url=_address(name, link),
        parent_id=_parent(thing),
        conversation_id=link,
        place=_place(thing, sighting.door),
        fetched_at=_fetched_at(thing) or sighting.fetched_at,
        via="pushshift",
        engagement=_engagement(thing),
        account_days=account_age(thing.get("author_created_utc"), created_at, epoch_time),
    )


def _fullname(thing: Record, *, is_comment: bool) -> str:
    identity = thing.get("id")
    if identity is None or identity == "":
        raise ValueError("id is missing")
    if type(identity) is not str:  # base 36: read as a number it has lost its letters
        raise ValueError("id is not a text")
    kind = "t1_" if is_comment else "t3_"
    return kind + clean_text(identity).removeprefix(kind)


def _text(thing: Record, *, is_comment: bool) -> tuple[str, TextState]:
    said = words(thing.get("body" if is_comment else "selftext"))
    state = _state(thing, said)
    if state is not TextState.PRESENT:
        return "", state  # the title goes as well: what was taken back was taken back whole
    said = _read(said)
    if is_comment:
        return said, state
    title = html.unescape(words(thing.get("title")))
    return "\n".join(piece for piece in (title, said, _outside_link(thing)) if piece), state


def _read(markdown: str) -> str:
    """What the reader sees: Reddit escapes the Markdown, in which authors write entities (`&#x200B;`)."""
    return html.unescape(html.unescape(markdown)) if "&" in markdown else markdown


def _state(thing: Record, said: str) -> TextState:
    if said in _GONE:
        return _GONE[said]
    meta = part(thing, "_meta")
    removal = thing.get("removed_by_category")
    if meta.get("was_deleted_later"):
        removal = meta.get("removal_type") or "deleted"
    elif meta.get("was_initially_deleted"):
        removal = None  # it came back; the category is that of the first look
    if not removal:
        return TextState.PRESENT
    return TextState.DELETED if removal in _BY_AUTHOR else TextState.REMOVED


def _outside_link(submission: Record) -> str | None:
    link = submission.get("url")
    if submission.get("is_self") or not isinstance(link, str) or not link.startswith(("http://", "https://")):
        return None
    if f"/comments/{submission['id']}/" in link:
        return None
    # Not html.unescape: it would find entities in `?a=1&copy=2`.
    return link.replace("&amp;", "&")


def _masked(text: str, door: Door) -> str:
    """Masked, the names of profile subreddits (`r/u_name`) too."""
    if "r/u_" in text:
        text = _PROFILE.sub(lambda found: door.mention(found[1]), text)
    return door.mask(clean_text(text))


def _author(thing: Record, door: Door) -> str | None:
    name = thing.get("author")
    if not name or name == "[deleted]":
        return None
    return door.author(SOURCE, str(thing.get("author_fullname") or name))


def _place(thing: Record, door: Door) -> str | None:
    """The subreddit; a profile's (`u_name`) holds a handle."""
    name = optional_id(thing.get("subreddit"))
    return door.mention(name[2:]) if name and name.startswith("u_") else name


def _parent(thing: Record) -> str | None:
    """The fullname; a few of Pushshift's dumps have numbers, which nobody can turn back."""
    parent = thing.get("parent_id")
    return clean_text(parent) if isinstance(parent, str) and parent else None


def _address(name: str, link: str | None) -> str | None:
    if link is None:
        return None
    thread = f"https://www.reddit.com/comments/{link.removeprefix('t3_')}"
    return thread if link == name else f"{thread}/_/{name.removeprefix('t1_')}"


def _fetched_at(thing: Record) -> datetime | None:
    second = part(thing, "_meta").get("retrieved_2nd_on") or thing.get("retrieved_2nd_on")
    seconds = second or thing.get("retrieved_on") or thing.get("retrieved_utc")
    return epoch_time(seconds) if seconds else None


def _engagement(thing: Record) -> Engagement:
    hidden = thing.get("score_hidden") or thing.get("hide_score")  # then Reddit says 1
    score = None if hidden else count(thing.get("score"))
    return Engagement(replies=count(thing.get("num_comments")), score=score)


PUSHSHIFT: Final = Format("pushshift", is_reddit, items, to_post)
