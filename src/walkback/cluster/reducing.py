"""The second pass: of all rows of a post the one that counts, laid out by author and by words."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from walkback.cluster.engine import Engine
from walkback.cluster.parting import write_parted
from walkback.folder import Folder
from walkback.store.shards import COLUMNS, By, reduce_shard


@dataclass(frozen=True, slots=True)
class Shards:
    """What is left of `rows` rows of `posts` posts: those that are in a topic.

    The names of the files in the folder, by author and by words, of every shard that has any.
    """

    folder: Folder
    by: dict[By, list[tuple[str, ...]]]
    rows: int
    posts: int


@dataclass(frozen=True, slots=True)
class _Task:
    folder: Folder
    shard: int
    shards: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    by: dict[By, dict[int, str]]
    rows: int
    posts: int


def reduce_rows(engine: Engine, folder: Folder, keyed: Sequence[dict[int, str]], shards: int) -> Shards:
    """Reduce what `key_piece` wrote, shard by shard. Raises EngineError."""
    tasks = [_Task(folder, shard, shards, names) for shard, names in _grouped(keyed).items()]
    written = engine.map(_reduce, tasks)
    return Shards(
        folder,
        {by: list(_grouped([each.by[by] for each in written]).values()) for by in By},
        rows=sum(each.rows for each in written),
        posts=sum(each.posts for each in written),
    )


def _reduce(task: _Task) -> _Written:
    reduced = reduce_shard(task.folder.dataset(task.names), task.shards)
    by = {by: _write(task, by, reduced.kept) for by in By}
    return _Written(by, reduced.rows, reduced.posts)


def _write(task: _Task, by: By, kept: pa.Table) -> dict[int, str]:
    """The names of files by the shard that they are of."""
    shard_of = kept[f"{by}_shard"].to_numpy()
    place = f"{by}/{{shard}}/{task.shard}.parquet"
    return write_parted(kept.select(COLUMNS[by]), shard_of, task.shards, task.folder, place)


def _grouped(written: Sequence[dict[int, str]]) -> dict[int, tuple[str, ...]]:
    """The files of each shard that has any."""
    shards = sorted({shard for names in written for shard in names})
    return {shard: tuple(names[shard] for names in written if shard in names) for shard in shards}
