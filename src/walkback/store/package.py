"""A case's posts as Parquet files for others, and a store that is made of such files again.

A file holds the rows of the store's table of its name that belong to the case and lie in its window. No
pseudonym of the store leaves it: authors get others, which are the same in every package of a case and in
no other case's. Where words may not go along a post keeps its key, its time, its author, which posts have
the same words, and what was derived from them.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from walkback.case import Case
from walkback.errors import CaseError
from walkback.store import connection as connections
from walkback.store.pages import transaction
from walkback.store.private import copied

_BATCH: Final = 20_000

# Posts that match the case or its control topic; `worded`: their words may go along.
_CHOOSE: Final = """
CREATE TEMP TABLE chosen AS
SELECT source, id, NOT list_contains($ids_only, source) AS worded
FROM post SEMI JOIN (
    SELECT source, id FROM match
    WHERE terms IS NOT NULL AND list_contains($topics, {'case': match."case", 'query_hash': query_hash})
) USING (source, id)
WHERE created_at >= $start AND created_at < $end
"""

_FILES: Final = {
    "post": """
        SELECT source, id, kind,
            sha256(author || ' ' || $case || ' ' || $query_hash)[:32] AS author,
            created_at,
            CASE WHEN worded THEN edited_at END AS edited_at,
            CASE WHEN worded THEN lang END AS lang,
            CASE WHEN worded THEN text ELSE '' END AS text,
            text_state,
            CASE WHEN worded THEN url END AS url,
            CASE WHEN worded THEN parent_id END AS parent_id,
            CASE WHEN worded THEN conversation_id END AS conversation_id,
            CASE WHEN worded THEN place END AS place,
            account_days,
            CASE WHEN content_hash IS NOT NULL
                THEN dense_rank() OVER (ORDER BY content_hash)::UBIGINT END AS content_hash
        FROM post JOIN chosen USING (source, id)
        ORDER BY source, id
    """,
    "observation": """
        SELECT observation.* FROM observation JOIN chosen USING (source, id)
        WHERE worded ORDER BY source, id, observed_at
    """,
    "match": """
        SELECT match.* FROM match JOIN chosen USING (source, id)
        WHERE list_contains($topics, {'case': match."case", 'query_hash': query_hash})
        ORDER BY source, id, "case"
    """,
    "sentiment": """
        SELECT sentiment.* FROM sentiment JOIN chosen USING (source, id)
        ORDER BY source, id, scorer, version
    """,
    "label": """
        SELECT label."case", source, id,
            'coder ' || dense_rank() OVER (ORDER BY coder) AS coder, value, labelled_at
        FROM label JOIN chosen USING (source, id)
        WHERE label."case" = $case ORDER BY source, id, coder
    """,
    "coverage": """
        SELECT "case", source, query_hash, starts_at, ends_at, status, how,
            (dense_rank() OVER (ORDER BY origin))::VARCHAR AS origin
        FROM coverage
        WHERE query_hash = '*' AND "case" = $case
            OR list_contains($topics, {'case': "case", 'query_hash': query_hash})
        ORDER BY ALL
    """,
    "run": """
        SELECT (row_number() OVER (ORDER BY started_at, id))::VARCHAR AS id, "case", what,
            dense_rank() OVER (ORDER BY origin) || '/' || regexp_extract(origin, '[^/]*$') AS origin,
            started_at, finished_at, posts, duplicates, quarantined, refused,
            split_part(outcome, ':', 1) AS outcome
        FROM run WHERE "case" = $case AND what IN ('import', 'collect')
        ORDER BY started_at, run.id
    """,
}

# What a file does not tell.
_ADDED: Final = {"post": ", $made_at AS first_seen_at, $made_at AS fetched_at, 'package' AS via"}


def file_of(table: str) -> str:
    """The name of a table's file."""
    return f"{table}.parquet"


PACKAGE_FILES: Final = tuple(map(file_of, _FILES))


def write_files(
    path: Path,
    case: Case,
    folder: Path,
    window: tuple[datetime, datetime],
    *,
    ids_only: Iterable[str],
    wait_s: float,
) -> None:
    """Write each of `PACKAGE_FILES`; of sources in `ids_only` without the posts' words."""
    start, end = window
    asked = {
        "case": case.name,
        "query_hash": case.query.hash,
        "topics": [{"case": topic.name, "query_hash": topic.query.hash} for topic in case.topics()],
        "ids_only": list(ids_only),
        "start": start,
        "end": end,
    }
    with copied(path, wait_s=wait_s) as connection:
        connection.execute(_CHOOSE, _named(_CHOOSE, asked))
        for table, sql in _FILES.items():
            rows = connection.sql(sql, params=_named(sql, asked) or None).to_arrow_reader(_BATCH)
            with pq.ParquetWriter(folder / file_of(table), rows.schema, compression="zstd") as file:
                for batch in rows:
                    file.write_batch(batch)


def read_files(folder: Path, path: Path, *, made_at: datetime) -> None:
    """Make a store at `path`, where none is, of a folder's files. Raises CaseError where they don't fit."""
    connections.migrate(path, wait_s=0.0)
    with connections.connect(path, wait_s=0.0, read_only=False) as connection, transaction(connection):
        for table in _FILES:
            try:
                _read_file(connection, table, folder / file_of(table), made_at)
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                why = str(error).partition("\n")[0]
                raise CaseError(
                    f"{folder / file_of(table)}: does not fit ({why}). Get the package anew"
                ) from error


def _read_file(connection: duckdb.DuckDBPyConnection, table: str, path: Path, made_at: datetime) -> None:
    sql = f"INSERT INTO {table} BY NAME SELECT *{_ADDED.get(table, '')} FROM rows"
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            rows = pa.Table.from_batches([batch])
            connection.register("rows", rows)
            connection.execute(sql, _named(sql, {"made_at": made_at}))
            connection.unregister("rows")


def _named(sql: str, asked: dict[str, object]) -> dict[str, object]:
    """DuckDB refuses parameters that a statement does not name."""
    return {name: value for name, value in asked.items() if f"${name}" in sql}
