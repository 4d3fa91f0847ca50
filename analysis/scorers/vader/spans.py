"""A column of texts as one run of bytes, and its tokens as spans of it: `str.split`, thousands at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from walkback.analysis.scorers.vader.lexicon import emoji

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.uint64]

_NOTHING_AND_A_SPACE: Final[Any] = [pa.scalar(text, pa.large_string()) for text in ("", " ")]
_ROOM: Final = 32  # bytes that may be read beyond the last token
_SPACES: Final = [
    chr(code) for code in range(0x80, 0x3001) if chr(code).isspace()
]  # ASCII's are told apart below
_LEAD: Final = 0xC0  # the first byte of a character that is not ASCII is at least this
_KIND_OF: Final = np.zeros(0x110000, np.uint8)
_SPACE, _EMOJI = 1, 2
_KIND_OF[[ord(character) for character in _SPACES]] = _SPACE
_KIND_OF[[ord(character) for character in emoji()]] = _EMOJI
_SPELLED_OUT: Final = {ord(character): f" {words}".encode() for character, words in emoji().items()}
_LENGTH_OF: Final = np.repeat([1, 2, 3, 4], [0xC0, 0x20, 0x10, 0x10])  # of a character, by its first byte
_LOWEST: Final = np.array([2**bits - 1 for bits in range(9)], np.uint64)
_ROUNDS: Final = 4  # of stripping; a token with more punctuation around it is left to `str.strip`


@dataclass(frozen=True, slots=True)
class Spans:
    """The tokens of some texts, in order.

    Token i is `data[starts[i]:ends[i]]`, and without its punctuation `data[cores[i]:core_ends[i]]`;
    text t has the tokens from `first[t]` to before `first[t + 1]`, and its own bytes stand between
    `offsets[t]` and `offsets[t + 1]`. `odd` are tokens that are not ASCII alone or not stripped yet.
    """

    data: Bytes
    offsets: Ints
    starts: Ints
    ends: Ints
    cores: Ints
    core_ends: Ints
    odd: Ints
    first: Ints
    exclamations: Ints
    questions: Ints


def find_tokens(texts: "pa.Array[Any]") -> Spans:
    """Split every text of a large_string array without nulls at white space, as `str.split` does."""
    texts = _without_emoji(texts)
    # A space before, between and after: no token touches another text's.
    spaced = pc.binary_join_element_wise(texts, *_NOTHING_AND_A_SPACE)
    content, offsets = _bytes_of(spaced)
    data = np.zeros(len(content) + 1 + _ROOM, np.uint8)
    data[0] = ord(" ")
    data[1 : len(content) + 1] = content
    used = data[: len(content) + 1]
    leads = np.flatnonzero(used >= _LEAD)
    space = _white(used, leads, _code_points(data, leads))
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1  # in turn where a token starts and where it ends
    starts, ends = edges[0::2], edges[1::2]
    cores, core_ends, unfinished = _strip(data, starts, ends)
    foreign = np.searchsorted(starts, leads[~space[leads]], "right") - 1
    return Spans(
        data=data,
        offsets=offsets + 1,
        starts=starts,
        ends=ends,
        cores=cores,
        core_ends=core_ends,
        odd=np.concatenate([foreign, unfinished]),
        first=np.searchsorted(starts, offsets + 1),
        exclamations=_count(used, "!", offsets + 1),
        questions=_count(used, "?", offsets + 1),
    )


def _bytes_of(texts: "pa.Array[Any]") -> tuple[Bytes, Ints]:
    """The bytes of a large_string array, and where in them each text starts, and the last ends."""
    at: Any
    content: Any
    _, at, content = texts.buffers()
    offsets = np.frombuffer(at, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if content is None:
        return np.zeros(0, np.uint8), offsets
    return np.frombuffer(content, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def _without_emoji(texts: "pa.Array[Any]") -> "pa.Array[Any]":
    """The texts, with emoji spelled out as `spell_out_emoji` does."""
    content, offsets = _bytes_of(texts)
    leads = np.flatnonzero(content >= _LEAD)
    code_points = _code_points(np.concatenate([content, np.zeros(_ROOM, np.uint8)]), leads)
    emoji = np.flatnonzero(_KIND_OF[code_points] == _EMOJI)
    if not len(emoji):
        return texts
    at = leads[emoji]
    words = [_SPELLED_OUT[code_point] for code_point in code_points[emoji].tolist()]
    ends = at + _LENGTH_OF[content[at]]
    whole = content.tobytes()
    between = [
        whole[end:start] for end, start in zip([0, *ends.tolist()], [*at.tolist(), len(whole)], strict=True)
    ]
    pieces = [between[0], *chain.from_iterable(zip(words, between[1:], strict=True))]
    longer = np.array([len(word) for word in words]) - (ends - at)
    grown = np.concatenate([[0], np.cumsum(longer)])
    buffers = [
        None,
        pa.py_buffer(offsets + grown[np.searchsorted(at, offsets)]),
        pa.py_buffer(b"".join(pieces)),
    ]
    spelled_out: pa.Array[Any] = pa.Array.from_buffers(pa.large_string(), len(texts), buffers)
    return spelled_out


def _code_points(data: Bytes, leads: Ints) -> Numbers:
    """The characters that start at `leads`, UTF-8 decoded; `data` has room beyond the last."""
    four = eight_bytes(data, leads)
    lead = four & _LOWEST[8]
    second, third, fourth = (four >> np.uint64(shift) & _LOWEST[6] for shift in (8, 16, 24))
    two = (lead & _LOWEST[5]) << np.uint64(6) | second
    three = (lead & _LOWEST[4]) << np.uint64(12) | second << np.uint64(6) | third
    four = (lead & _LOWEST[3]) << np.uint64(18) | second << np.uint64(12) | third << np.uint64(6) | fourth
    code_points: Numbers = np.where(lead < 0xE0, two, np.where(lead < 0xF0, three, four))
    return code_points


def _white(data: Bytes, leads: Ints, code_points: Numbers) -> Flags:
    """Which bytes are white space to `str.split`; `code_points` are the characters at `leads`."""
    space: Flags = (data == ord(" ")) | (data - np.uint8(9) < 5) | (data - np.uint8(28) < 4)
    if len(leads):
        wide = leads[_KIND_OF[code_points] == _SPACE]
        for step in (0, 1):
            space[wide + step] = True
        space[wide[data[wide] >= 0xE0] + 2] = True
    return space


def eight_bytes(data: Bytes, at: Ints) -> Numbers:
    """The eight bytes from each place on as one number, the first byte the least."""
    anywhere: Numbers = np.ndarray(len(data) - 7, "<u8", data, strides=(1,))
    eight: Numbers = anywhere[at]
    return eight


def _strip(data: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Where each token starts and ends without punctuation, and the tokens that have still more of it.

    As in `strip_punctuation` a token of which two bytes or fewer would be left is kept whole.
    """
    cores, core_ends = starts.copy(), ends.copy()
    left = np.flatnonzero(_is_punctuation(data[starts]))
    right = np.flatnonzero(_is_punctuation(data[ends - 1]))
    for _ in range(_ROUNDS):
        cores[left] += 1
        left = left[_is_punctuation(data[cores[left]])]
        core_ends[right] -= 1
        right = right[_is_punctuation(data[core_ends[right] - 1])]
    short = np.flatnonzero(core_ends - cores <= 2)
    cores[short] = starts[short]
    core_ends[short] = ends[short]
    return cores, core_ends, np.concatenate([left, right])


