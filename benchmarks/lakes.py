"""A lake of synthetic posts to measure with: the synthetic Zoom case, as often as asked.

    python benchmarks/lakes.py FOLDER [--posts 100_000_000] [--seed 1]

Posts of every source and day are drawn from those of the synthetic world that are near in time, with words,
author, id and counts of their own: nine of ten carry a tag that nobody else has, so that one in ten is a
near-duplicate. One in a hundred was fetched again into a second part, and some of these were deleted then.
"""

import argparse
import shutil
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from walkback.collectors.sandbox.archives import write_case
from walkback.collectors.sandbox.world import WorldPost, build_world
from walkback.content_hash import content_hashes
from walkback.folder import Folder
from walkback.lake import COVERAGE_SCHEMA, POST_SCHEMA, begin_lake, coverage_file, post_file, reach_of
from walkback.store.pages import TIE

PROCESSES = 2
BATCH = 250_000
PARTS = ("first", "again")
AGAIN = 100  # one post in so many was fetched again
NEARBY = 100  # posts of the world, of which one is drawn
AUTHORS = 0.2  # as many as posts, the busiest writing most

# Everything by a hash of the seed and the post's number, so that the same seed gives the same lake.
DRAW = """
WITH numbered AS (
    SELECT $first + range AS n, hash($seed, $source, $day, $first + range) AS luck FROM range($count)
),
drawn AS (
    SELECT n, luck,
        least(greatest(n * $known // $all + (luck % $nearby)::BIGINT - $nearby // 2, 0), $known - 1) AS which,
        n * $known // $all AS before, n * $known / $all - n * $known // $all AS past,
        pow(hash(luck, 1) / 18446744073709551616.0, 3) AS share
    FROM numbered
)
SELECT $source AS source, (1000000000000 + luck % 8000000000000000000)::VARCHAR AS id, worded.kind,
    md5($source || (share * $authors)::BIGINT) AS author,
    to_timestamp(timed.at + past * (timed.until - timed.at)) AS created_at,
    NULL::TIMESTAMPTZ AS edited_at, 'en' AS lang,
    worded.text || CASE WHEN luck % 10 = 0 THEN '' ELSE ' #' || lower(hex(hash(luck, 2)))[:10] END AS text,
    'present' AS text_state,
    'https://example.org/' || $source || '/' || (1000000000000 + luck % 8000000000000000000) AS url,
    (1000000000000 + hash(luck, 6) % 8000000000000000000)::VARCHAR AS parent_id,
    (1000000000000 + hash(luck, 3) % 8000000000000000000)::VARCHAR AS conversation_id, NULL::VARCHAR AS place,
    to_timestamp($fetched) AS first_seen_at, to_timestamp($fetched) AS fetched_at,
    'api' AS via, 30::SMALLINT AS account_days, to_timestamp($fetched) AS observed_at,
    (100 * pow(hash(luck, 4) / 18446744073709551616.0, 8))::BIGINT AS likes,
    (20 * pow(hash(luck, 5) / 18446744073709551616.0, 8))::BIGINT AS replies,
    NULL::BIGINT AS reposts, NULL::BIGINT AS quotes, NULL::BIGINT AS score,
    (90000 * pow(hash(luck, 7) / 18446744073709551616.0, 8))::BIGINT AS views,
    luck % $again = 1 AS again
FROM drawn JOIN known AS worded USING (which) JOIN known AS timed ON timed.which = before
ORDER BY n
"""

# A day later: another time of fetching, and a third of them are gone.
SEEN_AGAIN = """
SELECT * REPLACE (
    CASE WHEN hash(id) % 3 = 0 THEN '' ELSE text END AS text,
    CASE WHEN hash(id) % 3 = 0 THEN 'deleted' ELSE text_state END AS text_state,
    CASE WHEN hash(id) % 3 = 0 THEN NULL ELSE author END AS author,
    fetched_at + INTERVAL 1 DAY AS fetched_at)
FROM posts WHERE again
"""

