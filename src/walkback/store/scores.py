"""Scores: how they are kept."""

from collections.abc import Mapping
from typing import Final

import duckdb
import pyarrow as pa

from walkback.store.pages import transaction

_ADD_SCORES: Final = """
INSERT INTO sentiment
SELECT source, id, $scorer, $version, compound, negative, neutral, positive FROM scores
"""


def add_scores(connection: duckdb.DuckDBPyConnection, scores: pa.Table, asked: Mapping[str, str]) -> None:
    """Keep scores in one transaction. They must be of posts without one: nothing is asked here."""
    connection.register("scores", scores)
    with transaction(connection):
        connection.execute(_ADD_SCORES, dict(asked))
    connection.unregister("scores")
