"""What people said of posts: drawing posts to ask about, keeping the answers, reading them beside scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb

from walkback.case import Case


@dataclass(frozen=True, slots=True)
class DrawnPost:
    """A post to ask about. `phase` is the place among the phases that were given."""

    phase: int
    source: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """An answer beside the score of its post."""

    phase: int
    source: str
    id: str
    coder: str
    value: str
    compound: float


@dataclass(frozen=True, slots=True)
class Population:
    """The scored posts of a phase: how many, and mean and variance of compound and of being negative."""

    phase: int
    posts: int
    mean: float
    variance: float
    negative_share: float


_PLACED: Final = """
WITH edge AS (
    SELECT unnest($edges::TIMESTAMPTZ[]) AS edge, generate_subscripts($edges::TIMESTAMPTZ[], 1) - 1 AS phase
),
placed AS (
    SELECT edge.phase, source, id, compound::DOUBLE AS compound
    FROM {posts} AS chosen ASOF JOIN edge ON chosen.created_at >= edge.edge
    WHERE created_at >= $start AND created_at < $end AND compound IS NOT NULL
)
"""

# In every phase as many of each source and score band as they have of the phase's posts, drawn by a hash that
# is the same everywhere and always. Whoever stops early has asked about as many of each, too.
DRAW: Final = f"""{_PLACED},
ranked AS (
    SELECT phase, source, id,
        row_number() OVER stratum - 0.5 AS place, count(*) OVER (PARTITION BY phase, source, band) AS size
    FROM (SELECT *, CASE WHEN compound <= $negative THEN 0 WHEN compound < $positive THEN 1 ELSE 2 END AS band
        FROM placed)
    WINDOW stratum AS (PARTITION BY phase, source, band ORDER BY md5('label:' || source || ':' || id))
),
drawn AS (
    SELECT phase, source, id, row_number() OVER turns AS turn
    FROM ranked
    WINDOW turns AS (PARTITION BY phase ORDER BY place / size, md5(source || id))
)
SELECT phase, source, id, text
FROM drawn JOIN post USING (source, id)
WHERE turn <= $most
ORDER BY turn, phase
"""

LABELS: Final = f"""{_PLACED}
SELECT phase, source, id, coder, value, compound
FROM placed JOIN label USING (source, id)
WHERE label."case" = $case
ORDER BY labelled_at, source, id, coder
"""

POPULATION: Final = f"""{_PLACED}
SELECT phase, count(*), avg(compound), var_pop(compound), avg((compound <= $negative)::INTEGER)
FROM placed GROUP BY phase ORDER BY phase
"""

_KEEP: Final = """
INSERT INTO label VALUES ($case, $source, $id, $coder, $value, $now)
ON CONFLICT DO UPDATE SET value = excluded.value, labelled_at = excluded.labelled_at
"""

_TAKE_BACK: Final = """
DELETE FROM label WHERE "case" = $case AND source = $source AND id = $id AND coder = $coder
"""

_LABELLED: Final = 'SELECT source, id FROM label WHERE "case" = $case AND coder = $coder'


def keep_label(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    post: tuple[str, str],
    coder: str,
    value: str | None,
    now: datetime,
) -> None:
    """What a coder says of a post; None takes it back."""
    asked = {"case": case.name, "source": post[0], "id": post[1], "coder": coder}
    if value is None:
        connection.execute(_TAKE_BACK, asked)
    else:
        connection.execute(_KEEP, {**asked, "value": value, "now": now})


def labelled(connection: duckdb.DuckDBPyConnection, case: Case, coder: str) -> set[tuple[str, str]]:
    """The posts that a coder has labelled."""
    return set(connection.execute(_LABELLED, {"case": case.name, "coder": coder}).fetchall())


def placing(edges: Sequence[datetime]) -> dict[str, object]:
    """What tells a query which phase a post is of."""
    return {"start": edges[0], "end": edges[-1], "edges": list(edges[:-1])}
