"""`walkback run`, as a clock calls it: silent when well, one at a time, exact when not; and backups."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.cli.command import WALKBACK, walkback
from tests.cli.test_commands import folder  # noqa: F401  # a fixture

from walkback.collectors.clock import SystemClock
from walkback.collectors.sandbox.platforms.faults import Fault
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world

CASE = """
title = "Zoom"
synthetic = true
timezone = "UTC"
start = 2023-08-06T18:00:00Z
end = 2023-08-07T02:00:00Z
[query]
any = ["zoom terms", "zoom tos"]
[[events]]
at = 2023-08-06T20:00:00Z
kind = "outcry"
label = "Noticed"
[sources.hackernews]
[sources.x]
archive = "all"
max_cost = 5.0
"""
QUICK = ("--format", "json")


@pytest.fixture
def platforms():
    """The sandbox, by the machine's clock."""
    with Sandbox(build_world(), SystemClock()).running() as running:
        yield running


@pytest.fixture
def case(tmp_path, platforms):
    """A folder with a case of two sources, and how to run commands there against the sandbox."""
    (tmp_path / "zoom.toml").write_text(CASE)

    def run(*arguments, **environment):
        return walkback(*arguments, folder=tmp_path, **{"WALKBACK_SANDBOX": platforms.address, **environment})

    run.folder = tmp_path
    return run


def outcomes(case):
    """How the last run's steps ended, by name."""
    runs = json.loads(case("status", "zoom.toml", "--json").stdout)["runs"]
    return {row["what"]: row["outcome"] for row in runs if row["origin"] == "walkback run"}


def test_a_run_that_went_well_is_silent(case):
    """It has collected, scored and reported; every step is noted; a second one changes nothing."""
    first = case("run", "zoom.toml", *QUICK)
    report = json.loads((case.folder / "zoom-report" / "report.json").read_text())
    posts = json.loads(case("status", "zoom.toml", "--json").stdout)["posts"]
    second = case("run", "zoom.toml", *QUICK)

    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert report["totals"]["posts"] > 0
    assert report["totals"]["scored"] == report["totals"]["posts"]
    assert outcomes(case) == dict.fromkeys(
        ("collect", "score", "recheck", "erase", "analyze", "report"), "done"
    )
    assert json.loads(case("status", "zoom.toml", "--json").stdout)["posts"] == posts


def test_a_source_that_fails_is_one_line_and_the_rest_goes_on(case, platforms):
    """What came is reported all the same."""
    platforms.faults.plan(Fault.MONTHLY_CAP, "x", times=99)
    done = case("run", "zoom.toml", *QUICK)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert done.stderr.startswith("x: ")
    assert outcomes(case) == {
        "collect": "partly done",
        "score": "done",
        "recheck": "done",
        "erase": "done",
        "analyze": "done",
        "report": "done",
    }
    assert (case.folder / "zoom-report" / "report.json").exists()


def test_a_step_that_fails_is_told_by_name(case):
    """The report's folder can't be made, nor an alert sent; all before it is kept."""
    (case.folder / "taken").write_text("a file")
    path = case.folder / "zoom.toml"
    path.write_text(path.read_text() + '[alerts]\nnotify_env = "WALKBACK_NOT_SET"\n')
    done = case("run", "zoom.toml", *QUICK, "--out", "taken")
    report, alert = done.stderr.splitlines()

    assert done.returncode == 3
    assert report.startswith("report: taken/report.json: can't be written")
    assert alert.startswith("alert: zoom.toml: WALKBACK_NOT_SET is not set")
    assert outcomes(case)["report"].startswith("failed: taken")
    assert outcomes(case)["score"] == "done"


def test_the_log_is_json_a_line_each(case):
    """On stderr, each with its time, level and step."""
    done = case("run", "zoom.toml", *QUICK, "--log-json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert (done.returncode, done.stdout) == (0, "")
    assert [line["step"] for line in lines if line["message"].endswith(": done")] == [
        "collect",
        "score",
        "recheck",
        "erase",
        "analyze",
        "report",
    ]
    assert {line["level"] for line in lines} == {"info"}
    assert all(line["time"].endswith("+00:00") for line in lines)


def test_one_run_at_a_time_and_a_killed_one_is_told(case, platforms):
    """The second ends with code 5; the one after the killed one says so, and ends with the same store."""
    asked, answer = [], platforms.answer
    others = []

    def deadly(raw):
        asked.append(raw)
        if len(asked) == 3:
            others.append(case("run", "zoom.toml", *QUICK))
            os.kill(child.pid, signal.SIGKILL)
        return answer(raw)

    platforms.answer = deadly
    child = subprocess.Popen(
        [WALKBACK, "run", "zoom.toml", *QUICK],
        cwd=case.folder,
        env={**os.environ, "WALKBACK_SANDBOX": platforms.address},
        stderr=subprocess.DEVNULL,
    )
    child.wait(timeout=60)
    platforms.answer = answer
    after = case("run", "zoom.toml", *QUICK)
    again = case("run", "zoom.toml", *QUICK)

    assert child.returncode == -signal.SIGKILL
    assert others[0].returncode == 5
    assert re.match(rf"zoom\.toml: another run is under way \(process {child.pid}, ", others[0].stderr)
    assert after.returncode == 0
    assert after.stderr.startswith(f"zoom.toml: the run before was cut off (process {child.pid}, ")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_backup_is_whole_and_never_written_over(folder):  # noqa: F811
    """The copy answers as the store does; the key is not in it."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    told = walkback("backup", "zoom.toml", "copy.duckdb", folder=folder)
    before = json.loads(walkback("status", "zoom.toml", "--json", folder=folder).stdout)
    again = walkback("backup", "zoom.toml", "copy.duckdb", folder=folder)
    (folder / "zoom.duckdb").write_bytes((folder / "copy.duckdb").read_bytes())
    after = json.loads(walkback("status", "zoom.toml", "--json", folder=folder).stdout)

    assert told.returncode == 0
    assert "zoom.key is not in it" in told.stdout
    assert after.pop("runs") == [run for run in before.pop("runs") if run["what"] != "backup"]
    assert after == before
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "exists already" in again.stderr
    assert (folder / "copy.duckdb").stat().st_mode & 0o777 == 0o600
    assert not list(folder.glob(".copy*"))


def test_a_damaged_store_is_told_by_check(folder):  # noqa: F811
    """A block that was overwritten fails its checksum; the file is left as it is."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    store = folder / "zoom.duckdb"
    damaged = bytearray(store.read_bytes())
    for start in range(3 * 4096, len(damaged), 262_144):  # a bit of every block, but not of the headers
        damaged[start + 5_000] ^= 0xFF
    store.write_bytes(damaged)
    told = walkback("check", "zoom.toml", folder=folder)

    assert told.returncode == 1
    assert told.stderr.startswith("zoom.duckdb: the store can't be used")
    assert told.stderr.count("\n") == 1
    assert store.read_bytes() == bytes(damaged)


def test_the_last_week_is_the_one_before_this(folder):  # noqa: F811
    """For a case that runs, from its own posts on."""
    text = (folder / "zoom.toml").read_text().replace("end = 2023-08-20\n", "")
    (folder / "zoom.toml").write_text(text)
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    told = walkback("report", "zoom.toml", "--week", "last", *QUICK, folder=folder)

    assert told.returncode == 0
    assert re.search(r"zoom-report-\d{4}-W\d\d/report\.json\n$", told.stdout)
    assert Path(folder / told.stdout.splitlines()[-1]).exists()
