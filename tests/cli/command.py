"""The command as a process of its own, forked from one that has imported what commands import.

A fresh interpreter takes one to three seconds for that, a hundred times in these tests; those that are about
starting or killing it start `WALKBACK` itself.
"""

import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from walkback import cli

WALKBACK = Path(sys.executable).with_name("walkback")
_PATIENCE_S: Final = 120
_FORKS: Final = get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "ruptures",
        "sklearn.feature_extraction.text",
        "typst",
        "walkback.cli",
        *(
            f"walkback.commands.{kind}"
            for kind in ("alerting", "collecting", "importing", "reporting", "running")
        ),
    ]
)


def walkback(*arguments, folder, said="", **environment):
    """Run the command in a folder, `said` being its input; its output is text."""
    asked = [str(argument) for argument in arguments]
    variables = {**os.environ, "NO_COLOR": "1", **environment}
    with tempfile.TemporaryDirectory() as streams:
        Path(streams, "in").write_text(said)
        child = _FORKS.Process(target=_command, args=(asked, folder, variables, Path(streams)))
        child.start()
        child.join(_PATIENCE_S)
        if child.exitcode is None:
            child.kill()
            raise subprocess.TimeoutExpired(asked, _PATIENCE_S)
        out, err = ((Path(streams) / name).read_bytes().decode() for name in ("out", "err"))
    return subprocess.CompletedProcess(asked, child.exitcode, out, err)


def _command(arguments, folder, variables, streams):
    os.dup2(os.open(streams / "in", os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(streams / name, os.O_WRONLY | os.O_CREAT), stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["walkback", *arguments]
    cli.main()
