"""How fast and how flat: posts a second from Hacker News's search to committed rows, and peak memory.

    python benchmarks/collect.py [posts]        default 10,000

The sandbox serves them from a process of its own, over HTTP on loopback. The reference, in the same
run: the same questions by requests alone, answers thrown away.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import requests
from memory import peak_memory

from walkback.case import Case
from walkback.collectors.budget import Budget, Limits
from walkback.collectors.clock import SystemClock
from walkback.collectors.collect import Source, collect, window_of
from walkback.collectors.keys import Keys
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import World, build_world
from walkback.collectors.sources import make_collector
from walkback.collectors.transport import Asking
from walkback.store import Store

START = datetime(2023, 8, 1, tzinfo=UTC)
TERM = "zoom"
HOST = "hn.algolia.com"


def crowded(count: int) -> World:
    """So many comments on Hacker News, ten seconds apart, in the synthetic world's words."""
    made = build_world()
    spoken = [post for post in made.posts if post.source == "hackernews" and not post.title]
    posts = tuple(
        replace(
            post,
            id=str(40_000_000 + number),
            created_at=START + timedelta(seconds=10 * number),
            text=f"zoom {number}: {post.text}",
            title=None,
            parent=None,
            conversation=str(40_000_000 + number),
            deleted=False,
        )
        for number, post in enumerate(islice(cycle(spoken), count))
    )
    return World(posts, made.authors, made.truth)


def serve(count: str) -> None:
    """Serve until the parent closes our standard input."""
    with Sandbox(crowded(int(count)), SystemClock()).running() as sandbox:
        print(sandbox.address, flush=True)
        sys.stdin.read()


def case_in(folder: Path, name: str, count: int) -> Case:
    """A case that all of them belong to."""
    return Case.model_validate(
        {
            "title": "Benchmark",
            "timezone": "UTC",
            "synthetic": True,
            "start": START,
            "end": START + timedelta(seconds=10 * count),
            "query": {"any": [TERM]},
            "sources": {"hackernews": {}},
            "path": folder / f"{name}.toml",
        }
    )


def gather(address: str, folder: str, name: str, count: str) -> None:
    """Collect all of them, and say how many a second."""
    case, clock = case_in(Path(folder), name, int(count)), SystemClock()
    began = time.perf_counter()
    store = Store(case.store_path)
    door = store.prepare()
    budget = Budget("hackernews", Limits(), clock)
    asking = Asking(budget, clock, {f"https://{HOST}": address})
    source = Source(make_collector("hackernews", case, door, asking, Keys({})), budget)
    window = window_of(case, clock.now(), None, None)
    (done,) = collect(case, store, door, [source], window, clock=clock, progress=lambda _: None)
    if done.trouble or done.stored != int(count):
        sys.exit(f"the benchmark is broken: {done}")
    print(done.stored / (time.perf_counter() - began), flush=True)


def reference(address: str, count: int) -> float:
    """Posts a second of asking alone."""
    began = time.perf_counter()
    got, high = 0, int(START.timestamp()) + 10 * count
    while got < count:
        answer = requests.get(
            f"{address}/api/v1/search_by_date",
            params={
                "query": TERM,
                "tags": "(story,comment)",
                "hitsPerPage": "1000",
                "numericFilters": f"created_at_i<{high}",
            },
            headers={"Host": HOST},
            timeout=30,
        ).json()
        got += len(answer["hits"])
        high = answer["hits"][-1]["created_at_i"]
    return got / (time.perf_counter() - began)


def child(*call: str) -> "subprocess.Popen[str]":
    """A function of this module, in a process of its own."""
    script = "import sys, collect; getattr(collect, sys.argv[1])(*sys.argv[2:])"
    return subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", script, *call],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    """The next line that a child prints."""
    assert process.stdout is not None  # noqa: S101
    return process.stdout.readline().strip()


def measured(address: str, folder: str, name: str, count: int) -> tuple[float, float]:
    """(posts a second, peak memory in MiB) of a collection in a process of its own."""
    process = child("gather", address, folder, name, str(count))
    peak = peak_memory(process)
    return float(said(process)), peak


def main(count: int) -> None:
    """Print the table."""
    print(f"{'posts':>8}{'asking alone':>14}{'posts/s':>10}{'ratio':>8}{'peak MiB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for size in (count // 10, count, count * 5):
            server = child("serve", str(size))
            address = said(server)
            alone = reference(address, size)
            runs = [measured(address, folder, f"c{size}-{run}", size) for run in range(3)]
            pace, peak = max(run[0] for run in runs), max(run[1] for run in runs)
            print(f"{size:>8,}{alone:>14,.0f}{pace:>10,.0f}{pace / alone:>8.2f}{peak:>10,.0f}", flush=True)
            server.communicate("")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
