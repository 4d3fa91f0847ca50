"""Bluesky: the odd cases. All records are made up."""

from datetime import UTC

import pytest

from walkback.collectors.archives.bluesky import BLUESKY
from walkback.collectors.archives.fields import iso_time
from walkback.collectors.archives.format import Sighting
from walkback.post import Kind


def view(**record):
    """A view of a post."""
    return {
        "uri": "at://did:plc:madeup/app.bsky.feed.post/k1",
        "author": {"did": "did:plc:madeup", "handle": "made-up.example"},
        "record": {"text": "zoom", "createdAt": "2023-08-06T12:00:00.000Z", **record},
    }


@pytest.fixture
def post_of(door, noon):
    """The post of a view."""
    return lambda **record: BLUESKY.to_post(view(**record), Sighting(door, noon))


@pytest.mark.parametrize("wrap", [lambda shown: shown, lambda shown: {"media": shown}])
def test_a_links_card_is_among_the_words(post_of, wrap):
    """Once, and not where the words have it already."""
    shown = wrap({"external": {"uri": "https://example.org/card"}})

    assert post_of(embed=shown).text == "zoom\nhttps://example.org/card"
    assert post_of(text="see https://example.org/card", embed=shown).text == "see https://example.org/card"


def test_a_did_in_the_words_is_masked(post_of):
    """Links to posts hold the DID of their author."""
    assert "madeup" not in repr(
        post_of(text="https://bsky.app/profile/did:plc:madeup/post/k2 did:web:madeup.example")
    )


@pytest.mark.parametrize("embed", ["app.bsky.embed.record", "app.bsky.embed.recordWithMedia"])
def test_a_quote_is_one(post_of, embed):
    """With or without pictures; a picture alone makes none."""
    assert post_of(embed={"$type": embed}).kind is Kind.QUOTE
    assert post_of(embed={"$type": "app.bsky.embed.images"}).kind is Kind.POST


def test_a_broken_neighbour_does_not_hide_a_thread():
    """Blocked and missing posts stand in threads without a view; a number in place of replies is none."""
    thread = {"thread": {"post": view(), "replies": [{"blocked": True}, 3, {"post": view(), "replies": 7}]}}

    assert BLUESKY.recognises(thread)
    assert len(list(BLUESKY.items(thread))) == 2
    assert not BLUESKY.recognises({"feed": 1, "posts": True, "thread": {"replies": 3}})


def test_every_time_that_the_protocol_allows_can_be_read(shared_data):
    """The protocol's own list of valid times."""
    lines = (shared_data / "cassettes/atproto/datetime_syntax_valid.txt").read_text().splitlines()
    times = [line for line in lines if line and not line.startswith("#")]

    assert len(times) > 10
    assert {iso_time(time).tzinfo for time in times} == {UTC}


def test_an_account_has_an_age(door, noon):
    """Where the view of its author tells it."""
    shown = view()
    shown["author"]["createdAt"] = "2023-08-01T12:00:00.000Z"

    assert BLUESKY.to_post(shown, Sighting(door, noon)).account_days == 0
    assert BLUESKY.to_post(view(), Sighting(door, noon)).account_days is None
