"""The first pass over a lake: every row is held against the topics, scored where it is in one, and keyed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import daft
import numpy as np
import pyarrow as pa

from walkback.analysis.scorers.base import Scorer
from walkback.case import Case
from walkback.cluster.engine import told
from walkback.folder import Folder
from walkback.lake import POST_SCHEMA
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
_BATCH: Final = 50_000
_PARQUET: Final = pa.schema([POST_SCHEMA.field(name) for name in NEEDED])


@dataclass(frozen=True, slots=True)
class Asked:
    """What rows are asked: topics (a bit each, in order), and how they sound. It goes to every worker."""

    topics: tuple[Case, ...]
    scorer: Scorer
    door: Door
    shards: int


def key_files(asked: Asked, files: Sequence[str], into: Folder) -> list[str]:
    """Write the rows of files (addresses), keyed, a folder a shard; gives the names of what was written.

    What a worker wrote that was lost on the way is not among them. Raises EngineError.
    """

    @daft.func.batch(
        return_dtype=daft.DataType.struct(_schema(ROWS)), unnest=True, batch_size=_BATCH, use_process=True
    )
    def keyed(*columns: daft.Series) -> "pa.Array[Any]":
        table = pa.Table.from_arrays(
            [column.to_arrow().cast(field.type) for column, field in zip(columns, _PARQUET, strict=True)],
            schema=_PARQUET,
        )
        return _struct(key(asked, table))

    with told():
        rows = daft.read_parquet(list(files), schema=_schema(_PARQUET), infer_schema=False)
        written = (
            rows.select(keyed(*(rows[name] for name in NEEDED)))
            .write_parquet(into.address("").rstrip("/"), compression="zstd", partition_cols=["shard"])
            .to_pydict()
        )
    return [into.name_of(path) for path in written["path"]]


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


def _struct(table: pa.Table) -> "pa.Array[Any]":
    columns: list[Any] = [column.combine_chunks() for column in table.columns]
    return pa.StructArray.from_arrays(columns, names=table.column_names)


def _schema(schema: pa.Schema) -> dict[str, daft.DataType]:
    return {field.name: daft.DataType.from_arrow_type(field.type) for field in schema}
