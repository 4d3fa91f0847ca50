"""Words of a field that VADER's lexicon lacks, or has with another meaning: a file of words and valences."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from walkback.analysis.scorers.vader.lexicon import (
    BOOSTERS,
    NEGATIONS,
    ROLES,
    lexicon,
    strip_punctuation,
)
from walkback.errors import CaseError

_POLICY: Final = "policy"
_STRONGEST: Final = 4.0


@dataclass(frozen=True, slots=True)
class DomainWords:
    """Words with their valences, in [-4, 4]; 0 takes a word out. `digest` tells versions of a file apart."""

    name: str
    valences: tuple[tuple[str, float], ...]

    @property
    def digest(self) -> str:
        """8 hex digits of what the words are worth."""
        said = "\n".join(f"{word}\t{valence:.1f}" for word, valence in sorted(self.valences))
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def over(self, valences: Mapping[str, float]) -> dict[str, float]:
        """VADER's valences with these in their place."""
        changed = {**valences, **dict(self.valences)}
        return {word: valence for word, valence in changed.items() if valence or word not in self._words}

    @property
    def _words(self) -> frozenset[str]:
        return frozenset(word for word, _ in self.valences)


def policy_words() -> DomainWords:
    """The words of a policy backlash that come with Walkback; each names its source in `policy.tsv`."""
    content = files(__package__).joinpath(f"{_POLICY}.tsv").read_text("utf-8")
    return _parsed(_POLICY, content, f"{_POLICY}.tsv")


def load_words(path: Path) -> DomainWords:
    """Words from a file: word, tab, valence; what follows a second tab is for people, as are # lines.

    Raises CaseError with every fault, each naming its line.
    """
    try:
        content = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(
            f"{path}: can't be read ({error}). Give a file in UTF-8, a word, a tab and a valence a line, or "
            f'lexicon = "{_POLICY}"'
        ) from error
    return _parsed(path.stem, content, str(path))


def _parsed(name: str, content: str, called: str) -> DomainWords:
    found: dict[str, float] = {}
    faults = []
    for number, line in _lines(content):
        cells = line.split("\t")
        word, valence = cells[0].strip(), _valence(cells[1]) if len(cells) > 1 else None
        fault = _fault(word, valence) or ("comes twice. Keep one" if word in found else None)
        if fault or valence is None:
            faults.append(f"{called}, line {number}: {word[:40]!r} {fault}")
        else:
            found[word] = valence
    if not found and not faults:
        faults.append(f"{called}: no words in it. Give a word, a tab and a valence a line")
    if faults:
        raise CaseError(*faults)
    return DomainWords(name, tuple(found.items()))


def _lines(content: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _valence(cell: str) -> float | None:
    try:
        valence = float(cell)
    except ValueError:
        return None
    return valence if abs(valence) <= _STRONGEST else None


def _fault(word: str, valence: float | None) -> str | None:
    """What keeps the rules from ever meeting a word, or from giving it that valence."""
    if valence is None:
        return "has no valence. Give a number in [-4, 4] after a tab"
    if abs(round(valence, 1) - valence) > 1e-9:
        return f"= {valence}: more than one decimal. Round it"
    if word != word.lower() or len(word.split()) != 1:
        return "is not one word in lower case. The rules look up single words so"
    if strip_punctuation(word) != word:
        return "begins or ends with punctuation, which the rules take off. Take it off"
    if word in BOOSTERS or word in NEGATIONS or word in ROLES or "n't" in word:
        return "is a word that VADER's rules are made of. Leave it out"
    if not valence and word not in lexicon():
        return "= 0, but VADER has no such word. Leave it out"
    return None
