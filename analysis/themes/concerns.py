"""How many posts name each concern of the codebook, phase by phase, and how they sound."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from walkback.analysis.measures import measures, share_of
from walkback.analysis.model import Concern, ConcernPart, Measures, Phase, Share
from walkback.analysis.phases import edges_of
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST
from walkback.analysis.themes.codebook import Entry
from walkback.store import Snapshot, Tally, ThemedPosts, Window

MOST_POSTS: Final = 50_000  # that are looked through; above it one in two, three, …


def find_concerns(
    snapshot: Snapshot, window: Window, phases: Sequence[Phase], codebook: Sequence[Entry]
) -> tuple[Concern, ...]:
    """Every concern of the codebook, in its order, in every phase.

    A share is of the posts with words; see `share_of` for its interval.
    """
    edges = edges_of(phases)
    parts = concerns_between(snapshot, window, edges, codebook)
    return tuple(
        Concern(
            entry.name,
            entry.title,
            tuple(
                ConcernPart(phase.name, share, known)
                for phase, (share, known) in zip(phases, found, strict=True)
            ),
        )
        for entry, found in zip(codebook, parts, strict=True)
    )


def concerns_between(
    snapshot: Snapshot, window: Window, edges: Sequence[datetime], codebook: Sequence[Entry]
) -> list[list[tuple[Share, Measures]]]:
    """Of every concern, between each pair of edges: its share, and the measures of the posts that name it."""
    posts = snapshot.themed(window, [entry.pattern for entry in codebook], most=MOST_POSTS)
    return [_parts(posts, number, edges) for number in range(len(codebook))]


def _parts(posts: ThemedPosts, number: int, edges: Sequence[datetime]) -> list[tuple[Share, Measures]]:
    buckets = range(len(edges) - 1)
    shares = _by_bucket(posts.shares(number, edges))
    naming = _by_bucket(posts.naming(number, edges, negative=NEGATIVE_AT_MOST))
    return [(share_of(shares.get(at, []), posts.every), measures(naming.get(at, []))) for at in buckets]


def _by_bucket(tallies: Sequence[Tally]) -> dict[int, list[Tally]]:
    return {bucket: list(group) for bucket, group in groupby(tallies, key=lambda tally: tally.bucket)}
