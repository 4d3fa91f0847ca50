"""How fast: posts a second from a file to committed rows; `flat.py` looks at memory.

    python benchmarks/ingest.py [posts]        default 1,000,000

The reference, in the same run: what a plain script does, json.loads and executemany into the same
table. Posts are made up; a comment's line is about 1 kB, as in Pushshift's dumps.
"""

import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from walkback.case import Case
from walkback.collectors.imports import ImportOptions, import_archive
from walkback.collectors.sandbox.world import build_world
from walkback.store import Store

REFERENCE_POSTS = 3_000
FILLER = {f"setting_{number}": None for number in range(30)}  # what a dump's line is full of


def case_in(folder: Path, name: str) -> Case:
    """A case with the demo's query and a store of its own."""
    return Case.model_validate(
        {
            "title": "Benchmark",
            "timezone": "UTC",
            "start": datetime(2023, 7, 1, tzinfo=UTC),
            "query": {
                "any": ["zoom terms", "zoom tos", "zoom ai", "#zoom", "#zoomtos"],
                "none": ["zoom lens"],
            },
            "path": folder / f"{name}.toml",
        }
    )


def comments(count: int) -> list[dict[str, object]]:
    """Pushshift comments with the synthetic world's texts."""
    luck = random.Random(1)  # noqa: S311  # made-up posts
    texts = [post.text for post in build_world().posts if post.text]
    return [
        {
            "id": f"{number:x}",
            "body": f"{luck.choice(texts)} {number}",
            "author": f"made_up_{luck.randrange(count // 8)}",
            "created_utc": 1_690_000_000 + number,
            "link_id": "t3_x",
            "parent_id": "t3_x",
            "score": number % 50,
            "subreddit": "privacy",
            "retrieved_on": 1_700_000_000,
            **FILLER,
        }
        for number in range(count)
    ]


def write_files(folder: Path, count: int) -> dict[str, Path]:
    """The same posts as NDJSON, CSV and Parquet."""
    made = comments(count)
    paths = {name: folder / f"a.{name}" for name in ("ndjson", "csv", "parquet")}
    paths["ndjson"].write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in made))
    table = pa.table(
        {
            "id": [row["id"] for row in made],
            "created_at": [row["created_utc"] for row in made],
            "text": [row["body"] for row in made],
            "author": [row["author"] for row in made],
            "score": [row["score"] for row in made],
        }
    )
    pyarrow.csv.write_csv(table, paths["csv"])
    pq.write_table(table, paths["parquet"])
    return paths


def reference(path: Path, folder: Path) -> float:
    """Posts a second of a plain script."""
    store = Store(folder / "reference.duckdb")
    store.prepare()
    began = time.perf_counter()
    with path.open() as lines:
        rows = [json.loads(line) for line in islice(lines, REFERENCE_POSTS)]
    with duckdb.connect(store.path) as connection:
        connection.begin()
        connection.executemany(
            """INSERT INTO post (source, id, kind, author, created_at, text, text_state,
                parent_id, conversation_id, place, first_seen_at, fetched_at, via)
            VALUES ('reddit', ?, 'comment', ?, to_timestamp(?), ?, 'present', ?, ?, ?, now(), now(), 'x')
            ON CONFLICT DO NOTHING""",
            [
                [
                    row[name]
                    for name in ("id", "author", "created_utc", "body", "parent_id", "link_id", "subreddit")
                ]
                for row in rows
            ],
        )
        connection.commit()
    return REFERENCE_POSTS / (time.perf_counter() - began)


def machine(path: Path) -> float:
    """Texts a second of vaderSentiment on the same words: how fast this machine is, for comparisons."""
    with path.open() as lines:
        texts = [json.loads(line)["body"] for line in islice(lines, REFERENCE_POSTS)]
    polarity = SentimentIntensityAnalyzer().polarity_scores
    began = time.perf_counter()
    for text in texts:
        polarity(text)
    print(f"mean length of a text: {sum(map(len, texts)) / len(texts):.0f} characters")
    return len(texts) / (time.perf_counter() - began)


def timed(path: Path, folder: Path, run: int) -> float:
    """Posts a second of an import into a fresh store."""
    case = case_in(folder, f"{path.suffix[1:]}{run}")
    began = time.perf_counter()
    done = import_archive(
        case, Store(case.store_path), path, ImportOptions(), now=datetime.now(UTC), progress=lambda _: None
    )
    pace = done.stored / (time.perf_counter() - began)
    if done.quarantined or done.duplicates:
        sys.exit(f"the benchmark is broken: {done}")
    return pace


def main(count: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_files(folder, count)
        plain = reference(paths["ndjson"], folder)
        print(f"this machine: {machine(paths['ndjson']):,.0f} texts/s by vaderSentiment")
        print(f"{'':22}{'posts/s':>12}{'x reference':>14}{'MiB/s':>8}")
        print(f"{'json + executemany':22}{plain:>12,.0f}{1:>14.1f}")
        for kind, path in paths.items():
            best = max(timed(path, folder, run) for run in range(3))
            rate = path.stat().st_size / 2**20 * best / count
            print(f"{kind:22}{best:>12,.0f}{best / plain:>14.1f}{rate:>8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
