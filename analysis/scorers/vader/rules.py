"""VADER's rules, one function each, in the order in which they are applied.

Hutto and Gilbert, ICWSM 2014, "Generalizable heuristics humans use to assess sentiment intensity in text":
punctuation, capitals, degree modifiers, "but", and a look at the three words before. Beside each rule
stands the function of vaderSentiment 3.3.2 that it must equal, quirks included.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from math import sqrt
from typing import Final, NamedTuple

from vaderSentiment.vaderSentiment import C_INCR, N_SCALAR

from walkback.analysis.scorers.vader.lexicon import BOOSTERS, IDIOMS, Word

_CAPITALS: Final[float] = C_INCR
_NEGATED: Final[float] = N_SCALAR
_FADING: Final = (1.0, 0.95, 0.9)  # of a degree modifier one, two and three words before
_SAID_OFTEN: Final = 1.25  # "never so", "never this"
BEFORE_BUT: Final = 0.5
AFTER_BUT: Final = 1.5
ALPHA: Final = 15.0  # `normalize`: "approximates the max expected value"
CLEAR: Final = 0.499999  # closer to a tie only `round` itself knows which way to go

BEFORE: Final = 3
AFTER: Final = 2
Window = tuple[Word | None, Word | None, Word | None, Word, Word | None, Word | None]


class Scores(NamedTuple):
    """VADER's four numbers: shares in [0, 1] and compound in [-1, 1]."""

    negative: float
    neutral: float
    positive: float
    compound: float


# ── a word in its surroundings ───────────────────────────────────────────────────────────────


def valence_of(window: Window, *, some_capitals: bool) -> float:
    """`sentiment_valence`: a scored word's valence, between three words before it and two after.

    Where the text begins or ends the window has None. `some_capitals` tells that some words of the
    text are all in capitals and some are not.
    """
    third, second, first, word, _, _ = window
    if _is_kind_of(window):
        return 0.0
    valence = _no(window)
    if word.upper and some_capitals:
        valence = _louder(valence, valence)
    for distance, before in enumerate((first, second, third)):
        # A word that has a valence modifies nothing: "doubt", "kind" and "no" are such words.
        if before is None or before.valence is not None:
            continue
        valence += _degree(before, valence, some_capitals=some_capitals) * _FADING[distance]
        valence = (_negation_1, _negation_2, _negation_3)[distance](valence, window)
        if distance == BEFORE - 1:
            valence = _idioms(valence, window)
    return _least(valence, window)


def _role(word: Word | None) -> str:
    return word.role if word else ""


def _is_kind_of(window: Window) -> bool:
    """`polarity_scores`: the "kind" of "kind of" is not the kind one."""
    return window[3].role == "kind" and _role(window[4]) == "of"


def _no(window: Window) -> float:
    """`sentiment_valence`: "no" says something by itself only where no lexicon word follows.

    Where one does, "no" has the valence 0, to which capitals still add: "NO" stays negative.
    """
    third, second, first, word, after, _ = window
    own = word.valence or 0.0
    negated = _role(third) == "no" and _role(first) in {"or", "nor"}
    if _role(first) == "no" or _role(second) == "no" or negated:
        return own * _NEGATED
    if word.role == "no" and after is not None and after.valence is not None:
        return 0.0
    return own


def _louder(amount: float, valence: float) -> float:
    """`C_INCR`: capitals add to the strength; to a valence of 0 they add on the negative side."""
    return amount + _CAPITALS if valence > 0 else amount - _CAPITALS


def _degree(modifier: Word, valence: float, *, some_capitals: bool) -> float:
    """`scalar_inc_dec`: what "very" adds and "slightly" takes away."""
    if not modifier.boost:
        return 0.0
    change = -modifier.boost if valence < 0 else modifier.boost
    return _louder(change, valence) if modifier.upper and some_capitals else change


def _negation_1(valence: float, window: Window) -> float:
    """`_negation_check` of the word right before."""
    return valence * _NEGATED if window[2] and window[2].negates else valence


def _negation_2(valence: float, window: Window) -> float:
    """`_negation_check` of the second word before; "never so good" praises, "without doubt" affirms."""
    _, second, first, _, _, _ = window
    if _role(second) == "never" and _role(first) in {"so", "this"}:
        return valence * _SAID_OFTEN
    if _role(second) == "without" and _role(first) == "doubt":
        return valence
    return valence * _NEGATED if second and second.negates else valence


def _negation_3(valence: float, window: Window) -> float:
    """`_negation_check` of the third word before.

    The reference lacks a pair of brackets: "so" or "this" right before the word strengthens it
    whatever stands three words before, "never" or not.
    """
    third, second, first, _, _, _ = window
    never = _role(third) == "never" and _role(second) in {"so", "this"}
    if never or _role(first) in {"so", "this"}:
        return valence * _SAID_OFTEN
    if _role(third) == "without" and "doubt" in {_role(second), _role(first)}:
        return valence
    return valence * _NEGATED if third and third.negates else valence


