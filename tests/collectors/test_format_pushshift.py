"""Reddit: the odd cases. All records are made up."""

import pytest

from walkback.collectors.archives.format import NotAPost, Sighting
from walkback.collectors.archives.pushshift import PUSHSHIFT
from walkback.post import TextState


@pytest.fixture
def post_of(door, noon):
    """The post of a thing."""
    return lambda thing: PUSHSHIFT.to_post(thing, Sighting(door, noon))


def submission(**changes):
    """A submission."""
    return {
        "id": "s1",
        "title": "Zoom",
        "selftext": "",
        "created_utc": 1,
        "subreddit": "privacy",
        "author": "a",
        **changes,
    }


def comment(**changes):
    """A comment."""
    return {"id": "c1", "body": "no", "created_utc": 1, "subreddit": "privacy", "link_id": "t3_s1", **changes}


def test_entities_that_authors_write_are_read_as_readers_do(post_of):
    """Reddit escapes Markdown in which `&#x200B;` stands for an invisible space."""
    assert post_of(comment(body="a &amp;#x200B; b &amp;lt; &gt;")).text == "a \u200b b < >"
    assert post_of(submission(title="&amp;lt; is a sign")).text == "&lt; is a sign"


def test_a_links_parameters_stay(post_of):
    """`&copy=2` is no ©; a submission's own address is no link."""
    outside = submission(url="https://zoom.example/?a=1&amp;copy=2", is_self=False)

    assert post_of(outside).text == "Zoom\nhttps://zoom.example/?a=1&copy=2"
    assert post_of(submission(url="https://www.reddit.com/r/privacy/comments/s1/zoom/")).text == "Zoom"


def test_a_profile_is_a_handle(post_of, door):
    """Posts on one's own profile have `u_name` for a subreddit."""
    post = post_of(submission(subreddit="u_made_up", selftext="as in r/u_made_up"))

    assert post.place == door.mention("made_up")
    assert "made_up" not in repr(post)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"body": "[ Removed by Reddit ]"}, TextState.REMOVED),
        ({"_meta": {"was_deleted_later": True, "removal_type": "removed by reddit"}}, TextState.REMOVED),
        ({"_meta": {"was_deleted_later": True, "removal_type": "deleted"}}, TextState.DELETED),
        ({"_meta": {"was_initially_deleted": True}, "removed_by_category": "reddit"}, TextState.PRESENT),
        ({"_meta": {"note": "no_2nd_retrieval"}}, TextState.PRESENT),
    ],
)
def test_arctic_shift_says_what_became_of_a_post(post_of, changes, state):
    """What came back is there."""
    assert post_of(comment(**changes)).text_state is state


def test_a_hidden_score_is_unknown(post_of):
    """Reddit says 1 then."""
    assert post_of(comment(score=1, score_hidden=True)).engagement.score is None
    assert post_of(comment(score=-4)).engagement.score == -4


def test_an_author_without_a_fullname_goes_by_name(post_of, door):
    """A deleted one is nobody."""
    assert post_of(comment(author="a")).author == door.author("reddit", "a")
    assert post_of(comment(author="[deleted]", author_fullname="t2_a")).author is None


def test_a_comment_without_its_thread_has_no_address(post_of):
    """And a parent given as a number can't be turned back."""
    post = post_of(comment(link_id=None, parent_id=12345))

    assert (post.id, post.url, post.conversation_id, post.parent_id) == ("t1_c1", None, None, None)


def test_a_fullname_for_an_id_stays_one(post_of):
    """Some dumps have it so."""
    assert post_of(comment(id="t1_c1")).id == "t1_c1"


def test_other_things_of_a_listing_are_no_posts(post_of):
    """A listing may mix submissions and subreddits; their titles are no words of people."""
    mixed = [
        {"kind": "t5", "data": {"id": "x", "title": "A place", "created_utc": 1}},
        {"kind": "t3", "data": submission()},
    ]
    place, post = PUSHSHIFT.items({"kind": "Listing", "data": {"children": mixed}})

    assert post_of(post).id == "t3_s1"
    with pytest.raises(NotAPost, match="t5"):
        post_of(place)


@pytest.mark.parametrize("score", [2**63, 1.5, "many", True, []])
def test_a_count_that_cannot_be_stored_is_a_plain_fault(post_of, score):
    """In a post it would stop the whole page."""
    with pytest.raises(ValueError, match="a count is no whole number"):
        post_of(comment(score=score))


def test_an_account_has_an_age(post_of):
    """Some dumps tell when their author's was made."""
    day = 86_400

    assert post_of(submission(created_utc=400 * day, author_created_utc=day)).account_days == 365
    assert post_of(submission(created_utc=400 * day, author_created_utc=None)).account_days is None
