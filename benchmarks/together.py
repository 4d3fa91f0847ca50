"""A writer, a notebook and a report at the same store: how much longer does each wait because of the others?

    python benchmarks/together.py [seconds]        default 60

A writer imports and scores a hundred new posts, a notebook asks for frames and runs SQL on its private copy,
the report is made, each again and again without a pause. Reported of each: what it got done, its failures,
and how long it waited for the file beyond the median of when it is alone.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import orjson
from ingest import comments

import walkback
from walkback.case import load_case
from walkback.collectors.imports import ImportOptions, import_archive
from walkback.collectors.sandbox.archives import CASE_FILE, write_archives, write_case
from walkback.collectors.sandbox.world import build_world
from walkback.commands.reporting import analysis_of
from walkback.commands.scoring import bring_up_to_date
from walkback.reports.contents import build_report
from walkback.reports.files import render_files
from walkback.session import Session
from walkback.store import connection
from walkback.terminal import Terminal

ALONE_S = 10.0
POSTS_A_FILE = 100
ALLOWED_MS = 250.0


@dataclass(frozen=True)
class Done:
    """What somebody got done: rounds, failures, and every wait for the file in seconds."""

    rounds: int
    failures: list[str]
    waits: list[float]


def timed(waits: list[float]) -> None:
    """From here on note how long each opening of the file takes."""
    patiently = connection._open_patiently  # noqa: SLF001

    def noted(*asked: object, **how: object) -> object:
        began = time.perf_counter()
        opened = patiently(*asked, **how)  # type: ignore[arg-type]
        waits.append(time.perf_counter() - began)
        return opened

    connection._open_patiently = noted  # type: ignore[assignment]  # noqa: SLF001


def writer(folder: Path, number: int) -> None:
    """Import a file of new posts, and score them."""
    case = load_case(folder / CASE_FILE)
    session = Session(Terminal(quiet=True), 60.0)
    path = folder / f"new-{number}.ndjson"
    rows = ({**row, "id": f"n{number}x{row['id']}"} for row in comments(POSTS_A_FILE))
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    now = datetime.now(UTC)
    import_archive(case, session.store(case), path, ImportOptions(), now=now, progress=lambda _: None)
    bring_up_to_date(session, case)


def notebook(folder: Path, number: int) -> None:
    """Ask for frames; every tenth time for a new private copy, which is then kept open."""
    kept = OPEN.setdefault(folder, walkback.open(folder / CASE_FILE))
    if number % 10 == 0:
        kept.refresh()
    kept.posts()
    kept.sql("SELECT source, count(*) FROM post GROUP BY ALL")


OPEN: dict[Path, "walkback.notebook.OpenCase"] = {}  # type: ignore[name-defined]


def report(folder: Path, number: int) -> None:  # noqa: ARG001
    """Make the report."""
    session = Session(Terminal(quiet=True), 60.0)
    analysis = analysis_of(session, load_case(folder / CASE_FILE), "day")
    render_files(build_report(analysis), ("html", "json"))


ROLES: dict[str, Callable[[Path, int], None]] = {"writer": writer, "notebook": notebook, "report": report}


def work(role: str, folder: Path, until: float) -> Done:
    """Do the same again and again until a time of day."""
    waits: list[float] = []
    timed(waits)
    failures: list[str] = []
    rounds = 0
    while time.time() < until:
        try:
            ROLES[role](folder, int(until) * 10_000 + rounds)
        except Exception as error:  # noqa: BLE001  # told below
            failures.append(f"{type(error).__name__}: {error}")
        rounds += 1
    return Done(rounds, failures, waits)


def main(seconds: float) -> None:
    """Print a row for each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_case(folder)
        case, session = load_case(folder / CASE_FILE), Session(Terminal(quiet=True), 60.0)
        for path in write_archives(build_world(), folder):
            now = datetime.now(UTC)
            import_archive(case, session.store(case), path, ImportOptions(), now=now, progress=lambda _: None)
        bring_up_to_date(session, case)
        fresh = partial(ProcessPoolExecutor, mp_context=get_context("spawn"))
        alone: dict[str, float] = {}
        for role in ROLES:
            with fresh(1) as pool:
                done = pool.submit(work, role, folder, time.time() + ALONE_S).result()
            alone[role] = median(done.waits)
        with fresh(len(ROLES)) as pool:
            until = time.time() + seconds
            tasks = {role: pool.submit(work, role, folder, until) for role in ROLES}
            together = {role: task.result() for role, task in tasks.items()}
    print(f"{seconds:g} s together; milliseconds of waiting for the file beyond the median alone")
    bad = False
    for role, done in together.items():
        added = 1000 * np.maximum(np.array(done.waits) - alone[role], 0.0)
        p50, p99 = np.percentile(added, [50, 99])
        bad = bad or bool(done.failures) or p99 > ALLOWED_MS
        print(
            f"{role:9} {done.rounds:4} rounds, {len(done.failures)} failed, {len(added):5} openings; alone "
            f"{1000 * alone[role]:.1f} ms; added: median {p50:.1f}, p99 {p99:.1f}, most {added.max():.1f}"
        )
        for failure in done.failures[:3]:
            print(f"  {failure}")
    sys.exit(int(bad))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
