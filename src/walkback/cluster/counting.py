"""Counting a lake's posts: every question goes to all shards, and their sums are added up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from walkback.case import Case
from walkback.cluster.engine import Engine
from walkback.cluster.reducing import Shards
from walkback.folder import Folder
from walkback.store import CaseCounts, HourTally, Subset, Tally, Window
from walkback.store.shards import By, shard_snapshot

_NOTHING: Final = CaseCounts(0, 0, 0, 0, 0)

Sums = TypeVar("Sums", Tally, HourTally)


@dataclass(frozen=True, slots=True)
class _Question:
    """A method of `Snapshot` and what it is called with, for one shard."""

    folder: Folder
    names: tuple[str, ...]
    by: By
    topics: Mapping[tuple[str, str], int]
    method: str
    positional: tuple[Any, ...]
    named: Mapping[str, Any]


class LakeCounting:
    """The counts that an analysis asks for. Raises EngineError where a worker fails."""

    def __init__(self, engine: Engine, shards: Shards, topics: Sequence[Case]) -> None:
        """`topics`: in the order of their bits."""
        self._engine = engine
        self._shards = shards
        self._topics = {(topic.name, topic.query.hash): 1 << bit for bit, topic in enumerate(topics)}

    def case_counts(self, window: Window) -> CaseCounts:
        """Totals over the window."""
        by_author = _added(self._ask(By.AUTHOR, "case_counts", window))
        by_words = _added(self._ask(By.WORDS, "case_counts", window))
        return replace(by_author, near_duplicates=by_words.near_duplicates)

    def tallies(self, window: Window, edges: Sequence[datetime], *, negative: float) -> list[Tally]:
        """One tally for every bucket and source that has posts."""
        return _summed(Tally, self._ask(By.AUTHOR, "tallies", window, edges, negative=negative))

    def hour_tallies(self, window: Window, timezone: str, *, subset: Subset = Subset.ALL) -> list[HourTally]:
        """One tally for every hour from the window's start and every source that has posts."""
        by = By.WORDS if subset is Subset.NO_NEAR_DUPLICATES else By.AUTHOR
        return _summed(HourTally, self._ask(by, "hour_tallies", window, timezone, subset=subset))

    def young(self, window: Window, edges: Sequence[datetime]) -> list[Tally]:
        """Tallies over the posts that tell how old their account was."""
        return _summed(Tally, self._ask(By.AUTHOR, "young", window, edges))

    def scorers(self, case: Case) -> list[tuple[str, str, int]]:
        """None but the one that scored the lake's posts for this analysis."""
        del case
        return []

    def _ask(self, by: By, method: str, *positional: Any, **named: Any) -> list[Any]:
        folder = self._shards.folder
        questions = [
            _Question(folder, names, by, self._topics, method, positional, named)
            for names in self._shards.by[by]
        ]
        return self._engine.map(_answer, questions)


def _answer(question: _Question) -> Any:
    rows = question.folder.dataset(question.names)
    with shard_snapshot(rows, question.by, question.topics) as snapshot:
        ask: Callable[..., Any] = getattr(snapshot, question.method)
        return ask(*question.positional, **question.named)


def _added(counts: Sequence[CaseCounts]) -> CaseCounts:
    return CaseCounts(*(sum(column) for column in zip(*map(astuple, [_NOTHING, *counts]), strict=True)))


def _summed(kind: type[Sums], answers: Sequence[Sequence[Sums]]) -> list[Sums]:
    """Tallies of the same bucket and source added up, in the order of a store's."""
    sums: dict[tuple[int, str], list[int]] = {}
    for tally in (tally for answer in answers for tally in answer):
        bucket, source, *counts = astuple(tally)
        known = sums.setdefault((bucket, source), [0] * len(counts))
        sums[bucket, source] = [one + other for one, other in zip(known, counts, strict=True)]
    return [kind(*key, *counts) for key, counts in sorted(sums.items())]
