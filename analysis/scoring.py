"""Scoring what is unscored: from the store, through a scorer in a thread of its own, back into the store.

A thread, because DuckDB reads and writes beside it; two processes are a tenth faster and take 300 MiB more.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import pyarrow as pa

from walkback.analysis.scorers.base import Scorer
from walkback.case import Case
from walkback.store import Store

_AHEAD: Final = 6  # batches


def score_pending(case: Case, store: Store, scorer: Scorer, *, scored: Callable[[int, int], None]) -> int:
    """Score the case's matching posts that `scorer` has not scored; returns how many were scored.

    `scored` hears after each batch how many are kept, and of how many; a killed run loses the batches under
    way.
    """
    done, score = 0, partial(_score_beside, scorer)
    while slices := store.unscored(case, scorer.name, scorer.version):
        before, goal = done, done + sum(where.pending for where in slices)
        kept = store.score_slices(case, scorer.name, scorer.version, slices, score, batch=scorer.batch)
        for posts in kept:
            done += posts
            scored(done, goal)
        if done in (goal, before):  # all, or nothing any more; else somebody changed the store meanwhile
            break
    return done


def _score_beside(scorer: Scorer, batches: Iterable[pa.Table]) -> Generator[pa.Table, None, None]:
    """In order; at most `_AHEAD` batches are under way, so that memory stays flat."""
    under_way: deque[Future[pa.Table]] = deque()
    thread = ThreadPoolExecutor(1)
    thread.submit(scorer.score, pa.chunked_array([], pa.string()))  # what it lays out at first
    try:
        for posts in batches:
            under_way.append(thread.submit(_with_scores, scorer, posts))
            if len(under_way) >= _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        thread.shutdown(cancel_futures=True)


def _with_scores(scorer: Scorer, posts: pa.Table) -> pa.Table:
    scores = scorer.score(posts["text"])
    keys: list[Any] = [posts["source"], posts["id"]]
    return pa.Table.from_arrays(keys + scores.columns, names=["source", "id", *scores.column_names])
