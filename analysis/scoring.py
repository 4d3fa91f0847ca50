"""Scoring what is unscored, a batch at a time, so that a killed run loses a batch at most."""

from collections.abc import Callable

import pyarrow as pa

from walkback.analysis.scorers.base import Scorer
from walkback.case import Case
from walkback.store import Store


def score_pending(case: Case, store: Store, scorer: Scorer, *, scored: Callable[[int], None]) -> int:
    """Score the case's matching posts that `scorer` has not scored; returns how many were scored.

    `scored` hears the size of each batch once it is kept. The store is open only while a batch is
    read or written.
    """
    total = 0
    while True:
        posts = store.unscored(case, scorer.name, scorer.version)
        if posts.num_rows == 0:
            return total
        scores = scorer.score(posts["text"])
        columns = [posts[name] for name in ("source", "id", "fetched_at")] + scores.columns
        names = ["source", "id", "fetched_at", *scores.column_names]
        kept = store.add_scores(scorer.name, scorer.version, pa.Table.from_arrays(columns, names=names))
        total += kept
        scored(kept)
