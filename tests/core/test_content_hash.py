import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.content_hash import content_hashes


def key(text):
    """The key of one text."""
    return content_hashes(pa.array([text])).to_pylist()[0]


@pytest.mark.parametrize(
    "other",
    [
        "Zoom TOS is awful",
        "zoom tos is awful!!!",
        "RT @someone: Zoom TOS is awful https://example.org/a",
        "  zoom   tos\nis awful...",
    ],
)
def test_near_duplicates_share_their_hash(other):
    """Case, marks, links, mentions, spaces and a leading RT make no difference."""
    assert key("zoom tos is awful") == key(other)


def test_other_words_have_another_hash_and_no_words_none():
    """A post of a link alone is nobody's duplicate."""
    assert key("zoom tos is awful") != key("zoom tos is lawful")
    assert key("https://example.org @someone ...") is None


@given(st.lists(st.text()))
def test_a_text_has_its_key_wherever_it_stands(texts):
    """A column's keys are those of its texts one by one, in slices too."""
    column = pa.array(["before", *texts, "after"], pa.string())

    assert content_hashes(column)[1:-1].to_pylist() == [key(text) for text in texts]
    assert content_hashes(column[1:]).to_pylist()[:-1] == [key(text) for text in texts]
