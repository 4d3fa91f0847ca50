"""How fast VADER's rules are scored: posts a second, and times vaderSentiment in the same run.

    python benchmarks/scoring.py [texts]        default 200,000

A column, one text at a time, and from store to store with two processes; then how the cost of one long
text grows. `differ` counts texts of which any of the four numbers is another, sign bits included.
"""

import struct
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from texts import corpus
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.case import Case
from walkback.matching import Matcher
from walkback.post import Kind, Post, TextState
from walkback.store import Page, Store, page_table

REFERENCE_TEXTS = 20_000
PAGE = 20_000
LENGTHS = (10_000, 100_000, 1_000_000)
NAMES = ("negative", "neutral", "positive", "compound")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pace(count: int, work: Callable[[], object]) -> float:
    """Texts a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def differing(texts: Sequence[str], polarity: Callable[[str], dict[str, float]]) -> int:
    """Texts that the column scorer gives any other number, by their bits."""
    table = Vader().score(pa.chunked_array([pa.array(texts, pa.string())]))
    ours = np.column_stack([table[name].to_numpy() for name in NAMES])
    theirs = [[polarity(text)[name] for name in ("neg", "neu", "pos", "compound")] for text in texts]
    return sum(
        struct.pack("4d", *row) != struct.pack("4d", *other) for row, other in zip(ours, theirs, strict=True)
    )


def store_to_store(texts: Sequence[str]) -> float:
    """Texts a second from the store, through two processes, back into the store."""
    with tempfile.TemporaryDirectory() as folder:
        case = Case.model_validate(
            {
                "title": "Benchmark",
                "timezone": "UTC",
                "start": NOW,
                "query": {"any": ["*"]},
                "path": Path(folder) / "b.toml",
            }
        )
        store = Store(case.store_path)
        matcher = Matcher(case.query, store.prepare())
        posts = [made(number, text) for number, text in enumerate(texts)]
        pages = [Page(page_table(posts[at : at + PAGE], matcher)) for at in range(0, len(posts), PAGE)]
        run = store.start_run(case, "import", "benchmark", NOW)
        store.add_pages(case, run, pages, now=NOW, written=lambda _: None)
        scorable = sum(bool(text) for text in texts)
        return pace(scorable, lambda: score_pending(case, store, Vader(), scored=lambda _: None))


def made(number: int, text: str) -> Post:
    """A post with that text."""
    return Post(
        source="x",
        id=str(number),
        kind=Kind.POST,
        author=None,
        created_at=NOW + timedelta(seconds=number),
        edited_at=None,
        lang=None,
        text=text,
        text_state=TextState.PRESENT,
        url=None,
        parent_id=None,
        conversation_id=None,
        place=None,
        fetched_at=NOW,
        via="benchmark",
        engagement=None,
    )


def long_text(length: int) -> str:
    """`length` characters that are full of what rules look for."""
    words = "NOT very good but never so bad! the terms kind of suck :( and I love it 😁 "
    return (words * (length // len(words) + 1))[:length]


def main(count: int) -> None:
    """Print the tables."""
    texts, told = corpus(count)
    reference = SentimentIntensityAnalyzer().polarity_scores
    some = texts[:REFERENCE_TEXTS]
    column = pa.chunked_array([pa.array(texts, pa.string())])
    first = pace(len(some), lambda: [reference(text) for text in some])
    scalar, batch = Vader(), Vader()
    print(f"{count:,} texts: {told}")
    print(f"{'':34}{'posts/s':>10}{'ratio':>8}")
    for name, speed in (
        ("vaderSentiment", first),
        ("one text at a time", pace(count, lambda: [scalar.score_text(text) for text in texts])),
        ("a column", pace(count, lambda: batch.score(column))),
        ("a column, again", pace(count, lambda: batch.score(column))),
        ("store to store, 2 processes", store_to_store(texts)),
    ):
        print(f"{name:34}{speed:10,.0f}{speed / first:8.1f}")
    print(f"differ: {differing(some, reference)} of {len(some):,}")
    for length in LENGTHS:
        text = long_text(length)
        seconds = 1 / pace(1, lambda text=text: Vader().score_text(text))  # type: ignore[misc]
        print(
            f"{length:9,} characters: {1e3 * seconds:8.1f} ms, {1e9 * seconds / length:6.0f} ns a character"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
