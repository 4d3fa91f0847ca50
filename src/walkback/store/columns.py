"""Posts as columns: the Arrow tables that go into the store."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from walkback.content_hash import content_hashes
from walkback.matching import Matcher
from walkback.post import Engagement, Post

_TIME: Final = pa.timestamp("us", tz="UTC")

_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("source", pa.string(), nullable=False),
    pa.field("id", pa.string(), nullable=False),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("author", pa.string()),
    pa.field("created_at", _TIME, nullable=False),
    pa.field("edited_at", _TIME),
    pa.field("lang", pa.string()),
    pa.field("text", pa.string(), nullable=False),
    pa.field("text_state", pa.string(), nullable=False),
    pa.field("url", pa.string()),
    pa.field("parent_id", pa.string()),
    pa.field("conversation_id", pa.string()),
    pa.field("place", pa.string()),
    pa.field("fetched_at", _TIME, nullable=False),
    pa.field("content_hash", pa.uint64()),
    pa.field("via", pa.string(), nullable=False),
    pa.field("account_days", pa.int16()),
    pa.field("terms", pa.list_(pa.string())),
    pa.field("likes", pa.int64()),
    pa.field("replies", pa.int64()),
    pa.field("reposts", pa.int64()),
    pa.field("quotes", pa.int64()),
    pa.field("score", pa.int64()),
    pa.field("views", pa.int64()),
    pa.field("observed_at", _TIME),  # when those counts were seen; null: when the post was fetched
    pa.field("first_seen_at", _TIME),  # null: when the post was fetched
]
PAGE_SCHEMA: Final = pa.schema(_FIELDS)
_COUNTS: Final = ("likes", "replies", "reposts", "quotes", "score", "views")
_UNKNOWN: Final = Engagement()


def page_table(posts: Sequence[Post], matcher: Matcher) -> pa.Table:
    """One row a post, columns as in `PAGE_SCHEMA`: the posts, what they match, what they are copies of."""
    if not posts:
        return PAGE_SCHEMA.empty_table()
    columns: dict[str, Any] = dict(zip(Post._fields, zip(*posts, strict=True), strict=True))
    seen = [one or _UNKNOWN for one in columns.pop("engagement")]
    columns |= {name: [getattr(one, name) for one in seen] for name in _COUNTS}
    columns["text"] = texts = pa.array(columns["text"], pa.string())
    columns["content_hash"] = content_hashes(texts)
    columns["terms"] = matcher.terms(texts)
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(len(posts), field.type)
        for field in PAGE_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=PAGE_SCHEMA)
