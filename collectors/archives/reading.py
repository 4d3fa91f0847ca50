"""Reading archive files as streams: plain, gzip or zstd; lines, documents or tables. Never whole."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

import ijson
import orjson
import zstandard

from walkback.collectors.archives.measured import Measured, TooMuchError
from walkback.errors import ArchiveError

LONGEST_LINE: Final = 64 * 2**20
BROKEN_PACKING: Final = (
    OSError,
    EOFError,
    zlib.error,
    zstandard.ZstdError,
)  # what reading a stream may raise
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_HEAD: Final = 2**16
_ITEMS_KEY: Final = re.compile(rb'"(hits|statuses|posts|feed)"\s*:\s*\[')


@contextmanager
def open_archive(path: Path) -> Iterator[tuple[IO[bytes], BinaryIO]]:
    """The decompressed stream, and the raw file below it, whose `tell()` says how far reading is.

    Raises ArchiveError where the file can't be opened.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise ArchiveError(
            f"{path}: can't be read ({error.strerror}). Give a file that you may read"
        ) from error
    with raw:
        magic = raw.peek(4)[:4]
        if magic.startswith(_GZIP):
            yield io.BufferedReader(gzip.GzipFile(fileobj=raw)), raw
        elif magic == _ZSTD:
            # Pushshift's dumps are packed with a window of 2 GiB.
            unpacked = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(
                raw, read_across_frames=True
            )
            yield io.BufferedReader(unpacked, buffer_size=2**18), raw
        else:
            yield raw, raw


def head_of(path: Path) -> bytes:
    """The first 64 KiB after decompression, or as much as can be decompressed."""
    with open_archive(path) as (stream, _):
        try:
            return stream.read(_HEAD)
        except BROKEN_PACKING as error:
            raise ArchiveError(f"{path}: can't be decompressed ({error}). Fetch the file again") from error


def looks_like_json(head: bytes) -> bool:
    """Whether a file begins like JSON, or has JSON lines after a first line that is broken; or is empty."""
    start = head.lstrip()
    return start[:1] in {b"{", b"[", b""} or any(_is_record(line) for line in start.split(b"\n")[:-1])


def is_document(head: bytes) -> bool:
    """Whether the file is a JSON array, or one document over many lines, rather than JSON lines."""
    start = head.lstrip()
    if start[:1] == b"[":
        return True
    if start[:1] != b"{":
        return False
    whole_lines = start.split(b"\n")[:-1]
    if not whole_lines:
        return len(head) == _HEAD and _ITEMS_KEY.search(head) is not None
    return not any(_is_record(line) for line in whole_lines)


def _is_record(line: bytes) -> bool:
    """An object that begins the line; inside a document they are indented."""
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | str]]:
    """(number from 1, line) for every line that is not blank; a str says why a line can't be had.

    The end of a file that was cut off in the middle of its compression is such a line.
    """
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(LONGEST_LINE)
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                _skip_line(stream)
                yield number, f"the line is longer than {LONGEST_LINE >> 20} MiB"
                continue
        except BROKEN_PACKING as error:
            yield number, f"the compressed file is cut off or broken here ({error})"
            return
        if not line:
            return
        if not line.isspace():
            yield number, line


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


def document_items(stream: IO[bytes], head: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """(number from 1, item) of a JSON array, or of the array that a document is there for.

    Several documents may follow one another. A document without such an array is itself the one
    item. A str says why the rest can't be had.
    """
    number = 0
    measured = Measured(stream)
    items = ijson.items(measured, _prefix(head), use_float=True, multiple_values=True)
    try:
        for number, item in enumerate(items, start=1):
            measured.since_item = 0
            yield number, item if isinstance(item, dict) else f"not an object but {type(item).__name__}"
    except (ijson.JSONError, UnicodeDecodeError, TooMuchError, *BROKEN_PACKING) as error:
        yield number + 1, f"the JSON document breaks off here ({_first_line(error)})"


def _prefix(head: bytes) -> str:
    if head.lstrip()[:1] == b"[":
        return "item"
    key = _ITEMS_KEY.search(head)
    return f"{cast(bytes, key[1]).decode()}.item" if key else ""


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
