"""Posts that lack a match or a score: how many, and their words.

They are looked for in one slice of the file after another, so that memory does not grow with the store. What
they lack is for `matches` and `scores` to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

_SLICE: Final = 100_000  # posts; for each slice all matches and scores are read


@dataclass(frozen=True, slots=True)
class Slice:
    """Posts that lie together in the file, `pending` of which lack what was asked for."""

    first: int
    last: int
    pending: int


# Places first: a join that carries texts along takes ten times as long in a writer's little memory.
_BATCHES: Final = """
SELECT min(place), max(place)
FROM (SELECT place, (row_number() OVER (ORDER BY place) - 1) // $batch AS batch FROM pending)
GROUP BY batch ORDER BY batch
"""

_READ_BATCH: Final = """
SELECT source, id, text FROM post
WHERE rowid BETWEEN $first AND $last
  AND rowid IN (SELECT place FROM pending WHERE place BETWEEN $first AND $last)
"""


def pending_slices(
    connection: duckdb.DuckDBPyConnection, lacking: str, asked: Mapping[str, str]
) -> list[Slice]:
    """The slices that hold posts which lack something.

    `lacking` selects the `place` of each of them between the places $first and $last; `asked` are its other
    parameters.
    """
    last_place = connection.execute("SELECT max(rowid) FROM post").fetchall()[0][0]
    found = []
    for first in range(0, -1 if last_place is None else last_place + 1, _SLICE):
        here = {"first": first, "last": first + _SLICE - 1}
        pending = connection.execute(f"SELECT count(*) FROM ({lacking})", {**asked, **here}).fetchall()[0][0]
        if pending:
            found.append(Slice(**here, pending=pending))
    return found


def read_pending(
    connection: duckdb.DuckDBPyConnection, lacking: str, asked: Mapping[str, str], where: Slice, batch: int
) -> Iterator[pa.Table]:
    """The posts of a slice that lack something, so many in a table: source, id, text."""
    here = {"first": where.first, "last": where.last}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE pending AS {lacking}", {**asked, **here})
    for first, last in connection.execute(_BATCHES, {"batch": batch}).fetchall():
        yield connection.sql(_READ_BATCH, params={"first": first, "last": last}).to_arrow_table()
