"""Reading for the analysis: counts by bucket and author, as exact integers.

A case's posts are joined with their scores once, without their words; every count is made of that table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import duckdb

from walkback.case import Case
from walkback.post import TextState
from walkback.store.labels import DRAW, LABELS, POPULATION, DrawnPost, LabelRow, Population, placing
from walkback.store.tallies import IN_WINDOW, TALLIES, Tally
from walkback.store.themed import ThemedPosts
from walkback.store.voices import COPIES, SPREAD, YOUNG, YOUNG_DAYS, Copies


class Subset(StrEnum):
    """Which of the matching posts count: all, or fewer, to see whether a finding hangs on some of them."""

    ALL = "all"
    NO_NEAR_DUPLICATES = "the first of each group of near-duplicates"
    ONE_AN_AUTHOR_AND_DAY = "the first of each author and day"
    ESTABLISHED_ACCOUNTS = "without accounts that were younger than thirty days"


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
class StoredText:
    """A scored post with its words. `author` tells authors apart in one snapshot, and nothing else."""

    source: str
    author: int
    created_at: datetime
    text: str
    compound: float
    url: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which posts: those of a case that match its query, [start, end), with one scorer's scores."""

    case: str
    query_hash: str
    start: datetime
    end: datetime
    scorer: str
    version: str

    @property
    def posts(self) -> tuple[str, ...]:
        """What tells which posts and scores these are, whenever they were written."""
        return (self.case, self.query_hash, self.scorer, self.version)


SCORABLE: Final = f"text <> '' AND text_state IN ('{TextState.PRESENT}', '{TextState.TRUNCATED}')"

# Authors are numbers here, which are counted in a third of the time: two of a million authors are taken for
# one with a chance of 3 in 10^8.
_LAY_OUT: Final = f"""
CREATE TEMP TABLE {{posts}} AS
SELECT post.source, post.id, hash(post.source, coalesce(post.author, post.id)) AS cluster, post.created_at,
    post.content_hash, post.account_days, {SCORABLE} AS scorable, sentiment.compound
FROM match
JOIN post USING (source, id)
LEFT JOIN sentiment ON sentiment.source = post.source AND sentiment.id = post.id
    AND sentiment.scorer = $scorer AND sentiment.version = $version
WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
"""

_CASE_COUNTS: Final = f"""
SELECT count(*),
    count(DISTINCT cluster),
    count(compound),
    count(*) FILTER (NOT scorable),
    count(content_hash) - count(DISTINCT content_hash)
FROM {{posts}}
WHERE {IN_WINDOW}
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
            PARTITION BY cluster, (created_at AT TIME ZONE $timezone)::DATE ORDER BY created_at, id) = 1
    """,
    Subset.ESTABLISHED_ACCOUNTS: f"AND coalesce(account_days >= {YOUNG_DAYS}, true)",
}

_HOUR_TALLIES: Final = f"""
WITH kept AS (SELECT * FROM {{posts}} WHERE {IN_WINDOW} {{subset}})
SELECT (epoch_us(created_at) - epoch_us($start)) // 3600000000, source, count(*), count(compound),
    coalesce(sum((compound * 10000)::BIGINT), 0)::HUGEINT,
    coalesce(sum(((compound * 10000)::BIGINT)::HUGEINT ** 2), 0)::HUGEINT
FROM kept
GROUP BY ALL
ORDER BY ALL
"""

# Drawn by a hash that is the same everywhere and always, so that the same store gives the same posts.
_TEXTS: Final = f"""
WITH drawn AS (
    SELECT source, id, cluster, created_at, compound
    FROM {{posts}}
    WHERE {IN_WINDOW} AND compound IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY coalesce(content_hash, hash(source, id)) ORDER BY created_at, source, id) = 1
    ORDER BY md5(source || ':' || id)
    LIMIT $most
)
SELECT source, cluster, drawn.created_at, text, compound::DOUBLE, url
FROM drawn JOIN post USING (source, id)
ORDER BY drawn.created_at, source, id
"""

_SCORERS: Final = """
SELECT scorer, version, count(*)
FROM match JOIN sentiment USING (source, id)
WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
GROUP BY ALL
ORDER BY ALL
"""


