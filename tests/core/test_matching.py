from unicodedata import category

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.case import Query
from walkback.matching import Matcher
from walkback.post import Door

DOOR = Door(b"a key for tests, 32 bytes long at least")


def terms(text, **query):
    """The terms that a query finds in a text as it is stored, the same wherever in a column it stands."""
    matcher = Matcher(Query(**{"any": ["zoom tos"], **query}), DOOR)
    before, found, after = matcher.terms(pa.array(["so", DOOR.mask(text), ""])).to_pylist()
    assert [before, after] == matcher.terms(pa.array(["so", ""])).to_pylist()
    return found


@pytest.mark.parametrize(
    ("term", "yes", "no"),
    [
        ("zoom tos", "Read the ZOOM  TOS!", "zoom's tos"),
        ("zoom tos", "zoom\ntos", "zoom tossed"),
        ("zoom", "Zoom, really", "zoomed in, or subzoom"),
        ("#zoom", "so #Zoom it is", "##zoom #zoomtos zoom"),
        ("@zoom", "hey @Zoom!", "hey @zoomer, zoom"),
        ("zoom.us", "see https://explore.zoom.us/terms", "zoom.usa or zoomXus"),
        ("don’t", "I don’t", "I do not"),
        ("*", "anything at all", None),
    ],
)
def test_each_kind_of_term(term, yes, no):
    """Words, phrases, #tags, @accounts (masked by then), sites and the term for everything."""
    assert terms(yes, any=[term]) == [term]
    assert no is None or terms(no, any=[term]) is None


def test_all_and_none():
    """One of any, every one of all, none of none."""
    query = {"any": ["zoom", "acme"], "all": ["terms"], "none": ["lens"]}

    assert terms("zoom terms", **query) == ["zoom", "terms"]
    assert terms("zoom acme terms", **query) == ["zoom", "acme", "terms"]
    assert terms("zoom", **query) is None
    assert terms("terms", **query) is None
    assert terms("zoom lens terms", **query) is None


# What every Unicode version knows, the newest letters of Python or RE2 aside.
NEIGHBOURS = st.one_of(st.characters(max_codepoint=0x7F), st.characters(max_codepoint=0x2FFF))


@given(st.lists(st.tuples(NEIGHBOURS, NEIGHBOURS), min_size=1, max_size=30))
def test_a_term_stands_alone_between_any_two_characters(neighbours):
    """Letters and digits of every alphabet and _ beside it make it part of a word; # and @ before it, too."""

    def is_alone(before, after):
        in_word = [category(one)[0] in "LN" or one == "_" for one in (before, after)]
        return not any(in_word) and before not in "#@"

    found = Matcher(Query(any=["zoom"]), DOOR).terms(
        pa.array([f"so {before}zoom{after} it is" for before, after in neighbours])
    )

    assert [found[at].is_valid for at in range(len(found))] == [is_alone(*pair) for pair in neighbours]
