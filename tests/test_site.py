"""Notebooks run from an empty kernel; the site is made of pages whose links all lead somewhere."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient
from tests.cli.command import walkback

from walkback.collectors.sandbox.archives import write_archives, write_case, write_truth
from walkback.collectors.sandbox.world import build_world

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The synthetic Zoom case, with what lies beside it, as `walkback demo` makes it."""
    folder = tmp_path_factory.mktemp("demo")
    world = build_world()
    case = write_case(folder)
    write_truth(world, folder)
    archives = [path.name for path in write_archives(world, folder)]
    done = walkback("import", case.name, *archives, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_an_empty_kernel(path, demo, tmp_path, monkeypatch):
    """Every cell, in order, with the figures that it asserts; and it leaves nothing in the repository."""
    monkeypatch.setenv("WALKBACK_DEMO", str(demo))
    monkeypatch.setenv("PATH", os.defpath)  # nobody has to activate anything
    before = sorted(path.parent.iterdir())
    notebook = jupytext.read(path)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]

    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert [output for output in outputs if "image/png" in output.get("data", {})]
    assert sorted(path.parent.iterdir()) == before


def test_the_site_has_no_broken_link(tmp_path, monkeypatch):
    """Strictly: a link, an anchor, a page without a place, a name that is not documented, each is a fault."""
    monkeypatch.setenv("WALKBACK_EXECUTE", "false")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    commands = (tmp_path / "site" / "reference" / "commands" / "index.html").read_text()

    assert done.returncode == 0, done.stderr
    assert "walkback export" in commands
    assert "--ids-only" in commands