class Snapshot:
    """What the store held at one moment."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """`connection` is open for as long as this is asked."""
        self._connection = connection
        self._laid_out: dict[tuple[str, ...], str] = {}
        self._drawn: dict[tuple[object, ...], list[StoredText]] = {}

    def tallies(
        self,
        window: Window,
        edges: Sequence[datetime],
        *,
        negative: float,
        subset: Subset = Subset.ALL,
        timezone: str = "UTC",
    ) -> list[Tally]:
        """One tally for every bucket and source that has posts; `edges` are the buckets', ascending, UTC.

        The last edge closes the last bucket. A post is negative at a compound of at most `negative`. A day,
        where the subset needs one, is of `timezone`.
        """
        asked: dict[str, object] = {
            "start": max(window.start, edges[0]),
            "end": min(window.end, edges[-1]),
            "edges": list(edges[:-1]),
            "negative": negative,
        }
        if subset is Subset.ONE_AN_AUTHOR_AND_DAY:
            asked["timezone"] = timezone
        kept = f"(SELECT * FROM {{posts}} WHERE {IN_WINDOW} {_SUBSETS[subset]})"
        sql = TALLIES if subset is Subset.ALL else TALLIES.replace("{posts}", kept)
        return [Tally(*row) for row in self._rows(sql, window, asked)]

    def hour_tallies(self, window: Window, timezone: str, *, subset: Subset = Subset.ALL) -> list[HourTally]:
        """One tally for every hour from the window's start and every source that has posts.

        A day, where the subset needs one, is of `timezone`.
        """
        asked: dict[str, object] = {"start": window.start, "end": window.end}
        if subset is Subset.ONE_AN_AUTHOR_AND_DAY:
            asked["timezone"] = timezone
        sql = _HOUR_TALLIES.replace("{subset}", _SUBSETS[subset])
        return [HourTally(*row) for row in self._rows(sql, window, asked)]

    def case_counts(self, window: Window) -> CaseCounts:
        """Totals over the window."""
        asked = {"start": window.start, "end": window.end}
        return CaseCounts(*self._rows(_CASE_COUNTS, window, asked)[0])

    def texts(
        self, window: Window, start: datetime, end: datetime, *, most: int, lengths: tuple[int, int]
    ) -> list[StoredText]:
        """Scored posts of [start, end), by time: at most so many, drawn by chance but always the same ones.

        The first of each group of near-duplicates alone; `lengths` are the least and most characters.
        """
        first, last = max(window.start, start), min(window.end, end)
        key = (window.posts, first, last, most)
        if key not in self._drawn:
            sql = _TEXTS.replace("{posts}", self._posts(window))
            asked = {"start": first, "end": last, "most": most}
            # By way of Arrow: DuckDB itself makes times with a package that we don't need.
            rows = self._connection.sql(sql, params=asked).to_arrow_table().to_pylist()
            self._drawn[key] = [StoredText(*row.values()) for row in rows]
        return [post for post in self._drawn[key] if lengths[0] <= len(post.text) <= lengths[1]]

    def themed(self, window: Window, patterns: Sequence[str], *, most: int) -> ThemedPosts:
        """Which of the window's posts hold which patterns; of about `most` posts where there are more."""
        posts = self._posts(window)
        return ThemedPosts(self._connection, posts, patterns, (window.start, window.end), most=most)

    def young(self, window: Window, edges: Sequence[datetime]) -> list[Tally]:
        """Tallies over the posts that tell how old their account was; compound is 1 where young, else 0."""
        asked = {"start": edges[0], "end": edges[-1], "edges": list(edges[:-1]), "negative": 0.0}
        return [Tally(*row) for row in self._rows(TALLIES.replace("{posts}", YOUNG), window, asked)]

    def spread(self, window: Window) -> list[tuple[int, int]]:
        """(posts, authors who wrote so many), ascending."""
        rows = self._rows(SPREAD, window, {"start": window.start, "end": window.end})
        return [(int(posts), int(authors)) for posts, authors in rows]

    def copies(self, window: Window, *, fewest: int, most: int) -> list[Copies]:
        """The largest groups of posts with the same words, by at least `fewest` authors."""
        asked = {"start": window.start, "end": window.end, "fewest": fewest, "most": most}
        sql = COPIES.replace("{posts}", self._posts(window))
        # By way of Arrow, as `texts`.
        rows = self._connection.sql(sql, params=asked).to_arrow_table().to_pylist()
        return [Copies(**row) for row in rows]

    def draw_for_labels(
        self, window: Window, edges: Sequence[datetime], *, most: int, bands: tuple[float, float]
    ) -> list[DrawnPost]:
        """Up to `most` scored posts of each phase to ask people about, in the order to ask in.

        Of every source and score band (up to the first of `bands`, from the second on, and between) as many
        as it has of the phase's posts.
        """
        asked = {**placing(edges), "most": most, "negative": bands[0], "positive": bands[1]}
        return [DrawnPost(*row) for row in self._rows(DRAW, window, asked)]

    def labels(self, window: Window, edges: Sequence[datetime]) -> list[LabelRow]:
        """What people said of the window's scored posts, in the order in which they said it."""
        asked = {**placing(edges), "case": window.case}
        return [LabelRow(*row) for row in self._rows(LABELS, window, asked)]

    def population(self, window: Window, edges: Sequence[datetime], *, negative: float) -> list[Population]:
        """What the scorer says of each phase that has scored posts."""
        asked = {**placing(edges), "negative": negative}
        return [Population(*row) for row in self._rows(POPULATION, window, asked)]

    def scorers(self, case: Case) -> list[tuple[str, str, int]]:
        """(name, version, matching posts that it scored) of every scorer of the case's posts."""
        asked = {"case": case.name, "query_hash": case.query.hash}
        return self._connection.execute(_SCORERS, asked).fetchall()

    def _rows(self, sql: str, window: Window, asked: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql.replace("{posts}", self._posts(window)), dict(asked)).fetchall()

    def _posts(self, window: Window) -> str:
        """The table of the window's posts and scores; laid out when first asked for."""
        name = self._laid_out.get(window.posts)
        if name is None:
            name = f"posts_{len(self._laid_out)}"
            case, query_hash, scorer, version = window.posts
            asked = {"case": case, "query_hash": query_hash, "scorer": scorer, "version": version}
            self._connection.execute(_LAY_OUT.replace("{posts}", name), asked)
            self._laid_out[window.posts] = name
        return name
