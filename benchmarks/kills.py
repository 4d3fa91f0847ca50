"""Killed anywhere, nothing lost: what is left after SIGKILL at random moments, beside an undisturbed store.

    python benchmarks/kills.py [kills] [command …]        default 200, of all

Each command is first run undisturbed, for its time and for what it leaves. Then, on a fresh folder, it is
killed some times in a row at moments drawn evenly from that time, and left alone once; what that ends in is
held against the undisturbed store, table by table, against its report, and nothing may lie around. Posts are
the sandbox's, by its platforms over loopback. The draws' seed is printed, and taken from KILLS_SEED.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson
from ingest import comments
from memory import family

from walkback.collectors.clock import SystemClock
from walkback.collectors.sandbox.archives import CASE_FILE, write_archives, write_case
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world

WALKBACK = Path(sys.executable).with_name("walkback")
IN_A_ROW = 4
DUMP_POSTS = 15_000
# When something was done, and by which run, is all that may differ.
MOMENTS = {
    "post": ("fetched_at", "first_seen_at"),
    "observation": ("observed_at",),
    "cursor": ("updated_at",),
    "quarantine": ("quarantined_at",),
    "tombstone": ("made_at",),
}
LOGS = {"run"}  # tables that tell of each try …
TOLD = {"generated_at", "origins"}  # … and what a report says of them


@dataclass(frozen=True)
class Scene:
    """A command, and the folder that it begins with."""

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]


def scenes(folder: Path) -> list[Scene]:
    """All commands that write."""
    collected, imported = folder / "collected", folder / "imported"
    for made in (collected, imported):
        write_case(made)
    case = collected / CASE_FILE  # Reddit's sandbox lets wait for its rate limit, as Reddit does
    case.write_text(re.sub(r"\[sources\.reddit\]\nsubreddits = .*\n", "", case.read_text()))
    archives = write_archives(build_world(), imported)
    dump = imported / "dump.ndjson"  # long enough for several processes
    dump.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in comments(DUMP_POSTS)))
    import_ = ("import", CASE_FILE, *(path.name for path in [*archives, dump]))

    def nothing(_: Path) -> None:
        """The case file alone."""

    def unscored(into: Path) -> None:
        call(into, *import_)
        with duckdb.connect(store_in(into)) as connection:
            connection.execute("DELETE FROM sentiment")

    def scored(into: Path) -> None:
        call(into, *import_)

    def older(into: Path) -> None:
        """As the version before this one left it."""
        call(into, *import_)
        with duckdb.connect(store_in(into)) as connection:
            connection.execute(
                "DROP TABLE alert; DROP TABLE label; ALTER TABLE post DROP COLUMN account_days;"
                "DELETE FROM schema_version WHERE version > 1"
            )

    report = ("report", CASE_FILE, "--format", "html,pdf,json", "--out", "report")
    return [
        Scene(
            "run", ("run", CASE_FILE, "--format", "html,json", "--out", "report"), copy_of(collected, nothing)
        ),
        Scene("import", import_, copy_of(imported, nothing)),
        Scene("score", ("score", CASE_FILE), once(folder / "unscored", copy_of(imported, unscored))),
        Scene("migrate", ("check", CASE_FILE), once(folder / "older", copy_of(imported, older))),
        Scene("report", report, once(folder / "scored", copy_of(imported, scored))),
        Scene(
            "purge",
            ("purge", CASE_FILE, "--older-than", "2023-08-07", "--yes"),
            once(folder / "doomed", copy_of(imported, scored)),
        ),
    ]


def copy_of(source: Path, then: Callable[[Path], None]) -> Callable[[Path], None]:
    """Makes a folder like another, and does something to it."""

    def prepare(into: Path) -> None:
        shutil.copytree(source, into)
        then(into)

    return prepare


def once(kept: Path, prepare: Callable[[Path], None]) -> Callable[[Path], None]:
    """The same, done once and copied from then on."""

    def copy(into: Path) -> None:
        if not kept.exists():
            prepare(kept)
        shutil.copytree(kept, into)

    return copy


def store_in(folder: Path) -> Path:
    """The folder's store."""
    return (folder / CASE_FILE).with_suffix(".duckdb")


