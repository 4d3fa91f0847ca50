"""Matches: a case's query, held against stored posts that it was not yet held against."""

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from walkback.case import Case
from walkback.matching import Matcher
from walkback.store import connection as connections
from walkback.store.key import open_door
from walkback.store.pending import pending_slices, read_pending

_BATCH: Final = 20_000  # posts

# A post has one match row of a case at most, and no row is without its post.
_COUNT_UNMATCHED: Final = """
SELECT (SELECT count(*) FROM post)
    - (SELECT count(*) FROM match WHERE "case" = $case AND query_hash = $query_hash)
"""

_UNMATCHED: Final = """
SELECT post.rowid AS place FROM post
ANTI JOIN (
    SELECT source, id FROM match WHERE "case" = $case AND query_hash = $query_hash
) USING (source, id)
WHERE post.rowid BETWEEN $first AND $last
"""

_FORGET_STALE: Final = 'DELETE FROM match WHERE "case" = $case AND query_hash <> $query_hash'

_MATCH: Final = "INSERT INTO match SELECT $case, source, id, $query_hash, terms FROM found"


def match_pending(path: Path, case: Case, *, wait_s: float) -> int:
    """Match what is unmatched, which is all of it when the query has changed; returns how much that was.

    The file is opened for writing only when there is any. Nobody sees a part of the matches: it is held
    until all are made.
    """
    asked = {"case": case.name, "query_hash": case.query.hash}
    with connections.connect(path, wait_s=wait_s, read_only=True) as connection:
        pending = int(connection.execute(_COUNT_UNMATCHED, asked).fetchall()[0][0])
    if not pending:
        return 0
    matcher = Matcher(case.query, open_door(path))
    with (
        connections.connect(path, wait_s=wait_s, read_only=False) as connection,
        connections.frugal(connection),
    ):
        connection.execute(_FORGET_STALE, asked)
        for where in pending_slices(connection, _UNMATCHED, asked):
            for posts in read_pending(connection, _UNMATCHED, asked, where, _BATCH):
                _match(connection, posts, matcher, asked)
            connection.execute("CHECKPOINT")  # until then all matches are in memory
    return pending


def _match(
    connection: duckdb.DuckDBPyConnection, posts: pa.Table, matcher: Matcher, asked: dict[str, str]
) -> None:
    terms = matcher.terms(posts["text"].combine_chunks())
    connection.register("found", posts.drop_columns(["text"]).append_column("terms", terms))
    connection.execute(_MATCH, asked)
    connection.unregister("found")
