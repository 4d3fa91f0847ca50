"""A JSON stream that ends where one item grows beyond measure, in length or in depth.

The parser keeps an item in memory, and for every level the names of all above it: a hundred kilobytes of
open brackets would take it gigabytes.
"""

import re
from typing import IO, Final

import numpy as np

LONGEST_ITEM: Final = 64 * 2**20  # bytes
DEEPEST: Final = 5_000  # levels; an answer in a thread is two
_STRING: Final = re.compile(rb'"(?>[^"\\]+|\\.)*+"', re.DOTALL)
_OPENING: Final = np.frombuffer(b"[{", np.uint8)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[{]}"))


class TooMuchError(Exception):
    """An item of a document is too long or too deep."""


class Measured:
    """A stream to read from. `since_item`: how much was read; whoever gets an item sets it to zero."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Nothing is read yet."""
        self._stream = stream
        self._depth = 0
        self._carried = b""  # what stands for a string that goes on in the next piece
        self.since_item = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises TooMuchError."""
        piece = self._stream.read(size)
        self.since_item += len(piece)
        if self.since_item > LONGEST_ITEM:
            raise TooMuchError(f"an item is longer than {LONGEST_ITEM >> 20} MiB")
        if self._deepest(piece) > DEEPEST:
            raise TooMuchError(f"an item is nested more than {DEEPEST:,} levels deep")
        return piece

    def _deepest(self, piece: bytes) -> int:
        """The deepest level of the piece, or a bound of it, by the brackets that are in no string."""
        text = self._carried + piece
        held = b"\\" if (len(text) - len(text.rstrip(b"\\"))) % 2 else b""  # it escapes what comes next
        # A quote at the end closes the string that goes on; where none does, it is left over.
        bare = _STRING.sub(b"", text.removesuffix(held) + b'"')
        self._carried = (b"" if bare.endswith(b'"') else b'"') + held
        brackets = bare.translate(None, _NO_BRACKETS)
        opened = brackets.count(b"[") + brackets.count(b"{")
        before, self._depth = self._depth, self._depth + 2 * opened - len(brackets)
        if before + opened <= DEEPEST:  # nearly every piece
            return before + opened
        steps = np.where(np.isin(np.frombuffer(brackets, np.uint8), _OPENING), 1, -1)
        return before + int(np.cumsum(steps).max())
