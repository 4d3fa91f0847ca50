"""Mastodon: the odd cases. All records are made up."""

import pytest

from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.mastodon import MASTODON
from walkback.post import Kind


@pytest.fixture
def post_of(door, noon):
    """The post of a status with the changes."""

    def make(**changes):
        status = {
            "uri": "https://home.example/users/made_up/statuses/110",
            "created_at": "2023-08-06T12:00:00.000Z",
            "account": {"acct": "made_up", "url": "https://home.example/@made_up"},
            "content": "<p>zoom",
            **changes,
        }
        return MASTODON.to_post(status, Sighting(door, noon))

    return make


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://home.example/users/made_up/statuses/110", "home.example/110"),
        ("https://HOME.example/ap/users/7/statuses/110/activity", "home.example/110"),
        ("https://home.example/post/5", None),
        ("https://home.example/comment/5", None),
        ("https://blog.example/?p=12", None),
        ("https://home.example/made_up/posts/5", None),
    ],
)
def test_an_id_holds_no_name_and_is_the_same_everywhere(post_of, door, uri, expected):
    """Other software's addresses may hold anything, so that their pseudonym stands for them."""
    post = post_of(uri=uri)

    assert post.id == (expected or f"{post.place}/{door.author('mastodon', uri)}")
    assert "made_up" not in repr(post)


def test_an_author_is_one_whatever_domain_their_names_go_by(post_of):
    """A server may run at social.example.org and give out names @example.org."""
    account = {"acct": "made_up", "url": "https://social.example.org/@made_up"}
    uri = "https://social.example.org/users/made_up/statuses/1"
    at_home = post_of(uri=uri, account=account)
    from_afar = post_of(uri=uri, account={**account, "acct": "Made_Up@example.org"})

    assert at_home.author == from_afar.author


def test_a_boost_has_the_language_of_its_words(post_of):
    """The booster's own status has none."""
    boosted = {"uri": "https://b.example/users/b/statuses/7", "content": "<p>Ärger", "language": "de"}
    post = post_of(content="", reblog=boosted, language=None)

    assert (post.kind, post.lang, post.text, post.parent_id) == (Kind.REPOST, "de", "Ärger", "b.example/7")


def test_a_replys_parent_is_unknown(post_of):
    """Its number is that of the server asked."""
    assert (post_of(in_reply_to_id="99").kind, post_of(in_reply_to_id="99").parent_id) == (Kind.REPLY, None)


def test_an_account_has_an_age(post_of):
    """Its day, as Mastodon tells it; no finer than a class."""
    account = {
        "acct": "made_up",
        "url": "https://home.example/@made_up",
        "created_at": "2023-07-01T00:00:00.000Z",
    }

    assert post_of(account=account).account_days == 30
    assert post_of().account_days is None
