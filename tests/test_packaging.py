"""The wheel holds one package, whole, and the links that make the layout work are in place."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("collectors", "analysis", "reports")


def tracked_files():
    """What belongs into the package: every module, template, migration and data file."""
    found = [
        *(path for path in (ROOT / "src/walkback").rglob("*") if not path.is_symlink()),
        *(path for room in ROOMS for path in (ROOT / room).rglob("*")),
    ]
    kept = [path for path in found if path.is_file() and "__pycache__" not in path.parts]
    return {path for path in kept if not set(path.parts) & {*ROOMS} or "src" not in path.parts}


def in_wheel(path):
    """Where a source file lies in the wheel."""
    relative = path.relative_to(ROOT)
    return str(relative.relative_to("src") if relative.parts[0] == "src" else Path("walkback") / relative)


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_are_linked(room):
    """Every tool sees the top-level folders as subpackages."""
    link = ROOT / "src/walkback" / room

    assert link.is_symlink()
    assert (ROOT / room).resolve() == link.resolve()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel made from it with the build backend that is installed."""
    out = tmp_path_factory.mktemp("dist")
    script = (
        "import os, shutil, sys; from hatchling import build; out = sys.argv[1]\n"
        "sdist = os.path.join(out, build.build_sdist(out))\n"
        "shutil.unpack_archive(sdist, out)\n"
        "os.chdir(sdist.removesuffix('.tar.gz')); build.build_wheel(out)"
    )
    subprocess.run([sys.executable, "-c", script, out], cwd=ROOT, check=True, capture_output=True)
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def test_the_wheel_holds_the_package_and_nothing_else(built):
    """One top level name; every file of ours is in it; no cache, no output."""
    names = {name for name in zipfile.ZipFile(built[1]).namelist() if ".dist-info/" not in name}

    assert names == {in_wheel(path) for path in tracked_files()}
    assert {"walkback"} == {name.split("/")[0] for name in names}


def test_the_sdist_holds_the_rooms_once(built):
    """The links are not in it: the folders are."""
    with tarfile.open(built[0]) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]

    assert len(names) == len(set(names))
    assert "collectors/imports.py" in names
    assert not any(name.startswith(tuple(f"src/walkback/{room}" for room in ROOMS)) for name in names)
