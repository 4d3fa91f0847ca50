"""Reading for the analysis: counts by bucket and author, as exact integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb

from walkback.post import TextState


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


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """What a case holds in its window; `unscorable` posts have no words, see `Totals` of the analysis."""

    posts: int
    authors: int
    scored: int
    unscorable: int
    near_duplicates: int


@dataclass(frozen=True, slots=True)
class Window:
    """Which posts: those of a case that match its query, [start, end), with one scorer's scores."""

    case: str
    query_hash: str
    start: datetime
    end: datetime
    scorer: str
    version: str


SCORABLE: Final = f"text <> '' AND text_state IN ('{TextState.PRESENT}', '{TextState.TRUNCATED}')"

_CHOSEN: Final = """
chosen AS (
    SELECT post.*, sentiment.compound
    FROM match
    JOIN post USING (source, id)
    LEFT JOIN sentiment ON sentiment.source = post.source AND sentiment.id = post.id
        AND sentiment.scorer = $scorer AND sentiment.version = $version
    WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
      AND post.created_at >= $start AND post.created_at < $end
)
"""

_TALLIES: Final = f"""
WITH {_CHOSEN},
edge AS (
    SELECT unnest($edges::TIMESTAMPTZ[]) AS edge, generate_subscripts($edges::TIMESTAMPTZ[], 1) - 1 AS bucket
),
placed AS (
    SELECT edge.bucket, chosen.source, coalesce(author, id) AS cluster, compound
    FROM chosen ASOF JOIN edge ON chosen.created_at >= edge.edge
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

_CASE_COUNTS: Final = f"""
WITH {_CHOSEN}
SELECT count(*),
    count(DISTINCT (source, coalesce(author, id))),
    count(compound),
    count(*) FILTER (NOT ({SCORABLE})),
    count(content_hash) - count(DISTINCT content_hash)
FROM chosen
"""


def tallies(
    connection: duckdb.DuckDBPyConnection, window: Window, edges: Sequence[datetime], negative: float
) -> list[Tally]:
    """One tally for every bucket and source that has posts; `edges` are the buckets', ascending, UTC.

    The last edge closes the last bucket. A post is negative at a compound of at most `negative`.
    """
    asked = {**_parameters(window), "edges": list(edges[:-1]), "negative": negative}
    asked["start"], asked["end"] = max(window.start, edges[0]), min(window.end, edges[-1])
    return [Tally(*row) for row in connection.execute(_TALLIES, asked).fetchall()]


def case_counts(connection: duckdb.DuckDBPyConnection, window: Window) -> CaseCounts:
    """Totals over the window."""
    return CaseCounts(*connection.execute(_CASE_COUNTS, _parameters(window)).fetchall()[0])


def _parameters(window: Window) -> dict[str, object]:
    return {name: getattr(window, name) for name in Window.__dataclass_fields__}
