"""How fast VADER's rules are scored: posts a second, times vaderSentiment in the same run, and memory.

    python benchmarks/scoring.py [texts]        default 200,000

vaderSentiment and nltk's VADER (on the same lexicon), one text at a time, a column, and from store to
store; then how the cost of one long text grows. Every row has a process of its own, whose peak
memory counts from its start and so has the texts in it. `differ` counts texts of which any of the four
numbers is another than vaderSentiment's, sign bits included.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path

import nltk
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from memory import peak_memory
from nltk.sentiment.vader import SentimentIntensityAnalyzer as Nltk
from texts import corpus
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.case import Case
from walkback.matching import Matcher
from walkback.post import Kind, Post, TextState
from walkback.store import Page, Store, page_table

SLOW_TEXTS = 20_000  # for scorers that take 100 µs each, and for the comparison of numbers
STORED_TIMES = 5  # as many posts as texts
PAGE = 20_000
LENGTHS = (10_000, 100_000, 1_000_000)
NAMES = ("negative", "neutral", "positive", "compound")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = {
    "vaderSentiment": "reference",
    "nltk's VADER": "nltks",
    "one text at a time": "scalar",
    "a column": "column",
    "a column, its words known": "known_column",
    "store to store": "store_to_store",
}


def pace(count: int, work: Callable[[], object]) -> float:
    """Texts a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def one_by_one(
    texts: Sequence[str], score: Callable[[str], Sequence[float]], timed: int
) -> tuple[float, np.ndarray]:
    """Pace over `timed` texts, and the numbers of the first of them."""
    numbers: list[Sequence[float]] = []
    speed = pace(timed, lambda: numbers.extend(map(score, texts[:timed])))
    return speed, np.array(numbers[:SLOW_TEXTS])


def reference(texts: Sequence[str], _: Path) -> tuple[float, np.ndarray]:
    """VADER's authors' package."""
    return one_by_one(texts, _in_order(SentimentIntensityAnalyzer().polarity_scores), SLOW_TEXTS)


def nltks(texts: Sequence[str], _: Path) -> tuple[float, np.ndarray]:
    """Nltk's rules on the lexicon of vaderSentiment."""
    nltk.data.path.append(str(files("vaderSentiment")))
    scorer = Nltk(lexicon_file="vader_lexicon.txt")
    return one_by_one(texts, _in_order(scorer.polarity_scores), SLOW_TEXTS)


def _in_order(polarity: Callable[[str], dict[str, float]]) -> Callable[[str], Sequence[float]]:
    def score(text: str) -> Sequence[float]:
        said = polarity(text)
        return said["neg"], said["neu"], said["pos"], said["compound"]

    return score


def scalar(texts: Sequence[str], _: Path) -> tuple[float, np.ndarray]:
    """Ours, a text at a time."""
    return one_by_one(texts, Vader().score_text, len(texts))


def column(texts: Sequence[str], _: Path, scorer: Vader | None = None) -> tuple[float, np.ndarray]:
    """Ours, all at once."""
    scorer = scorer or Vader()
    whole = pa.chunked_array([pa.array(texts, pa.string())])
    tables: list[pa.Table] = []
    speed = pace(len(texts), lambda: tables.append(scorer.score(whole)))
    return speed, np.column_stack([tables[0][name].to_numpy() for name in NAMES])[:SLOW_TEXTS]


def known_column(texts: Sequence[str], folder: Path) -> tuple[float, np.ndarray]:
    """Ours, all at once and once more."""
    scorer = Vader()
    column(texts, folder, scorer)
    return column(texts, folder, scorer)


def store_to_store(texts: Sequence[str], folder: Path) -> tuple[float, None]:
    """From the store and back into the store; of a copy, so that it can be done again."""
    case = case_in(folder / f"{os.getpid()}")
    case.store_path.parent.mkdir()
    shutil.copy(case_in(folder).store_path, case.store_path)
    scorable = STORED_TIMES * sum(map(bool, texts))
    return pace(
        scorable, lambda: score_pending(case, Store(case.store_path), Vader(), scored=lambda *_: None)
    ), None


def case_in(folder: Path) -> Case:
    """A case that every post belongs to."""
    return Case.model_validate(
        {
            "title": "Benchmark",
            "timezone": "UTC",
            "start": NOW,
            "query": {"any": ["*"]},
            "path": folder / "b.toml",
        }
    )


def fill(folder: Path, texts: Sequence[str]) -> None:
    """A store with each text `STORED_TIMES` times."""
    case = case_in(folder)
    store = Store(case.store_path)
    matcher = Matcher(case.query, store.prepare())
    posts = (made(number, texts[number % len(texts)]) for number in range(STORED_TIMES * len(texts)))
    pages = (Page(page_table(page, matcher)) for page in iter(lambda: list(islice(posts, PAGE)), []))
    run = store.start_run(case, "import", "benchmark", NOW)
    store.add_pages(case, run, pages, now=NOW, written=lambda _: None)


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


def measure(row: str, folder: str) -> None:
    """Say the pace of one row, and keep its numbers beside the texts."""
    texts = pq.read_table(Path(folder) / "texts.parquet")["text"].to_pylist()
    speed, numbers = globals()[row](texts, Path(folder))
    if numbers is not None:
        np.save(Path(folder) / f"{row}.npy", numbers)
    print(speed)


def measured(row: str, folder: Path) -> tuple[float, float]:
    """Pace, and peak memory in MiB of another run, because watching takes time from what is watched."""
    unwatched = start(row, folder)
    said, _ = unwatched.communicate()
    if unwatched.returncode:
        sys.exit(f"{row} failed")
    watched = start(row, folder)
    return float(said), peak_memory(watched)


def start(row: str, folder: Path) -> "subprocess.Popen[str]":
    """Measure a row in a process of its own."""
    script = "import sys, scoring; scoring.measure(*sys.argv[1:])"
    return subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", script, row, str(folder)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        text=True,
    )


def differing(row: str, folder: Path) -> str:
    """How many texts got other numbers than the reference's."""
    if not (folder / f"{row}.npy").exists():
        return ""
    ours, theirs = (
        np.load(folder / f"{name}.npy")[:SLOW_TEXTS].view(np.uint64) for name in (row, "reference")
    )
    return f"{(ours != theirs).any(axis=1).sum():,} of {len(theirs):,}"


def main(count: int) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts, told = corpus(count)
        pq.write_table(pa.table({"text": texts}), folder / "texts.parquet")
        fill(folder, texts)
        print(f"{count:,} texts, in the store {STORED_TIMES} times: {told}")
        print(f"{'':30}{'posts/s':>10}{'ratio':>8}{'MiB':>7}  differ")
        first = None
        for title, row in ROWS.items():
            speed, peak = measured(row, folder)
            first = first or speed
            print(
                f"{title:30}{speed:10,.0f}{speed / first:8.1f}{peak:7,.0f}  {differing(row, folder)}",
                flush=True,
            )
    scorer = Vader()
    scorer.score_text("good")
    for length in LENGTHS:
        text = long_text(length)
        seconds = 1 / pace(1, lambda text=text: scorer.score_text(text))  # type: ignore[misc]
        print(
            f"{length:9,} characters: {1e3 * seconds:8.1f} ms, {1e9 * seconds / length:6.0f} ns a character"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
