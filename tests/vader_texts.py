"""Texts that lie in wait for a scorer of VADER's rules: made-up ones, and all that the real data holds."""

import csv
import json
import sys

from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

REFERENCE = SentimentIntensityAnalyzer()
LONGEST = 20_000  # characters; the reference takes a quarter of a second for that
RULE_WORDS = """
    no or nor never so this without doubt least at very kind of but not sort just enough
    the shit bomb bad ass badass bus stop yeah right kiss death to die for beating heart
    don’t xn'tx n't can’t x a good great sucks kindly hate LOL :D O_o :) 😁hello 🔛 🆙 naïve
    İ ſo K ΣΑΣ ß GOOD\u0301 ｇｏｏｄ \u200b
""".split()  # noqa: SIM905  # a word beside a word
SPACES = [
    *[" "] * 9,
    "  ",
    "\n",
    "\t",
    "\xa0",
    "\u2003",
    "\x1c",
    "\x1f",
    "\x85",
    "",
    "\u200b",
    "\u3000",
    "\x00",
    "\r\n",
]
AROUND = [
    *[""] * 20,
    "!",
    "!!",
    "?",
    "??",
    "????",
    ".",
    ",",
    "'s",
    '"',
    ")",
    "-",
    "!?!?",
    "…",
    "!!!!!!!",
    "---------",
    "*",
]
known = st.sampled_from(sorted(REFERENCE.lexicon))
helping = st.sampled_from([*RULE_WORDS, *BOOSTER_DICT, *NEGATE, *SPECIAL_CASES])
emoji = st.sampled_from(sorted(REFERENCE.emojis))
words = st.one_of(helping, helping, helping, known, emoji, st.text(max_size=6))
cased = st.tuples(words, st.sampled_from([str, str, str, str.upper, str.title, str.swapcase])).map(
    lambda pair: pair[1](pair[0])
)
tokens = st.tuples(st.sampled_from(AROUND), cased, st.sampled_from(AROUND), st.sampled_from(SPACES)).map(
    "".join
)
handfuls = st.one_of(
    st.lists(tokens, min_size=20, max_size=20), st.lists(st.text(max_size=9), min_size=20, max_size=20)
)


def overlapping(handful):
    """A text from each token on, from one to thirteen tokens long; Arrow holds no lone surrogates."""
    cuts = ["".join(handful[start : start + 1 + start * 7 % 13]) for start in range(len(handful))]
    return [text.encode("utf-8", "ignore").decode() for text in cuts]


def real_texts(folder):
    """Every text in the files of a folder: JSON strings, cells of tables, lines of the others."""
    csv.field_size_limit(sys.maxsize)
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_text(encoding="utf-8", errors="replace")
            found.update(dict.fromkeys(_texts(path.suffix, content)))
    return [text for text in found if " " in text and len(text) <= LONGEST]


def _texts(suffix, content):
    if suffix == ".csv":
        return [cell for row in csv.reader(content.splitlines(keepends=True)) for cell in row]
    if suffix == ".txt":
        return content.replace("\n", "\t").split("\t")
    documents = [content] if suffix == ".json" else content.splitlines()
    return [text for document in documents for text in _strings(_parsed(document))]


def _parsed(document):
    try:
        return json.loads(document)
    except ValueError:
        return document


def _strings(value):
    if isinstance(value, str):
        yield value.encode("utf-8", "ignore").decode()
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
