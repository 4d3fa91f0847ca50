import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.post import Door, clean_text, utc_from_seconds

DOOR = Door(b"a key for tests, 32 bytes long at least")


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("hello @Jane_Doe!", "hello @{0}!"),
        ("@jane_doe: no", "@{0}: no"),
        ("cc @Jane_Doe, @Jane_Doe.", "cc @{0}, @{0}."),
        ("thanks u/Jane_Doe and /u/jane_doe", "thanks u/{0} and /u/{0}"),
        ("https://twitter.com/Jane_Doe/status/123?s=20", "https://twitter.com/i/web/status/123?s=20"),
        ("https://x.com/Jane_Doe", "https://x.com/{0}"),
        ("see x.com/jane_doe/status/9", "see x.com/i/web/status/9"),
        ("https://www.reddit.com/user/Jane_Doe/comments", "https://www.reddit.com/user/{0}/comments"),
        (
            "https://www.reddit.com/message/compose/?to=Jane_Doe&x",
            "https://www.reddit.com/message/compose/?to={0}&x",
        ),
        ("https://mastodon.example/@Jane_Doe/110", "https://mastodon.example/@{0}/110"),
        ("https://old.reddit.com/r/u_Jane_Doe/comments/1", "https://old.reddit.com/r/u_{0}/comments/1"),
        ("https://news.ycombinator.com/user?id=Jane_Doe", "https://news.ycombinator.com/user?id={0}"),
        ("https://home.example/users/Jane_Doe/statuses/1", "https://home.example/users/{0}/statuses/1"),
        ("https://x.com/intent/user?screen_name=Jane_Doe", "https://x.com/intent/user?screen_name={0}"),
        ("https://twitter.com/#!/Jane_Doe", "https://twitter.com/#!/{0}"),
        ("https://nitter.example/Jane_Doe/status/1", "https://nitter.example/i/web/status/1"),
        ("https://www.instagram.com/Jane_Doe/", "https://www.instagram.com/{0}/"),
        ("hello \uff20Jane_Doe", "hello @{0}"),
        ("write to jane.doe@example.org now", "write to [e-mail] now"),
    ],
)
def test_a_handle_is_masked_wherever_it_stands(said, masked):
    """Mentions, names, links and addresses; the same person has the same mask."""
    assert DOOR.mask(said) == masked.format(DOOR.mention("jane_doe"))


@pytest.mark.parametrize(
    "said",
    [
        "https://x.com/i/web/status/123",
        "https://x.com/search?q=zoom",
        "https://www.netflix.com/title/1 and https://fedex.com/track",
        "https://instagram.com/p/abc/",
        "https://pic.twitter.com/abc",
        "5 @ 3 is no mention, and/or menu/item neither",
        "no names here",
    ],
)
def test_what_is_no_handle_stays(said):
    """A mask must not eat words."""
    assert DOOR.mask(said) == said


def test_a_bluesky_identity_is_masked_whole():
    """A DID in a profile's link, and a handle that is a host's name."""
    masked = DOOR.mask("https://bsky.app/profile/did:plc:abc/post/1 http://Jane-Doe.bsky.social/")

    assert "did:plc" not in masked
    assert "jane" not in masked.lower()
    assert DOOR.mask(masked) == masked


@given(st.text(alphabet="@u/abc._-: x.com/:htps\n", max_size=60))
def test_masking_twice_is_masking_once(text):
    """An export that is imported again keeps its pseudonyms."""
    once = DOOR.mask(text)

    assert DOOR.mask(once) == once


def test_an_authors_pseudonym_depends_on_source_and_key():
    """The same id at another source is another person; another key makes other pseudonyms."""
    other = Door(b"another key of at least thirty-two bytes")

    assert DOOR.author("x", "1") == DOOR.author("x", "1")
    assert len({DOOR.author("x", "1"), DOOR.author("reddit", "1"), other.author("x", "1")}) == 3


def test_a_door_works_the_same_in_another_process():
    """It travels as its key."""
    assert pickle.loads(pickle.dumps(DOOR)).author("x", "1") == DOOR.author("x", "1")  # noqa: S301


def test_a_short_key_is_refused():
    """Pseudonyms are only as good as the key."""
    with pytest.raises(ValueError, match="32 bytes"):
        Door(b"short")


@given(st.text())
def test_clean_text_can_be_stored(text):
    """No NUL, no lone surrogate; all else stays."""
    cleaned = clean_text(text + "\x00\ud800")

    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert len(text) + 2 == len(cleaned)


def test_a_time_beyond_reason_is_refused():
    """ValueError, so that the record goes to quarantine."""
    assert utc_from_seconds(0) == datetime(1970, 1, 1, tzinfo=UTC)
    for seconds in (1e20, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="no time in epoch seconds"):
            utc_from_seconds(seconds)


def test_masking_takes_time_in_proportion_to_length():
    """40,000 hostile characters are no trap: this returns at once or the suite's time limit tells."""
    for hostile in (
        "@" * 40_000,
        "@a." * 13_000,
        "a@" * 20_000,
        "u/" * 20_000,
        "https://x.com/" * 3_000,
        "a." * 20_000 + "/",
        "/users/" * 6_000,
    ):
        assert DOOR.mask(hostile)
