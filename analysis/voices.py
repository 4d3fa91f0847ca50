"""Who spoke, and how: how unevenly posts are spread over people, and whose words were copied."""

from collections.abc import Sequence
from typing import Final

from walkback.analysis.measures import share_of
from walkback.analysis.model import Phase, Voices, YoungPart
from walkback.analysis.phases import edges_of
from walkback.store import Snapshot, Tally, Window

_MOST_COPIES: Final = 10


def find_voices(snapshot: Snapshot, window: Window, phases: Sequence[Phase], fewest: int) -> Voices:
    """How posts are spread over authors, and the largest groups of posts that `fewest` said alike.

    A post without a known author is an author of its own.
    """
    spread = snapshot.spread(window)
    return Voices(
        gini=gini(spread),
        loudest_share=loudest_share(spread, 0.01),
        once_share=once_share(spread),
        copies=tuple(snapshot.copies(window, fewest=fewest, most=_MOST_COPIES)),
        young=_young(snapshot.young(window, edges_of(phases)), phases),
    )


def _young(tallies: Sequence[Tally], phases: Sequence[Phase]) -> tuple[YoungPart, ...]:
    if not tallies:
        return ()
    return tuple(
        YoungPart(phase.name, share_of([tally for tally in tallies if tally.bucket == at]))
        for at, phase in enumerate(phases)
    )


def gini(spread: Sequence[tuple[int, int]]) -> float | None:
    """The Gini coefficient of posts by author: 0 where all wrote as much, near 1 where one wrote nearly all.

    `spread` has (posts, authors who wrote so many), ascending. None without an author.
    """
    authors = sum(count for _, count in spread)
    posts = sum(posts * count for posts, count in spread)
    if authors == 0:
        return None
    below = area = 0
    for each, count in spread:  # twice the area under the Lorenz curve, in whole numbers
        area += count * (2 * below + each * count)
        below += each * count
    return 1 - area / (authors * posts)


def loudest_share(spread: Sequence[tuple[int, int]], share: float) -> float | None:
    """The share of posts that the loudest `share` of authors wrote, of at least one of them. None without."""
    authors = sum(count for _, count in spread)
    posts = sum(posts * count for posts, count in spread)
    if authors == 0:
        return None
    left, theirs = max(1, round(share * authors)), 0
    for each, count in reversed(spread):
        theirs += each * min(left, count)
        left -= min(left, count)
    return theirs / posts


def once_share(spread: Sequence[tuple[int, int]]) -> float | None:
    """The share of authors who wrote once. None without an author."""
    authors = sum(count for _, count in spread)
    return sum(count for posts, count in spread if posts == 1) / authors if authors else None
