"""A copy of a store for one reader, to keep open for as long as it likes: nobody waits for it.

People's words are in it: it is made for its owner alone, and its name is gone as soon as it is open, so that
whoever is killed leaves none lying around.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from walkback.errors import StoreError
from walkback.store import connection as connections


class PrivateCopy:
    """What a store held at one moment."""

    def __init__(self, path: Path, *, wait_s: float) -> None:
        """Copy the store at `path`. Raises NothingToDoError where there is none, StoreError."""
        try:
            self._connection = open_copy(path, wait_s=wait_s)
        except OSError as error:
            raise StoreError(
                f"{path.parent}: no copy of the store can be made ({error.strerror}). Make as much room there"
                " as the store takes"
            ) from error

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
    with connections.connect(path, wait_s=wait_s, read_only=True), _folder_beside(path) as folder:
        # The file itself last: closing it gives up the lock that keeps writers out (POSIX, fcntl).
        for file in (path.with_name(f"{path.name}.wal"), path):  # the log of a writer that was killed
            if file.exists():
                shutil.copyfile(file, folder / file.name)
        return connections.open_for_reading(folder / path.name, spill_to=path)


def remove_leftovers(path: Path) -> None:
    """Remove copies of a store that a killed process was making: people's words are in them."""
    for folder in path.parent.iterdir():
        if folder.name.startswith(_prefix(path)):
            with (
                suppress(OSError),
                closing(_Lock(folder, wait=False)),
            ):  # its maker has the lock while it lives
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A folder for a copy, ours and locked; gone at the end, and what was opened in it stays readable."""
    remove_leftovers(path)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent))
        with suppress(FileNotFoundError):
            lock = _Lock(folder, wait=True)
            if folder.exists():  # else somebody took it for left over before it was locked
                break
            lock.close()
    with closing(lock):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class _Lock:
    """A lock on a folder, which the system lets go of when the process ends, however it ends."""

    def __init__(self, folder: Path, *, wait: bool) -> None:
        """Raises OSError where somebody else has it, unless `wait`."""
        self._number = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go."""
        os.close(self._number)


def _prefix(path: Path) -> str:
    return f".{path.name}.copy-"
