"""Erasing posts so that their words are gone from the file, not only from its tables.

DuckDB gives the room of deleted rows away without overwriting it. So what stays is written to a fresh file,
which takes the old one's place when it is whole: whoever is killed leaves the old store or the new one.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from walkback.errors import StoreError
from walkback.store import connection as connections
from walkback.store import engine
from walkback.store.pages import transaction
from walkback.store.private import remove_leftovers


@dataclass(frozen=True, slots=True)
class Doomed:
    """Which posts are to go: those that meet everything that is given.

    `older_than` is a UTC time; `posts` are (source, id); `authors` are (source, pseudonym).
    """

    source: str | None = None
    older_than: datetime | None = None
    posts: tuple[tuple[str, str], ...] | None = None
    authors: tuple[tuple[str, str], ...] | None = None


_LIST: Final = "CREATE OR REPLACE TEMP TABLE doomed (source VARCHAR, id VARCHAR, PRIMARY KEY (source, id))"

_FIND: Final = """
INSERT INTO doomed
SELECT source, id FROM store.post
WHERE ($source IS NULL OR source = $source)
  AND ($older_than IS NULL OR created_at < $older_than)
  AND (NOT $by_post OR (source, id) IN (FROM posts))
  AND (NOT $by_author OR (source, author) IN (FROM authors))
ON CONFLICT DO NOTHING
"""

_COUNT: Final = "SELECT source, count(*) FROM doomed GROUP BY source ORDER BY source"

_BELONG_TO_POSTS: Final = ("post", "observation", "match", "sentiment", "label")

_KEEP: Final = "INSERT INTO fresh.{table} FROM store.{table} ANTI JOIN doomed USING (source, id)"

_COPY: Final = "INSERT INTO fresh.{table} FROM store.{table}"

_TOMBSTONES: Final = """
INSERT INTO fresh.tombstone
SELECT sha256(source || ':' || id), $why, $now FROM doomed
ON CONFLICT DO NOTHING
"""

# What was observed and is no longer there is not observed, and is not to be asked for again.
_SPLIT_COVERAGE: Final = """
INSERT INTO fresh.coverage
SELECT "case", source, query_hash, greatest(starts_at, $until), ends_at, status, how, origin
FROM fresh.coverage
WHERE ($source IS NULL OR source = $source) AND starts_at < $until AND ends_at > $until
  AND status <> 'erased'
ON CONFLICT DO NOTHING
"""

_ERASED_COVERAGE: Final = """
INSERT INTO fresh.coverage
SELECT "case", source, query_hash, starts_at, least(ends_at, $until), 'erased', how, origin
FROM fresh.coverage
WHERE ($source IS NULL OR source = $source) AND starts_at < $until AND status = 'complete'
ON CONFLICT DO NOTHING
"""

_FORGET_COVERAGE: Final = """
DELETE FROM fresh.coverage
WHERE ($source IS NULL OR source = $source) AND starts_at < $until AND status <> 'erased'
"""

_EMPTIED: Final = """
SELECT count(*) FROM post
WHERE text_state IN ('deleted', 'removed', 'withheld') AND fetched_at > first_seen_at
  AND fetched_at >= (SELECT coalesce(max(started_at), '-infinity') FROM run WHERE what = 'purge')
"""

_AGES: Final = "SELECT source, min(created_at) AS oldest FROM post GROUP BY source ORDER BY source"

_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def oldest_posts(path: Path, *, wait_s: float) -> dict[str, datetime]:
    """When the oldest post of each source was made, UTC."""
    with connections.connect(path, wait_s=wait_s, read_only=True) as connection:
        rows = connection.sql(_AGES).to_arrow_table().to_pylist()
    return {row["source"]: row["oldest"] for row in rows}


def count_doomed(path: Path, doomed: Sequence[Doomed], *, wait_s: float) -> dict[str, int]:
    """How many posts of each source would go."""
    with connections.connect(path, wait_s=wait_s, read_only=False) as connection:
        return _find(connection, doomed)


def count_emptied(path: Path, *, wait_s: float) -> int:
    """How many posts have lost their words since the file was last written anew: it has them still."""
    with connections.connect(path, wait_s=wait_s, read_only=True) as connection:
        return int(connection.execute(_EMPTIED).fetchall()[0][0])


def erase(path: Path, doomed: Sequence[Doomed], *, why: str, now: datetime, wait_s: float) -> dict[str, int]:
    """Erase posts and all that belongs to them; returns how many of each source.

    No `doomed`: what is left in the file of words that posts had before, and nothing else. A tombstone of
    each stays, so that none comes back. Copies that were made before a change of schema are deleted. Raises
    StoreBusyError where others hold the file, StoreError where it can't be written anew.
    """
    fresh = path.with_name(f".{path.name}.fresh")
    _remove(fresh)
    try:
        with connections.connect(path, wait_s=wait_s, read_only=False) as connection:
            found = _find(connection, doomed)
            if found or not doomed:
                _write_fresh(connection, fresh, doomed, why=why, now=now)
                connection.execute("CHECKPOINT store")  # no log of the old file may be read into the new one
                fresh.replace(path)  # while others are still kept out
    except OSError as error:
        raise StoreError(
            f"{path}: can't be written anew ({error.strerror}). Make room; nothing is erased"
        ) from error
    finally:
        _remove(fresh)
    remove_leftovers(path)
    for copy in path.parent.glob(f"{path.stem}.schema-*.duckdb"):
        copy.unlink()
    return found


def _remove(fresh: Path) -> None:
    for file in (fresh, fresh.with_name(f"{fresh.name}.wal")):
        file.unlink(missing_ok=True)


def _find(connection: duckdb.DuckDBPyConnection, doomed: Sequence[Doomed]) -> dict[str, int]:
    connection.execute(_LIST)
    for each in doomed:
        for name, pairs in (("posts", each.posts), ("authors", each.authors)):
            connection.register(name, _pairs(pairs or ()))
        connection.execute(
            _FIND,
            {
                "source": each.source,
                "older_than": each.older_than,
                "by_post": each.posts is not None,
                "by_author": each.authors is not None,
            },
        )
    return dict(connection.execute(_COUNT).fetchall())


def _pairs(pairs: Sequence[tuple[str, str]]) -> pa.Table:
    columns = [pa.array(column, pa.string()) for column in zip(*pairs, strict=True)] or [
        pa.array([], pa.string())
    ] * 2
    return pa.table(dict(zip(("source", "key"), columns, strict=True)))


def _write_fresh(
    connection: duckdb.DuckDBPyConnection, fresh: Path, doomed: Sequence[Doomed], *, why: str, now: datetime
) -> None:
    connections.migrate(fresh, wait_s=0.0)
    engine.attach(connection, fresh, "fresh")
    with transaction(connection):
        for table in connections.tables(connection):
            if table == "schema_version":
                continue
            copy = _KEEP if table in _BELONG_TO_POSTS else _COPY
            connection.execute(copy.format(table=f'"{table}"'))
        connection.execute(_TOMBSTONES, {"why": why, "now": now})
        for each in doomed:
            if each.posts is None and each.authors is None:
                asked = {"source": each.source, "until": each.older_than or _EVER}
                for statement in (_SPLIT_COVERAGE, _ERASED_COVERAGE, _FORGET_COVERAGE):
                    connection.execute(statement, asked)
    connection.execute("DETACH fresh")  # which checkpoints it
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
