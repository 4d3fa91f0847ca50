"""Reading for the analysis: counts by bucket and author, as exact integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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


class Subset(StrEnum):
    """Which of the matching posts count: all, or fewer, to see whether a finding hangs on some of them."""

    ALL = "all"
    NO_NEAR_DUPLICATES = "the first of each group of near-duplicates"
    ONE_AN_AUTHOR_AND_DAY = "the first of each author and day"


@dataclass(frozen=True, slots=True)
class HourTally:
    """Exact sums over the matching posts of one hour and source.

    `hour` counts from the start that was asked for. `total` and `squares` are the sums of compound and
    of its square over the scored posts, in ten-thousandths and in their square.
    """

    hour: int
    source: str
    posts: int
    scored: int
    total: int
    squares: int


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


# The first by time; by id where times are equal, so that every run keeps the same ones.
_SUBSETS: Final = {
    Subset.ALL: "",
    Subset.NO_NEAR_DUPLICATES: """
        QUALIFY content_hash IS NULL
            OR row_number() OVER (PARTITION BY content_hash ORDER BY created_at, source, id) = 1
    """,
    Subset.ONE_AN_AUTHOR_AND_DAY: """
        QUALIFY row_number() OVER (
            PARTITION BY source, coalesce(author, id), local_day ORDER BY created_at, id) = 1
    """,
}

_HOUR_TALLIES: Final = """
WITH {chosen},
kept AS (SELECT *, (created_at AT TIME ZONE $timezone)::DATE AS local_day FROM chosen {subset})
SELECT (epoch_us(created_at) - epoch_us($start)) // 3600000000, source, count(*), count(compound),
    coalesce(sum((compound * 10000)::BIGINT), 0)::HUGEINT,
    coalesce(sum(((compound * 10000)::BIGINT)::HUGEINT ** 2), 0)::HUGEINT
FROM kept
GROUP BY ALL
ORDER BY ALL
"""

_SCORERS: Final = """
SELECT scorer, version, count(*)
FROM match JOIN sentiment USING (source, id)
WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
GROUP BY ALL
ORDER BY ALL
"""


def hour_tallies(
    connection: duckdb.DuckDBPyConnection, window: Window, subset: Subset, timezone: str
) -> list[HourTally]:
    """One tally for every hour from the window's start and every source that has posts.

    A day, where the subset needs one, is of `timezone`.
    """
    sql = _HOUR_TALLIES.format(chosen=_CHOSEN, subset=_SUBSETS[subset])
    rows = connection.execute(sql, {**_parameters(window), "timezone": timezone}).fetchall()
    return [HourTally(*row) for row in rows]


def scorers(connection: duckdb.DuckDBPyConnection, case: str, query_hash: str) -> list[tuple[str, str, int]]:
    """(name, version, matching posts that it scored) of every scorer."""
    return connection.execute(_SCORERS, {"case": case, "query_hash": query_hash}).fetchall()


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
