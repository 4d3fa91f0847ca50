"""Puts what each command says of itself into the page on commands, so that the page can't lag behind."""

import re

from typer.main import get_command
from typer.testing import CliRunner

from walkback.cli import app

_HERE = "<!-- every command -->"


def on_page_markdown(markdown: str, **_: object) -> str:
    """Called by MkDocs for every page."""
    return markdown.replace(_HERE, "\n\n".join(map(_section, sorted(get_command(app).commands))))


def _section(name: str) -> str:
    said = CliRunner().invoke(
        app, [name, "--help"], prog_name="walkback", terminal_width=100, env={"COLUMNS": "100"}
    )
    lines = (f"    {line}".rstrip() for line in said.output.strip().splitlines())
    return f"## walkback {name}\n\n" + re.sub(r"\x1b\[[\d;]*m", "", "\n".join(lines))
