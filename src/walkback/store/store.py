"""The store's front: what the rest of Walkback may ask of it."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from walkback.case import Case
from walkback.lake import Lake
from walkback.post import Door
from walkback.store import backup, erasing, lake, matches, package, scores
from walkback.store import connection as connections
from walkback.store.alerts import AlertRow, keep_alerts, read_alerts
from walkback.store.erasing import Doomed
from walkback.store.key import fingerprint_of, open_door, shred_key
from walkback.store.labels import keep_label, labelled
from walkback.store.pages import Fault, Page, Written, transaction, write_page
from walkback.store.pending import Slice
from walkback.store.private import PrivateCopy, copied, remove_leftovers
from walkback.store.reads import SCORABLE, Snapshot

_HOLD_S: Final = 0.4  # a writer lets others in this often; each time costs it a checkpoint
_HOLD_BYTES: Final = 6 * 2**20  # or when so much was written: it is in memory until the file is closed
_LOOKED_FOR_AGAIN: Final = 20_000  # posts a source and run
LOOK_AGAIN_AFTER: Final = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72, 168))


@dataclass(frozen=True, slots=True)
class RunRow:
    """One import or collection: what came of it. `outcome` is `running`, `done` or `failed: …`.

    `cost` is in US dollars.
    """

    what: str
    origin: str
    started_at: datetime
    finished_at: datetime | None
    posts: int
    duplicates: int
    quarantined: int
    refused: int
    outcome: str
    requests: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A stretch of a source that was covered, [start, end), UTC."""

    source: str
    start: datetime
    end: datetime
    status: str
    how: str


@dataclass(frozen=True, slots=True)
class Status:
    """How far a case is: posts in the store, posts that match its query, those with words, what failed."""

    posts: int
    matching: int
    scorable: int
    in_quarantine: int
    first_post_at: datetime | None
    last_post_at: datetime | None


