"""`walkback purge`, retention, and what backups still hold, as a user meets them."""

import json
import re
from datetime import UTC, datetime

from tests.cli.command import walkback
from tests.cli.test_commands import folder  # noqa: F401  # a fixture


def purge(place, *arguments):
    """The command, agreed to beforehand."""
    return walkback("purge", "zoom.toml", *arguments, "--yes", folder=place)


def stored(place):
    """How many posts the store has."""
    return json.loads(walkback("status", "zoom.toml", "--json", folder=place).stdout)["posts"]


def test_a_person_gives_the_name_and_the_posts_are_gone(folder):  # noqa: F811
    """By the pseudonym, which nobody else can make; no import undoes it."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    before = stored(folder)
    trial = walkback("purge", "zoom.toml", "--author", "reddit:made_up_3", "--dry-run", folder=folder)
    done = purge(folder, "--author", "reddit:u/made_up_3")
    again = purge(folder, "--author", "reddit:made_up_3")
    after = stored(folder)
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)

    assert "3 posts of reddit would be erased" in trial.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 posts of reddit erased" in done.stdout
    assert (again.returncode, "no post" in again.stdout) == (0, True)
    assert (after, stored(folder)) == (before - 3, before - 3)
    assert "made_up_3" not in walkback("status", "zoom.toml", "--json", folder=folder).stdout


def test_nothing_is_erased_without_a_yes(folder):  # noqa: F811
    """Nor where nothing is named, or what is named is not right; each is one line with code 2."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    before = stored(folder)
    calls = {
        ("--source", "reddit"): "--yes",
        ("--yes",): "--older-than",
        ("--yes", "--post", "c3"): "SOURCE:NAME",
        ("--yes", "--older-than", "soon"): "90d",
        ("--yes", "--key", "--source", "reddit"): "goes alone",
    }
    for arguments, remedy in calls.items():
        done = walkback("purge", "zoom.toml", *arguments, folder=folder)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert remedy in done.stderr
    assert stored(folder) == before


def test_a_backup_from_before_is_named_until_it_is_deleted(folder):  # noqa: F811
    """It holds what was erased; purge and status say until when it is to go."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    walkback("backup", "zoom.toml", "before.duckdb", folder=folder)
    done = purge(folder, "--older-than", "2023-08-05")
    told = walkback("status", "zoom.toml", folder=folder)
    (folder / "before.duckdb").unlink()
    walkback("backup", "zoom.toml", "after.duckdb", folder=folder)
    later = walkback("status", "zoom.toml", folder=folder)

    line = re.compile(
        r"before\.duckdb: a backup that still holds what was erased; delete it by \d{4}-\d\d-\d\d"
    )
    assert line.search(done.stdout)
    assert line.search(told.stdout)
    assert "still holds" not in later.stdout


def test_run_applies_the_case_files_retention(folder):  # noqa: F811
    """What is older is gone, and the report tells that time from one that was never observed."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    kept = (datetime.now(UTC) - datetime(2023, 8, 7, tzinfo=UTC)).days
    case = folder / "zoom.toml"
    case.write_text(case.read_text() + f"[retention]\nreddit = {kept}\n")
    done = walkback("run", "zoom.toml", "--format", "json", folder=folder)
    report = json.loads((folder / "zoom-report" / "report.json").read_text())

    assert (done.returncode, done.stderr) == (0, "")
    assert 0 < stored(folder) < 40
    assert {row["status"] for row in report["coverage"]} == {"complete", "erased"}
