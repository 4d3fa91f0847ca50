"""Scores: which posts lack them, how these are handed out, and how their scores are kept."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from walkback.case import Case
from walkback.store import connection as connections
from walkback.store.pages import transaction
from walkback.store.pending import Slice, pending_slices, read_pending
from walkback.store.reads import SCORABLE

Score = Callable[[Iterator[pa.Table]], Generator[pa.Table, None, None]]
"""From tables of posts (source, id, text) to tables of scores (source, id and the four numbers)."""

_HOLD_S: Final = 10.0  # longer than for a page, because the search in a slice of the file begins anew

_UNSCORED: Final = f"""
SELECT post.rowid AS place FROM post
SEMI JOIN (
    SELECT source, id FROM match
    WHERE "case" = $case AND query_hash = $query_hash AND terms IS NOT NULL
) USING (source, id)
ANTI JOIN (
    SELECT source, id FROM sentiment WHERE scorer = $scorer AND version = $version
) USING (source, id)
WHERE post.rowid BETWEEN $first AND $last AND {SCORABLE}
"""

_KEEP: Final = """
INSERT INTO sentiment
SELECT source, id, $scorer, $version, compound, negative, neutral, positive FROM scores
"""


@dataclass(frozen=True, slots=True)
class Whose:
    """The matching posts of a case, and the scorer that scores them."""

    case: Case
    scorer: str
    version: str

    @property
    def scores(self) -> dict[str, str]:
        """What tells the scorer's scores from others."""
        return {"scorer": self.scorer, "version": self.version}

    @property
    def posts(self) -> dict[str, str]:
        """What tells the posts that lack them from others."""
        return {**self.scores, "case": self.case.name, "query_hash": self.case.query.hash}


def unscored(path: Path, whose: Whose, *, wait_s: float) -> list[Slice]:
    """Where the matching posts with words and without a score are, and how many."""
    with (
        connections.connect(path, wait_s=wait_s, read_only=True) as connection,
        connections.frugal(connection),
    ):
        return pending_slices(connection, _UNSCORED, whose.posts)


def score_slices(
    path: Path, whose: Whose, slices: Sequence[Slice], score: Score, *, batch: int, wait_s: float
) -> Iterator[int]:
    """Hand the posts of slices from `unscored` to `score`; keep what it gives back, and yield how many.

    `score` gets tables of `batch` posts with the columns source, id, text, and gives tables with source, id,
    compound, negative, neutral, positive, which are kept as exact decimals, each in one transaction. The file
    is held for about ten seconds at a time, from reading posts to keeping their scores, so that no post
    changes in between; then others get their turn. Who writes then may move posts from a slice to one before
    it: ask `unscored` again where fewer were scored than it said.
    """
    left = deque(slices)
    while left:
        with (
            connections.connect(path, wait_s=wait_s, read_only=False) as connection,
            connections.frugal(connection),
            closing(score(_for_a_while(connection, left, whose, batch))) as scored,
        ):
            for scores in scored:
                _keep(connection, scores, whose)
                yield scores.num_rows
        if left:
            time.sleep(connections.LONGEST_WAIT_S)  # so long that whoever waits finds the door open


def _for_a_while(
    connection: duckdb.DuckDBPyConnection, slices: deque[Slice], whose: Whose, batch: int
) -> Iterator[pa.Table]:
    """Unscored posts until others should get their turn; takes slices away that were read to their end."""
    let_go_at = time.monotonic() + _HOLD_S
    while slices:
        for posts in read_pending(connection, _UNSCORED, whose.posts, slices[0], batch):
            yield posts
            if time.monotonic() > let_go_at:
                return
        slices.popleft()
        connection.execute("CHECKPOINT")  # until then all scores are in memory


def _keep(connection: duckdb.DuckDBPyConnection, scores: pa.Table, whose: Whose) -> None:
    """In one transaction. They must be of posts without one: nothing is asked here."""
    connection.register("scores", scores)
    with transaction(connection):
        connection.execute(_KEEP, whose.scores)
    connection.unregister("scores")
