"""A lake of 100 million posts analysed natively and on Ray with a worker killed: the same figures?

    python benchmarks/beyond.py LAKE [--posts 100_000_000] [--kill-after SECONDS] [--native | --ray]

The lake is made first, unless it is there (`lakes.py`). Memory is that of the command and all its children
(PSS); on Ray that of the whole cluster, whose two workers, a core each, run on this machine. One of them is
killed after so many seconds, or half the time that the native run took.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from os import getpid
from pathlib import Path
from typing import Any

from lakes import make_lake
from memory import family, resident

PATIENCE_S = 0.5
LOOPBACK = "127.0.0.2"  # Ray takes 127.0.0.1 for this machine's address on the network
COMMAND = (str(Path(sys.executable).with_name("walkback")), "analyze")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of an analysis."""

    document: dict[str, Any]
    seconds: float
    peak: float


def analyse(lake: Path, *options: str, whose: Callable[[int], int]) -> Run:
    """Run the command; `whose`: the process whose family's memory counts, of the command's."""
    began, peak = time.monotonic(), 0.0
    command = [*COMMAND, str(lake), "--engine", "daft", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # ours
        said: list[str] = []
        reading = threading.Thread(target=lambda: said.append(process.stdout.read()))  # type: ignore[union-attr]
        reading.start()
        while process.poll() is None:
            peak = max(peak, sum(map(resident, family(whose(process.pid)))))
            time.sleep(PATIENCE_S)
        reading.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit {process.returncode}")
    return Run(json.loads(said[0]), time.monotonic() - began, peak)


def on_ray(lake: Path, kill_after: float) -> Run:
    """The analysis on a cluster of this machine, one of whose two workers is killed on the way."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415  # seconds, for this run alone

    head: dict[str, Any] = {"num_cpus": 0, "node_ip_address": LOOPBACK, "include_dashboard": False}
    worker = {"num_cpus": 1, "node_ip_address": LOOPBACK, "object_store_memory": 200 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**head, "object_store_memory": 100 * 2**20})
    doomed, _ = cluster.add_node(**worker), cluster.add_node(**worker)

    def kill() -> None:
        cluster.remove_node(doomed, allow_graceful=False)
        print(f"killed one of two workers after {kill_after:.0f} s", flush=True)

    clock = threading.Timer(kill_after, kill)
    clock.start()
    try:
        return analyse(lake, "--ray", cluster.address, whose=lambda _: getpid())
    finally:
        clock.cancel()
        cluster.shutdown()


def told(name: str, run: Run, posts: int) -> None:
    """A line of the table."""
    pace = posts / run.seconds
    print(f"| {name} | {run.seconds:.0f} | {pace:,.0f} | {run.peak:,.0f} |", flush=True)


def figures(run: Run) -> dict[str, Any]:
    """All but when and where from."""
    return {name: value for name, value in run.document.items() if name not in {"generated_at", "origins"}}


def main(asked: argparse.Namespace) -> None:
    """Print the table."""
    make_lake(asked.lake, asked.posts, seed=1)
    print("| where | seconds | posts/s | peak MiB |\n|---|---|---|---|", flush=True)
    native = None
    if not asked.ray:
        native = analyse(asked.lake, whose=lambda pid: pid)
        told("native", native, asked.posts)
    if not asked.native:
        after = asked.kill_after or (native.seconds / 2 if native else 60.0)
        ray = on_ray(asked.lake, after)
        told("Ray, one of two workers killed", ray, asked.posts)
        if native is not None:
            print("the same figures" if figures(native) == figures(ray) else "NOT the same figures")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lake", type=Path)
    parser.add_argument("--posts", type=int, default=100_000_000)
    parser.add_argument("--kill-after", type=float)
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--ray", action="store_true")
    main(parser.parse_args())
