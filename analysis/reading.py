"""What an analysis asks of wherever the posts are: a store's snapshot, or an engine's workers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from walkback.case import Case
from walkback.store import CaseCounts, CoverageRow, HourTally, RunRow, Subset, Tally, Window


class Counting(Protocol):
    """Exact sums over posts, as those of `Snapshot`."""

    def case_counts(self, window: Window) -> CaseCounts:
        """Totals over the window."""
        ...

    def tallies(self, window: Window, edges: Sequence[datetime], *, negative: float) -> list[Tally]:
        """One tally for every bucket and source that has posts."""
        ...

    def hour_tallies(self, window: Window, timezone: str, *, subset: Subset = Subset.ALL) -> list[HourTally]:
        """One tally for every hour from the window's start and every source that has posts."""
        ...

    def young(self, window: Window, edges: Sequence[datetime]) -> list[Tally]:
        """Tallies over the posts that tell how old their account was."""
        ...

    def scorers(self, case: Case) -> list[tuple[str, str, int]]:
        """(name, version, matching posts that it scored) of every scorer of the case's posts."""
        ...


class Records(Protocol):
    """What was gathered, as a `Store` tells it."""

    def coverage(self, case: Case) -> list[CoverageRow]:
        """What was covered for the case's query, by source and time."""
        ...

    def runs(self, case: Case) -> list[RunRow]:
        """Imports and collections of the case, oldest first."""
        ...
