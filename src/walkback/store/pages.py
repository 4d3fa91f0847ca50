"""Writing a page: one transaction, the same outcome whatever the order and however often."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

import duckdb
import pyarrow as pa

from walkback.case import Case
from walkback.store.columns import PAGE_SCHEMA


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that could not be read: where, why, and the SHA-256 of what stood there.

    `line` counts from 1 (the line of a file, or the item of a document); `item` counts inside it.
    """

    line: int
    item: int
    reason: str
    digest: str


@dataclass(frozen=True, slots=True)
class Span:
    """A window of a source that was covered: half-open, UTC.

    `how` is `archive` for a file taken as complete from its first to its last post, `stated` where
    the user says what a file is complete for. `of_query`: for the case's query alone, though it comes from
    an import.
    """

    source: str
    start: datetime
    end: datetime
    status: str
    how: str = "archive"
    of_query: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to go on with a source, in its collector's own words; None: nothing is under way."""

    source: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """What is written together: posts with their matches, what was faulty, and what is now covered.

    `gone` are (source, id) of posts that no longer exist on their platform, `alive` of those that were
    seen to be there still. `requests` and `cost` (US dollars) are what this page took.
    """

    posts: pa.Table = field(default_factory=PAGE_SCHEMA.empty_table)
    faults: tuple[Fault, ...] = ()
    coverage: tuple[Span, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    alive: tuple[tuple[str, str], ...] = ()
    cursor: Cursor | None = None
    requests: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a page's posts: rows that are new, and rows that were known (or appear twice)."""

    stored: int = 0
    duplicates: int = 0

    def __add__(self, other: "Written") -> "Written":
        """Sums, field by field."""
        return Written(self.stored + other.stored, self.duplicates + other.duplicates)


# Later in this order wins: what its author deleted, so that no archive that is older than it looks brings
# that back; the newest fetch; of equals the one with fewer words left; then an arbitrary but fixed order,
# so that no order of pages matters.
TIE: Final = """hash(
    kind, author, created_at, edited_at, lang, text, text_state, url, parent_id, conversation_id,
    place, content_hash, via, account_days)"""
RANK: Final = "(text_state = 'deleted', fetched_at, text_state <> 'present', {tie})"
_RANK: Final = RANK.replace("{tie}", TIE)

_CONTENT: Final = (
    "kind",
    "author",
    "created_at",
    "edited_at",
    "lang",
    "text",
    "text_state",
    "url",
    "parent_id",
    "conversation_id",
    "place",
    "fetched_at",
    "content_hash",
    "via",
    "account_days",
)

# Two rows of one post in a batch: ON CONFLICT would keep whichever comes first.
_STAGE: Final = f"""
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT * REPLACE (min(coalesce(first_seen_at, fetched_at)) OVER (PARTITION BY source, id) AS first_seen_at),
    {_RANK} AS rank
FROM page
WHERE NOT EXISTS (FROM tombstone WHERE key_hash = sha256(page.source || ':' || page.id))
QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY rank DESC) = 1
"""

_INSERT_NEW: Final = f"""
INSERT INTO post (source, id, first_seen_at, {", ".join(_CONTENT)})
SELECT source, id, coalesce(first_seen_at, fetched_at), {", ".join(_CONTENT)} FROM page
"""

_INSERT_STAGED: Final = f"""
INSERT INTO post (source, id, first_seen_at, {", ".join(_CONTENT)})
SELECT source, id, first_seen_at, {", ".join(_CONTENT)} FROM incoming
ON CONFLICT DO NOTHING
"""

_FIND_NEWER: Final = f"""
CREATE OR REPLACE TEMP TABLE newer AS
WITH stored AS (
    SELECT post.*, {_RANK} AS rank FROM post SEMI JOIN incoming USING (source, id)
)
SELECT incoming.*, incoming.text <> stored.text AS reworded
FROM incoming JOIN stored USING (source, id)
WHERE incoming.rank > stored.rank
"""

_UPDATE_NEWER: Final = f"""
UPDATE post SET {", ".join(f"{name} = newer.{name}" for name in _CONTENT)}
FROM newer WHERE post.source = newer.source AND post.id = newer.id
"""

_UPDATE_FIRST_SEEN: Final = """
UPDATE post SET first_seen_at = incoming.first_seen_at
FROM incoming
WHERE post.source = incoming.source AND post.id = incoming.id
  AND incoming.first_seen_at < post.first_seen_at
"""

# Scores and other cases' matches of words that are no longer there; both are made again.
_FORGET_OLD_WORDS: Final = """
DELETE FROM {table} USING newer
WHERE {table}.source = newer.source AND {table}.id = newer.id AND newer.reworded
"""

# Matches of an earlier query. What stays stays as it is: a second import changes nothing.
_FORGET_STALE_MATCHES: Final = """
DELETE FROM match USING incoming
WHERE match."case" = $case AND match.source = incoming.source AND match.id = incoming.id
  AND match.query_hash <> $query_hash
"""

_MATCH_PAGE: Final = "INSERT INTO match SELECT $case, source, id, $query_hash, terms FROM page"

# Only where the words that stay are the page's may the page say whether the post matches; the
# others are matched when the store is next asked for unmatched posts.
_MATCH_UNMATCHED: Final = """
INSERT INTO match
SELECT $case, source, id, $query_hash, incoming.terms
FROM incoming JOIN post USING (source, id)
WHERE incoming.text = post.text AND NOT EXISTS (
    FROM match
    WHERE match."case" = $case AND match.source = incoming.source AND match.id = incoming.id)
"""

_COUNTS: Final = ("likes", "replies", "reposts", "quotes", "score", "views")

# Two different counts of one moment: the greater stays, so that no order of pages matters.
_STAGE_OBSERVATIONS: Final = f"""
CREATE OR REPLACE TEMP TABLE seen AS
SELECT page.source, page.id, coalesce(page.observed_at, page.fetched_at) AS observed_at,
    {", ".join(f"page.{name}" for name in _COUNTS)}
FROM page SEMI JOIN incoming USING (source, id)
WHERE coalesce({", ".join(_COUNTS)}) IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY source, id, coalesce(page.observed_at, page.fetched_at)
    ORDER BY ({", ".join(_COUNTS)}) DESC) = 1
"""

_FORGET_LESSER: Final = f"""
DELETE FROM observation USING seen
WHERE observation.source = seen.source AND observation.id = seen.id
  AND observation.observed_at = seen.observed_at
  AND ({", ".join(f"seen.{name}" for name in _COUNTS)})
    > ({", ".join(f"observation.{name}" for name in _COUNTS)})
"""

_OBSERVE_PAGE: Final = f"""
INSERT INTO observation SELECT source, id, coalesce(observed_at, fetched_at), {", ".join(_COUNTS)} FROM page
WHERE coalesce({", ".join(_COUNTS)}) IS NOT NULL
"""

_OBSERVE_UNOBSERVED: Final = (
    "INSERT INTO observation FROM seen ANTI JOIN observation USING (source, id, observed_at)"
)


_QUARANTINE: Final = """
INSERT INTO quarantine
SELECT "case", origin, line, item, reason, digest, $now FROM run, faults WHERE run.id = $run
ON CONFLICT DO UPDATE SET reason = excluded.reason, digest = excluded.digest
"""

# An archive is held against every query; the newest word on what a file covers is the one that counts.
_FORGET_COVER: Final = """
DELETE FROM coverage USING run
WHERE run.id = $run AND run.what = 'import'
  AND coverage."case" = run."case" AND coverage.origin = run.origin AND coverage.status <> 'erased'
"""

# What a platform was asked: a later word on the same stretch counts, but nothing undoes `complete`.
_ABSORB_COVER: Final = """
DELETE FROM coverage USING run
WHERE run.id = $run AND run.what = 'collect'
  AND coverage."case" = run."case" AND coverage.origin = run.origin
  AND coverage.source = $source AND coverage.query_hash = $query_hash
  AND coverage.starts_at >= $start AND coverage.ends_at <= $end AND coverage.status <> 'erased'
  AND ($status = 'complete' OR coverage.status <> 'complete')
"""

_COVER: Final = """
INSERT INTO coverage
SELECT "case", $source, CASE WHEN what = 'import' AND NOT $of_query THEN '*' ELSE $query_hash END,
    $start, $end, $status, $how, origin
FROM run WHERE id = $run
ON CONFLICT DO NOTHING
"""

_MOVE_CURSOR: Final = """
INSERT INTO cursor SELECT "case", $source, $query_hash, $value, $now FROM run WHERE id = $run
ON CONFLICT DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
"""

_END_CURSOR: Final = """
DELETE FROM cursor USING run
WHERE run.id = $run AND cursor."case" = run."case" AND cursor.source = $source
  AND cursor.query_hash = $query_hash
"""

# What is gone from its platform goes from here: words, author and address.
_EMPTY_GONE: Final = """
UPDATE post SET text = '', text_state = 'deleted', author = NULL, url = NULL, content_hash = NULL,
    account_days = NULL,
    fetched_at = greatest(fetched_at, $now)
FROM gone WHERE post.source = gone.source AND post.id = gone.id
"""

_SEEN_ALIVE: Final = """
UPDATE post SET fetched_at = greatest(fetched_at, $now)
FROM alive WHERE post.source = alive.source AND post.id = alive.id
"""

_FORGET_GONE: Final = """
DELETE FROM {table} USING gone WHERE {table}.source = gone.source AND {table}.id = gone.id
"""

_COUNT: Final = """
UPDATE run SET
    posts = posts + $stored, duplicates = duplicates + $duplicates, quarantined = quarantined + $faults,
    requests = requests + $requests, cost = cost + $cost
WHERE id = $run
"""


def write_page(
    connection: duckdb.DuckDBPyConnection, page: Page, *, case: Case, run: str, now: datetime
) -> Written:
    """Write all of a page in one transaction, and count it in its run."""
    connection.register("page", page.posts)
    try:
        with transaction(connection):
            return _write(connection, page, _write_new_posts, case=case, run=run, now=now)
    except duckdb.ConstraintException:  # some of its posts are known, or twice in it
        with transaction(connection):
            return _write(connection, page, _write_posts, case=case, run=run, now=now)
    finally:
        connection.unregister("page")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing of what is written inside."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


_WritePosts = Callable[[duckdb.DuckDBPyConnection, pa.Table, dict[str, str]], Written]


def _write(
    connection: duckdb.DuckDBPyConnection,
    page: Page,
    write_posts: _WritePosts,
    *,
    case: Case,
    run: str,
    now: datetime,
) -> Written:
    written = write_posts(connection, page.posts, {"case": case.name, "query_hash": case.query.hash})
    if page.faults:
        _write_faults(connection, page.faults, run, now)
    _write_coverage(connection, page, run, case.query.hash)
    if page.gone:
        _forget_gone(connection, page.gone, now)
    if page.alive:
        with _registered(connection, "alive", page.alive):
            connection.execute(_SEEN_ALIVE, {"now": now})
    if page.cursor is not None:
        _write_cursor(connection, page.cursor, run, case.query.hash, now)
    connection.execute(
        _COUNT,
        {
            "stored": written.stored,
            "duplicates": written.duplicates,
            "faults": len(page.faults),
            "requests": page.requests,
            "cost": page.cost,
            "run": run,
        },
    )
    return written


def _write_coverage(connection: duckdb.DuckDBPyConnection, page: Page, run: str, query_hash: str) -> None:
    if page.coverage:
        connection.execute(_FORGET_COVER, {"run": run})
    for span in page.coverage:
        asked = {
            "run": run,
            "source": span.source,
            "start": span.start,
            "end": span.end,
            "status": span.status,
        }
        connection.execute(_ABSORB_COVER, {**asked, "query_hash": query_hash})
        said = {"query_hash": query_hash, "how": span.how, "of_query": span.of_query}
        connection.execute(_COVER, {**asked, **said})


def _write_cursor(
    connection: duckdb.DuckDBPyConnection, cursor: Cursor, run: str, query_hash: str, now: datetime
) -> None:
    asked = {"run": run, "source": cursor.source, "query_hash": query_hash}
    if cursor.value is None:
        connection.execute(_END_CURSOR, asked)
    else:
        connection.execute(_MOVE_CURSOR, {**asked, "value": cursor.value, "now": now})


def _forget_gone(
    connection: duckdb.DuckDBPyConnection, gone: tuple[tuple[str, str], ...], now: datetime
) -> None:
    with _registered(connection, "gone", gone):
        connection.execute(_EMPTY_GONE, {"now": now})
        for table in ("sentiment", "match", "label"):
            connection.execute(_FORGET_GONE.format(table=table))


def _write_faults(
    connection: duckdb.DuckDBPyConnection, faults: Sequence[Fault], run: str, now: datetime
) -> None:
    """All at once: one after another they take 3 ms each."""
    newest = {(fault.line, fault.item): asdict(fault) for fault in faults}
    connection.register("faults", pa.Table.from_pylist(list(newest.values())))
    connection.execute(_QUARANTINE, {"run": run, "now": now})
    connection.unregister("faults")


@contextmanager
def _registered(
    connection: duckdb.DuckDBPyConnection, name: str, keys: tuple[tuple[str, str], ...]
) -> Iterator[None]:
    """(source, id) pairs as a table, inside."""
    sources, ids = zip(*keys, strict=True)
    connection.register(name, pa.table({"source": sources, "id": ids}))
    yield
    connection.unregister(name)


def _write_new_posts(
    connection: duckdb.DuckDBPyConnection, posts: pa.Table, asked: dict[str, str]
) -> Written:
    """The usual case, and three times as fast. Raises ConstraintException where a post is not new."""
    if _count(connection, "SELECT count(*) FROM tombstone"):
        return _write_posts(connection, posts, asked)
    connection.execute(_INSERT_NEW)
    connection.execute(_MATCH_PAGE, asked)
    connection.execute(_OBSERVE_PAGE)
    return Written(stored=posts.num_rows)


def _write_posts(connection: duckdb.DuckDBPyConnection, posts: pa.Table, asked: dict[str, str]) -> Written:
    connection.execute(_STAGE)
    new = _count(connection, _INSERT_STAGED)
    _reconcile(connection, asked)
    return Written(stored=new, duplicates=posts.num_rows - new)


def _reconcile(connection: duckdb.DuckDBPyConnection, asked: dict[str, str]) -> None:
    """Some of the page's posts are known: the newest words win, and nothing is said twice."""
    connection.execute(_FIND_NEWER)
    connection.execute(_UPDATE_NEWER)
    connection.execute(_UPDATE_FIRST_SEEN)
    connection.execute(_FORGET_OLD_WORDS.format(table="sentiment"))
    connection.execute(_FORGET_OLD_WORDS.format(table="match"))
    connection.execute(_FORGET_OLD_WORDS.format(table="label"))
    connection.execute(_FORGET_STALE_MATCHES, asked)
    connection.execute(_MATCH_UNMATCHED, asked)
    connection.execute(_STAGE_OBSERVATIONS)
    connection.execute(_FORGET_LESSER)
    connection.execute(_OBSERVE_UNOBSERVED)


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The single number that a count, or a statement that changes rows, answers with."""
    return int(connection.execute(sql).fetchall()[0][0])
