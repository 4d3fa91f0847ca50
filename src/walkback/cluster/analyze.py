"""From a lake to an analysis: three passes by the engine, then what a store's counts go through as well."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from walkback.analysis.analyze import estimate_from
from walkback.analysis.model import Analysis, ScorerId
from walkback.analysis.scorers.base import Scorer
from walkback.case import Case, Every
from walkback.cluster.counting import LakeCounting
from walkback.cluster.engine import Engine
from walkback.cluster.keying import Asked, key_files
from walkback.cluster.records import LakeRecords
from walkback.cluster.reducing import reduce_rows
from walkback.errors import FolderError, NothingToDoError
from walkback.folder import Folder
from walkback.lake import Lake, PostFile
from walkback.post import Door

_BYTES_A_SHARD: Final = 300 * 2**20  # about three million posts
_MOST_SHARDS: Final = 256
_BYTES_AT_A_TIME: Final = 2**30  # a machine


@dataclass(frozen=True, slots=True)
class LakeAnalyst:
    """Whoever analyses a lake. `door` masks the accounts that a query names, as the lake's own did.

    `scratch` is a folder that every worker can write to; what is in it is gone afterwards. `progress` hears
    the share of the lake that is read.
    """

    lake: Lake
    engine: Engine
    scorer: Scorer
    door: Door
    scratch: Folder
    progress: Callable[[float], None]

    def estimate(self, case: Case, every: Every, now: datetime) -> Analysis:
        """The analysis without what people said: series, phases, effects, verdict.

        Raises NothingToDoError where no post of the window matches, EngineError, FolderError, CaseError.
        """
        self.lake.refuse_unfinished()
        files = self.lake.post_files(case.window(now))
        if not files:
            raise NothingToDoError(
                f"{case.path}: {self.lake.folder.place} has no posts of the case's window. Widen the window"
            )
        shards = _shards(files, self.engine.workers)
        asked = Asked(case.topics(), self.scorer, self.door, shards)
        with _emptied(self.scratch) as folder:
            names = self._keyed(asked, files, folder.folder("rows"))
            reduced = reduce_rows(self.engine, folder, [f"rows/{name}" for name in names], shards)
            scorer = ScorerId(self.scorer.name, self.scorer.version)
            counting = LakeCounting(self.engine, reduced, asked.topics)
            records = LakeRecords(self.lake, case, reduced.rows, reduced.posts, now)
            return estimate_from(case, records, counting, scorer, every, now)

    def _keyed(self, asked: Asked, files: Sequence[PostFile], into: Folder) -> list[str]:
        total, done = max(sum(file.size for file in files), 1), 0
        names: list[str] = []
        for some in _at_a_time(files, _BYTES_AT_A_TIME * self.engine.nodes):
            names += key_files(asked, [self.lake.folder.address(file.name) for file in some], into)
            done += sum(file.size for file in some)
            self.progress(done / total)
        return names


def scratch_in(folder: Folder) -> Folder:
    """A folder of its own in another, which engines that read a lake do not look into."""
    return folder.folder(f"_scratch/{secrets.token_hex(8)}")


def _shards(files: Sequence[PostFile], workers: int) -> int:
    wanted = sum(file.size for file in files) // _BYTES_A_SHARD
    return min(max(wanted, workers), _MOST_SHARDS)


def _at_a_time(files: Sequence[PostFile], most: int) -> Iterator[list[PostFile]]:
    """Files in groups of so many bytes, or a little more."""
    group: list[PostFile] = []
    for file in files:
        group.append(file)
        if sum(each.size for each in group) >= most:
            yield group
            group = []
    if group:
        yield group


@contextmanager
def _emptied(folder: Folder) -> Iterator[Folder]:
    """The folder, which is gone afterwards."""
    try:
        yield folder
    finally:
        with suppress(FolderError):
            folder.delete_all()
