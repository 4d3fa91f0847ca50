"""Scores: which posts lack them, read in batches, and how they are kept."""

from collections.abc import Iterator, Mapping
from typing import Final

import duckdb
import pyarrow as pa

from walkback.store.pages import transaction
from walkback.store.reads import SCORABLE

_WITHOUT_SCORE: Final = f"""
FROM post SEMI JOIN (
    SELECT source, id FROM match
    WHERE "case" = $case AND query_hash = $query_hash AND terms IS NOT NULL
) USING (source, id)
ANTI JOIN (
    SELECT source, id FROM sentiment WHERE scorer = $scorer AND version = $version
) USING (source, id)
WHERE {SCORABLE}
"""

_COUNT_UNSCORED: Final = f"SELECT count(*) {_WITHOUT_SCORE}"

# Places alone: a join that carries texts along takes ten times as long in a writer's little memory.
_FIND_UNSCORED: Final = (
    f"CREATE OR REPLACE TEMP TABLE unscored AS SELECT post.rowid AS place {_WITHOUT_SCORE}"
)

_BATCHES: Final = """
SELECT min(place), max(place)
FROM (SELECT place, (row_number() OVER (ORDER BY place) - 1) // $batch AS batch FROM unscored)
GROUP BY batch ORDER BY batch
"""

_READ_BATCH: Final = """
SELECT source, id, text FROM post
WHERE rowid BETWEEN $first AND $last
  AND rowid IN (SELECT place FROM unscored WHERE place BETWEEN $first AND $last)
"""

_ADD_SCORES: Final = """
INSERT INTO sentiment
SELECT source, id, $scorer, $version, compound, negative, neutral, positive FROM scores
"""


def count_unscored(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, str]) -> int:
    """How many matching posts have words and no score."""
    return int(connection.execute(_COUNT_UNSCORED, dict(asked)).fetchall()[0][0])


def unscored(
    connection: duckdb.DuckDBPyConnection, asked: Mapping[str, str], batch: int
) -> Iterator[pa.Table]:
    """Those posts, so many in a table, with the columns source, id, text. They are looked for once."""
    connection.execute(_FIND_UNSCORED, dict(asked))
    for first, last in connection.execute(_BATCHES, {"batch": batch}).fetchall():
        yield connection.sql(_READ_BATCH, params={"first": first, "last": last}).to_arrow_table()


def add_scores(connection: duckdb.DuckDBPyConnection, scores: pa.Table, asked: Mapping[str, str]) -> None:
    """Keep scores in one transaction. They must be of posts without one: nothing is asked here."""
    connection.register("scores", scores)
    with transaction(connection):
        connection.execute(_ADD_SCORES, dict(asked))
    connection.unregister("scores")
