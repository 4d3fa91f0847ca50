"""DuckDB without a file, kept for the next opening: starting it takes fifteen times as long as attaching one.

One that reads and one that writes are kept in a process, for the file that was used last.
"""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

_Config = dict[str, str | bool | int | float | list[str]]
CONFIG: Final[_Config] = {
    "autoinstall_known_extensions": False,  # nothing is ever downloaded
    "autoload_known_extensions": False,
    "checkpoint_threshold": "256MB",  # closing makes a checkpoint; one a page takes as long as the page
}
# What was added since the file was last closed, and the last group of rows, which closing writes anew,
# are in memory: DuckDB's own 122,880 rows a group are a quarter of a gigabyte of posts. A writer's second
# thread would hold as much again, and doesn't make it faster.
_ROWS_A_GROUP: Final = 8_192
_WRITERS_CONFIG: Final[_Config] = {"memory_limit": "192MB", "threads": 1}

_LOCK: Final = threading.Lock()


@dataclass(slots=True)
class Engine:
    """A DuckDB instance; `users` of the file that it has attached."""

    connection: duckdb.DuckDBPyConnection
    path: Path
    read_only: bool
    users: int = 0


# By process: threads don't come along into a fork, and what they held stays held there.
_idle: Final[dict[tuple[int, bool], Engine]] = {}
# Shared, because closing a file for one reader would give up the lock (POSIX) for all of the process.
_reading: Final[dict[tuple[int, Path], Engine]] = {}


def open_file(path: Path, *, read_only: bool) -> tuple[Engine, duckdb.DuckDBPyConnection]:
    """A connection to a file. Raises duckdb.Error where it can't be had; give it back by `close_file`."""
    with _LOCK:
        engine = _reading.get((os.getpid(), path)) if read_only else None
        if engine is None:
            engine = _attached(path, read_only=read_only)
        engine.users += 1
        connection = engine.connection.cursor()
    connection.execute("USE store")
    return engine, connection


def close_file(engine: Engine, connection: duckdb.DuckDBPyConnection, *, reusable: bool) -> None:
    """Let go of the file, which writes what was added into it; `reusable`: nothing went wrong."""
    connection.close()
    with _LOCK:
        engine.users -= 1
        if engine.users:
            return
        _reading.pop((os.getpid(), engine.path), None)
        if reusable:
            with suppress(duckdb.Error):  # a full disk: what was added stays in the log beside the file
                engine.connection.execute("DETACH store")
                _idle[os.getpid(), engine.read_only] = engine
                return
        engine.connection.close()


def close_idle() -> None:
    """Nothing is kept for the next opening: after millions of rows written it is 30 MiB."""
    with _LOCK:
        for key in [key for key in _idle if key[0] == os.getpid()]:
            _idle.pop(key).connection.close()


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Open a file under a name, for writing."""
    connection.execute(f"ATTACH {_quoted(path)} AS {name} (ROW_GROUP_SIZE {_ROWS_A_GROUP})")


def _attached(path: Path, *, read_only: bool) -> Engine:
    engine = _idle.pop((os.getpid(), read_only), None)
    if engine is None or engine.path != path:
        spill = {"temp_directory": f"{path}.tmp"}
        config = {**CONFIG, **spill} if read_only else {**CONFIG, **spill, **_WRITERS_CONFIG}
        engine = Engine(duckdb.connect(config=config), path, read_only)
    try:
        if read_only:
            engine.connection.execute(f"ATTACH {_quoted(path)} AS store (READ_ONLY)")
            _reading[os.getpid(), path] = engine
        else:
            attach(engine.connection, path, "store")
    except duckdb.IOException:
        _idle[os.getpid(), read_only] = engine  # the file is somebody else's just now
        raise
    return engine


def _quoted(path: Path) -> str:
    doubled = str(path).replace("'", "''")
    return f"'{doubled}'"
