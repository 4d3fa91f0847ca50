"""A real cron runs it once: Debian's, in a namespace where it knows no other job. As root; two minutes.

    python benchmarks/cron.py

The crontab's line is that of docs/cron.md, with every minute for its time. Reported: what the run left, and
what cron would have mailed, which is nothing; then the same with a case file that is wrong, which is told.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from walkback.collectors.clock import SystemClock
from walkback.collectors.sandbox.archives import CASE_FILE, write_case
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world

DOCS = Path(__file__).resolve().parent.parent / "docs" / "cron.md"
LONGEST_S = 150
# Nothing of it is seen outside: mounts end with the namespace.
ALONE = """
set -e
mount -t tmpfs tmpfs /var/spool/cron && mkdir /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d
: > {folder}/empty && mount --bind {folder}/empty /etc/crontab
cp {folder}/crontab /var/spool/cron/crontabs/root && chmod 600 /var/spool/cron/crontabs/root
exec cron -f
"""


def line_of_the_docs(folder: Path, case: str) -> str:
    """The crontab's line for `run`, for this folder and every minute."""
    documented = re.search(
        r"^    7 \* \* \* \*\s+cd (\S+) && (\S+) run (\S+)$", DOCS.read_text(), re.MULTILINE
    )
    if documented is None:
        sys.exit(f"{DOCS}: no line of a crontab for run")
    walkback = Path(sys.executable).with_name("walkback")
    told = folder / "mail"
    # What cron would mail is kept in a file: there is no mail server in the namespace.
    return f"* * * * * (cd {folder} && {walkback} run {case}; echo code $? > {folder}/code) > {told} 2>&1\n"


def run_once(folder: Path, case: str, environment: dict[str, str]) -> tuple[str, str, float]:
    """Cron's one run: exit code, what it said, seconds from its start."""
    settings = "".join(f"{name}={value}\n" for name, value in environment.items())
    (folder / "crontab").write_text(settings + line_of_the_docs(folder, case))
    for left in ("code", "mail"):
        (folder / left).unlink(missing_ok=True)
    began = time.monotonic()
    cron = subprocess.Popen(["unshare", "--mount", "sh", "-c", ALONE.format(folder=folder)])  # noqa: S603, S607
    try:
        while not (folder / "code").exists() and time.monotonic() - began < LONGEST_S and cron.poll() is None:
            time.sleep(0.2)
    finally:
        cron.terminate()
        cron.wait()
    code = (folder / "code").read_text().split()[-1] if (folder / "code").exists() else "none: it was not run"
    said = (folder / "mail").read_text() if (folder / "mail").exists() else ""
    return code, said, time.monotonic() - began


def main() -> None:
    """Print what came of it; exit with 1 where that is not what the docs say."""
    if os.geteuid() or not shutil.which("cron"):
        sys.exit("needs root and Debian's cron")
    with tempfile.TemporaryDirectory() as name, Sandbox(build_world(), SystemClock()).running() as platforms:
        folder = Path(name)
        write_case(folder)
        case = folder / CASE_FILE
        case.write_text(re.sub(r"\[sources\.reddit\]\nsubreddits = .*\n", "", case.read_text()))
        environment = {"WALKBACK_SANDBOX": platforms.address, "PATH": "/usr/bin:/bin"}
        code, said, seconds = run_once(folder, CASE_FILE, environment)
        report = folder / f"{Path(CASE_FILE).stem}-report" / "report.html"
        print(f"cron ran it after {seconds:.0f} s: code {code}, {len(said)} characters to mail, ", end="")
        print(f"report of {report.stat().st_size:,} bytes" if report.exists() else "no report")
        well = code == "0" and not said and report.exists()
        case.write_text("title = 1\n")
        code, said, _ = run_once(folder, CASE_FILE, environment)
        print(f"with a wrong case file: code {code}, to mail: {said.strip()}")
    sys.exit(not (well and code == "2" and said))


if __name__ == "__main__":
    main()
