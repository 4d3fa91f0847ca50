"""The series: volume and sentiment on the grid, with what was not observed told from zero."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from walkback.analysis.coverage import observed_shares, observed_stretches
from walkback.analysis.measures import measures
from walkback.analysis.model import Bucket, Grid, Series
from walkback.analysis.rates import ObservedCounts
from walkback.store import Tally

OBSERVED_AT_LEAST: Final = 0.5  # the share of a bucket that must be covered for its count to be a volume


@dataclass(frozen=True, slots=True)
class Counts:
    """What a case's series are made of: tallies of the whole window as one bucket, and what was observed."""

    whole: Sequence[Tally]
    observed: ObservedCounts

    @property
    def sources(self) -> list[str]:
        """The sources that have posts or coverage, by name."""
        covered = {span.source for span in self.observed.coverage}
        return sorted(covered | {part.source for part in self.whole})


def build_series(grid: Grid, tallies: Sequence[Tally], counts: Counts) -> Series:
    """All sources together: a bucket is observed where every one of them was."""
    return _series(grid, None, tallies, counts.sources, counts)


def build_series_by_source(grid: Grid, tallies: Sequence[Tally], counts: Counts) -> tuple[Series, ...]:
    """A series for each source that has posts or coverage, by name."""
    return tuple(_series(grid, source, tallies, [source], counts) for source in counts.sources)


def _series(
    grid: Grid, source: str | None, tallies: Sequence[Tally], sources: Sequence[str], counts: Counts
) -> Series:
    by_bucket: defaultdict[int, list[Tally]] = defaultdict(list)
    for part in tallies:
        if part.source in sources:
            by_bucket[part.bucket].append(part)
    shares = observed_shares(grid.edges, observed_stretches(counts.observed.coverage, sources))
    buckets = (
        Bucket(start, end, share, share >= OBSERVED_AT_LEAST, measures(by_bucket[index]))
        for index, ((start, end), share) in enumerate(zip(pairwise(grid.edges), shares, strict=True))
    )
    return Series(
        grid=grid,
        source=source,
        buckets=tuple(buckets),
        whole=measures(part for part in counts.whole if part.source in sources),
        posts_per_day=counts.observed.rate(grid.start, grid.end, sources).posts_per_day,
    )
