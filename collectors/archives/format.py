"""What a file format is to import: how to know it, how to take it apart, how to make posts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from walkback.post import Door, Post

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sighting:
    """The circumstances under which a file's posts were seen.

    `fetched_at` holds unless the record itself says when it was fetched; aware, UTC.
    """

    door: Door
    fetched_at: datetime


class NotAPost(Exception):  # noqa: N818  # not a fault of the file: a record that is something else
    """A well-formed record that is not a post (a user, a count, a deletion notice). The text names it."""


@dataclass(frozen=True, slots=True)
class Format:
    """One archive format. All three functions are pure.

    `recognises` says whether a decoded record has this format's shape.
    `items` takes one record (a line or a document) apart into posts still in the format's words,
    with the context that each needs put in.
    `to_post` makes the post. It raises NotAPost, or ValueError, KeyError or TypeError on an item
    that is broken; the caller quarantines that item and keeps its neighbours.
    """

    name: str
    recognises: Callable[[Record], bool]
    items: Callable[[Record], Iterable[Record]]
    to_post: Callable[[Record, Sighting], Post]
