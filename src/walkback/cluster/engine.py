"""Daft, which runs the work: on this machine's cores, or on a Ray cluster.

See https://docs.daft.ai/en/stable/distributed/ray/. Nothing is told to the makers of either.
"""

import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

os.environ.update(DAFT_ANALYTICS_ENABLED="0", DAFT_PROGRESS_BAR="0", RAY_USAGE_STATS_ENABLED="0")

import daft
from daft.exceptions import DaftCoreException

from walkback.errors import EngineError

MEMORY_A_TASK: Final = "700MB"
_RAY: Final = "Is there a cluster at that address, with walkback[cluster] on each of its machines?"

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Engine:
    """Daft with a runner. Methods raise EngineError where the work fails."""

    def __init__(self, ray: str | None) -> None:
        """`ray`: the address of a cluster; None: this machine."""
        self.workers = os.cpu_count() or 1
        self.nodes = 1
        self.on_ray = ray is not None
        if ray is None:
            daft.set_runner_native()
        else:
            self.workers, self.nodes = _connect(ray)
        # So that many files can be written at a time in little memory.
        daft.set_execution_config(
            parquet_target_filesize=16 * 2**20,
            parquet_target_row_group_size=4 * 2**20,
            parquet_inflation_factor=1.0,
        )

    def map(self, work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """What `work` makes of each item, in order; all three travel by pickle."""

        @daft.func.batch(return_dtype=daft.DataType.binary(), batch_size=1)
        def act(column: daft.Series) -> list[bytes]:
            return [pickle.dumps(work(pickle.loads(item))) for item in column.to_pylist()]  # noqa: S301  # our own

        columns: Any = {"place": range(len(items)), "item": [pickle.dumps(item) for item in items]}
        frame = daft.from_pydict({name: list(column) for name, column in columns.items()})
        if self.on_ray:
            frame = frame.into_partitions(min(len(items), 4 * self.workers))
        with told():
            done = frame.select(frame["place"], act(frame["item"]).alias("answer")).to_pydict()
        placed = sorted(zip(done["place"], done["answer"], strict=True))
        return [pickle.loads(answer) for _, answer in placed]  # noqa: S301


@contextmanager
def told() -> Iterator[None]:
    """What Daft or Ray says of a failure as one line."""
    try:
        yield
    except EngineError:
        raise
    except (DaftCoreException, OSError, RuntimeError, ValueError) as error:
        raise EngineError(f"the engine failed: {_essence(error)}. Mend that, and run it again") from error


def _connect(address: str) -> tuple[int, int]:
    """Cores and machines of a cluster."""
    try:
        import ray  # noqa: PLC0415  # takes seconds, and nobody needs it who works on one machine

        if not ray.is_initialized():
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        daft.set_runner_ray(address=address, noop_if_initialized=True)
        cluster: Any = ray  # whose questions have no types
        return int(cluster.cluster_resources().get("CPU", 1)), max(len(cluster.nodes()), 1)
    except (ImportError, ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise EngineError(f"--ray {address}: {_essence(error)}. {_RAY}") from error


def _essence(error: BaseException) -> str:
    """The last line that says something: what is around it is the engine's own affair."""
    lines: list[Any] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")
