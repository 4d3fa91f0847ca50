"""What was observed: the share of a stretch of time in which every source was covered."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from walkback.analysis.model import CoverageSpan, CoverageStatus
from walkback.analysis.reading import Records
from walkback.case import Case

Stretch = tuple[datetime, datetime]

_EVER: Final = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def read_coverage(records: Records, case: Case) -> tuple[CoverageSpan, ...]:
    """What was covered for the case's query, by source and time."""
    return tuple(
        CoverageSpan(row.source, row.start, row.end, CoverageStatus(row.status), row.how)
        for row in records.coverage(case)
    )


def observed_stretches(coverage: Iterable[CoverageSpan], sources: Iterable[str]) -> list[Stretch]:
    """Where all of `sources` were completely covered: disjoint, ascending, half-open.

    A stretch that ended saturated, truncated or as a gap is not observed: its counts are no volume. Nor is
    one whose posts were erased, whoever brings the file again that they were in.
    """
    complete = [span for span in coverage if span.status is CoverageStatus.COMPLETE]
    erased = [span for span in coverage if span.status is CoverageStatus.ERASED]
    stretches: list[Stretch] | None = None
    for source in sources:
        covered = _union((span.start, span.end) for span in complete if span.source == source)
        covered = _without(
            covered, _union((span.start, span.end) for span in erased if span.source == source)
        )
        stretches = covered if stretches is None else _intersection(stretches, covered)
    return stretches or []


def observed_shares(edges: Sequence[datetime], stretches: Sequence[Stretch]) -> list[float]:
    """For each bucket between `edges`, the share of its time that the stretches cover, in [0, 1]."""
    shares: list[float] = []
    first = 0
    for start, end in pairwise(edges):
        while first < len(stretches) and stretches[first][1] <= start:
            first += 1
        covered = timedelta()
        for low, high in stretches[first:]:
            if low >= end:
                break
            covered += min(high, end) - max(low, start)
        shares.append(covered / (end - start))
    return shares


def _union(spans: Iterable[Stretch]) -> list[Stretch]:
    union: list[Stretch] = []
    for start, end in sorted(spans):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def _without(stretches: Sequence[Stretch], holes: Sequence[Stretch]) -> list[Stretch]:
    if not holes:
        return list(stretches)
    between = [_EVER[0], *(edge for hole in holes for edge in hole), _EVER[1]]
    return _intersection(stretches, list(zip(between[::2], between[1::2], strict=True)))


def _intersection(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    both: list[Stretch] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            both.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return both
