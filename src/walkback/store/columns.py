"""Posts as columns: the Arrow tables that go into the store."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

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
    pa.field("terms", pa.list_(pa.string())),
    pa.field("likes", pa.int64()),
    pa.field("replies", pa.int64()),
    pa.field("reposts", pa.int64()),
    pa.field("quotes", pa.int64()),
    pa.field("score", pa.int64()),
    pa.field("views", pa.int64()),
]
PAGE_SCHEMA: Final = pa.schema(_FIELDS)
_UNKNOWN: Final = Engagement()


def page_table(posts: Sequence[Post], terms: Sequence[list[str] | None]) -> pa.Table:
    """One row a post, columns as in `PAGE_SCHEMA`; `terms[i]` are the query's terms in `posts[i]`.

    None among the terms: the post does not match the query.
    """
    rows = [
        (
            post.source,
            post.id,
            post.kind.value,
            post.author,
            post.created_at,
            post.edited_at,
            post.lang,
            post.text,
            post.text_state.value,
            post.url,
            post.parent_id,
            post.conversation_id,
            post.place,
            post.fetched_at,
            post.content_hash,
            post.via,
            found,
            *_counts(post.engagement or _UNKNOWN),
        )
        for post, found in zip(posts, terms, strict=True)
    ]
    if not rows:
        return PAGE_SCHEMA.empty_table()
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, PAGE_SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=PAGE_SCHEMA)


def _counts(seen: Engagement) -> tuple[int | None, ...]:
    return seen.likes, seen.replies, seen.reposts, seen.quotes, seen.score, seen.views
