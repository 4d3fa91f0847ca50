"""Episodes of alerts: what began, when it ended, and whether somebody was told."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final

import duckdb

from walkback.case import Case
from walkback.store.pages import transaction


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One episode. `closed_at` is None while it lasts, `told_at` until an address took its message; UTC."""

    kind: str
    subject: str
    opened_at: datetime
    closed_at: datetime | None
    told_at: datetime | None
    message: str

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.closed_at is None


_READ: Final = """
SELECT kind, subject, opened_at, closed_at, told_at, message FROM alert
WHERE "case" = $case ORDER BY opened_at, kind, subject
"""

_KEEP: Final = """
INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET closed_at = excluded.closed_at, told_at = excluded.told_at
"""


def read_alerts(connection: duckdb.DuckDBPyConnection, case: Case) -> list[AlertRow]:
    """The case's episodes, oldest first."""
    rows = connection.sql(_READ, params={"case": case.name}).to_arrow_table().to_pylist()
    return [AlertRow(**row) for row in rows]


def keep_alerts(connection: duckdb.DuckDBPyConnection, case: Case, episodes: Sequence[AlertRow]) -> None:
    """Add episodes, or change when they ended and were told; all or none."""
    with transaction(connection):
        for episode in episodes:
            connection.execute(_KEEP, [case.name, *astuple(episode)])
