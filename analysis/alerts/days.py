"""The last 24 hours, and the stretches of 24 hours before them, which are the case's own past."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from walkback.analysis.coverage import observed_shares, observed_stretches
from walkback.analysis.measures import measures
from walkback.analysis.model import Bucket, CoverageSpan
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST
from walkback.store import Snapshot, Tally, Window

PAST_DAYS: Final = 28
FEWEST_DAYS: Final = 14
_LONGEST_PAST: Final = 84  # while an episode lasts, its past is that of before it
_DAY: Final = timedelta(days=1)
_WHOLE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Days:
    """The last 24 hours of some sources, and the observed stretches of 24 hours before, the latest last."""

    now: Bucket
    past: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """All sources' stretches of 24 hours that end with the last whole hour, by bucket."""

    edges: Sequence[datetime]
    coverage: Sequence[CoverageSpan]
    by_bucket: Sequence[Sequence[Tally]]

    def sources(self) -> list[str]:
        """Those that were covered in the last 24 hours: what is silent because nobody asked says nothing."""
        known = sorted({span.source for span in self.coverage})
        return [source for source in known if self._shares([source])[-1] >= _WHOLE]

    def days(self, sources: Collection[str], before: datetime | None = None) -> Days | None:
        """The days of `sources` together; None where none of them was covered in the last 24 hours.

        `before`: when an episode began. Its own days are no past to compare with, as long as there are
        enough of the others.
        """
        if not sources:
            return None
        shares = self._shares(sources)
        buckets = [
            Bucket(start, end, share, share >= _WHOLE, measures(t for t in tallies if t.source in sources))
            for start, end, share, tallies in zip(
                self.edges, self.edges[1:], shares, self.by_bucket, strict=False
            )
        ]
        past = [bucket for bucket in buckets[:-1] if bucket.observed]
        quiet = [bucket for bucket in past if before is None or bucket.end <= before - _DAY]
        chosen = quiet if len(quiet) >= FEWEST_DAYS else past
        return Days(buckets[-1], tuple(chosen[-PAST_DAYS:]))

    def _shares(self, sources: Collection[str]) -> list[float]:
        return observed_shares(self.edges, observed_stretches(self.coverage, sorted(sources)))


def read_recent(
    snapshot: Snapshot, window: Window, coverage: Sequence[CoverageSpan], now: datetime
) -> Recent | None:
    """The stretches of 24 hours up to the last whole hour that was covered, at most until `now`.

    None where the case's window holds none.
    """
    ends = [span.end for span in coverage if span.end > window.start]
    end = min(now, window.end, max(ends, default=window.start)).replace(minute=0, second=0, microsecond=0)
    days = min((end - window.start) // _DAY, _LONGEST_PAST)
    if days < 1:
        return None
    edges = [end - back * _DAY for back in range(days, -1, -1)]
    by_bucket: list[list[Tally]] = [[] for _ in range(days)]
    for tally in snapshot.tallies(window, edges, negative=NEGATIVE_AT_MOST):
        by_bucket[tally.bucket].append(tally)
    return Recent(edges, coverage, by_bucket)
