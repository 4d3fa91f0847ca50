"""Worker processes: ready before they work, and gone with whoever started them."""

import os
import select
import subprocess
import sys

SCRIPT = """
import os, signal
from functools import partial
from walkback.workers import worker_pool

if __name__ == "__main__":
    with worker_pool(2, partial(os.chdir, "/"), preload=["json"]) as pool:
        print(pool.submit(os.getcwd).result(), flush=True)
        print(*pool._processes, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def ends(pid):
    """Whether a process ends within some seconds."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 20)[0])
    finally:
        os.close(process)


def test_workers_end_when_their_parent_is_killed(tmp_path):
    """They are told by nobody: the parent has no time to."""
    said = tmp_path / "said"  # a pipe would be open for as long as any of them lives
    with said.open("w") as file:
        done = subprocess.run([sys.executable, "-c", SCRIPT], stdout=file, stderr=file, check=False)
    ready, pids = said.read_text().splitlines()[:2]

    assert done.returncode == -9
    assert ready == "/"
    assert pids
    assert all(ends(int(pid)) for pid in pids.split())
