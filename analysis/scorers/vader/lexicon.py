"""What VADER knows about words: its lexicon, its word lists, and what a word means to its rules.

Lexicon, emoji table and word lists are those of the installed vaderSentiment (Hutto and Gilbert, ICWSM
2014, "Deriving and evaluating" and "Generalizable heuristics"); nothing is copied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import punctuation
from types import MappingProxyType
from typing import Final

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES

BOOSTERS: Final[Mapping[str, float]] = MappingProxyType(BOOSTER_DICT)
IDIOMS: Final[Mapping[str, float]] = MappingProxyType(SPECIAL_CASES)
NEGATIONS: Final = frozenset(NEGATE)
_PHRASES: Final = [*IDIOMS, *(booster for booster in BOOSTERS if " " in booster)]
# Words that a rule asks for by name.
ROLES: Final = frozenset(
    {word for phrase in _PHRASES for word in phrase.split()}
    | {
        "at",
        "but",
        "doubt",
        "kind",
        "least",
        "never",
        "no",
        "nor",
        "of",
        "or",
        "so",
        "this",
        "very",
        "without",
    }
)


@dataclass(frozen=True, slots=True)
class Word:
    """What the rules see of a token; tokens that mean the same to them are the same Word.

    `role` is the word itself, in lower case, where a rule asks for it by name, else "". `valence` is
    the lexicon's, in [-4, 4], None where the word is not in it; `boost` is what the word adds to the
    strength of one that follows.
    """

    role: str = ""
    upper: bool = False
    valence: float | None = None
    boost: float = 0.0
    negates: bool = False

    @property
    def scored(self) -> bool:
        """Whether the word has a valence of its own (`polarity_scores`: a booster never has)."""
        return self.valence is not None and not self.boost

    @property
    def aside(self) -> "Word":
        """What the rules see of the word as they look at another: capitals of modifiers alone, no valence.

        A word that is in the lexicon modifies nothing; that it is there is all they see of it.
        """
        if self.valence is not None:
            return Word(self.role, valence=0.0)
        return Word(self.role, self.upper and self.boost != 0, None, self.boost, self.negates)


_SCORED_ASIDE: Final = Word(valence=0.0)
# A Word is kept as one character, so that a text's words are a string and a word's surroundings are a
# slice of it. The ranges tell by themselves what search and count look for.
OUTSIDE: Final = "\x01"  # before the first word and after the last
PLAIN: Final = "\x02"  # a word that no rule asks for
SCORED_ASIDE: Final = "\x03"  # a word that has a valence, as words around it see it
_FIRST_HELPER: Final = 0x100
FIRST_SCORED: Final = 0x400
FIRST_NAMED: Final = 0xE00  # scored, and with a role: what follows such a word may matter
UPPER: Final = 0x1000  # what a character in capitals is above its twin
SCORED: Final = "\u0400-\u0fff\u1400-\u1fff"  # as character classes of a regular expression
NAMED: Final = "\u0e00-\u0fff\u1e00-\u1fff"
LOUD: Final = "\u1100-\u1fff"  # in capitals, and of interest to a rule
CAPITALS: Final = "\u1002-\u1fff"


class Vocabulary(dict[str, str]):
    """Token to Word, as a character; a token is looked at once.

    >>> vocabulary = Vocabulary(lexicon())
    >>> vocabulary.words[vocabulary["GREAT!!"]]
    Word(role='', upper=True, valence=3.1, boost=0.0, negates=False)
    """

    _AT_HAND: Final = 200_000  # tokens; a live stream never stops to bring new ones

    def __init__(self, valences: Mapping[str, float]) -> None:
        """`valences` are the lexicon's, by word in lower case; `known` is all that some rule asks for."""
        super().__init__()
        self._valences = valences
        self.known = frozenset({*valences, *BOOSTERS, *NEGATIONS, *ROLES})
        self.words = {PLAIN: Word(), chr(ord(PLAIN) + UPPER): Word(upper=True)}
        self._characters = {word: character for character, word in self.words.items()}
        self.words |= {OUTSIDE: Word(), SCORED_ASIDE: _SCORED_ASIDE}
        self._asides = {OUTSIDE: OUTSIDE}
        self._next = {_FIRST_HELPER: _FIRST_HELPER, FIRST_SCORED: FIRST_SCORED, FIRST_NAMED: FIRST_NAMED}

    def __missing__(self, token: str) -> str:
        """Look at a token as it stands between two white spaces."""
        if len(self) >= self._AT_HAND:
            self.clear()
        character = self[token] = self.character(strip_punctuation(token))
        return character

    def character(self, token: str) -> str:
        """The character for a token without its punctuation."""
        lower = token.lower()
        if lower not in self.known and "n't" not in lower:
            return chr(ord(PLAIN) + UPPER) if token.isupper() else PLAIN
        word = Word(
            role=lower if lower in ROLES else "",
            upper=token.isupper(),
            valence=self._valences.get(lower),
            boost=BOOSTERS.get(lower, 0.0),
            # `negated`. Only the typewriter's apostrophe negates, not the curly one of phones.
            negates=lower in NEGATIONS or "n't" in lower,
        )
        return self._characters.get(word) or self._new(word)

    def aside(self, character: str) -> str:
        """The character of a Word's `aside`."""
        if character not in self._asides:
            aside = self.words[character].aside
            known = self._characters.get(aside) or self._new(aside)
            self._asides[character] = SCORED_ASIDE if aside == _SCORED_ASIDE else known
        return self._asides[character]

    def _new(self, word: Word) -> str:
        """Give a Word and its twin in capitals their characters."""
        kind = _FIRST_HELPER
        if word.scored:
            kind = FIRST_NAMED if word.role else FIRST_SCORED
        code = self._next[kind]
        if code + 1 in (FIRST_SCORED, FIRST_NAMED, UPPER):
            raise OverflowError("the lexicon has more than 2,559 different valences")
        self._next[kind] = code + 1
        for upper in (False, True):
            twin = Word(word.role, upper, word.valence, word.boost, word.negates)
            character = chr(code + UPPER * upper)
            self.words[character] = twin
            self._characters[twin] = character
        return self._characters[word]


def strip_punctuation(token: str) -> str:
    """`SentiText._strip_punc_if_word`: of two characters or fewer the punctuation stays, as in ":)"."""
    stripped = token.strip(punctuation)
    return token if len(stripped) <= 2 else stripped


@cache
def lexicon() -> Mapping[str, float]:
    """VADER's valences by word (`make_lex_dict`).

    Entries of several words ("fed up") and with capitals (":D") are never met: the rules look up
    single words in lower case.
    """
    return MappingProxyType({word: float(valence) for word, valence in _rows("vader_lexicon.txt")})


@cache
def emoji() -> Mapping[str, str]:
    """Descriptions by emoji (`make_emoji_dict`), of emoji that are one code point.

    The others (flags, families, skin tones) are never met: the reference looks up single characters.
    """
    rows = _rows("emoji_utf8_lexicon.txt")
    return MappingProxyType({emoji: description for emoji, description in rows if len(emoji) == 1})


def _rows(name: str) -> list[tuple[str, str]]:
    """The first two columns of one of vaderSentiment's data files."""
    text = files("vaderSentiment").joinpath(name).read_bytes().decode()
    rows = (line.strip().split("\t")[:2] for line in text.rstrip("\n").split("\n") if line)
    return [(row[0], row[1]) for row in rows]
