"""Worker processes: started without this one's threads, and gone when this one is, however it ends."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver, get_all_start_methods, get_context, parent_process, resource_tracker
from multiprocessing.context import ForkServerContext
from threading import Thread
from typing import Final

# Not forked from here: DuckDB's threads would be missing in the children.
_HOW_TO_START: Final = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"


@contextmanager
def worker_pool(
    count: int, get_ready: Callable[[], None], *, preload: Sequence[str]
) -> Iterator[ProcessPoolExecutor]:
    """So many processes, each of which calls `get_ready` first; the modules in `preload` are read once."""
    context = get_context(_HOW_TO_START)
    if isinstance(context, ForkServerContext):
        context.set_forkserver_preload(["__main__", *preload])
        # Ctrl-C is for whoever waits for the work; those who do it would each tell a traceback.
        resource_tracker.ensure_running()  # which lets SIGINT in again when it begins
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        forkserver.ensure_running()  # reads them while this process goes on
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    with ProcessPoolExecutor(count, context, initializer=_begin, initargs=(get_ready,)) as pool:
        yield pool


def dismiss_workers() -> None:
    """What keeps the modules of `worker_pool` at hand for the next one goes, and its 50 MiB."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # noqa: SLF001  # no public name does this


def _begin(get_ready: Callable[[], None]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    get_ready()


def _end_with_parent() -> None:
    """Who waits for work from a parent that was killed would wait for ever, with all its memory."""
    if (parent := parent_process()) is not None:
        parent.join()
    os._exit(1)