def _is_punctuation(characters: Bytes) -> Flags:
    """Which are in `string.punctuation`: the ASCII characters between its digits and letters."""
    return (
        (characters - np.uint8(ord("!")) < 15)
        | (characters - np.uint8(ord(":")) < 7)
        | (characters - np.uint8(ord("[")) < 6)
        | (characters - np.uint8(ord("{")) < 4)
    )


def _count(data: Bytes, character: str, offsets: Ints) -> Ints:
    """How often each text has an ASCII character."""
    owners = np.searchsorted(offsets, np.flatnonzero(data == ord(character)), "right") - 1
    return np.bincount(owners, minlength=len(offsets) - 1)


def cut(texts: "pa.ChunkedArray[Any]", *, rows: int, size: int) -> "Sequence[pa.Array[Any]]":
    """The column in blocks of at most `rows` texts and, one long text aside, at most `size` bytes."""
    blocks: list[pa.Array[Any]] = []
    for chunk in texts.cast(pa.large_string()).chunks:
        _, offsets = _bytes_of(chunk)
        at = 0
        while at < len(chunk):
            fits = int(np.searchsorted(offsets, offsets[at] + size, "right")) - 1
            upto = max(at + 1, min(fits, at + rows))
            blocks.append(chunk.slice(at, upto - at))
            at = upto
    return blocks
