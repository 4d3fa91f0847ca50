"""Concerns and the words that name them, from a file that anybody can edit."""

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, ValidationError

from walkback.case import Case
from walkback.errors import CaseError

MOST_CONCERNS: Final = 24
_OURS: Final = "codebook.toml"
_NO_WORD: Final = re.compile(r"[^\w'*]+")
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
_Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^*]*[\p{L}\p{N}]")
]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@dataclass(frozen=True, slots=True)
class Entry:
    """A concern. `pattern`: what finds its words in a text as `ThemedPosts` spells it (RE2)."""

    name: str
    title: str
    source: str
    pattern: str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: _Text
    source: _Text
    words: Annotated[list[_Word], Field(min_length=1, max_length=500)]


class _Book(RootModel[dict[_Name, _Table]]):
    pass


def codebook_of(case: Case) -> tuple[Entry, ...]:
    """The codebook that a case names, or the one that comes with us. Raises CaseError, naming each fault."""
    if case.themes.codebook is None:
        return read_codebook(codebook_text(), _OURS)
    path = case.path.parent / case.themes.codebook
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(
            f"{case.path}: themes.codebook: {path} can't be read ({type(error).__name__}). Name a TOML file"
        ) from error
    return read_codebook(text, str(path))


def codebook_text() -> str:
    """The codebook that comes with us, as it is written."""
    return files("walkback.analysis.themes").joinpath(_OURS).read_text("utf-8")


def read_codebook(text: str, name: str) -> tuple[Entry, ...]:
    """The concerns of a TOML text, in its order. Raises CaseError, naming each fault."""
    try:
        book = _Book.model_validate(tomllib.loads(text)).root
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{name}: no TOML: {error}") from error
    except ValidationError as error:
        faults = [f"{name}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise CaseError("\n".join(faults)) from error
    if not 1 <= len(book) <= MOST_CONCERNS:
        raise CaseError(f"{name}: has {len(book)} concerns. Give 1 to {MOST_CONCERNS}")
    return tuple(Entry(key, table.title, table.source, _pattern(table.words)) for key, table in book.items())


def _pattern(words: list[str]) -> str:
    return f" (?:{'|'.join(map(_one, words))})"


def _one(word: str) -> str:
    """As `ThemedPosts` spells texts; * stands for any ending."""
    parts = _NO_WORD.sub(" ", word.lower().replace("\u2019", "'")).split()
    spelt = " ".join(part.strip("'") for part in parts if part.strip("'"))
    found = "".join("[^ ]*" if letter == "*" else re.escape(letter) for letter in spelt.rstrip("*"))
    return found if spelt.endswith("*") else f"{found} "
