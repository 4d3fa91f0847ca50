"""How much memory a process takes with all that descend from it (Linux)."""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

BETWEEN_LOOKS = 0.02  # seconds


def peak_memory(process: "subprocess.Popen[str]") -> float:
    """Peak in MiB until the process ends, all its workers included."""
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(map(resident, family(process.pid))))
        time.sleep(BETWEEN_LOOKS)
    return peak


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(after_name[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def resident(pid: int) -> float:
    """MiB that are a process's own: shared pages count in parts."""
    with suppress(OSError):
        fields = dict(
            line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        )
        return float(fields["Pss"].split()[0]) / 1024
    return 0.0
