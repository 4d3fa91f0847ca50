"""Posts as columns: the Arrow tables that go into the store."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from walkback.content_hash import content_hashes
from walkback.lake import POST_SCHEMA
from walkback.matching import Matcher
from walkback.post import Engagement, Post

# As in a lake, without the rank, which the store reckons itself. A null `observed_at` (of the counts) or
# `first_seen_at` means: when the post was fetched.
_FIELDS: "Final[list[pa.Field[Any]]]" = [
    *(
        field.with_nullable(field.nullable and field.name != "via")
        for field in POST_SCHEMA
        if field.name != "rank"
    ),
    pa.field("terms", pa.list_(pa.string())),
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
