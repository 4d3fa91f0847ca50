"""Exact sums by bucket, source and author."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tally:
    """Exact sums over the matching posts of one bucket and source.

    An author's `total` is the sum of compound, in ten-thousandths, over that author's scored posts
    in the bucket, and `n` their number; `sum_…` are sums over authors, from which a mean and its
    variance clustered by author follow. Sources have no author in common, so tallies of several
    sources add up field by field. A post without a known author is an author of its own.
    """

    bucket: int
    source: str
    posts: int
    authors: int
    scored: int
    negative: int
    scored_authors: int
    sum_total: int
    sum_total_squared: int
    sum_total_n: int
    sum_n_squared: int


IN_WINDOW: Final = "created_at >= $start AND created_at < $end"

# Hours since the year 1, so that none is negative.
_HOUR: Final = "(epoch_us({at}) + 62135596800000000) // 3600000000"

# A post's bucket is looked up by its hour, which most buckets begin and end with: an ASOF join sorts all
# posts, which takes ten times as long.
TALLIES: Final = f"""
WITH edge AS (
    SELECT unnest($edges::TIMESTAMPTZ[]) AS edge, generate_subscripts($edges::TIMESTAMPTZ[], 1) - 1 AS bucket
),
stretch AS (
    SELECT bucket, edge AS start, lead(edge, 1, $end::TIMESTAMPTZ) OVER (ORDER BY bucket) AS until FROM edge
),
stretch_of_hour AS (
    SELECT bucket, start, until,
        unnest(range({_HOUR.format(at="greatest(start, $start)")}, {_HOUR.format(at="until")} + 1)) AS hour
    FROM stretch
    WHERE until > $start::TIMESTAMPTZ
),
placed AS (
    SELECT bucket, source, cluster, compound
    FROM {{posts}} AS chosen
    JOIN stretch_of_hour ON {_HOUR.format(at="chosen.created_at")} = stretch_of_hour.hour
        AND chosen.created_at >= stretch_of_hour.start AND chosen.created_at < stretch_of_hour.until
    WHERE {IN_WINDOW}
),
by_author AS (
    SELECT bucket, source, cluster,
        count(*) AS posts,
        count(compound) AS n,
        count(*) FILTER (compound <= $negative) AS negative,
        coalesce(sum((compound * 10000)::BIGINT), 0)::HUGEINT AS total
    FROM placed
    GROUP BY bucket, source, cluster
)
SELECT bucket, source,
    sum(posts)::BIGINT, count(*), sum(n)::BIGINT, sum(negative)::BIGINT, count(*) FILTER (n > 0),
    sum(total)::HUGEINT, sum(total * total)::HUGEINT, sum(total * n)::HUGEINT, sum(n * n)::HUGEINT
FROM by_author
GROUP BY bucket, source
ORDER BY bucket, source
"""
