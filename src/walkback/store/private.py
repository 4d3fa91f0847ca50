"""A copy of a store for one reader, to keep open for as long as it likes: nobody waits for it."""

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from walkback.store import backup


class PrivateCopy:
    """What a store held at one moment, as a file of the reader's own, which goes with this object.

    People's words are in it: it is for its owner alone, and gone when this is closed or forgotten.
    """

    def __init__(self, path: Path, *, wait_s: float) -> None:
        """Copy the store at `path`. Raises NothingToDoError where there is none, StoreError."""
        folder = Path(tempfile.mkdtemp(prefix="walkback-"))
        self._tidy = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = folder / path.name
        backup.copy_store(path, copy, wait_s=wait_s)
        self._connection = duckdb.connect(copy, read_only=True)
        self._connection.execute("SET TimeZone = 'UTC'")

    def sql(self, query: str, parameters: Mapping[str, object]) -> pa.Table:
        """The rows of a query with named parameters (`$name`), times in UTC. Raises duckdb.Error."""
        table: pa.Table = self._connection.sql(query, params=dict(parameters) or None).to_arrow_table()
        return table

    def close(self) -> None:
        """The copy is gone."""
        self._connection.close()
        self._tidy()
