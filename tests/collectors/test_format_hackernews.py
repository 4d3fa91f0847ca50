"""Hacker News: the odd cases. All records are made up."""

import pytest

from walkback.collectors.archives.format import NotAPost, Sighting
from walkback.collectors.archives.hackernews import HACKERNEWS_ITEM, HACKERNEWS_SEARCH
from walkback.post import TextState


@pytest.fixture
def hit_of(door, noon):
    """The post of a search result."""
    return lambda **changes: HACKERNEWS_SEARCH.to_post(
        {"objectID": "1", "created_at_i": 1_691_323_200, "author": "a", **changes}, Sighting(door, noon)
    )


def test_a_story_has_title_text_and_address(hit_of):
    """The title is plain, the text HTML."""
    post = hit_of(title="A < B", story_text="<p>x &lt; y", url="https://zoom.example/tos")

    assert post.text == "A < B\nx < y\nhttps://zoom.example/tos"
    assert (post.conversation_id, post.engagement) == ("1", None)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"comment_text": "[dead]"}, TextState.REMOVED),
        ({"comment_text": "[flagged]"}, TextState.REMOVED),
        ({"comment_text": "[deleted]"}, TextState.DELETED),
        ({"title": "Zoom", "dead": True}, TextState.REMOVED),
        ({"title": "Zoom", "deleted": True}, TextState.DELETED),
        ({"title": None}, TextState.DELETED),
    ],
)
def test_what_is_gone_has_no_words(hit_of, changes, state):
    """Killed is not the same as taken back."""
    assert (hit_of(**changes).text, hit_of(**changes).text_state) == ("", state)


def test_a_polls_options_are_no_posts(hit_of):
    """Nor are they in search results."""
    with pytest.raises(NotAPost):
        hit_of(_tags=["pollopt"], story_text="yes")


def test_a_time_may_be_written_out(hit_of, noon):
    """Where the number is missing."""
    assert hit_of(created_at_i=None, created_at="2023-08-06T12:00:00.000Z", title="Zoom").created_at == noon


def test_a_deep_thread_is_read_whole():
    """Deeper than Python can call itself."""
    item = {"id": 0}
    for number in range(1, 5_000):
        item = {"id": number, "children": [item]}

    assert len(HACKERNEWS_ITEM.items(item)) == 5_000