def call(folder: Path, *arguments: str) -> float:
    """Run a command undisturbed; the seconds that it took."""
    began = time.perf_counter()
    done = subprocess.run([WALKBACK, *arguments], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return time.perf_counter() - began


def kill_at(folder: Path, arguments: tuple[str, ...], seconds: float) -> bool:
    """Kill a command after so long; False where it was done before."""
    child = subprocess.Popen(  # noqa: S603
        [WALKBACK, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        workers = family(child.pid)[1:]
        child.send_signal(signal.SIGKILL)
        child.wait()
        wait_for_end(workers)
        return True
    return False


def wait_for_end(workers: list[int]) -> None:
    """Who worked for the killed one ends by itself, without being told."""
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}/exe").exists() for pid in workers):
        if time.monotonic() > until:
            sys.exit(f"processes {workers} outlive their parent by ten seconds")
        time.sleep(0.01)


def content(folder: Path) -> dict[str, object]:
    """All that must not depend on how often it was killed: tables, the report's figures, files' names."""
    found: dict[str, object] = {}
    with duckdb.connect(store_in(folder), read_only=True) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        for name in sorted(set(names) - LOGS):
            moments = MOMENTS.get(name, ())
            left = f"* EXCLUDE ({', '.join(moments)})" if moments else "*"
            rows = connection.sql(f'SELECT {left} FROM "{name}" ORDER BY ALL')  # noqa: S608
            found[name] = rows.to_arrow_table()
    if (report := folder / "report" / "report.json").exists():
        found["report"] = {
            key: value for key, value in json.loads(report.read_text()).items() if key not in TOLD
        }
    # Where a kill came after the last commit, a writer's log stays until the next one writes.
    log = store_in(folder).with_name(f"{store_in(folder).name}.wal")
    found["files"] = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path != log)
    return found


def different(one: dict[str, object], other: dict[str, object]) -> list[str]:
    """The names of what is not the same."""
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]


def last_step(folder: Path) -> str:
    """What was under way when it was killed: the step that its run's row still calls running."""
    if not store_in(folder).exists():
        return "starting"
    try:
        with duckdb.connect(store_in(folder), read_only=True) as connection:
            rows = connection.execute(
                "SELECT what FROM run WHERE outcome = 'running' ORDER BY started_at"
            ).fetchall()
    except duckdb.Error:
        return "making the store"
    return rows[-1][0] if rows else "between steps"


def main(kills: int, chosen: Sequence[str]) -> None:
    """Print the table; of the scenes that are chosen, or of all."""
    seed = int(os.environ.get("KILLS_SEED", time.time_ns() % 1_000_000))
    luck = random.Random(seed)  # noqa: S311
    print(f"seed {seed}")
    with (
        tempfile.TemporaryDirectory() as name,
        Sandbox(build_world(), SystemClock()).running() as platforms,
    ):
        os.environ["WALKBACK_SANDBOX"] = platforms.address
        folder = Path(name)
        faults = 0
        everything = [scene for scene in scenes(folder) if not chosen or scene.name in chosen]
        for number, scene in enumerate(everything):
            share = kills // len(everything) + (number < kills % len(everything))
            faults += play(scene, share, luck, folder)
    if faults:
        sys.exit(f"{faults} ended in another store")


def play(scene: Scene, kills: int, luck: random.Random, folder: Path) -> int:
    """Kill one command so often; returns how many stores ended other than the undisturbed one."""
    quiet = folder / f"{scene.name}-quiet"
    scene.prepare(quiet)
    key = store_in(quiet).with_suffix(".key")
    if not key.exists():  # one key for all, so that pseudonyms can be compared
        key.write_text(luck.randbytes(32).hex())
    took = call(quiet, *scene.arguments)
    whole = content(quiet)
    where: Counter[str] = Counter()
    stores = faults = killed = 0
    while killed < kills:
        trial = folder / f"{scene.name}-{stores}"
        scene.prepare(trial)
        shutil.copy(key, store_in(trial).with_suffix(".key"))
        for _ in range(min(IN_A_ROW, kills - killed)):
            if kill_at(trial, scene.arguments, luck.uniform(0, took)):
                killed += 1
                where[last_step(trial)] += 1
        call(trial, *scene.arguments)
        stores += 1
        if names := different(whole, content(trial)):
            faults += 1
            files = sorted({*whole["files"]} ^ {*content(trial)["files"]})
            print(f"  {scene.name}: {', '.join(names)} differ {files or ''}", flush=True)
            if keep := os.environ.get("KILLS_KEEP"):
                shutil.copytree(trial, Path(keep) / trial.name)
        shutil.rmtree(trial)
    steps = ", ".join(f"{count} in {step}" for step, count in where.most_common())
    print(
        f"{scene.name}: {took:.1f} s undisturbed; {killed} kills ({steps}); "
        f"{stores} stores, {faults} not the same"
    )
    return faults


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
