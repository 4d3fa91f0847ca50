"""Daft, which runs the work: on this machine's cores, or on a Ray cluster.

See https://docs.daft.ai/en/stable/distributed/ray/. Nothing is told to the makers of either.
"""

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, TypeVar

os.environ.update(DAFT_ANALYTICS_ENABLED="0", DAFT_PROGRESS_BAR="0", RAY_USAGE_STATS_ENABLED="0")

import daft
from daft.exceptions import DaftCoreException

from walkback.errors import EngineError

_PATIENCE_S: Final = 10.0
_RAY: Final = "Is there a cluster at that address, with walkback[cluster] on each of its machines?"

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Engine:
    """Daft with a runner. Methods raise EngineError where the work fails."""

    def __init__(self, ray: str | None) -> None:
        """`ray`: the address of a cluster; None: this machine."""
        self.workers = _on_this_machine() if ray is None else _connect(ray)
        self.on_ray = ray is not None

    def map(self, work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """What `work` makes of each item, in any order; all three travel by pickle."""
        return list(self.each(work, items, processes=False))

    def each(
        self, work: Callable[[Item], Answer], items: Sequence[Item], *, processes: bool
    ) -> Iterator[Answer]:
        """The same, as they come. `processes`: a core works in a process of its own, which starts slowly."""

        @daft.func.batch(return_dtype=daft.DataType.binary(), batch_size=1, use_process=processes)
        def act(column: daft.Series) -> list[bytes]:
            return [pickle.dumps(work(pickle.loads(item))) for item in column.to_pylist()]  # noqa: S301  # our own

        if not items:
            return
        frame = daft.from_pydict({"item": [pickle.dumps(item) for item in items]})
        if self.on_ray:
            frame = frame.into_partitions(min(len(items), 4 * self.workers))
        with _told():
            for row in frame.select(act(frame["item"]).alias("answer")).iter_rows():
                yield pickle.loads(row["answer"])  # noqa: S301


@contextmanager
def _told() -> Iterator[None]:
    """What Daft or Ray says of a failure as one line."""
    try:
        yield
    except (DaftCoreException, OSError, RuntimeError, ValueError) as error:
        raise EngineError(f"the engine failed: {_essence(error)}. Mend that, and run it again") from error


@cache  # Daft wants to be told once
def _on_this_machine() -> int:
    """Its cores."""
    daft.set_runner_native()
    return os.cpu_count() or 1


@cache
def _connect(address: str) -> int:
    """The cores of a cluster."""
    try:
        _reach(address)
        import ray  # noqa: PLC0415  # takes seconds, and nobody needs it who works on one machine

        if not ray.is_initialized():
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        daft.set_runner_ray(noop_if_initialized=True)
        cluster: Any = ray  # whose questions have no types
        return int(cluster.cluster_resources().get("CPU", 1))
    except (ImportError, ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise EngineError(f"--ray {address}: {_essence(error)}. {_RAY}") from error


def _reach(address: str) -> None:
    """Raises OSError where nobody listens: Ray tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_PATIENCE_S).close()


def _essence(error: BaseException) -> str:
    """The last line that says something: what is around it is the engine's own affair."""
    lines: list[Any] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")
