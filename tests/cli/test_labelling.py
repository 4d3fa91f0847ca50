"""`walkback label`: blind, resumable, a key an answer."""

import json
import os
import pty
import select
import subprocess
import termios

import pytest
from tests.cli.command import WALKBACK, walkback
from tests.cli.test_commands import folder  # noqa: F401  # a fixture


@pytest.fixture
def case(folder):  # noqa: F811
    """An imported case, and how to answer."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)

    def answer(keys, *arguments):
        return walkback("label", "zoom.toml", *arguments, folder=folder, said="\n".join(keys))

    answer.folder = folder
    return answer


def test_it_is_stopped_and_gone_on_with(case):
    """No score is shown and no author; what was answered is stored; back takes the last one back."""
    first = case("nnbpx?q", "--posts", "5")
    second = case("o" * 50, "--posts", "5")
    third = case("n", "--posts", "5")
    validity = json.loads(walkback("analyze", "zoom.toml", "--json", folder=case.folder).stdout)["validity"]

    assert first.returncode == second.returncode == third.returncode == 0
    assert "2 labelled now, " in first.stdout
    assert "0 left" in second.stdout
    assert third.stdout.startswith("a has labelled all ")
    assert "<img src=x onerror=alert(1)>" in first.stdout + second.stdout
    assert "compound" not in first.stdout
    assert "made_up" not in first.stdout
    labels = [sum(row) for row in validity["confusion"]]
    assert labels == [1, 0, 1, validity["labelled_posts"] - 2]


def test_two_coders_are_held_against_each_other(case):
    """Each is asked about the same posts."""
    case("n" * 50, "--posts", "5")
    case("np" * 25, "--posts", "5", "--coder", "b")
    validity = json.loads(walkback("analyze", "zoom.toml", "--json", folder=case.folder).stdout)["validity"]

    assert validity["coders"] == 2
    assert validity["krippendorff_alpha"] < 0.3


def test_without_posts_there_is_nothing_to_label(folder):  # noqa: F811
    """It is told, with what to do."""
    done = walkback("label", "zoom.toml", folder=folder)

    assert done.returncode == 4
    assert "Import or collect" in done.stderr


def test_on_a_terminal_a_key_is_enough(case):
    """Nobody has to press Enter; and made-up posts are called so."""
    file = case.folder / "zoom.toml"
    file.write_text(file.read_text().replace('timezone = "', 'synthetic = true\ntimezone = "', 1))
    terminal, theirs = pty.openpty()
    child = subprocess.Popen(
        [WALKBACK, "label", "zoom.toml"],
        cwd=case.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        for key in (b"n", b"o", b"q"):
            shown += _shown(terminal, until=b"q quit")
            while termios.tcgetattr(terminal)[3] & termios.ICANON:
                select.select([], [], [], 0.01)  # keys pressed before it asks for one are dropped
            os.write(terminal, key)
        shown += _shown(terminal, until=b"goes on")
        assert child.wait(30) == 0
    finally:
        child.kill()
        os.close(terminal)

    assert b"2 labelled now" in shown
    assert b"reddit \xc2\xb7 synthetic" in shown


def _shown(terminal, *, until):
    """What the terminal shows up to these words, which come within half a minute."""
    shown = b""
    while until not in shown:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, f"only this was shown: {shown!r}"
        shown += os.read(terminal, 1)
    return shown
