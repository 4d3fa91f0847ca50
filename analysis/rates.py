"""Posts a day over the time that was really observed, to the second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from walkback.analysis.coverage import observed_stretches
from walkback.analysis.model import CoverageSpan
from walkback.store import Tally


@dataclass(frozen=True, slots=True)
class Rate:
    """Posts counted in `days` observed days; `posts_per_day` is None without any."""

    posts: int
    days: float

    @property
    def posts_per_day(self) -> float | None:
        """The rate."""
        return self.posts / self.days if self.days else None


@dataclass(frozen=True, slots=True)
class ObservedCounts:
    """Posts between any two of `cuts` by source, and what was covered.

    The cuts hold every bound of coverage, so that a piece between two of them is observed whole or
    not at all.
    """

    cuts: Sequence[datetime]
    tallies: Sequence[Tally]
    coverage: Sequence[CoverageSpan]

    def rate(self, start: datetime, end: datetime, sources: Iterable[str]) -> Rate:
        """The posts of [start, end) while all of `sources` were covered; both bounds are cuts."""
        wanted = frozenset(sources)
        seen = observed_stretches(self.coverage, sorted(wanted))
        pieces = {
            index: high - low
            for index, (low, high) in enumerate(pairwise(self.cuts))
            if start <= low and high <= end and any(first <= low and high <= last for first, last in seen)
        }
        posts = sum(part.posts for part in self.tallies if part.bucket in pieces and part.source in wanted)
        return Rate(posts, sum(pieces.values(), timedelta()) / timedelta(days=1))


def cut_points(edges: Iterable[datetime], coverage: Iterable[CoverageSpan]) -> list[datetime]:
    """The edges, and every bound of coverage between the first and the last of them, ascending."""
    ordered = sorted(edges)
    bounds = {bound for span in coverage for bound in (span.start, span.end)}
    return sorted({*ordered, *(bound for bound in bounds if ordered[0] < bound < ordered[-1])})
