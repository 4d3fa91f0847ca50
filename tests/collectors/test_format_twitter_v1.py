"""Twitter's API v1.1: the odd cases. All records are made up."""

import pytest

from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.twitter_v1 import TWITTER_V1
from walkback.post import Kind, TextState


@pytest.fixture
def post_of(door, noon):
    """The post of a status."""
    return lambda status: TWITTER_V1.to_post(status, Sighting(door, noon))


def status(**changes):
    """A status of the v1.1 API."""
    return {
        "id_str": "9",
        "created_at": "Sun Aug 06 12:00:00 +0000 2023",
        "user": {"id_str": "77", "screen_name": "made_up"},
        "text": "zoom",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "kind", "parent"),
    [
        ({"in_reply_to_status_id_str": "3", "quoted_status_id_str": "4"}, Kind.REPLY, "3"),
        ({"quoted_status_id_str": "4"}, Kind.QUOTE, "4"),
        ({"retweeted_status": status(id_str="5"), "quoted_status_id_str": "4"}, Kind.REPOST, "5"),
        ({}, Kind.POST, None),
    ],
)
def test_what_a_status_refers_to_makes_its_kind(post_of, changes, kind, parent):
    """A repost of a quote is a repost; a quoting reply is a reply."""
    assert (post_of(status(**changes)).kind, post_of(status(**changes)).parent_id) == (kind, parent)


def test_a_repost_of_a_trimmed_user_has_its_words(post_of):
    """trim_user leaves ids alone."""
    original = status(id_str="5", full_text="zoom, whole", user={"id_str": "5"})

    assert post_of(status(retweeted_status=original)).text == "zoom, whole"


def test_withheld_words_are_not_kept(post_of):
    """Whether the status or what it reposts is withheld."""
    hushed = status(withheld_in_countries=["XX"])

    assert post_of(hushed).text_state is TextState.WITHHELD
    assert post_of(status(retweeted_status=hushed)).text == ""


def test_links_are_whole_and_entities_decoded(post_of):
    """In that order of decoding that leaves addresses alone."""
    urls = [{"url": "https://t.co/a", "expanded_url": "https://twitter.com/made_up/status/12?x=1&lt=2"}]
    post = post_of(status(text="&lt;3 https://t.co/a", entities={"urls": urls}))

    assert post.text == "<3 https://twitter.com/i/web/status/12?x=1&lt=2"


def test_a_time_of_another_form_is_a_plain_fault(post_of):
    """ISO is the new API's."""
    with pytest.raises(ValueError):  # noqa: PT011  # whichever way it is wrong
        post_of(status(created_at="2023-08-06T12:00:00Z"))


def test_an_account_has_an_age(post_of):
    """Where its user was not trimmed."""
    user = {"id_str": "77", "created_at": "Sun Jul 23 12:00:00 +0000 2023"}

    assert post_of(status(user=user)).account_days == 7
    assert post_of(status()).account_days is None
