"""The series: volume and sentiment on the grid, with what was not observed told from zero."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from walkback.analysis.coverage import observed_shares, observed_stretches
from walkback.analysis.measures import measures
from walkback.analysis.model import Bucket, CoverageSpan, Grid, Series
from walkback.store import Tally

OBSERVED_AT_LEAST: Final = 0.5  # the share of a bucket that must be covered for its count to be a volume


def build_series(
    grid: Grid, tallies: Iterable[Tally], whole: Sequence[Tally], coverage: Sequence[CoverageSpan]
) -> Series:
    """All sources together: a bucket is observed where every one of them was.

    `whole` are the tallies of the whole window as one bucket.
    """
    parts = list(tallies)
    return _series(grid, None, parts, whole, coverage, _sources(parts, coverage))


def build_series_by_source(
    grid: Grid, tallies: Iterable[Tally], whole: Sequence[Tally], coverage: Sequence[CoverageSpan]
) -> tuple[Series, ...]:
    """A series for each source that has posts or coverage, by name."""
    parts = list(tallies)
    return tuple(
        _series(grid, source, _of(parts, source), _of(whole, source), coverage, [source])
        for source in _sources(parts, coverage)
    )


def _of(tallies: Iterable[Tally], source: str) -> list[Tally]:
    return [part for part in tallies if part.source == source]


def _sources(tallies: Iterable[Tally], coverage: Iterable[CoverageSpan]) -> list[str]:
    return sorted({part.source for part in tallies} | {span.source for span in coverage})


def _series(
    grid: Grid,
    source: str | None,
    tallies: Iterable[Tally],
    whole: Sequence[Tally],
    coverage: Sequence[CoverageSpan],
    sources: Sequence[str],
) -> Series:
    by_bucket: defaultdict[int, list[Tally]] = defaultdict(list)
    for part in tallies:
        by_bucket[part.bucket].append(part)
    shares = observed_shares(grid.edges, observed_stretches(coverage, sources))
    buckets = (
        Bucket(start, end, share, share >= OBSERVED_AT_LEAST, measures(by_bucket[index]))
        for index, ((start, end), share) in enumerate(zip(pairwise(grid.edges), shares, strict=True))
    )
    return Series(grid, source, tuple(buckets), measures(whole))
