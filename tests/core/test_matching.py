import pyarrow as pa
import pytest

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
