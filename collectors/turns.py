"""One collection of a case's source at a time: two would ask and pay for the same posts.

A lock on a byte of a file beside the store, one for each source. The system lets go of it when the
process ends, however it ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final

from walkback.case import Case, Sources

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows: nobody is kept out there
    fcntl = None  # type: ignore[assignment]

_BYTES: Final = {name: position for position, name in enumerate(Sources.model_fields)}


@contextmanager
def turns(case: Case, sources: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Those of the sources that no other process collects from; none will until the block ends."""
    with case.store_path.with_name(f".{case.name}.collecting").open("wb") as file:
        yield tuple(name for name in sources if take_byte(file, _BYTES[name]))


def take_byte(file: IO[Any], position: int) -> bool:
    """Lock a byte of a file, if nobody else has, until it is closed; whether it is ours."""
    if fcntl is None:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, position)
    except OSError:
        return False
    return True