RANKED = f"SELECT {', '.join(POST_SCHEMA.names[:-1])}, {TIE} AS rank FROM hashed"  # noqa: S608


def make_lake(folder: Path, posts: int, seed: int) -> None:
    """Write the lake, unless it is there."""
    if (folder / "lake.json").exists():
        return
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    lake = begin_lake(Folder(str(unfinished)), None)
    case = write_case(unfinished / "cases" / "zoom")
    print(f"{case.name}: writing {posts:,} posts")
    world = build_world()
    by_day: dict[tuple[str, date], list[WorldPost]] = defaultdict(list)
    for post in sorted(world.posts, key=lambda post: post.created_at):
        by_day[post.source, post.created_at.date()].append(post)
    tasks = [
        (source, day, some, posts * len(some) // len(world.posts)) for (source, day), some in by_day.items()
    ]
    with ProcessPoolExecutor(PROCESSES) as pool:
        for _ in pool.map(partial(write_day, unfinished, posts, seed), tasks):
            pass
    start, end = reach_of([day for _, day in by_day])
    sources = sorted({source for source, _ in by_day})
    spans = [("zoom", source, "*", start, end, "complete", "archive") for source in sources]
    rows = [dict(zip(COVERAGE_SCHEMA.names, span, strict=True)) for span in spans]
    with lake.folder.writing(coverage_file(PARTS[0])) as file:
        pq.write_table(pa.Table.from_pylist(rows, COVERAGE_SCHEMA), file)
    unfinished.rename(folder)


def write_day(folder: Path, posts: int, seed: int, task: tuple[str, date, list[WorldPost], int]) -> None:
    """Write one source's posts of one day, and those that were fetched again."""
    source, day, known, count = task
    start = datetime.combine(day, datetime.min.time(), UTC).timestamp()
    asked = {
        "source": source,
        "day": f"{day}",
        "seed": seed,
        "fetched": start + 30 * 86_400,
        "known": len(known),
        "nearby": NEARBY,
        "authors": posts * AUTHORS,
        "again": AGAIN,
        "all": count,
    }
    times = [start, *(post.created_at.timestamp() for post in known[1:]), start + 86_400]
    texts = pa.table(
        {
            "which": range(len(known)),
            "kind": [post.kind.value for post in known],
            "text": [post.words for post in known],
            "at": times[:-1],
            "until": times[1:],
        }
    )
    files = [folder / post_file(source, f"{day}", part) for part in PARTS]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
    with (
        duckdb.connect(config={"threads": 1}) as connection,
        pq.ParquetWriter(files[0], POST_SCHEMA, compression="zstd") as first,
        pq.ParquetWriter(files[1], POST_SCHEMA, compression="zstd") as again,
    ):
        connection.register("known", texts)
        for table, seen_again in batches(connection, asked, count):
            first.write_table(table, row_group_size=50_000)
            again.write_table(seen_again)


def batches(
    connection: duckdb.DuckDBPyConnection, asked: dict[str, object], count: int
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Posts, and what became of some of them."""
    for begin in range(0, count, BATCH):
        size = min(BATCH, count - begin)
        drawn = connection.sql(DRAW, params={**asked, "first": begin, "count": size}).to_arrow_table()
        connection.register("posts", drawn)
        again = connection.sql(SEEN_AGAIN).to_arrow_table()
        yield ranked(connection, drawn), ranked(connection, again)


def ranked(connection: duckdb.DuckDBPyConnection, posts: pa.Table) -> pa.Table:
    """The posts with what a store would have made of them."""
    hashes = content_hashes(posts["text"].combine_chunks()) if len(posts) else pa.array([], pa.uint64())
    connection.register("hashed", posts.append_column("content_hash", hashes))
    return connection.sql(RANKED).to_arrow_table().cast(POST_SCHEMA)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--posts", type=int, default=100_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    make_lake(asked.folder, asked.posts, asked.seed)
