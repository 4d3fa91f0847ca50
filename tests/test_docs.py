"""What the docs say is there: commands, files, links, modules."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.main import get_command

from walkback.cli import app
from walkback.errors import WalkbackError

SYSTEMD_ANALYZE = shutil.which("systemd-analyze")
ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
]
PAGES += sorted((ROOT / "docs").glob("*.md"))
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


def commands():
    """The names of the commands."""
    return {command.name or command.callback.__name__ for command in app.registered_commands}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Every relative link of a page is a file."""
    links = re.findall(r"\]\((?!https?://)([^)#]+)", TEXT[page.name])

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_is_in_the_docs_and_no_other():
    """A command that nobody can find isn't there; one that isn't there must not be promised."""
    written = set(re.findall(r"walkback (?:--\S+ (?:\d+ )?)*([a-z]+)\b", " ".join(TEXT.values())))

    assert commands() - written == set()
    assert {word for word in written if f"`walkback {word}" in " ".join(TEXT.values())} <= commands()


def test_every_module_is_on_the_map():
    """ARCHITECTURE.md names each module, or the folder of its family."""
    modules = [
        path
        for room in ("src/walkback", "collectors", "analysis", "reports")
        for path in (ROOT / room).glob("*.py")
        if path.stem != "__init__"
    ]

    assert [path.name for path in modules if path.stem not in TEXT["ARCHITECTURE.md"]] == []


def test_the_exit_codes_are_those_of_the_errors():
    """The table in the operators' page has each of them."""
    codes = {error.exit_code for error in [WalkbackError, *WalkbackError.__subclasses__()]}

    assert {str(code) for code in codes} <= set(
        re.findall(r"^\| (\d) \|", TEXT["operators.md"], re.MULTILINE)
    )


def test_every_dependency_earns_its_line():
    """docs/dependencies.md names each one of pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text()
    named = re.findall(r'^  "([A-Za-z-]+)[>=]', project, re.MULTILINE)
    names = [re.sub("^types-|-stubs$", "", name) for name in named]

    assert [name for name in names if name not in TEXT["dependencies.md"]] == []


def test_every_threat_has_its_tests():
    """SECURITY.md names tests that are there, one at least in every row."""
    rows = re.findall(r"^\| (?!from|---)(.+) \|$", TEXT["SECURITY.md"], re.MULTILINE)
    named = [re.findall(r"`(tests/\S+?)::(\w+)`", row) for row in rows]
    missing = [
        f"{file}::{test}"
        for tests in named
        for file, test in tests
        if f"\ndef {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]

    assert len(rows) > 20
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    assert missing == []


def test_no_option_takes_a_secret():
    """Whoever lists the machine's processes sees every option."""
    options = {
        option.name
        for command in get_command(app).commands.values()
        for option in command.params
        if option.name
    }

    assert "max_cost" in options
    assert not [name for name in options if re.search("token|password|secret|credential|url", name)]


@pytest.mark.skipif(SYSTEMD_ANALYZE is None, reason="no systemd-analyze here")
def test_systemd_finds_nothing_wrong_with_the_timer(tmp_path):
    """The units of docs/cron.md, with a Walkback that is there."""
    units = re.findall(
        r"^`/etc/systemd/system/(walkback\.\w+)`:\n\n((?:    .*\n|\n)+)", TEXT["cron.md"], re.MULTILINE
    )
    for name, unit in units:
        here = unit.replace("/srv/acme/.venv/bin/walkback", sys.executable)
        (tmp_path / name).write_text(textwrap.dedent(here))
    done = subprocess.run(
        [SYSTEMD_ANALYZE, "verify", *(tmp_path / name for name, _ in units)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(units) == 2
    assert (done.returncode, done.stderr) == (0, "")
