"""Scoring what is unscored: from the store, through a scorer on every core, back into the store."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import pyarrow as pa

from walkback.analysis.scorers.base import Scorer
from walkback.case import Case
from walkback.store import Store
from walkback.workers import worker_pool

_INLINE_BELOW: Final = 50_000  # posts; starting processes takes longer than scoring these
_WORKERS: Final = 2  # one process writes as fast as two of them score

_ScoreAll = Callable[[Iterable[pa.Table]], Iterator[pa.Table]]


def score_pending(case: Case, store: Store, scorer: Scorer, *, scored: Callable[[int], None]) -> int:
    """Score the case's matching posts that `scorer` has not scored; returns how many were scored.

    `scored` hears the size of each batch once it is kept; a killed run loses the batches under way.
    """
    pending = store.count_unscored(case, scorer.name, scorer.version)
    if not pending:
        return 0
    with _scoring(scorer, pending) as score:
        return store.score_unscored(case, scorer.name, scorer.version, score, batch=scorer.batch, kept=scored)


@contextmanager
def _scoring(scorer: Scorer, pending: int) -> Iterator[_ScoreAll]:
    """Score batches in this process when there is little to do, else on two cores; in order always."""
    workers = min(_WORKERS, os.cpu_count() or 1)
    if pending < _INLINE_BELOW or workers == 1 or scorer.every_core:
        yield partial(_one_after_the_other, scorer)
        return
    preload = [__name__, type(scorer).__module__]
    with worker_pool(workers, partial(_get_ready, scorer), preload=preload) as pool:
        yield partial(_side_by_side, pool, ahead=2 * workers)


def _one_after_the_other(scorer: Scorer, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    for posts in batches:
        yield _with_scores(posts, scorer.score(posts["text"]))


def _side_by_side(pool: ProcessPoolExecutor, batches: Iterable[pa.Table], ahead: int) -> Iterator[pa.Table]:
    """Only texts and numbers travel; at most `ahead` batches are under way, so that memory stays flat."""
    under_way: deque[tuple[pa.Table, Future[bytes]]] = deque()
    for posts in batches:
        texts = pool.submit(_score_here, _to_bytes(posts.select(["text"])))
        under_way.append((posts.drop_columns(["text"]), texts))
        if len(under_way) >= ahead:
            yield _finished(*under_way.popleft())
    while under_way:
        yield _finished(*under_way.popleft())


def _finished(posts: pa.Table, scores: Future[bytes]) -> pa.Table:
    return _with_scores(posts, _from_bytes(scores.result()))


def _with_scores(posts: pa.Table, scores: pa.Table) -> pa.Table:
    keys: list[Any] = [posts["source"], posts["id"]]
    return pa.Table.from_arrays(keys + scores.columns, names=["source", "id", *scores.column_names])


def _to_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def _from_bytes(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()


_scorer_of_worker: Scorer


def _get_ready(scorer: Scorer) -> None:
    global _scorer_of_worker  # noqa: PLW0603  # a worker process is set up once
    _scorer_of_worker = scorer
    scorer.score(pa.chunked_array([], pa.string()))  # what it lays out at first


def _score_here(texts: bytes) -> bytes:
    return _to_bytes(_scorer_of_worker.score(_from_bytes(texts)["text"]))