class Store:
    """A DuckDB file that is opened only while a method works.

    Every method waits up to `wait_s` seconds for another process to let go of the file and then
    raises StoreBusyError; a method that reads raises NothingToDoError where there is no file.
    """

    def __init__(self, path: Path, *, wait_s: float = 60.0) -> None:
        """Nothing is opened yet."""
        self.path = path
        self.wait_s = wait_s

    def prepare(self) -> Door:
        """Make the file or bring it to the newest schema; returns the door that posts come in by."""
        door = open_door(self.path)
        connections.migrate(self.path, wait_s=self.wait_s)
        remove_leftovers(self.path)
        return door

    def back_up(self, target: Path) -> None:
        """Copy the store to a file that isn't there yet; see `backup.copy_store`."""
        backup.copy_store(self.path, target, wait_s=self.wait_s)

    def oldest_posts(self) -> dict[str, datetime]:
        """When the oldest post of each source was made, UTC."""
        return erasing.oldest_posts(self.path, wait_s=self.wait_s)

    def count_doomed(self, doomed: Sequence[Doomed]) -> dict[str, int]:
        """How many posts of each source `erase` would erase."""
        return erasing.count_doomed(self.path, doomed, wait_s=self.wait_s)

    def count_emptied(self) -> int:
        """How many posts have lost their words since the file was last written anew."""
        return erasing.count_emptied(self.path, wait_s=self.wait_s)

    def erase(self, doomed: Sequence[Doomed], *, why: str, now: datetime) -> dict[str, int]:
        """Erase posts from the file itself; see `erasing.erase`."""
        return erasing.erase(self.path, doomed, why=why, now=now, wait_s=self.wait_s)

    def destroy_key(self, now: datetime) -> None:
        """Nobody can tell any more who wrote what; the store takes no more posts. Raises StoreError."""
        shred_key(self.path, now)

    def write_package(
        self, case: Case, folder: Path, window: tuple[datetime, datetime], *, ids_only: Iterable[str]
    ) -> None:
        """Write a case's posts of [start, end) as Parquet files; see `package.write_files`."""
        package.write_files(self.path, case, folder, window, ids_only=ids_only, wait_s=self.wait_s)

    def read_package(self, folder: Path, *, made_at: datetime) -> None:
        """Make the store, which isn't there yet, of a package's files. Raises CaseError."""
        package.read_files(folder, self.path, made_at=made_at)

    def fingerprint(self) -> str | None:
        """What tells the pseudonym key from others; None where it was destroyed. Raises StoreError."""
        return fingerprint_of(self.path)

    def door(self) -> Door | None:
        """The door that posts came in by; None where the store has no key yet. Raises StoreError."""
        return open_door(self.path) if self.path.with_suffix(".key").exists() else None

    def write_part(self, into: Lake, *, written: Callable[[int], None]) -> int:
        """Write all posts into a lake, in place of what was written before; see `lake.write_part`."""
        return lake.write_part(self.path, into, wait_s=self.wait_s, written=written)

    def faults(self) -> list[str]:
        """What is wrong with the store, in words; all of it is read. Raises StoreError where it can't be."""
        return backup.find_faults(self.path, wait_s=self.wait_s)

    def _read(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return connections.connect(self.path, wait_s=self.wait_s, read_only=True)

    def _write(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return connections.connect(self.path, wait_s=self.wait_s, read_only=False)

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def start_run(self, case: Case, what: str, origin: str, now: datetime) -> str:
        """Note that an import or collection from `origin` begins; returns the run's id.

        What an earlier import put into quarantine from there is forgotten: it is about to be read again.
        """
        run = uuid.uuid4().hex
        with self._write() as connection, transaction(connection):
            if what == "import":
                connection.execute(
                    'DELETE FROM quarantine WHERE "case" = $case AND origin = $origin',
                    {"case": case.name, "origin": origin},
                )
            # Whoever was killed couldn't say so.
            connection.execute(
                """UPDATE run SET outcome = 'interrupted'
                WHERE "case" = $case AND what = $what AND origin = $origin AND outcome = 'running'""",
                {"case": case.name, "what": what, "origin": origin},
            )
            connection.execute(
                """INSERT INTO run (id, "case", what, origin, started_at, outcome)
                VALUES ($run, $case, $what, $origin, $now, 'running')""",
                {"run": run, "case": case.name, "what": what, "origin": origin, "now": now},
            )
        return run

    def add_pages(
        self,
        case: Case,
        run: str,
        pages: Iterable[Page],
        *,
        now: datetime,
        written: Callable[[Written], None],
    ) -> None:
        """Write pages as they come, each in one transaction; `written` hears what became of each.

        The file is held for about half a second at a time, so that others get their turn.
        """
        waiting = iter(pages)
        page = next(waiting, None)
        while page is not None:
            with self._write() as connection:
                let_go_at, size = time.monotonic() + _HOLD_S, 0
                while page is not None and time.monotonic() < let_go_at and size < _HOLD_BYTES:
                    size += page.posts.nbytes
                    written(write_page(connection, page, case=case, run=run, now=now))
                    page = next(waiting, None)

    def finish_run(self, run: str, *, refused: int, outcome: str, now: datetime, posts: int = 0) -> None:
        """Note how a run ended; `posts`: how many more it was about than its pages had."""
        with self._write() as connection:
            connection.execute(
                """UPDATE run
                SET finished_at = $now, refused = $refused, outcome = $outcome, posts = posts + $posts
                WHERE id = $run""",
                {"now": now, "refused": refused, "outcome": outcome, "posts": posts, "run": run},
            )

    def keep_alerts(self, case: Case, episodes: Sequence[AlertRow]) -> None:
        """Add episodes of alerts, or change when they ended and were told; all or none."""
        with self._write() as connection:
            keep_alerts(connection, case, episodes)

    def match_pending(self, case: Case) -> int:
        """Hold the case's query against stored posts that it was not yet held against; see `matches`."""
        return matches.match_pending(self.path, case, wait_s=self.wait_s)

    def score_slices(
        self,
        case: Case,
        scorer: str,
        version: str,
        slices: Sequence[Slice],
        score: scores.Score,
        *,
        batch: int,
    ) -> Iterator[int]:
        """Hand the posts of slices from `unscored` to `score`, and keep what it gives; see `scores`."""
        whose = scores.Whose(case, scorer, version)
        return scores.score_slices(self.path, whose, slices, score, batch=batch, wait_s=self.wait_s)

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def unscored(self, case: Case, scorer: str, version: str) -> list[Slice]:
        """Where the matching posts with words and without a score are, and how many."""
        return scores.unscored(self.path, scores.Whose(case, scorer, version), wait_s=self.wait_s)

    def count_unscored(self, case: Case, scorer: str, version: str) -> int:
        """How many matching posts have words and no score."""
        return sum(where.pending for where in self.unscored(case, scorer, version))

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What an analysis reads, all of one moment, on a private copy: nobody waits for it meanwhile."""
        with copied(self.path, wait_s=self.wait_s) as connection:
            yield Snapshot(connection)

    def cursor(self, case: Case, source: str) -> str | None:
        """Where a collection of the case's query from a source was left; None: nowhere."""
        with self._read() as connection:
            rows = connection.execute(
                """SELECT value FROM cursor
                WHERE "case" = $case AND source = $source AND query_hash = $query_hash""",
                {"case": case.name, "source": source, "query_hash": case.query.hash},
            ).fetchall()
        return str(rows[0][0]) if rows else None

    def due(self, case: Case, source: str, now: datetime, *, limit: int) -> list[tuple[str, datetime]]:
        """(id, created_at) of collected posts whose counts should be looked at again, newest first.

        That is at the ages of `LOOK_AGAIN_AFTER`, so that posts compare at equal age; a post that is
        twice as old by now is let be.
        """
        with self._read() as connection:
            rows = _rows(
                connection,
                _DUE,
                {
                    "case": case.name,
                    "query_hash": case.query.hash,
                    "source": source,
                    "now": now,
                    "ages": [int(age.total_seconds()) for age in LOOK_AGAIN_AFTER],
                    "limit": limit,
                },
            )
        return [(row[0], row[1]) for row in rows]

    def unseen_since(
        self, case: Case, source: str, moment: datetime, *, any_post: bool
    ) -> list[tuple[str, datetime]]:
        """(id, created_at) of posts with words that nobody has seen on their platform since then.

        Matching ones alone, or `any_post`.
        Those that were seen longest ago come first, as many as one run should ask for.
        """
        with self._read() as connection:
            rows = _rows(
                connection,
                _UNSEEN,
                {
                    **_matched(case),
                    "source": source,
                    "moment": moment,
                    "any_post": any_post,
                    "limit": _LOOKED_FOR_AGAIN,
                },
            )
        return [(row[0], row[1]) for row in rows]

    def coverage(self, case: Case) -> list[CoverageRow]:
        """What was covered for the case's query, by source and time."""
        with self._read() as connection:
            rows = _rows(
                connection,
                """SELECT source, starts_at, ends_at, status, how FROM coverage
                WHERE "case" = $case AND query_hash IN ($query_hash, '*')
                ORDER BY source, starts_at, ends_at, status""",
                {"case": case.name, "query_hash": case.query.hash},
            )
        return [CoverageRow(*row) for row in rows]

    def runs(self, case: Case) -> list[RunRow]:
        """Imports and collections of the case, oldest first."""
        with self._read() as connection:
            rows = _rows(
                connection,
                """SELECT what, origin, started_at, finished_at,
                    posts, duplicates, quarantined, refused, outcome, requests, cost
                FROM run WHERE "case" = $case ORDER BY started_at, id""",
                {"case": case.name},
            )
        return [RunRow(*row) for row in rows]

    def keep_label(
        self, case: Case, post: tuple[str, str], coder: str, value: str | None, now: datetime
    ) -> None:
        """What a coder says of a post (source, id); None takes it back."""
        with self._write() as connection:
            keep_label(connection, case, post, coder, value, now)

    def labelled(self, case: Case, coder: str) -> set[tuple[str, str]]:
        """The posts (source, id) that a coder has labelled."""
        with self._read() as connection:
            return labelled(connection, case, coder)

    def alerts(self, case: Case) -> list[AlertRow]:
        """Episodes of alerts, oldest first."""
        with self._read() as connection:
            return read_alerts(connection, case)

    def quarantine(self, case: Case) -> list[tuple[str, Fault]]:
        """What could not be read, with the file it is in."""
        with self._read() as connection:
            rows = connection.execute(
                """SELECT origin, line, item, reason, digest FROM quarantine
                WHERE "case" = $case ORDER BY origin, line, item""",
                {"case": case.name},
            ).fetchall()
        return [(origin, Fault(*fault)) for origin, *fault in rows]

    def status(self, case: Case) -> Status:
        """How far the case is."""
        with self._read() as connection:
            row = _rows(connection, _STATUS, {"case": case.name, "query_hash": case.query.hash})[0]
        return Status(*row)

    def matching(self, case: Case) -> pa.Table:
        """Every post that matches the case's query, a row each, with its latest counts and terms.

        Ordered by source and id; no scores. Times are UTC.
        """
        with self._read() as connection:
            return _table(connection, _MATCHING, {"case": case.name, "query_hash": case.query.hash})

    def scored(self, case: Case, window: tuple[datetime, datetime], scorer: str, version: str) -> pa.Table:
        """Every post of [start, end) that matches the case's query, as `matching`, and its score.

        compound, negative, neutral and positive are null where a post has no words.
        """
        start, end = window
        asked = {**_matched(case), "scorer": scorer, "version": version, "start": start, "end": end}
        with copied(self.path, wait_s=self.wait_s) as connection:
            return _table(connection, _SCORED, asked)

    def private_copy(self) -> PrivateCopy:
        """A copy of the file to keep open; see `PrivateCopy`."""
        return PrivateCopy(self.path, wait_s=self.wait_s)


def _matched(case: Case) -> dict[str, str]:
    return {"case": case.name, "query_hash": case.query.hash}


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, asked: dict[str, object]) -> list[tuple[Any, ...]]:
    """Rows as tuples, by way of Arrow: DuckDB itself makes times with a package that we don't need."""
    return [tuple(row.values()) for row in _table(connection, sql, asked).to_pylist()]


def _table(connection: duckdb.DuckDBPyConnection, sql: str, asked: dict[str, object]) -> pa.Table:
    table: pa.Table = connection.sql(sql, params=asked).to_arrow_table()
    return table


_DUE: Final = """
SELECT id, created_at
FROM post JOIN match USING (source, id)
CROSS JOIN (SELECT to_seconds(unnest($ages)) AS age)
WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
  AND source = $source AND via = 'api' AND text_state IN ('present', 'truncated')
  AND fetched_at < created_at + age AND created_at + age <= $now AND $now < created_at + 2 * age
GROUP BY ALL
ORDER BY created_at DESC, id
LIMIT $limit
"""

_UNSEEN: Final = """
SELECT id, created_at FROM post
WHERE source = $source AND text_state IN ('present', 'truncated') AND fetched_at < $moment
  AND ($any_post OR (source, id) IN (
    SELECT (source, id) FROM match
    WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL))
ORDER BY fetched_at, id
LIMIT $limit
"""

_STATUS: Final = f"""
WITH matching AS (
    SELECT post.* FROM match JOIN post USING (source, id)
    WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
)
SELECT
    (SELECT count(*) FROM post),
    (SELECT count(*) FROM matching),
    (SELECT count(*) FROM matching WHERE {SCORABLE}),
    (SELECT count(*) FROM quarantine WHERE "case" = $case),
    (SELECT min(created_at) FROM matching),
    (SELECT max(created_at) FROM matching)
"""

_SCORED: Final = """
SELECT post.*, match.terms, likes, replies, reposts, quotes, score, views,
    compound::DOUBLE AS compound, negative::DOUBLE AS negative, neutral::DOUBLE AS neutral,
    positive::DOUBLE AS positive
FROM match JOIN post USING (source, id)
LEFT JOIN latest_observation USING (source, id)
LEFT JOIN sentiment ON sentiment.source = post.source AND sentiment.id = post.id
    AND sentiment.scorer = $scorer AND sentiment.version = $version
WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
    AND post.created_at >= $start AND post.created_at < $end
ORDER BY post.created_at, post.source, post.id
"""

_MATCHING: Final = """
SELECT post.*, match.terms, likes, replies, reposts, quotes, score, views
FROM match JOIN post USING (source, id)
LEFT JOIN latest_observation USING (source, id)
WHERE match."case" = $case AND match.query_hash = $query_hash AND match.terms IS NOT NULL
ORDER BY source, id
"""
