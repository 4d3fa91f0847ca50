"""A copy of a store that is whole, and a look at whether a store is."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

import duckdb

from walkback.errors import StoreError
from walkback.store import connection as connections

# Every value is read, and with it every block's checksum.
_READ_ALL: Final = "SELECT count(*), bit_xor(hash(t)) FROM {table} AS t"

_ORPHANS: Final = """
SELECT count(*) FROM {table} AS one
WHERE NOT EXISTS (FROM post WHERE post.source = one.source AND post.id = one.id)
"""

_TWICE: Final = """
SELECT count(*) FROM (FROM post SELECT source, id GROUP BY ALL HAVING count(*) > 1)
"""


def copy_store(path: Path, target: Path, *, wait_s: float) -> None:
    """Copy a store as it is at one moment; others may read meanwhile, and writers wait.

    `target` is put in place when it is whole and verified. Raises StoreError where it exists already or
    can't be written, NothingToDoError where there is no store.
    """
    if target.exists():
        raise StoreError(f"{target}: exists already. Name another file; a backup is never written over")
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with connections.connect(path, wait_s=wait_s, read_only=True):
            _copy(path, unfinished)
        faults = find_faults(unfinished, wait_s=wait_s)
        if faults:
            raise StoreError(f"{path}: not backed up, for the copy is not right: {faults[0]}")
        os.link(unfinished, target)  # unlike renaming, never over somebody's file
    except OSError as error:
        raise StoreError(f"{target}: can't be written ({error.strerror}). Name another file") from error
    finally:
        with suppress(OSError):  # of a disk that can only be read
            for file in (unfinished, _log_of(unfinished)):
                file.unlink(missing_ok=True)


def find_faults(path: Path, *, wait_s: float) -> list[str]:
    """What is wrong with a store, in words; reads all of it. Raises StoreError where it can't be read."""
    with connections.connect(path, wait_s=wait_s, read_only=True) as connection:
        for table in connections.tables(connection):
            connection.execute(_READ_ALL.format(table=_quoted(table))).fetchall()
        faults = [
            f"{count:,} rows of {table} belong to no post"
            for table in ("observation", "match", "sentiment", "label")
            if (count := _count(connection, _ORPHANS.format(table=_quoted(table))))
        ]
        if twice := _count(connection, _TWICE):
            faults.append(f"{twice:,} posts are stored twice")
    return faults


def _copy(path: Path, target: Path) -> None:
    """The file, and the log of a writer that was killed, merged into the copy."""
    target.touch(mode=0o600)
    logged = _log_of(path).exists()
    if logged:
        shutil.copyfile(_log_of(path), _log_of(target))
    shutil.copyfile(path, target)  # last: closing it gives up the lock that keeps writers out (POSIX, fcntl)
    if logged:
        with connections.connect(target, wait_s=0.0, read_only=False) as connection:
            connection.execute("CHECKPOINT")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0])


def _quoted(table: str) -> str:
    escaped = table.replace('"', '""')
    return f'"{escaped}"'
