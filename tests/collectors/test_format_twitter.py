"""X's API v2: the odd cases. All records are made up."""

from datetime import UTC, datetime

import pytest

from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.formats import recognise
from walkback.post import Engagement, Kind, TextState

RETWEETED = [{"type": "retweeted", "id": "5"}]


@pytest.fixture
def post_of(door, noon):
    """The one post of a record."""

    def make(record):
        known = recognise(record)
        (post,) = (known.to_post(item, Sighting(door, noon)) for item in known.items(record))
        return post

    return make


def tweet(**changes):
    """A tweet with what every answer has, and its time."""
    return {
        "id": "1688",
        "text": "zoom",
        "author_id": "77",
        "created_at": "2023-08-06T12:00:00.000Z",
        **changes,
    }


def link(short, whole):
    """Entities with one link."""
    return {"urls": [{"url": short, "expanded_url": whole}]}


def test_an_address_keeps_what_looks_like_an_entity(post_of):
    """`&copy=2` in an address is no ©."""
    record = tweet(
        text="a &amp; b http://t.co/x", entities=link("http://t.co/x", "https://example.org/?a=1&copy=2")
    )

    assert post_of({"data": [record]}).text == "a & b https://example.org/?a=1&copy=2"


def test_a_long_posts_links_are_its_own(post_of):
    """note_tweet has entities of its own."""
    note = {"text": "all of it https://t.co/n", "entities": link("https://t.co/n", "https://example.org/n")}

    assert post_of({"data": tweet(note_tweet=note)}).text == "all of it https://example.org/n"


def test_a_repost_without_its_usual_opening_has_its_words_once(post_of):
    """Some reposts' text lacks `RT @name: `."""
    original = {"id": "5", "text": "zoom says: no way, and then some more"}
    page = {
        "data": [tweet(text="zoom says: no w…", referenced_tweets=RETWEETED)],
        "includes": {"tweets": [original]},
    }

    assert post_of(page).text == "zoom says: no way, and then some more"


def test_the_repost_of_withheld_words_is_withheld(post_of):
    """Its original stands in the same page."""
    original = {"id": "5", "text": "hush", "withheld": {"country_codes": ["XX"]}}
    page = {"data": [tweet(text="RT @a: hu…", referenced_posts=RETWEETED)], "includes": {"posts": [original]}}

    assert (post_of(page).kind, post_of(page).text, post_of(page).text_state) == (
        Kind.REPOST,
        "",
        TextState.WITHHELD,
    )


def test_an_edit_has_its_time(post_of):
    """Every version is a post of its own; only later ones are edits."""
    first = post_of({"data": tweet(edit_history_tweet_ids=["1688", "1689"])})
    later = post_of({"data": tweet(id="1689", edit_history_tweet_ids=["1688", "1689"])})

    assert (first.edited_at, later.edited_at) == (None, datetime(2023, 8, 6, 12, tzinfo=UTC))


def test_views_that_were_not_counted_are_unknown(post_of):
    """X says 0 of everything before the end of 2022."""
    metrics = {"like_count": 0, "repost_count": 2, "impression_count": 0}

    assert post_of({"data": tweet(public_metrics=metrics)}).engagement == Engagement(likes=0, reposts=2)
    assert post_of({"data": tweet()}).engagement is None


def test_quechua_is_a_language(post_of):
    """Only X's three-letter codes that begin with q mean that it doesn't know."""
    assert (post_of({"data": tweet(lang="qu")}).lang, post_of({"data": tweet(lang="qst")}).lang) == (
        "qu",
        None,
    )


def test_what_is_included_and_what_failed_are_no_posts(post_of):
    """Context and errors stand beside the data."""
    page = {
        "data": [tweet()],
        "includes": {"tweets": [tweet(id="5")]},
        "errors": [{"value": "6", "title": "gone"}],
    }

    assert post_of(page).id == "1688"


def test_an_id_that_became_a_float_is_refused(post_of):
    """Its last digits are lost."""
    with pytest.raises(ValueError, match="an id is float"):
        post_of({"data": tweet(id=1.688e18)})


@pytest.mark.parametrize(
    ("made_at", "days"),
    [
        ("2023-08-06T11:59:59Z", 0),
        ("2023-07-31T12:00:00.000Z", 0),
        ("2023-07-30T12:00:00.000Z", 7),
        ("2009-01-01T00:00:00.000Z", 365),
        ("2023-08-07T12:00:00.000Z", None),
        ("soon", None),
        (7, None),
        (None, None),
    ],
)
def test_an_account_is_as_old_as_its_page_says(post_of, made_at, days):
    """In classes, and not told where it can't be so; in pages and in flattened tweets."""
    users = [{"id": "76", "created_at": "2001-01-01T00:00:00Z"}, {"id": "77", "created_at": made_at}]
    page = {"data": [tweet()], "includes": {"users": users}}
    flat = tweet(author={"id": "77", "created_at": made_at})

    assert post_of(page).account_days == post_of(flat).account_days == days
