"""Importers against broken and hostile files: mutated archives of every format, for so many seconds.

    python benchmarks/fuzz.py [seconds]        default 600

A finding is anything but posts stored, known, in quarantine or refused by an error of ours: another
exception, a row more or fewer in the store than was told, a second import that stores something, an import
of more than ten seconds. What made it is kept in the folder that FUZZ_KEEP names. The draws'
seed is printed, and taken from FUZZ_SEED.
"""

import gzip
import hashlib
import io
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from walkback.case import Case
from walkback.collectors.imports import ImportOptions, import_archive
from walkback.errors import WalkbackError
from walkback.store import Store

PROCESSES = 2
NOW = datetime(2023, 10, 5, tzinfo=UTC)
SLOW_S = 10.0
A_STORE_LASTS = 150  # inputs
WORDS = "zoom broke its promise, and “we” don't like it 😡 https://zoom.us/terms @somebody"


def records(name: str) -> list[dict[str, object]]:
    """A few records as a format has them."""
    at, stamp = 1_691_323_200, "2023-08-06T12:00:00.000Z"
    made: dict[str, dict[str, object]] = {
        "pushshift": {
            "id": "c1", "body": WORDS, "author": "made_up", "author_fullname": "t2_1", "created_utc": at,
            "link_id": "t3_s1", "parent_id": "t3_s1", "score": 4, "subreddit": "privacy", "edited": False,
        },
        "twitter": {
            "id": "1", "text": WORDS, "created_at": stamp, "author_id": "7", "lang": "en",
            "public_metrics": {"like_count": 1, "retweet_count": 2, "reply_count": 0, "quote_count": 0},
            "referenced_tweets": [{"type": "quoted", "id": "2"}],
        },
        "twitter_v1": {
            "id_str": "1", "id": 1, "full_text": WORDS, "created_at": "Sun Aug 06 12:00:00 +0000 2023",
            "user": {"id_str": "7", "screen_name": "made_up"}, "favorite_count": 1, "retweet_count": 1,
            "lang": "en", "entities": {"urls": []},
        },
        "hackernews": {
            "objectID": "1", "created_at_i": at, "created_at": stamp, "author": "made_up", "story_id": 2,
            "comment_text": WORDS, "parent_id": 2, "points": None, "_tags": ["comment"], "title": None,
        },
        "mastodon": {
            "id": "1", "uri": "https://a.example/users/made_up/statuses/1", "created_at": stamp,
            "content": f"<p>{WORDS} <a href='https://a.example'>x</a></p>", "language": "en", "reblog": None,
            "account": {"acct": "made_up", "url": "https://a.example/@made_up"}, "favourites_count": 1,
        },
        "bluesky": {
            "uri": "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3k", "cid": "b",
            "author": {"did": "did:plc:abcdefghijklmnopqrstuvwx", "handle": "made-up.example"},
            "record": {"$type": "app.bsky.feed.post", "text": WORDS, "createdAt": stamp, "langs": ["en"]},
            "indexedAt": stamp, "likeCount": 1,
        },
    }  # fmt: skip
    key = {"hackernews": "objectID", "twitter_v1": "id_str", "mastodon": "uri", "bluesky": "uri"}.get(
        name, "id"
    )
    return [{**made[name], key: f"{made[name][key]}{number}"} for number in range(4)]


def lines(name: str) -> bytes:
    """Records, a line each."""
    return b"".join(orjson.dumps(record) + b"\n" for record in records(name))


def table() -> dict[str, list[object]]:
    """Columns of a table of posts."""
    return {
        "id": [str(number) for number in range(4)],
        "text": [WORDS, "", 'a "quoted", word', "two\nlines"],
        "author": ["a", "b", "c", None],
        "created_at": ["2023-08-06T12:00:00Z", "2023-08-06 12:00", "1691323200", "6 Aug 2023"],
        "source": ["x"] * 4,
        "likes": ["1", "", "3", "x"],
    }


def csv(delimiter: str) -> bytes:
    """The table as text."""
    columns = table()
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    cells = (('"' + str(cell or "").replace('"', '""') + '"' for cell in row) for row in rows)
    return "\n".join(delimiter.join(row) for row in cells).encode()


def parquet() -> bytes:
    """The table as columns."""
    sink = io.BytesIO()
    pq.write_table(pa.table(table()), sink)
    return sink.getvalue()


def samples() -> dict[str, bytes]:
    """A file of every format, whole."""
    found = {f"{name}.ndjson": lines(name) for name in ("pushshift", "twitter", "twitter_v1", "mastodon")}
    found["twitter_pages.jsonl"] = (
        orjson.dumps({"data": records("twitter"), "meta": {"result_count": 4}}) + b"\n"
    )
    found["listing.ndjson"] = orjson.dumps({"kind": "Listing", "data": {"children": []}}) + lines("pushshift")
    found["hits.json"] = orjson.dumps(
        {"hits": records("hackernews"), "nbHits": 4}, option=orjson.OPT_INDENT_2
    )
    found["statuses.json"] = orjson.dumps(records("mastodon"))
    found["posts.json"] = orjson.dumps({"posts": records("bluesky"), "cursor": "a"})
    found["posts.csv"], found["posts.tsv"] = csv(","), csv("\t")
    found["posts.parquet"] = parquet()
    for name in ("pushshift.ndjson", "hits.json", "posts.csv"):
        found[f"{name}.gz"] = gzip.compress(found[name], mtime=0)
        found[f"{name}.zst"] = zstandard.compress(found[name])
    return found


TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\n", b"\r\n", b'"', b"\\", b"\\ud800",
    b"\\u0000", b"null", b"true", b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 400, b"[]", b"{}",
    b"[" * 3000,
    b'{"a":' * 3000, b"]" * 9, b'{"id":', b'"data":', b'"hits":[', b'"errors":[{"', b"<p>" * 900,
    b"&#x110000;", "\u202e\u200b😀".encode(), b"a" * 70_000, b"=HYPERLINK(1)", b"'; DROP TABLE post; --",
    b"1969-01-01T00:00:00Z", b"99999-01-01", b"2023-08-06T12:00:00+99:99", b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd", b"PAR1",
)  # fmt: skip


def mutated(data: bytes, others: list[bytes], luck: random.Random) -> bytes:
    """The bytes with a few things done to them."""
    for _ in range(luck.choice((1, 1, 2, 3, 8))):
        start = luck.randrange(len(data) + 1)
        end = min(len(data), start + luck.choice((1, 2, 8, 40, 400)))
        other = luck.choice(others)
        cut = luck.randrange(len(other) + 1)
        changes: list[Callable[[], bytes]] = [
            lambda s=start, e=end, d=data: d[:s] + d[e:],
            lambda s=start, e=end, d=data: d[:e] + d[s:e] * luck.choice((1, 3, 50)) + d[e:],
            lambda s=start, d=data: d[:s] + luck.choice(TOKENS) + d[s:],
            lambda s=start, e=end, d=data: d[:s] + luck.choice(TOKENS) + d[e:],
            lambda s=start, e=end, d=data: d[:s] + luck.randbytes(e - s) + d[e:],
            lambda s=start, d=data: d[:s],
            lambda s=start, d=data, o=other, c=cut: d[:s] + o[c:],
        ]
        data = luck.choice(changes)()
        if not data:
            return luck.choice(TOKENS)
    return data


@dataclass
class Tally:
    """What came of the inputs."""

    inputs: int = 0
    bytes: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    peak_mib: int = 0


def inputs(luck: random.Random) -> Iterator[tuple[str, bytes]]:
    """Names and contents, without end."""
    whole = samples()
    names = sorted(whole)
    while True:
        name = luck.choice(names)
        yield name, mutated(whole[name], list(whole.values()), luck)


def tried(case: Case, name: str, data: bytes) -> str:
    """What came of one input. Raises whatever nobody expects, AssertionError where the numbers are wrong."""
    store, path = Store(case.store_path), case.path.parent / name
    path.write_bytes(data)
    before = store.status(case).posts
    began = time.perf_counter()
    try:
        done = import_archive(case, store, path, ImportOptions(), now=NOW, progress=lambda _: None)
    except WalkbackError:
        return "refused"
    seconds = time.perf_counter() - began
    again = import_archive(case, store, path, ImportOptions(), now=NOW, progress=lambda _: None)
    assert store.status(case).posts == before + done.stored, "the store has other rows than were told"  # noqa: S101
    assert again.stored == 0, "a second import stored something"  # noqa: S101
    assert again.records == done.records, "a second import read another number of records"  # noqa: S101
    assert seconds < SLOW_S, f"{seconds:.0f} s"  # noqa: S101
    return "in quarantine" if done.quarantined else "read"


def work(seed: int, seconds: float) -> Tally:
    """Try inputs for so long."""
    tally, until = Tally(), time.monotonic() + seconds
    source = inputs(random.Random(seed))  # noqa: S311
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            case = Case.model_validate(
                {
                    "title": "Fuzz", "timezone": "UTC", "start": datetime(2023, 7, 1, tzinfo=UTC),
                    "query": {"any": ["zoom"]}, "path": Path(folder) / "fuzz.toml",
                }
            )  # fmt: skip
            Store(case.store_path).prepare()
            for _ in range(A_STORE_LASTS):
                name, data = next(source)
                tally.inputs, tally.bytes = tally.inputs + 1, tally.bytes + len(data)
                try:
                    tally.outcomes[tried(case, name, data)] += 1
                except Exception:  # noqa: BLE001  # that is what is looked for
                    tally.findings.append(f"{name}: {traceback.format_exc(limit=-2)}")
                    keep(name, data)
                if time.monotonic() > until:
                    break
    tally.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return tally


def keep(name: str, data: bytes) -> None:
    """Put down what made a finding."""
    if folder := os.environ.get("FUZZ_KEEP"):
        Path(folder, f"{hashlib.sha256(data).hexdigest()[:10]}-{name}").write_bytes(data)


def main(seconds: float) -> None:
    """Print the figures; exit with 1 where something was found."""
    seed = int(os.environ.get("FUZZ_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed}, {len(samples())} formats and packings, {PROCESSES} processes, {seconds:g} s")
    with ProcessPoolExecutor(PROCESSES) as pool:
        tallies = list(pool.map(work, range(seed, seed + PROCESSES), [seconds] * PROCESSES))
    outcomes = sum((tally.outcomes for tally in tallies), Counter())
    findings = [finding for tally in tallies for finding in tally.findings]
    print(
        f"{sum(tally.inputs for tally in tallies):,} inputs, {sum(tally.bytes for tally in tallies):,} bytes"
    )
    print(", ".join(f"{count:,} {name}" for name, count in outcomes.most_common()))
    print(
        f"peak memory of a process {max(tally.peak_mib for tally in tallies):,} MiB; {len(findings)} findings"
    )
    for finding in findings[:20]:
        print(finding)
    sys.exit(bool(findings))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
