"""A store's posts as a part of a lake: Parquet by source and day, streamed, each file whole or not at all."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from walkback.errors import NothingToDoError
from walkback.lake import COVERAGE_SCHEMA, POST_SCHEMA, Lake, coverage_file, post_file, unfinished_file
from walkback.store.pages import TIE
from walkback.store.private import copied

_BATCH: Final = 20_000
_ROWS_A_GROUP: Final = 50_000

_PART: Final = "SELECT id FROM run ORDER BY started_at, id LIMIT 1"

_POSTS: Final = f"""
SELECT created_at::DATE::VARCHAR AS day, {", ".join(POST_SCHEMA.names[:-1])}, {TIE} AS rank
FROM post LEFT JOIN latest_observation USING (source, id)
ORDER BY source, day, created_at, id
"""

_COVERAGE: Final = f"""
SELECT DISTINCT {", ".join(f'"{name}"' for name in COVERAGE_SCHEMA.names)} FROM coverage ORDER BY ALL
"""


def write_part(path: Path, lake: Lake, *, wait_s: float, written: Callable[[int], None]) -> int:
    """Write all posts of the store at `path`, deleted ones too, in place of what it wrote before.

    Returns how many posts there are; `written` hears how many more are in the lake.
    Raises NothingToDoError where the store is empty, FolderError where the lake can't be written.
    """
    with copied(path, wait_s=wait_s) as connection:
        part = _part_of(path, connection)
        lake.folder.write(unfinished_file(part), b"")
        names, posts = set(), 0
        for name, batches in _files(connection, part):
            posts += _write_file(lake, name, batches, written)
            names.add(name)
        coverage = connection.sql(_COVERAGE).to_arrow_table().cast(COVERAGE_SCHEMA)
        with lake.folder.writing(coverage_file(part)) as file:
            pq.write_table(coverage, file)
    for old in lake.folder.files("posts"):
        if old.name.endswith(f"/{part}.parquet") and old.name not in names:
            lake.folder.delete(old.name)
    lake.folder.delete(unfinished_file(part))
    return posts


def _part_of(path: Path, connection: duckdb.DuckDBPyConnection) -> str:
    """The name of this store and of no other: its first run's id."""
    first = connection.execute(_PART).fetchall()
    if not first:
        raise NothingToDoError(f"{path}: the store is empty. Import or collect some posts first")
    return str(first[0][0])[:12]


def _files(
    connection: duckdb.DuckDBPyConnection, part: str
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    rows = connection.sql(_POSTS).to_arrow_reader(_BATCH)
    for name, pieces in groupby(_pieces(rows, part), key=lambda piece: piece[0]):
        yield name, (batch for _, batch in pieces)


def _pieces(rows: pa.RecordBatchReader, part: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Each batch cut where another source or day begins, with the name of the file that it goes into."""
    for batch in rows:
        if not batch.num_rows:
            continue
        sources, days = (batch[name].to_numpy(zero_copy_only=False) for name in ("source", "day"))
        cuts = np.flatnonzero((sources[1:] != sources[:-1]) | (days[1:] != days[:-1])) + 1
        starts = [0, *cuts.tolist()]
        for start, end in zip(starts, [*starts[1:], batch.num_rows], strict=True):
            piece = batch.slice(start, end - start).select(POST_SCHEMA.names)
            yield post_file(sources[start], days[start], part), piece


def _write_file(
    lake: Lake, name: str, batches: Iterator[pa.RecordBatch], written: Callable[[int], None]
) -> int:
    posts = 0
    with (
        lake.folder.writing(name) as file,
        pq.ParquetWriter(file, POST_SCHEMA, compression="zstd", sorting_columns=_SORTED) as writer,
    ):
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            posts += batch.num_rows
            if sum(each.num_rows for each in waiting) >= _ROWS_A_GROUP:
                writer.write_table(_table(waiting))
                waiting = []
        if waiting:
            writer.write_table(_table(waiting))
    written(posts)
    return posts


def _table(batches: list[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(batches).cast(POST_SCHEMA)


_SORTED: Final = pq.SortingColumn.from_ordering(
    POST_SCHEMA, [("created_at", "ascending"), ("id", "ascending")]
)
