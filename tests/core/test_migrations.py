"""A store of every released schema comes to the newest one whole; each file was made by what had it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import zstandard
from tests.worlds import case_at

from walkback.store import Store

KEPT = sorted((Path(__file__).parent / "schemas").glob("*.duckdb.zst"), key=lambda file: int(file.name[0]))
START = datetime(2023, 8, 1, tzinfo=UTC)


def unpacked(file, folder):
    """The store that is kept in a file, with a key beside it."""
    case = case_at(folder)
    case.store_path.write_bytes(zstandard.ZstdDecompressor().decompress(file.read_bytes(), 1 << 26))
    key = case.store_path.with_suffix(".key")
    key.write_text("00" * 32)
    key.chmod(0o600)
    return case


def schema(path):
    """Every column of every table, with its type and whether it may be missing."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
            ORDER BY ALL"""
        ).fetchall()


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name.partition(".")[0])
def test_a_store_of_every_schema_is_upgraded_whole(file, tmp_path):
    """Twelve made-up posts, one of which was deleted and one erased."""
    case = unpacked(file, tmp_path)
    before = case.store_path.read_bytes()
    store = Store(case.store_path)
    store.prepare()

    status = store.status(case)
    assert (status.posts, status.matching, status.scorable, status.in_quarantine) == (11, 10, 10, 1)
    assert [(row.source, row.start, row.end) for row in store.coverage(case)] == [
        (source, START, START + timedelta(days=12)) for source in ("reddit", "x")
    ]
    assert [(run.what, run.posts, run.cost) for run in store.runs(case)] == [
        ("import", 12, Decimal(0)),
        ("collect", 0, Decimal(0)),
    ]
    assert store.cursor(case, "x") == '{"state": 1}'
    assert store.matching(case).column("likes").to_pylist() == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    assert store.faults() == []
    aside = case.store_path.with_suffix(f".schema-{file.name.partition('.')[0]}.duckdb")
    assert aside.read_bytes() == before


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name.partition(".")[0])
def test_an_upgraded_store_is_as_a_fresh_one(file, tmp_path):
    """Not one column is another."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    case, fresh = unpacked(file, tmp_path / "old"), case_at(tmp_path / "new")
    for each in (case, fresh):
        Store(each.store_path).prepare()

    assert schema(case.store_path) == schema(fresh.store_path)


def test_every_schema_but_the_newest_is_kept():
    """Who adds one keeps a store of the last: see CONTRIBUTING.md."""
    migrations = Path(__file__).parents[2] / "src/walkback/store/migrations"
    numbers = {int(file.name[:4]) for file in migrations.glob("*.sql")}

    assert {int(file.name.partition(".")[0]) for file in KEPT} == numbers - {max(numbers)}
