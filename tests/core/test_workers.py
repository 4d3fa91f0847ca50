"""Worker processes: ready before they work, and gone with whoever started them."""

import os
import select
import subprocess
import sys

import pytest

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


DISMISSED = """
import os
from functools import partial
from walkback.workers import dismiss_workers, worker_pool

def parent():
    with worker_pool(1, partial(os.chdir, "/"), preload=["json"]) as pool:
        return pool.submit(os.getppid).result()

if __name__ == "__main__":
    first = parent()
    dismiss_workers()
    print(os.path.exists(f"/proc/{first}"), parent() != first)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_can_be_dismissed_and_called_again():
    """What kept their modules at hand is gone, and the next ones have one of their own."""
    done = subprocess.run([sys.executable, "-c", DISMISSED], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("False True\n", "")


INTERRUPTED = """
import os, signal
from functools import partial
from walkback.workers import worker_pool

if __name__ == "__main__":
    try:
        with worker_pool(2, partial(os.chdir, "/"), preload=["json"]) as pool:
            pool.submit(os.getcwd).result()
            os.killpg(0, signal.SIGINT)
            pool.submit(os.getcwd).result()
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c_is_told_by_nobody_but_who_was_asked():
    """A terminal sends it to all of them."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("interrupted\n", "")
