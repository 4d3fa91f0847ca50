"""Posts of a lake on an engine's workers: keyed, reduced to one row a post, and counted as in a store.

Nothing here opens a store: DuckDB works in a worker's memory on tables that are handed in, and gives others.
The SQL that decides which row of a post counts, and every sum, is the store's own.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import duckdb
import pyarrow as pa

from walkback.store.engine import CONFIG
from walkback.store.pages import RANK
from walkback.store.reads import SCORABLE, Snapshot, Window

# What is asked of the lake's rows.
NEEDED: Final = (
    "source",
    "id",
    "author",
    "created_at",
    "text",
    "text_state",
    "fetched_at",
    "content_hash",
    "account_days",
    "rank",
)
_MEMORY: Final = "700MB"
_UNSCALED: Final = "(compound::DECIMAL(5, 0) * 0.0001::DECIMAL(5, 4))::DECIMAL(5, 4)"

# A post that is in no topic is known by its key and rank alone: another of its rows may be in one.
_KEY: Final = f"""
SELECT (hash(source, id) % $shards)::USMALLINT AS shard, source, id,
    text_state = 'deleted' AS deleted, fetched_at, text_state <> 'present' AS emptied, rank AS tie, topics,
    CASE WHEN topics > 0 THEN hash(source, coalesce(author, id)) END AS cluster,
    CASE WHEN topics > 0 THEN created_at END AS created_at,
    CASE WHEN topics > 0 THEN content_hash END AS content_hash,
    CASE WHEN topics > 0 THEN account_days END AS account_days,
    CASE WHEN topics > 0 THEN {SCORABLE} END AS scorable,
    CASE WHEN topics > 0 AND {SCORABLE} THEN text END AS text
FROM rows
"""

_ROW_RANK: Final = (
    RANK.replace("text_state = 'deleted'", "deleted")
    .replace("text_state <> 'present'", "emptied")
    .replace("{tie}", "tie")
)

# Nearly every post has one row: the few that may have more, by a hash, are looked at by themselves.
_FIND_MORE: Final = """
CREATE TEMP TABLE more AS
WITH twice AS (SELECT hash(source, id) AS key FROM rows GROUP BY key HAVING count(*) > 1)
FROM rows WHERE hash(source, id) IN (FROM twice)
"""
_KEEP_ONE: Final = f"""
CREATE TEMP TABLE one AS
FROM more QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY {_ROW_RANK} DESC) = 1
"""
_COUNT: Final = """
SELECT (SELECT count(*) FROM rows), (SELECT count(*) FROM more), (SELECT count(*) FROM one)
"""

# By author, whose posts have to be summed together; and by words, for near-duplicates.
_KEPT: Final = """
WITH more_keys AS (SELECT DISTINCT hash(source, id) AS key FROM more),
kept AS (
    FROM rows WHERE hash(source, id) NOT IN (FROM more_keys) UNION ALL FROM one
)
SELECT (cluster % $shards)::USMALLINT AS author_shard,
    (coalesce(content_hash, hash(source, id)) % $shards)::USMALLINT AS words_shard,
    source, id, topics, cluster, created_at, content_hash, account_days, scorable, compound
FROM kept WHERE topics > 0
"""

_FROM: Final = "FROM shard WHERE topics & {topic} <> 0"


class By(StrEnum):
    """What the rows of a shard have in common: their authors are in no other shard, or their words."""

    AUTHOR = "author"
    WORDS = "words"


COLUMNS: Final = {
    By.AUTHOR: ["source", "id", "topics", "cluster", "created_at", "account_days", "scorable", "compound"],
    By.WORDS: ["source", "id", "topics", "created_at", "content_hash", "compound"],
}
_POSTS: Final = {
    By.AUTHOR: f"""(SELECT source, id, cluster, created_at, NULL::UBIGINT AS content_hash, account_days,
        scorable, {_UNSCALED} AS compound {_FROM})""",
    By.WORDS: f"""(SELECT source, id, 0::UBIGINT AS cluster, created_at, content_hash,
        NULL::SMALLINT AS account_days, true AS scorable, {_UNSCALED} AS compound {_FROM})""",
}


def key_rows(rows: pa.Table, shards: int) -> pa.Table:
    """Rows of a lake, of `NEEDED` and `topics` (a bit each), as they are reduced later.

    `shard` says where all rows of a post go; `text` is there where it has to be scored.
    """
    with _worker(rows=rows) as connection:
        keyed: pa.Table = connection.sql(_KEY, params={"shards": shards}).to_arrow_table()
    return keyed


@dataclass(frozen=True, slots=True)
class Reduced:
    """One row of each post that is in a topic, with the shards that it goes to by author and by words.

    `posts`: how many posts `rows` rows were of, in a topic or not.
    """

    kept: pa.Table
    rows: int
    posts: int


def reduce_shard(rows: Any, shards: int) -> Reduced:
    """What is left of a shard's rows; `rows`: an Arrow dataset of what `key_rows` made, scored."""
    with _worker(rows=rows) as connection:
        connection.execute(_FIND_MORE)
        connection.execute(_KEEP_ONE)
        total, more, one = connection.execute(_COUNT).fetchall()[0]
        kept: pa.Table = connection.sql(_KEPT, params={"shards": shards}).to_arrow_table()
    return Reduced(kept, total, total - more + one)


class ShardSnapshot(Snapshot):
    """A shard, asked as a store's snapshot; what hangs on words or authors is right for `by` alone."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, by: By, topics: Mapping[tuple[str, str], int]
    ) -> None:
        """`topics`: the bit of a case's name and query hash."""
        super().__init__(connection)
        self._by = by
        self._topics = topics

    def _posts(self, window: Window) -> str:
        topic = self._topics[window.case, window.query_hash]
        return _POSTS[self._by].replace("{topic}", str(topic))


@contextmanager
def shard_snapshot(rows: Any, by: By, topics: Mapping[tuple[str, str], int]) -> Iterator[ShardSnapshot]:
    """A shard to be counted; `rows`: an Arrow dataset of rows that `reduce_shard` kept."""
    with _worker(shard=rows) as connection:
        yield ShardSnapshot(connection, by, topics)


@contextmanager
def _worker(**tables: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory, on one thread: an engine has as many tasks under way as there are cores.

    What is more than its memory goes to a file that is gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="walkback-") as spill:
        config = {**CONFIG, "threads": 1, "memory_limit": _MEMORY, "temp_directory": spill}
        with duckdb.connect(config=config) as connection:
            for name, table in tables.items():
                connection.register(name, table)
            yield connection