def _idioms(valence: float, window: Window) -> float:
    """`_special_idioms_check`: "the bomb", "kiss of death", then "kind of", "sort of", "just enough".

    It is asked for together with the third word before, so that an idiom in the first three words, or
    after a lexicon word there, is none. An idiom puts its valence in place of all that went before it;
    "kind of" takes its part from negative words, too, and makes them worse.
    """
    third, second, first, word, after, after_next = map(_role, window)
    if not word and not second:
        return valence  # every phrase has one of the two
    two_one = f"{second} {first}"
    three_two = f"{third} {second}"
    three_two_one = f"{third} {second} {first}"
    ending = (f"{first} {word}", f"{second} {first} {word}", two_one, three_two_one, three_two)
    valence = next((IDIOMS[phrase] for phrase in ending if phrase in IDIOMS), valence)
    for beginning in (f"{word} {after}", f"{word} {after} {after_next}"):
        valence = IDIOMS.get(beginning, valence)
    for phrase in (three_two_one, three_two, two_one):
        valence += BOOSTERS.get(phrase, 0.0)
    return valence


def _least(valence: float, window: Window) -> float:
    """`_least_check`: "least" negates, but not in "at least" and "very least"."""
    _, second, first, _, _, _ = window
    if first and first.role == "least" and first.valence is None and _role(second) not in {"at", "very"}:
        return valence * _NEGATED
    return valence


# ── a text's valences ────────────────────────────────────────────────────────────────────────


def contrast(valences: list[float], positions: Sequence[int], but_at: int) -> None:
    """`_but_check`: before the first "but" all counts half, after it half as much again.

    Changes `valences`, which stand at `positions` among the words. The reference goes through its list
    while it changes it and finds each valence's place by its value: a changed one that equals a later one
    is changed again in its place. Only then the places of a value are a heap, so that time grows with
    n log n.
    """
    changed = [
        valence * (BEFORE_BUT if position < but_at else AFTER_BUT)
        for valence, position in zip(valences, positions, strict=True)
    ]
    if set(changed).isdisjoint(valences):
        valences[:] = changed
        return
    places: dict[float, list[int]] = {}
    for place, valence in enumerate(valences):
        places.setdefault(valence, []).append(place)  # ascending, and so a heap
    for turn in range(len(valences)):
        valence = valences[turn]
        place = places[valence][0]
        heappop(places[valence])
        valences[place] = valence * (BEFORE_BUT if positions[place] < but_at else AFTER_BUT)
        heappush(places.setdefault(valences[place], []), place)


def emphasis(exclamations: int, questions: int) -> float:
    """`_punctuation_emphasis`: up to four "!" count, two or three "?" count, more have one weight."""
    amount = min(exclamations, 4) * 0.292
    if questions > 1:
        amount += questions * 0.18 if questions <= 3 else 0.96
    return amount


def summarise(valences: Sequence[float], words: int, emphasised: float) -> Scores:
    """`score_valence`: the four numbers of a text that has `words` words and these valences.

    From Python 3.12 on `sum` carries its rounding errors along. Valences that cancel out then give 0,
    where before they gave a tiny number, and that is given the whole emphasis: the reference's compound
    differs between the versions, and this one with it.
    """
    total = float(sum(valences))
    if total > 0:
        total += emphasised
    elif total < 0:
        total -= emphasised
    positive = negative = 0.0
    for valence in valences:  # `_sift_sentiment_scores`: each counts one more, as each neutral word does
        if valence > 0:
            positive += valence + 1
        elif valence < 0:
            negative -= valence - 1
    if positive > negative:
        positive += emphasised
    elif positive < negative:
        negative += emphasised
    neutral = words - len(valences) + valences.count(0.0)
    whole = positive + negative + neutral
    return Scores(
        share(negative / whole) if negative else 0.0,
        share(neutral / whole) if neutral else 0.0,
        share(positive / whole) if positive else 0.0,
        # `normalize` also cuts at 1 and -1, which no quotient of this form goes beyond.
        to_four_decimals(total / sqrt(total * total + ALPHA)),
    )


def share(value: float) -> float:
    """`round(value, 3)` of a share, three times as fast away from ties."""
    nearest = int(value * 1000.0 + 0.5)
    return nearest / 1000.0 if -CLEAR < value * 1000.0 - nearest < CLEAR else round(value, 3)


def to_four_decimals(value: float) -> float:
    """`round(value, 4)`, three times as fast away from ties and from 0, whose sign counts."""
    nearest = int(value * 10000.0 + (0.5 if value > 0 else -0.5))
    return nearest / 10000.0 if nearest and -CLEAR < value * 10000.0 - nearest < CLEAR else round(value, 4)


NOTHING: Final = Scores(0.0, 0.0, 0.0, 0.0)  # a text without a word
NEUTRAL: Final = Scores(0.0, 1.0, 0.0, 0.0)
