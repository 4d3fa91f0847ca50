"""The scorer against vaderSentiment itself: the same four numbers, down to the sign of a zero."""

import itertools
import struct

import pyarrow as pa
import pytest
from hypothesis import given, settings
from vader_texts import REFERENCE, handfuls, overlapping, real_texts
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES

from walkback.analysis.scorers.vader import Vader

VADER = Vader()
CONTEXT = """
    x no so this never without doubt least at very not or but really kinda VERY NOT good the kind of NO
""".split()  # noqa: SIM905  # a word beside a word


def bits(numbers):
    """Four numbers as bits: 0.0 and -0.0 differ."""
    return struct.pack("4d", *numbers)


def reference(text):
    """What vaderSentiment says."""
    said = REFERENCE.polarity_scores(text)
    return bits([said["neg"], said["neu"], said["pos"], said["compound"]])


def in_columns(column):
    """What the column scorer says of each."""
    scored = VADER.score(pa.chunked_array([pa.array(column, pa.string())]))
    names = ("negative", "neutral", "positive", "compound")
    return [bits(row) for row in zip(*(scored[name].to_pylist() for name in names), strict=True)]


def differing(column):
    """The texts that one of our two ways scores otherwise than the reference."""
    expected = [reference(text) for text in column]
    one_by_one = [bits(VADER.score_text(text)) for text in column]
    return [
        text
        for text, *said in zip(column, expected, one_by_one, in_columns(column), strict=True)
        if len(set(said)) > 1
    ]


@given(handfuls)
@settings(max_examples=10 * settings.default.max_examples)
def test_made_up_texts_get_the_references_numbers(handful):
    """Rule words, idioms, emoji, punctuation, capitals and all of Unicode; 20,000, nightly a million."""
    assert differing(overlapping(handful)) == []


def test_real_texts_get_the_references_numbers(shared_data):
    """Every text in the real data."""
    column = real_texts(shared_data)

    assert len(column) > 40_000
    assert differing(column) == []


def test_three_words_before_a_word_get_the_references_numbers():
    """Every three of the words that the rules ask for, before a good, a bad and an idiomatic word."""
    column = [
        f"{' '.join(before)} {ending}"
        for before in itertools.product(CONTEXT, repeat=3)
        for ending in ("good", "BAD!", "shit happens but ok")
    ]

    assert differing(column) == []


def test_every_word_that_is_known_gets_the_references_numbers():
    """Lexicon, boosters, negations, idioms and emoji, each alone, glued and in a frame."""
    rules = [*BOOSTER_DICT, *NEGATE, *SPECIAL_CASES]
    column = [
        f"{before} {word} {after} end"
        for word in rules
        for before in ("x y", "never", "")
        for after in ("great", "AWFUL", "of good", "not bad")
    ]
    column += [f"w w w {word} w" for word in rules] + rules
    column += [*REFERENCE.lexicon, *map(str.upper, REFERENCE.lexicon)]
    column += [text for emoji in REFERENCE.emojis for text in (emoji, f"{emoji}good {emoji}{emoji} bad")]

    assert differing(column) == []


@pytest.mark.parametrize(
    "words", [["good", "bad", "but", "BUT", "no", "great", "hate", "VERY", "sad"], ["good"]]
)
def test_a_long_text_gets_the_references_numbers(words):
    """Thousands of equal valences around "but"."""
    text = " ".join(words[(number * number) % len(words)] for number in range(2_000))

    assert differing([text, f"{text} but {text}", "x " * 2_000 + text]) == []


@pytest.mark.parametrize(
    "chunks",
    [[], [[]], [[""]], [["", " ", "\n", ""], [], ["good"]], [["good", ""], ["bad"]]],
)
def test_a_column_may_be_empty_or_in_pieces(chunks):
    """A row for each text, in order; a text without words has four zeros."""
    column = pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks], pa.string())
    scored = VADER.score(column)
    flat = column.to_pylist()

    assert scored.num_rows == len(flat)
    assert scored["compound"].to_pylist() == [VADER.score_text(text).compound for text in flat]


def test_a_column_is_cut_without_a_trace():
    """Texts on both sides of every seam keep their scores, and a very long one has a block of its own."""
    column = [f"{'very ' * (number % 3)}good {number}" for number in range(20_000)]
    column[9_000] = "not bad " * 300_000

    assert in_columns(column) == [bits(VADER.score_text(text)) for text in column]


def test_a_slice_of_a_column_is_scored_alone():
    """Arrow slices share their bytes with the whole."""
    whole = pa.chunked_array([pa.array(["awful", "good 😁", "fine", "bad"])])

    assert (
        VADER.score(whole.slice(1, 2)).to_pylist()
        == VADER.score(pa.chunked_array([["good 😁", "fine"]])).to_pylist()
    )


def test_the_version_is_the_packages():
    """A score belongs to a version."""
    assert (VADER.name, VADER.version) == ("vader", "3.3.2")
