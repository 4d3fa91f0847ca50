"""One run of a case at a time, and a word on the one before where it was killed.

A lock on a file beside the store, which the system lets go of when the process ends, however it ends:
no lock is ever stale. What the file says is for people, and for the next run.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Final

from walkback.case import Case
from walkback.collectors.turns import take_byte
from walkback.errors import StoreBusyError, StoreError

_WHERE: Final = 1_000_000  # a byte beyond what is written, so that whoever is refused may still read


@contextmanager
def only_run(case: Case, now: datetime) -> Iterator[str | None]:
    """Nobody else runs the case until the block ends; gives what the run before left unfinished, or None.

    Raises StoreBusyError where another run is under way, StoreError where the folder can't be written.
    """
    path = case.store_path.with_name(f".{case.name}.running")
    try:
        path.touch(mode=0o600)
        file = path.open("r+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({error.strerror}). Give a folder to write in") from error
    with file:
        written = _holder(file)
        if not take_byte(file, _WHERE):
            raise StoreBusyError(
                f"{case.path}: another run is under way ({written or 'just begun'}). Wait until it is done"
            )
        _write(file, {"process": os.getpid(), "since": f"{now:%Y-%m-%d %H:%M:%S} UTC"})
        yield written
        _write(file, None)


def _holder(file: IO[str]) -> str | None:
    """Who wrote the file: `process 123, since …`; None where that one came to its end."""
    try:
        found = json.loads(file.read() or "null")
        return None if found is None else f"process {int(found['process'])}, since {found['since']}"
    except (ValueError, KeyError, TypeError):  # half a line: killed while writing it
        return "an unknown process"


def _write(file: IO[str], holder: dict[str, object] | None) -> None:
    file.seek(0)
    file.truncate()
    file.write("" if holder is None else json.dumps(holder))
    file.flush()
