"""`walkback recheck`, as a user meets it: what was deleted on its platform is deleted here."""

import re
from datetime import timedelta

import pytest
from tests.cli.command import walkback
from tests.cli.test_running import CASE, QUICK, outcomes
from tests.core.test_erasing import searched

from walkback.case import load_case
from walkback.collectors.clock import SystemClock
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world
from walkback.store import Store


@pytest.fixture
def platforms():
    """The sandbox, by the machine's clock."""
    with Sandbox(build_world(), SystemClock()).running() as running:
        yield running


@pytest.fixture
def case(tmp_path, platforms):
    """A case of two sources that has been collected."""
    (tmp_path / "zoom.toml").write_text(CASE)

    def run(*arguments):
        return walkback(*arguments, folder=tmp_path, WALKBACK_SANDBOX=platforms.address)

    run.folder = tmp_path
    assert run("collect", "zoom.toml").returncode == 0
    return run


def doomed_post(case, source):
    """A post with words that no other post has, as (id, words)."""
    store = Store(case.folder / "zoom.duckdb")
    with store._read() as connection:  # noqa: SLF001
        found = connection.execute(
            """SELECT min(id), text FROM post WHERE source = $source AND text_state = 'present'
            GROUP BY text HAVING count(*) = 1 ORDER BY length(text) DESC LIMIT 1""",
            {"source": source},
        ).fetchall()
    return found[0]


def a_day_later(case):
    """As though every post had last been seen the day before."""
    store = Store(case.folder / "zoom.duckdb")
    with store._write() as connection:  # noqa: SLF001
        connection.execute(
            """UPDATE post SET fetched_at = fetched_at - $day, first_seen_at = first_seen_at - $day""",
            {"day": timedelta(days=1, minutes=1)},
        )


def test_run_follows_deletions_and_the_words_leave_the_file(case, platforms):
    """X charges for looking, so that it is asked only where the case file says how often."""
    kept, words_kept = doomed_post(case, "x")
    gone, words_gone = doomed_post(case, "hackernews")
    a_day_later(case)
    platforms.delete("hackernews", gone)
    platforms.delete("x", kept)
    done = case("run", "zoom.toml", *QUICK)
    held = searched(case.folder / "zoom.duckdb")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {outcomes(case)[step] for step in ("recheck", "erase")} == {"done"}
    assert words_gone.encode() not in held
    assert words_kept.encode() in held


def test_x_is_asked_where_the_case_file_says_how_often(case, platforms):
    """What that costs is said before and after, and never more than the case file allows."""
    gone, words = doomed_post(case, "x")
    a_day_later(case)
    platforms.delete("x", gone)
    refused = case("recheck", "zoom.toml", "--source", "x")
    path = case.folder / "zoom.toml"
    path.write_text(path.read_text() + "[recheck]\nx = 24\n")
    trial = case("recheck", "zoom.toml", "--dry-run", "--source", "x")
    done = case("recheck", "zoom.toml", "--source", "x")
    again = case("recheck", "zoom.toml", "--source", "x")

    assert (refused.returncode, "Write x = 168 (hours) under [recheck]" in refused.stderr) == (2, True)
    due = re.search(r"x: would look at (\d+) posts, \$([\d.]+)\n", trial.stdout)
    assert float(due[2]) == int(due[1]) * 0.005
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"x: {int(due[1]) - 1} posts seen again, 1 gone \(\d+ requests?, \$", done.stdout)
    assert "the words of 1 post gone are erased" in done.stdout
    assert words.encode() not in searched(case.folder / "zoom.duckdb")
    assert again.stdout == ""
    assert load_case(path).recheck.of("x") == timedelta(hours=24)
