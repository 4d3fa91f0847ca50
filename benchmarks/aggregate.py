"""How long counting ten million scored posts takes, within 256 MB of the engine's memory.

    python benchmarks/aggregate.py [posts]        default 10,000,000

Posts are made up, a word each. Laying out joins posts, matches and scores, once an analysis; every count is
made of that. The reference, in the same run: pyarrow's own group-by of the same columns, held in memory.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from walkback.case import Case
from walkback.store import Store, Subset, Window
from walkback.store import connection as connections

MEMORY = "256MB"
START = datetime(2023, 7, 1, tzinfo=UTC)
DAYS = 60
FILL = (
    """INSERT INTO post BY NAME
    SELECT 'reddit' AS source, printf('%x', i) AS id, 'comment' AS kind, 'a' || hash(i) % 1000000 AS author,
        TIMESTAMPTZ '2023-07-01 00:00:00Z' + to_seconds((i * $step)::BIGINT) AS created_at, 'word' AS text,
        'present' AS text_state, now() AS first_seen_at, now() AS fetched_at, 'x' AS via,
        hash(i // 3) AS content_hash
    FROM range($count) t(i)""",
    """INSERT INTO match SELECT $case, source, id, $query_hash, ['*'] FROM post""",
    """INSERT INTO sentiment
    SELECT source, id, 'made up', '1', ((hash(id) % 20001)::INT - 10000) / 10000, 0.2, 0.5, 0.3 FROM post""",
)


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def fill(case: Case, count: int) -> None:
    """A store of so many posts, matches and scores."""
    Store(case.store_path).prepare()
    asked = (
        {"step": DAYS * 86_400 / count, "count": count},
        {"case": case.name, "query_hash": case.query.hash},
        {},
    )
    with connections.connect(case.store_path, wait_s=0, read_only=False) as connection:
        connection.execute("SET memory_limit = '8GB'; SET threads = 2")
        for sql, values in zip(FILL, asked, strict=True):
            connection.execute(sql, values)


def reference(case: Case) -> float:
    """Seconds of pyarrow's group-by."""
    with connections.connect(case.store_path, wait_s=0, read_only=True) as connection:
        table = connection.sql(
            """SELECT source, created_at, compound::DOUBLE AS compound
            FROM post JOIN sentiment USING (source, id)"""
        ).to_arrow_table()

    def count() -> pa.Table:
        hours = pc.floor_temporal(table["created_at"], unit="hour")
        keyed = table.append_column("hour", hours)
        wanted = [("compound", "count"), ("compound", "sum")]
        return keyed.group_by(["hour", "source"]).aggregate(wanted)

    return timed(count)


def main(count: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        case = Case.model_validate(
            {
                "title": "Benchmark",
                "timezone": "UTC",
                "start": START,
                "query": {"any": ["*"]},
                "path": Path(name) / "b.toml",
            }
        )
        with ProcessPoolExecutor(1) as elsewhere:  # so that its memory is not counted
            elsewhere.submit(fill, case, count).result()
        whole = Window(case.name, case.query.hash, START, START + timedelta(days=DAYS), "made up", "1")
        days = [START + timedelta(days=day) for day in range(DAYS + 1)]
        with Store(case.store_path).snapshot() as snapshot:
            snapshot._connection.execute(f"SET memory_limit = '{MEMORY}'")  # noqa: SLF001  # no one else sets it
            rows = (
                ("laid out, and hours", lambda: snapshot.hour_tallies(whole, "UTC")),
                ("hours", lambda: snapshot.hour_tallies(whole, "UTC")),
                (
                    "hours, one an author and day",
                    lambda: snapshot.hour_tallies(whole, "UTC", subset=Subset.ONE_AN_AUTHOR_AND_DAY),
                ),
                ("days, by author", lambda: snapshot.tallies(whole, days, negative=-0.05)),
                ("totals", lambda: snapshot.case_counts(whole)),
            )
            seconds = {title: timed(work) for title, work in rows}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        alone = reference(case)
        print(
            f"{count:,} scored posts, the engine's memory {MEMORY}; this process at its peak {peak:,.0f} MiB"
        )
        print(f"{'':32}{'s':>8}{'ratio':>8}")
        print(f"{'pyarrow, hours, in memory':32}{alone:8.2f}{1:8.1f}")
        for title, taken in seconds.items():
            print(f"{title:32}{taken:8.2f}{alone / taken:8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
