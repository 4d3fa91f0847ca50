"""Opening the DuckDB file: briefly, with patience, and only at the schema that this Walkback knows."""

import random
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import duckdb

from walkback.errors import NothingToDoError, StoreBusyError, StoreError
from walkback.store import engine

_FIRST_PAUSE_S: Final = 0.01
_LONGEST_PAUSE_S: Final = 0.04
LONGEST_WAIT_S: Final = 1.5 * _LONGEST_PAUSE_S  # between two looks of somebody who waits: see the jitter
_DISK_FULL: Final = "No space left on device"
_LET_OTHERS_S: Final = 0.3
_FRUGAL: Final = "64MB"
_HOLDER: Final = re.compile(r"PID (\d+)")

_TABLES: Final = """
SELECT table_name FROM duckdb_tables()
WHERE database_name = current_database() AND NOT internal ORDER BY table_name
"""


@cache
def migrations() -> list[tuple[int, str]]:
    """(version, SQL) of every schema step, in order."""
    folder = files("walkback.store").joinpath("migrations")
    scripts = sorted(script.name for script in folder.iterdir() if script.name.endswith(".sql"))
    return [(int(name[:4]), folder.joinpath(name).read_text(encoding="utf-8")) for name in scripts]


@contextmanager
def connect(path: Path, *, wait_s: float, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is closed again as soon as the work is done, so that nobody waits for long.

    Tries for `wait_s` seconds while another process holds the file. Raises StoreBusyError with
    the holder's process id, StoreError where the file is no store of this schema, NothingToDoError
    where a reader finds no file.
    """
    with _opened(path, wait_s=wait_s, read_only=read_only) as connection:
        _refuse_other_schemas(path, _stored_version(path, connection))
        yield connection


@contextmanager
def frugal(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Little memory inside: who goes through whole tables would keep as much of the file as may be."""
    usual = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    connection.execute(f"SET memory_limit = '{_FRUGAL}'")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # what went wrong inside is what is told
            connection.execute(f"SET memory_limit = '{usual}'")


@contextmanager
def _opened(path: Path, *, wait_s: float, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    if read_only and not path.exists():
        raise NothingToDoError(f"{path}: no store yet. Import or collect some posts first")
    holding, connection = _open_patiently(path, wait_s, read_only=read_only)
    went_well = False
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
        went_well = True
    except duckdb.ConstraintException:
        raise  # a fault of ours, never of the file: let it be seen
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
        raise _explained(path, error) from error
    except duckdb.TransactionException as error:
        if _DISK_FULL not in str(error):
            raise
        raise _explained(path, error) from error
    finally:
        engine.close_file(holding, connection, reusable=went_well)


def _open_patiently(
    path: Path, wait_s: float, *, read_only: bool
) -> tuple[engine.Engine, duckdb.DuckDBPyConnection]:
    deadline = time.monotonic() + wait_s
    pause = _FIRST_PAUSE_S
    if read_only:
        _let_writers_go_first(path)
    try:
        while True:
            try:
                return engine.open_file(path, read_only=read_only)
            except duckdb.Error as error:
                if "Could not set lock" not in str(error):
                    raise _explained(path, error) from error
                if time.monotonic() + pause > deadline:
                    raise _busy(path, wait_s, error) from error
            if not read_only:
                _say_that_a_writer_waits(path)
            # Jitter, so that two who wait don't meet again and again.
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE_S)
    finally:
        if not read_only and pause > _FIRST_PAUSE_S:
            with suppress(OSError):
                _waiting(path).unlink(missing_ok=True)


def _waiting(path: Path) -> Path:
    """A file that is there, and new, while a writer waits: many readers would never let one in between."""
    return path.with_name(f".{path.name}.waiting")


def _say_that_a_writer_waits(path: Path) -> None:
    with suppress(OSError):  # in a folder that can't be written nobody writes the store either
        _waiting(path).touch()


def _let_writers_go_first(path: Path) -> None:
    """Wait a little for those who wait to write; what one that was killed left behind is soon too old."""
    patience = time.monotonic() + _LET_OTHERS_S
    while time.monotonic() < patience:
        try:
            said = _waiting(path).stat().st_mtime
        except OSError:
            return
        if not 0 <= time.time() - said < _LET_OTHERS_S:
            with suppress(OSError):  # of one that was killed; in a folder that is read only it stays
                _waiting(path).unlink()
            return
        time.sleep(_FIRST_PAUSE_S)


def open_for_reading(path: Path, *, spill_to: Path) -> duckdb.DuckDBPyConnection:
    """A file that nobody else has, to keep open. What doesn't fit into memory goes beside `spill_to`."""
    connection = duckdb.connect(
        path, read_only=True, config={**engine.CONFIG, "temp_directory": f"{spill_to}.tmp"}
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the store's tables, in order."""
    return [str(row[0]) for row in connection.execute(_TABLES).fetchall()]


def _busy(path: Path, wait_s: float, error: duckdb.Error) -> StoreBusyError:
    holder = _HOLDER.search(str(error))
    who = f"process {holder[1]}" if holder else "another process"
    return StoreBusyError(
        f"{path}: {who} held the store for {wait_s:g} s. Wait until it is done, or give a longer --wait"
    )


def _explained(path: Path, error: duckdb.Error) -> StoreError:
    first_line = str(error).partition("\n")[0]
    if _DISK_FULL in first_line:
        return StoreError(f"{path}: the disk is full. Make room and run it again; nothing half-done was kept")
    return StoreError(
        f"{path}: the store can't be used ({first_line}). Check that it is a Walkback store, that the disk"
        " has room and that you may write there; nothing half-done was kept"
    )


def migrate(path: Path, *, wait_s: float) -> None:
    """Bring the file to the newest schema; make it where it isn't there.

    All steps run in one transaction, and a file that had an older schema is copied aside before.
    Raises StoreError where the file is from a newer Walkback.
    """
    steps = migrations()
    newest = steps[-1][0]
    if path.exists() and not path.stat().st_size:
        path.unlink()  # made by somebody's `touch`; DuckDB would refuse it
    if path.exists() and _version(path, wait_s) == newest:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    with _opened(path, wait_s=wait_s, read_only=False) as connection:
        if fresh:
            path.chmod(0o600)  # people's words
        version = _stored_version(path, connection)
        if version > newest:
            _refuse_other_schemas(path, version)
        if version:
            connection.execute("CHECKPOINT")
            _copy_aside(path, path.with_suffix(f".schema-{version}.duckdb"))
        connection.begin()
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)")
        for step, sql in steps:
            if step > version:
                connection.execute(sql)
                connection.execute("INSERT INTO schema_version VALUES (?)", [step])
        connection.commit()


def _copy_aside(path: Path, target: Path) -> None:
    try:
        shutil.copy2(path, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise StoreError(
            f"{target}: can't be written ({error.strerror}); a store is copied before its schema is changed, "
            "and nothing was. Make room, and run it again"
        ) from error


def _version(path: Path, wait_s: float) -> int:
    with _opened(path, wait_s=wait_s, read_only=True) as connection:
        return _stored_version(path, connection)


def _refuse_other_schemas(path: Path, version: int) -> None:
    newest = migrations()[-1][0]
    if version > newest:
        raise StoreError(
            f"{path}: written by a newer Walkback (schema {version}, this one knows {newest}). Upgrade"
        )
    if version < newest:
        raise StoreError(
            f"{path}: has schema {version}, this Walkback {newest}. Run `walkback check CASE` to upgrade it"
        )


def _stored_version(path: Path, connection: duckdb.DuckDBPyConnection) -> int:
    """The schema version in the file, 0 where it is empty. Raises StoreError on a foreign database."""
    try:
        rows = connection.execute("SELECT max(version) FROM schema_version").fetchall()
    except duckdb.CatalogException:  # listing tables first would take a quarter of the time of an opening
        if connection.execute("FROM duckdb_tables()").fetchone():
            raise StoreError(f"{path}: holds other tables, is no Walkback store. Name another") from None
        return 0
    return int(rows[0][0] or 0)
