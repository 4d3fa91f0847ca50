"""From a lake to an analysis: three passes by the engine, then what a store's counts go through as well."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from walkback.analysis.analyze import estimate_from
from walkback.analysis.model import Analysis, ScorerId
from walkback.analysis.scorers.base import Scorer
from walkback.case import Case, Every
from walkback.cluster.counting import LakeCounting
from walkback.cluster.engine import Engine
from walkback.cluster.keying import Asked, key_piece, pieces_of
from walkback.cluster.records import LakeRecords
from walkback.cluster.reducing import reduce_rows
from walkback.errors import FolderError, NothingToDoError
from walkback.folder import Folder
from walkback.lake import Lake, PostFile
from walkback.post import Door

_BYTES_A_SHARD: Final = 300 * 2**20  # about three million posts
_MOST_SHARDS: Final = 256
_BYTES_IN_ONE_PROCESS: Final = 20 * 2**20
_LEAST_A_PIECE, _MOST_A_PIECE = 2**22, 2**28  # bytes


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
        scorer = ScorerId(self.scorer.name, self.scorer.version)
        with self.counted(case, now) as (counting, records):
            return estimate_from(case, records, counting, scorer, every, now)

    @contextmanager
    def counted(self, case: Case, now: datetime) -> Iterator[tuple[LakeCounting, LakeRecords]]:
        """What an estimate is made of, to be asked inside the block. Raises as `estimate`."""
        self.lake.refuse_unfinished()
        files = self.lake.post_files(case.window(now))
        if not files:
            raise NothingToDoError(
                f"{case.path}: {self.lake.folder.place} has no posts of the case's window. Widen the window"
            )
        shards = _shards(files, self.engine.workers)
        asked = Asked(self.lake.folder, case.topics(), self.scorer, self.door, self.scratch, shards)
        try:
            reduced = reduce_rows(self.engine, self.scratch, self._keyed(asked, files), shards)
            records = LakeRecords(self.lake, case, reduced.rows, reduced.posts, now)
            yield LakeCounting(self.engine, reduced, asked.topics), records
        finally:
            with suppress(FolderError):
                self.scratch.delete_all()

    def _keyed(self, asked: Asked, files: Sequence[PostFile]) -> list[dict[int, str]]:
        total = sum(file.size for file in files)
        most = min(max(total // (8 * self.engine.workers), _LEAST_A_PIECE), _MOST_A_PIECE)
        pieces = pieces_of(files, most)
        names: list[dict[int, str]] = []
        keyed = self.engine.each(partial(key_piece, asked), pieces, processes=total > _BYTES_IN_ONE_PROCESS)
        for written in keyed:
            names.append(written)
            self.progress(len(names) / len(pieces))
        return names


def scratch_in(folder: Folder) -> Folder:
    """A folder of its own in another, which engines that read a lake do not look into."""
    return folder.folder(f"_scratch/{secrets.token_hex(8)}")


def _shards(files: Sequence[PostFile], workers: int) -> int:
    wanted = sum(file.size for file in files) // _BYTES_A_SHARD
    return min(max(wanted, workers), _MOST_SHARDS)
