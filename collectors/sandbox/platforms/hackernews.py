"""Hacker News by Algolia's search_by_date. Contract: hn.algolia.com/api.

No rate limit is kept: Algolia allows 10,000 questions an hour and says nothing of it in its headers.
"""

import operator
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from walkback.collectors.sandbox.archives import hit
from walkback.collectors.sandbox.platforms.exchange import Answer, Asked, UnknownRequestError
from walkback.collectors.sandbox.platforms.query import RejectedQueryError, index, parse
from walkback.collectors.sandbox.world import World

_PATH: Final = "/api/v1/search_by_date"
_ITEM: Final = "/api/v1/items/"
_MOST: Final = 1_000
_TAGS: Final = "(story,comment)"
_FILTER: Final = re.compile(r"created_at_i(>=|<=|>|<|=)(\d+)")
_TESTS: Final[dict[str, Callable[[int, int], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


class HackerNews:
    """Algolia's index over a world."""

    source = "hackernews"
    hosts: tuple[str, ...] = ("hn.algolia.com",)
    date_fields: tuple[str, ...] = ("created_at", "created_at_i")

    def __init__(self, world: World) -> None:
        """Stories and comments, newest first; what was deleted is not in the index."""
        posts = {post.id: post for post in world.posts if post.source == "hackernews"}
        self._hits = {post.id: hit(post, posts) for post in reversed(posts.values()) if not post.deleted}
        self._index = {name: index(f"{posts[name].words} {posts[name].link or ''}") for name in self._hits}

    def delete(self, identity: str) -> None:
        """It is found no more."""
        self._hits.pop(identity, None)

    def answer(self, asked: Asked) -> Answer:
        """A search, newest first; the first 1,000 hits can be seen and no more. Or one item."""
        if asked.path.startswith(_ITEM) and asked.method == "GET":
            return self._item(asked)
        if asked.path != _PATH or asked.method != "GET":
            raise UnknownRequestError(f"{asked.method} {asked.host}{asked.path}")
        asked.takes(
            "query", "tags", "numericFilters", "hitsPerPage", "advancedSyntax", "typoTolerance", "page"
        )
        if asked.param("tags") != _TAGS:
            raise UnknownRequestError(f"{asked.path}: tags={asked.param('tags')}")
        try:
            test = parse(asked.param("query"))
        except RejectedQueryError:
            return _REFUSALS["rejected_query"]
        size, page = min(asked.number("hitsPerPage", 20), _MOST), asked.number("page", 0)
        filters = _filters(asked.param("numericFilters"))
        found = [
            found
            for name, found in self._hits.items()
            if all(passes(found["created_at_i"], bound) for passes, bound in filters)
            and test(self._index[name])
        ]
        visible = found[:_MOST]
        items = [dict(one) for one in visible[page * size : (page + 1) * size]] if size else []
        return Answer(
            {
                "hits": items,
                "nbHits": len(found),
                "page": page,
                "nbPages": -(-len(visible) // size) if size else 0,
                "hitsPerPage": size,
                "exhaustiveNbHits": True,
                "query": asked.param("query"),
                "params": "",
                "processingTimeMS": 1,
            },
            items=items,
        )

    def _item(self, asked: Asked) -> Answer:
        """An item, without what answers it."""
        asked.takes()
        found = self._hits.get(asked.path.removeprefix(_ITEM))
        if found is None:
            return Answer({"status": HTTPStatus.NOT_FOUND, "error": "Not Found"}, HTTPStatus.NOT_FOUND)
        same = ("created_at", "created_at_i", "author", "title", "url", "points")
        item = {name: found[name] for name in same} | {
            "id": int(found["objectID"]),
            "type": found["_tags"][0],
            "text": found["story_text"] or found["comment_text"],
            "parent_id": found.get("parent_id"),
            "story_id": found["story_id"] if "parent_id" in found else None,
            "children": [],
            "options": [],
        }
        return Answer(item, items=[item])

    def refusal(self, why: str) -> Answer | None:
        """Bodies as Algolia sends them; it knows no credentials, tiers or caps."""
        return _REFUSALS.get(why)


def _filters(told: str) -> list[tuple[Callable[[int, int], bool], int]]:
    filters = []
    for one in filter(None, told.split(",")):
        match = _FILTER.fullmatch(one)
        if match is None:
            raise UnknownRequestError(f"{_PATH}: numericFilters={one}")
        filters.append((_TESTS[match[1]], int(match[2])))
    return filters


_REFUSALS: Final = {
    "rate_limited": Answer(
        {"message": "Too many requests", "status": 429},
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
    "rejected_query": Answer({"message": "Invalid syntax", "status": 400}, HTTPStatus.BAD_REQUEST),
}
