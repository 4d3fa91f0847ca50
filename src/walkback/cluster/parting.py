"""Rows to the files of the shards that they belong to."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from walkback.folder import Folder


def write_parted(
    rows: pa.Table, shard_of: npt.NDArray[np.uint16], shards: int, into: Folder, place: str
) -> dict[int, str]:
    """Write rows by shard, in the order that they have; gives the names of the files.

    `place` is a name with `{shard}` in it. Raises FolderError.
    """
    order: npt.NDArray[np.int64] = np.argsort(shard_of, kind="stable").astype(np.int64)
    sorted_rows: Any = rows.take(order)
    edges = np.searchsorted(shard_of[order], np.arange(shards + 1)).tolist()
    names: dict[int, str] = {}
    for shard, (start, end) in enumerate(pairwise(edges)):
        if end > start:
            names[shard] = place.replace("{shard}", str(shard))
            with into.writing(names[shard]) as file:
                pq.write_table(sorted_rows.slice(start, end - start), file, compression="zstd")
    return names
