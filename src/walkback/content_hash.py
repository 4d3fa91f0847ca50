"""What near-duplicates share: a key of a text's letters, made for a whole column at once."""

import hashlib
import string
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SEPARATOR: Final = "\x00"
_IGNORED: Final = rf"^\s*rt\s+@\S*|(?:^|\s)(?:https?://|@)\S*|{_SEPARATOR}"
_MARKS_AND_SPACES: Final = (string.punctuation + string.whitespace).encode()


def content_hashes(texts: "pa.Array[Any]") -> "pa.Array[Any]":
    """For each text a 64-bit key: the same letters give the same, whatever case, marks, links or mentions.

    Marks and spaces are those of ASCII; the "RT @somebody" of a repost does not count. `texts` are
    strings without nulls; the keys are uint64, null where no letter is left.
    """
    bare = pc.replace_substring_regex(pc.utf8_lower(texts), _IGNORED, "")
    # All texts as one, because taking the marks out of each takes twice as long.
    together: Any = pc.binary_join(pa.ListArray.from_arrays([0, len(bare)], bare), _SEPARATOR)
    skeletons = together[0].as_py().encode().translate(None, _MARKS_AND_SPACES).split(_SEPARATOR.encode())
    letters = skeletons[: len(texts)]
    digests = b"".join([hashlib.blake2b(each, digest_size=8).digest() for each in letters])
    keys = np.frombuffer(digests, ">u8").astype(np.uint64)
    return pa.array(keys, mask=np.array([not each for each in letters], bool))
