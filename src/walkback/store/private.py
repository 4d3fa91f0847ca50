"""A copy of a store for one reader, to keep open for as long as it likes: nobody waits for it.

People's words are in it: it is made for its owner alone, and its name is gone as soon as it is open, so that
whoever is killed leaves none lying around.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from walkback.store import connection as connections


class PrivateCopy:
    """What a store held at one moment."""

    def __init__(self, path: Path, *, wait_s: float) -> None:
        """Copy the store at `path`. Raises NothingToDoError where there is none, StoreError."""
        self._connection = open_copy(path, wait_s=wait_s)

    def sql(self, query: str, parameters: Mapping[str, object]) -> pa.Table:
        """The rows of a query with named parameters (`$name`), times in UTC. Raises duckdb.Error."""
        table: pa.Table = self._connection.sql(query, params=dict(parameters) or None).to_arrow_table()
        return table

    def close(self) -> None:
        """The copy is gone."""
        self._connection.close()


@contextmanager
def copied(path: Path, *, wait_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a copy; to the store itself where there is no room for one beside it."""
    try:
        connection = open_copy(path, wait_s=wait_s)
    except OSError:
        with connections.connect(path, wait_s=wait_s, read_only=True) as held:
            yield held
        return
    try:
        yield connection
    finally:
        connection.close()


def open_copy(path: Path, *, wait_s: float) -> duckdb.DuckDBPyConnection:
    """Copy a store as it is at one moment, while nobody writes, and open the copy for reading.

    Raises OSError where it can't be written, NothingToDoError where there is no store, StoreError.
    """
    with connections.connect(path, wait_s=wait_s, read_only=True):
        remove_leftovers(path)
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.{os.getpid()}.", dir=path.parent))
        try:
            # The file itself last: closing it gives up the lock that keeps writers out (POSIX, fcntl).
            for file in (path.with_name(f"{path.name}.wal"), path):  # the log of a writer that was killed
                if file.exists():
                    shutil.copyfile(file, folder / file.name)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    try:
        return connections.open_for_reading(folder / path.name, spill_to=path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # it stays readable for whoever has it open


def remove_leftovers(path: Path) -> None:
    """Remove copies of a store that a killed process was making: people's words are in them."""
    made = re.compile(rf"{re.escape(f'.{path.name}.')}(\d+)\.\w+")
    for folder in path.parent.iterdir():
        maker = made.fullmatch(folder.name)
        if maker and not _is_alive(int(maker[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
