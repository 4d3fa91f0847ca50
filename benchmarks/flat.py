"""Whether a file's size matters to memory: `walkback import` of NDJSON, scores included, all its processes.

    python benchmarks/flat.py [runs]        default 3

Nothing is imported here, because pages of libraries that two processes share count by halves. With pandas
installed (the notebook's extra) every size takes some 65 MiB more: Arrow imports it in each process.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import copytree

from memory import peak_memory

POSTS = (12_000, 250_000, 1_200_000)
WALKBACK = Path(sys.executable).with_name("walkback")
WRITE = """
import sys
from pathlib import Path
from pipeline import write_comments
from walkback.collectors.sandbox.archives import write_case
folder = Path(sys.argv[1])
write_case(folder / "case")
for posts in sys.argv[2:]:
    write_comments(folder / f"{posts}.ndjson", int(posts))
"""


def import_file(path: Path, case: Path) -> tuple[float, float]:
    """(seconds, peak memory in MiB) of importing a file into a new store."""
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        at_work = copytree(case, Path(name) / "case")
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # our own command
            [WALKBACK, "import", *at_work.glob("*.toml"), path], stdout=subprocess.DEVNULL, text=True
        )
        peak = peak_memory(process)
        if process.returncode:
            sys.exit("the import failed")
        return time.perf_counter() - began, peak


def main(runs: int) -> None:
    """Print a line a size and run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case").mkdir()
        subprocess.run(  # noqa: S603  # our own interpreter
            [sys.executable, "-c", WRITE, folder, *map(str, POSTS)], cwd=Path(__file__).parent, check=True
        )
        print(f"{'NDJSON, MiB':>12}{'posts':>12}{'s':>8}{'MiB':>8}")
        for posts in POSTS:
            path = folder / f"{posts}.ndjson"
            for _ in range(runs):
                seconds, peak = import_file(path, folder / "case")
                size = path.stat().st_size / 2**20
                print(f"{size:12,.0f}{posts:12,}{seconds:8.1f}{peak:8,.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
