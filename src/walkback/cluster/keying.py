"""The first pass over a lake: every row is held against the topics, scored where it is in one, and keyed.

A worker reads its piece of the lake one row group after another: Daft's own reader reads as far ahead of what
scores as it can, and took eight gigabytes for a lake of ten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from walkback.analysis.scorers.base import Scorer
from walkback.case import Case
from walkback.cluster.parting import write_parted
from walkback.errors import EngineError
from walkback.folder import Folder
from walkback.lake import POST_SCHEMA, PostFile
from walkback.matching import Matcher
from walkback.post import Door
from walkback.store.shards import NEEDED, key_rows

_TIME: Final = pa.timestamp("us", tz="UTC")
_ROWS: "Final[list[tuple[str, pa.DataType]]]" = [
    ("shard", pa.uint16()),
    ("source", pa.string()),
    ("id", pa.string()),
    ("deleted", pa.bool_()),
    ("fetched_at", _TIME),
    ("emptied", pa.bool_()),
    ("tie", pa.uint64()),
    ("topics", pa.uint8()),
    ("cluster", pa.uint64()),
    ("created_at", _TIME),
    ("content_hash", pa.uint64()),
    ("account_days", pa.int16()),
    ("scorable", pa.bool_()),
    ("compound", pa.int16()),
]
ROWS: Final = pa.schema(_ROWS)
_READ: Final = pa.schema([POST_SCHEMA.field(name) for name in NEEDED])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a lake's rows are asked: topics (a bit each, in order), and how they sound.

    What comes of it goes into `shards` folders of `into`. It goes to every worker.
    """

    lake: Folder
    topics: tuple[Case, ...]
    scorer: Scorer
    door: Door
    into: Folder
    shards: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a file: the row groups of one of so many equal stretches."""

    name: str
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What a worker takes at a time: small files together, or a part of a large one."""

    number: int
    shares: tuple[Share, ...]


def pieces_of(files: Sequence[PostFile], size: int) -> list[Piece]:
    """A lake in pieces of about `size` bytes."""
    pieces: list[list[Share]] = []
    room = -1  # not even for an empty file
    for file in files:
        of = max(-(-file.size // size), 1)
        if of > 1:
            pieces += [[Share(file.name, number, of)] for number in range(of)]
            room = -1
            continue
        if file.size > room:
            pieces.append([])
            room = size
        pieces[-1].append(Share(file.name, 0, 1))
        room -= file.size
    return [Piece(number, tuple(shares)) for number, shares in enumerate(pieces)]


def key_piece(asked: Asked, piece: Piece) -> dict[int, str]:
    """Write a piece's rows as `ROWS`; gives the names of the files by shard.

    Whoever does it again, because the first was lost, writes the same files. Raises FolderError, EngineError.
    """
    keyed = [key(asked, rows) for share in piece.shares for rows in _rows_of(asked.lake, share)]
    rows = pa.concat_tables([ROWS.empty_table(), *keyed])
    place = f"rows/{{shard}}/{piece.number}.parquet"
    return write_parted(
        rows.drop_columns(["shard"]), rows["shard"].to_numpy(), asked.shards, asked.into, place
    )


def _rows_of(lake: Folder, share: Share) -> Iterator[pa.Table]:
    try:
        with lake.opened(share.name) as file:
            parquet = pq.ParquetFile(file)
            missing = [name for name in NEEDED if name not in parquet.schema_arrow.names]
            if missing:
                raise EngineError(
                    f"{lake.place}/{share.name}: has no column {missing[0]}. Import the lake, which "
                    "needs fewer, and export that"
                )
            first, last = (parquet.num_row_groups * at // share.of for at in (share.number, share.number + 1))
            for group in range(first, last):
                yield parquet.read_row_group(group, columns=list(NEEDED)).select(NEEDED).cast(_READ)
    except (pa.ArrowException, OSError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise EngineError(
            f"{lake.place}/{share.name}: can't be read ({why}). Export its store again"
        ) from error


def key(asked: Asked, rows: pa.Table) -> pa.Table:
    """Rows of a lake (`NEEDED`) as `ROWS`."""
    keyed = key_rows(rows.append_column("topics", _topics(asked, rows["text"])), asked.shards)
    texts = keyed["text"].combine_chunks().cast(pa.string())
    compound = np.zeros(len(texts), np.int16)
    has_words = np.array(texts.is_valid().to_numpy(zero_copy_only=False), bool)
    scores = asked.scorer.score(pa.chunked_array([texts.drop_null()], pa.string()))["compound"]
    compound[has_words] = np.rint(scores.to_numpy() * 10_000).astype(np.int16)
    scored = keyed.append_column("compound", pa.array(compound, mask=~has_words))
    return scored.select(ROWS.names).cast(ROWS)


def _topics(asked: Asked, texts: "pa.ChunkedArray[Any]") -> "pa.Array[Any]":
    together = texts.combine_chunks().cast(pa.string())
    bits = np.zeros(len(together), np.uint8)
    for number, topic in enumerate(asked.topics):
        terms = Matcher(topic.query, asked.door).terms(together)
        bits |= np.array(terms.is_valid().to_numpy(zero_copy_only=False), bool).astype(np.uint8) << number
    return pa.array(bits)
