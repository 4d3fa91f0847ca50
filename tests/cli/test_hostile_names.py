"""Names of files, sources and columns are strangers', too: they reach no shell, no SQL and no terminal."""

import json

import pytest
from tests.cli.command import walkback
from tests.cli.test_commands import CASE

TRAP = "o'clock\"; DROP TABLE post; --\x1b[31m"


@pytest.mark.parametrize("name", [TRAP, "$(touch stolen) `touch stolen` \u202e%s{0}"])
def test_a_name_is_a_name(tmp_path, name):
    """The case's, an archive's, a table's source and column: all of it works, and none of it is obeyed."""
    (tmp_path / f"{name}.toml").write_text(CASE)
    rows = "\n".join(f'{number},"zoom, {number}",2023-08-06T12:00:0{number}Z' for number in range(5))
    (tmp_path / f"{name}.csv").write_text('"{}",text,created_at\n{}'.format(name.replace('"', '""'), rows))
    column, source = f"id={name}", name
    imported = walkback(
        "import", f"{name}.toml", f"{name}.csv", "--map", column, "--source", source, folder=tmp_path
    )
    told = walkback("status", f"{name}.toml", folder=tmp_path)
    status = walkback("status", f"{name}.toml", "--json", folder=tmp_path)

    assert (imported.returncode, imported.stderr) == (0, "")
    assert json.loads(status.stdout)["posts"] == 5
    assert not {"\x1b", "\u202e"} & set(imported.stdout + told.stdout)
    assert not (tmp_path / "stolen").exists()
