"""What changed since last week."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from walkback.analysis.measures import mean_difference
from walkback.analysis.model import Bucket, Change, Series

_SHORTEST_WEEK: Final = timedelta(days=7) - timedelta(hours=2)  # clocks go forward by two at the very most


def find_change(weekly: Series, by_source: Sequence[Series]) -> Change | None:
    """The last whole week of the series against the one before; None where there are no two.

    `weekly` and `by_source` are on the same grid of weeks.
    """
    whole = [number for number, bucket in enumerate(weekly.buckets) if _is_whole(bucket)]
    if len(whole) < 2:
        return None
    earlier, last = whole[-2:]
    before, now = weekly.buckets[earlier], weekly.buckets[last]
    return Change(
        before=before,
        now=now,
        by_source=tuple(
            (str(series.source), series.buckets[earlier], series.buckets[last]) for series in by_source
        ),
        mean_difference=mean_difference(now.measures, before.measures),
    )


def _is_whole(bucket: Bucket) -> bool:
    return bucket.end - bucket.start >= _SHORTEST_WEEK
