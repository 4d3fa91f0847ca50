"""Mastodon and Bluesky in the world: some of X's people write their own posts there as well."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from walkback.collectors.sandbox.world import World
from walkback.post import Kind

_SHARE: Final = {"mastodon": (4, 0), "bluesky": (4, 1)}  # of four, the first; of four, the second


@dataclass(frozen=True, slots=True)
class Crosspost:
    """A post of an X account, written elsewhere in the same minute."""

    number: int
    author: str
    author_number: int
    followers: int
    created_at: datetime
    text: str
    likes: int
    reposts: int


def crossposts(world: World, source: str) -> list[Crosspost]:
    """Those of a source, oldest first; none that answers or was deleted."""
    of, which = _SHARE[source]
    originals = [
        post for post in world.posts if post.source == "x" and post.kind is Kind.POST and not post.deleted
    ]
    return [
        Crosspost(
            number=number,
            author=post.author,
            author_number=int(world.authors["x", post.author].id),
            followers=world.authors["x", post.author].followers,
            created_at=post.created_at,
            text=post.text,
            likes=post.engagement.likes or 0,
            reposts=post.engagement.reposts or 0,
        )
        for number, post in enumerate(originals)
        if number % of == which
    ]
