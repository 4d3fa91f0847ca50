"""A lake in pieces: every row is taken once, whatever the pieces' size, and by whoever does it again."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lakes import case_file, lake_of
from tests.worlds import CASE, add, post

from walkback.analysis.scorers.choose import scorer_for
from walkback.cluster.keying import Asked, key_piece, pieces_of
from walkback.folder import Folder
from walkback.lake import POST_SCHEMA
from walkback.store import Store

POSTS = [post(id=f"{number}", source=("x", "reddit", "hackernews")[number % 3]) for number in range(99)]


@pytest.fixture
def lake(tmp_path):
    """Three files; one is of ten row groups."""
    case = case_file(tmp_path, CASE)
    add(case, POSTS)
    lake = lake_of(case, tmp_path / "lake")
    large = next((tmp_path / "lake/posts/source=x").rglob("*.parquet"))
    rows = pq.read_table(large, schema=POST_SCHEMA)
    with pq.ParquetWriter(large, POST_SCHEMA) as writer:
        for start in range(0, 33, 4):
            writer.write_table(pa.Table.from_batches(rows.slice(start, 4).to_batches()))
    return case, lake


@pytest.mark.parametrize("size", [1_000, 10_000, 10**9])
def test_every_row_is_in_one_piece(tmp_path, lake, size):
    """Pieces smaller than a row group have nothing in them; large ones have several files."""
    case, where = lake
    door, into = Store(case.store_path).door(), Folder(f"{tmp_path}/out")
    asked = Asked(where.folder, case.topics(), scorer_for(case), door, into, 3)

    for piece in pieces_of(where.post_files(), size):
        once = key_piece(asked, piece)
        assert key_piece(asked, piece) == once

    found = [
        (row["source"], row["id"])
        for file in (tmp_path / "out").rglob("*.parquet")
        for row in pq.read_table(file, partitioning=None).to_pylist()
    ]
    assert sorted(found) == sorted({(row.source, row.id) for row in POSTS})
