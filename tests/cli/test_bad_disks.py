"""A disk that fills up, or that can only be read: a real one, in memory, in a namespace of its own."""

import json
import subprocess

import pytest
from tests.cli.command import WALKBACK
from tests.cli.test_commands import CASE

WITHIN = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


def on_a_disk(folder, script, size="6m"):
    """What a script says whose folder is a disk of that size; `say` tells a command's code and complaint."""
    say = f"""
mount -t tmpfs -o size={size} tmpfs box && cp zoom.toml box && cd box || exit 77
say() {{ "$@" > ../out 2> ../err; echo "$? $(head -c 300 ../err)"; }}
walkback() {{ say {WALKBACK} "$@"; }}
"""
    (folder / "box").mkdir()
    done = subprocess.run(
        [*WITHIN, say + script], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout.splitlines()


@pytest.fixture
def folder(tmp_path):
    """A folder with a case and an archive of some megabytes, on a machine that lets us mount."""
    try:
        code, _ = on_a_disk(tmp_path, "true")
    except FileNotFoundError:
        code = -1
    (tmp_path / "zoom.toml").write_text(CASE)
    if code not in {0, 77}:
        pytest.skip("no mount namespace of one's own here")
    (tmp_path / "box").rmdir()
    rows = (
        {
            "id": f"c{number}",
            "body": f"zoom {number * 7919:x} {number * 104729:x} {number**3:x} {number**4:x} {number**5:x}",
            "author": f"made_up_{number}",
            "created_utc": 1_691_000_000 + number * 60,
            "link_id": "t3_a",
        }
        for number in range(12_000)
    )
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_a_disk_that_fills_up_loses_nothing(folder):
    """It is told in a line; the store stays right, and the next import with room brings the rest."""
    script = """
walkback import zoom.toml ../a.ndjson
walkback check zoom.toml
mount -o remount,size=100m .
walkback import zoom.toml ../a.ndjson
walkback check zoom.toml
walkback status zoom.toml --json
"""
    code, told = on_a_disk(folder, script, size="4m")

    full = "1 zoom.duckdb: the disk is full. Make room and run it again; nothing half-done was kept"
    assert (code, told) == (0, [full, "0 ", "0 ", "0 ", "0 "])
    assert json.loads((folder / "out").read_text())["posts"] == 12_000
    assert json.loads((folder / "out").read_text())["scored"] == 12_000


def test_a_disk_that_can_only_be_read_is_told(folder):
    """What only reads works; what writes says in a line where it can't."""
    script = """
walkback import zoom.toml ../a.ndjson
mount -o remount,ro .
walkback status zoom.toml
walkback report zoom.toml --format json --out ../report
walkback report zoom.toml --format json
walkback run zoom.toml
walkback import zoom.toml ../a.ndjson
walkback backup zoom.toml b.duckdb
walkback purge zoom.toml --source reddit --yes
"""
    code, told = on_a_disk(folder, script, size="100m")

    assert (code, told[:3]) == (0, ["0 ", "0 ", "0 "])
    assert all(line.startswith("1 ") and "Read-only file system" in line for line in told[3:])
    assert len(told) == 8
