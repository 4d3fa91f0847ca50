"""Each format: fields, odd cases, and that no handle gets through. All records are made up."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.collectors.archives.format import NotAPost, Sighting
from walkback.collectors.archives.formats import FORMATS, recognise
from walkback.collectors.archives.html import html_to_text
from walkback.collectors.archives.refusals import refusal
from walkback.post import Door, Engagement, Kind, TextState

DOOR = Door(b"a key for tests, 32 bytes long at least")
FETCHED = datetime(2023, 9, 1, tzinfo=UTC)
NOON = datetime(2023, 8, 6, 12, tzinfo=UTC)


def posts_of(record):
    """The posts of a record, by the format that recognises it."""
    known = recognise(record)
    return [known.to_post(item, Sighting(DOOR, FETCHED)) for item in known.items(record)]


def post_of(record):
    """The one post of a record."""
    (post,) = posts_of(record)
    return post


# ── X, API v2 ────────────────────────────────────────────────────────────────────────────────


def tweet(**changes):
    """A tweet as X's API v2 gives it."""
    return {
        "id": "1688",
        "text": "zoom &amp; @Made_Up https://t.co/a",
        "author_id": "77",
        "created_at": "2023-08-06T12:00:00.000Z",
        "lang": "en",
        "conversation_id": "1600",
        "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/long"}]},
        "public_metrics": {
            "like_count": 1,
            "reply_count": 2,
            "retweet_count": 3,
            "quote_count": 4,
            "impression_count": 5,
        },
        **changes,
    }


def page(*tweets, **more):
    """A page of twarc2's."""
    return {
        "data": list(tweets),
        "meta": {},
        "__twarc": {"retrieved_at": "2023-09-05T00:00:00+00:00"},
        **more,
    }


def test_a_tweet_becomes_a_post():
    """Entities decoded, links expanded, mention masked, counts known, no handle in the address."""
    post = post_of(page(tweet()))

    assert (post.source, post.id, post.kind, post.lang, post.via) == ("x", "1688", Kind.POST, "en", "twarc")
    assert post.author == DOOR.author("x", "77")
    assert post.text == f"zoom & @{DOOR.mention('made_up')} https://example.org/long"
    assert (post.created_at, post.fetched_at) == (NOON, datetime(2023, 9, 5, tzinfo=UTC))
    assert post.url == "https://x.com/i/web/status/1688"
    assert post.engagement == Engagement(1, 2, 3, 4, None, 5)
    assert post.conversation_id == "1600"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["replied_to"], Kind.REPLY),
        (["quoted"], Kind.QUOTE),
        (["quoted", "replied_to"], Kind.REPLY),
        ([], Kind.POST),
    ],
)
def test_what_a_tweet_refers_to_makes_its_kind(kinds, expected):
    """A quoting reply is a reply."""
    referred = [{"type": kind, "id": "5"} for kind in kinds]

    assert post_of(page(tweet(referenced_tweets=referred))).kind is expected


@pytest.mark.parametrize("spelling", ["referenced_tweets", "referenced_posts"])
def test_a_retweet_has_all_the_words_of_its_original(spelling):
    """Its own text is cut at 140 characters; the original is context, not a match of its own."""
    original = {"id": "5", "text": "zoom said a great deal and then some more"}
    short = tweet(text="RT @made_up: zoom said a gr…", **{spelling: [{"type": "retweeted", "id": "5"}]})
    whole = post_of(page(short, includes={"tweets": [original]}))
    cut = post_of(page(short))

    assert whole.text == f"RT @{DOOR.mention('made_up')}: zoom said a great deal and then some more"
    assert (whole.kind, whole.parent_id, whole.text_state) == (Kind.REPOST, "5", TextState.PRESENT)
    assert cut.text_state is TextState.TRUNCATED


def test_a_long_post_has_all_its_words():
    """note_tweet holds what text cuts off."""
    assert post_of(page(tweet(note_tweet={"text": "all of it"}))).text == "all of it"


def test_withheld_words_are_not_kept():
    """That they were withheld is."""
    post = post_of(page(tweet(withheld={"country_codes": ["XX"]})))

    assert (post.text, post.text_state) == ("", TextState.WITHHELD)


def test_streamed_and_flattened_lines_are_tweets_too():
    """`data` may be one tweet; a flattened tweet has its author and its originals inside."""
    original = {"type": "retweeted", "id": "5", "text": "zoom, whole"}
    flat = tweet(
        author={"id": "77", "username": "made_up"}, referenced_tweets=[original], text="RT @b: zoom, wh…"
    )

    assert post_of({"data": tweet(), "matching_rules": []}).id == "1688"
    assert post_of(flat).via == "twarc"
    assert post_of(flat).text.endswith(": zoom, whole")


def test_an_empty_page_has_no_posts():
    """X leaves `data` out then."""
    assert posts_of({"meta": {"result_count": 0}}) == []


@pytest.mark.parametrize("lang", ["und", "zxx", "qme", None])
def test_an_unknown_language_is_none(lang):
    """X has codes for not knowing."""
    assert post_of(page(tweet(lang=lang))).lang is None


# ── Twitter, API v1.1 ────────────────────────────────────────────────────────────────────────


def status(**changes):
    """A status of the v1.1 API."""
    return {
        "id_str": "9",
        "created_at": "Sun Aug 06 12:00:00 +0000 2023",
        "user": {"id_str": "77", "screen_name": "made_up"},
        "text": "zoom, short…",
        "truncated": False,
        "lang": "en",
        "favorite_count": 1,
        "retweet_count": 2,
        **changes,
    }


def test_a_v1_status_becomes_a_post():
    """Times and counts in their old spelling."""
    post = post_of(status(full_text="zoom &lt;3"))

    assert (post.id, post.text, post.created_at) == ("9", "zoom <3", NOON)
    assert post.author == DOOR.author("x", "77")
    assert post.engagement == Engagement(likes=1, reposts=2)


def test_v1_text_is_whole_or_said_to_be_cut():
    """full_text, extended_tweet, the retweeted original; else truncated."""
    original = status(id_str="5", full_text="zoom, whole", user={"id_str": "5", "screen_name": "other"})

    assert post_of(status(truncated=True)).text_state is TextState.TRUNCATED
    assert post_of(status(truncated=True, extended_tweet={"full_text": "zoom, whole"})).text == "zoom, whole"
    retweet = post_of(status(retweeted_status=original))
    assert (retweet.kind, retweet.parent_id) == (Kind.REPOST, "5")
    assert retweet.text == f"RT @{DOOR.mention('other')}: zoom, whole"


def test_v1_search_results_hold_statuses():
    """And a Mastodon search result is another thing, though it has the same key."""
    assert len(posts_of({"statuses": [status(), status(id_str="10")], "search_metadata": {}})) == 2


# ── Reddit ───────────────────────────────────────────────────────────────────────────────────


def submission(**changes):
    """A Pushshift submission."""
    return {
        "id": "s1",
        "title": "Zoom &amp; terms",
        "selftext": "read this, u/made_up",
        "is_self": True,
        "url": "https://www.reddit.com/r/privacy/comments/s1/zoom/",
        "author": "made_up",
        "author_fullname": "t2_7",
        "created_utc": 1_691_323_200,
        "score": 10,
        "num_comments": 4,
        "subreddit": "privacy",
        "edited": False,
        **changes,
    }


def comment(**changes):
    """A Pushshift comment."""
    made = {name: value for name, value in submission().items() if name not in {"title", "selftext", "url"}}
    return {**made, "id": "c1", "body": "zoom, no", "link_id": "t3_s1", "parent_id": "t1_c0", **changes}


def test_a_submission_becomes_a_post():
    """Title and text; ids are fullnames; the address has no name in it."""
    post = post_of(submission())

    assert (post.source, post.id, post.kind, post.place) == ("reddit", "t3_s1", Kind.POST, "privacy")
    assert post.text == f"Zoom & terms\nread this, u/{DOOR.mention('made_up')}"
    assert (post.author, post.created_at) == (DOOR.author("reddit", "t2_7"), NOON)
    assert post.url == "https://www.reddit.com/comments/s1"
    assert post.conversation_id == "t3_s1"
    assert post.engagement == Engagement(replies=4, score=10)


def test_a_comment_becomes_a_post():
    """With its parent and its thread."""
    post = post_of(comment())

    assert (post.id, post.kind, post.parent_id, post.conversation_id) == (
        "t1_c1",
        Kind.COMMENT,
        "t1_c0",
        "t3_s1",
    )
    assert post.url == "https://www.reddit.com/comments/s1/_/c1"


def test_a_link_posts_address_is_among_its_words():
    """So that a site can be a term of the query."""
    assert post_of(submission(is_self=False, selftext="", url="https://zoom.example/tos")).text == (
        "Zoom & terms\nhttps://zoom.example/tos"
    )


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"selftext": "[deleted]", "author": "[deleted]"}, TextState.DELETED),
        ({"selftext": "[removed]"}, TextState.REMOVED),
        ({"removed_by_category": "moderator"}, TextState.REMOVED),
        ({"removed_by_category": "deleted"}, TextState.DELETED),
        ({"_meta": {"was_deleted_later": True}}, TextState.DELETED),
        ({"_meta": {"was_deleted_later": True, "removal_type": "moderator"}}, TextState.REMOVED),
    ],
)
def test_what_was_taken_back_has_no_words(changes, state):
    """Neither text nor title; that it was there is kept."""
    post = post_of(submission(**changes))

    assert (post.text, post.text_state) == ("", state)
    assert (post.author is None) == (changes.get("author") == "[deleted]")


@pytest.mark.parametrize("written", [1_691_323_200, 1_691_323_200.0, "1691323200"])
def test_reddit_times_come_as_numbers_or_texts(written):
    """Old dumps have texts."""
    assert post_of(comment(created_utc=written)).created_at == NOON


def test_reddit_says_when_it_was_fetched_and_edited():
    """The second look of Arctic Shift counts."""
    meta = {"retrieved_2nd_on": 1_691_323_200}
    post = post_of(comment(retrieved_on=5, _meta=meta, edited=1_691_323_200))

    assert (post.fetched_at, post.edited_at) == (NOON, NOON)
    assert post_of(comment(edited=True)).edited_at is None
    assert post_of(comment()).fetched_at == FETCHED


def test_a_listing_gives_its_things_and_their_replies():
    """Whatever the depth; `more` is no post."""
    deep = {"kind": "t1", "data": comment(id="c9")}
    for _ in range(3_000):
        deep = {"kind": "t1", "data": comment(replies={"kind": "Listing", "data": {"children": [deep]}})}
    more = {"kind": "more", "data": {"count": 3}}
    listing = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": submission()}, deep, more]}}

    assert len(posts_of(listing)) == 1 + 3_001


# ── Hacker News ──────────────────────────────────────────────────────────────────────────────


def test_hacker_news_search_results():
    """Stories with title, text and address; comments in HTML; what is gone has no words."""
    story = {
        "objectID": "1",
        "created_at_i": 1_691_323_200,
        "author": "made_up",
        "title": "Zoom's terms",
        "url": "https://zoom.example/tos",
        "story_text": None,
        "points": 5,
        "num_comments": 2,
        "_tags": ["story"],
    }
    reply = {
        "objectID": "2",
        "created_at_i": 1_691_323_200,
        "author": "made_up_2",
        "comment_text": "I don&#x27;t<p>trust <i>them</i>",
        "parent_id": 1,
        "story_id": 1,
        "points": None,
        "_tags": ["comment"],
    }
    gone = {**reply, "objectID": "3", "author": None, "comment_text": None}
    first, second, third = posts_of({"hits": [story, reply, gone]})

    assert (first.kind, first.text) == (Kind.STORY, "Zoom's terms\nhttps://zoom.example/tos")
    assert first.engagement == Engagement(replies=2, score=5)
    assert (second.kind, second.text, second.parent_id) == (Kind.COMMENT, "I don't\ntrust them", "1")
    assert second.conversation_id == "1"
    assert second.url == "https://news.ycombinator.com/item?id=2"
    assert (third.text_state, third.author) == (TextState.DELETED, None)
    assert post_of(reply) == second


def test_a_hacker_news_item_gives_its_tree():
    """The story and every comment below it; a poll's options are no posts."""
    leaf = {"id": 3, "type": "comment", "created_at_i": 1, "author": "a", "text": "no", "children": []}
    item = {
        "id": 1,
        "type": "story",
        "created_at_i": 1,
        "author": "b",
        "title": "Zoom",
        "text": None,
        "children": [{**leaf, "id": 2, "children": [leaf]}],
    }

    assert [post.id for post in posts_of(item)] == ["1", "2", "3"]
    with pytest.raises(NotAPost):
        posts_of({**item, "type": "pollopt"})


# ── Mastodon ─────────────────────────────────────────────────────────────────────────────────


def toot(**changes):
    """A status as a server gives it."""
    return {
        "id": "555",
        "uri": "https://home.example/users/Made_Up/statuses/110",
        "url": "https://home.example/@Made_Up/110",
        "created_at": "2023-08-06T12:00:00.000Z",
        "account": {"acct": "Made_Up@home.example", "username": "Made_Up"},
        "content": '<p>zoom, <span class="h-card"><a href="https://home.example/@other">@<span>other</span></a></span>'
        '<br>see <a href="https://example.org/long/way"><span class="invisible">https://</span>'
        '<span class="ellipsis">example.org/lo</span><span class="invisible">ng/way</span></a></p>',
        "spoiler_text": "rant",
        "language": "en",
        "favourites_count": 1,
        "replies_count": 2,
        "reblogs_count": 3,
        "reblog": None,
        **changes,
    }


def test_a_mastodon_status_becomes_a_post():
    """HTML to text, the warning in front, no name in id, address or text."""
    post = post_of(toot())

    assert (post.source, post.id, post.place, post.url) == (
        "mastodon",
        "home.example/110",
        "home.example",
        None,
    )
    assert post.text == f"rant\nzoom, @{DOOR.mention('other')}\nsee https://example.org/long/way"
    assert post.author == DOOR.author("mastodon", "made_up@home.example")
    assert "made_up" not in repr(post).lower()


def test_a_status_is_the_same_from_every_server():
    """Another server has another id and writes the account in another way."""
    at_home = toot(id="110", account={"acct": "Made_Up", "username": "Made_Up"})

    assert (post_of(at_home).id, post_of(at_home).author) == (post_of(toot()).id, post_of(toot()).author)


def test_a_boost_has_the_words_of_what_it_boosts():
    """And points to it."""
    boost = toot(
        content="", spoiler_text="", uri="https://b.example/users/b/statuses/7/activity", reblog=toot()
    )
    post = post_of(boost)

    assert (post.id, post.kind, post.parent_id) == ("b.example/7", Kind.REPOST, "home.example/110")
    assert post.text == post_of(toot()).text
    assert len(posts_of({"accounts": [], "hashtags": [], "statuses": [toot()]})) == 1


# ── Bluesky ──────────────────────────────────────────────────────────────────────────────────


def view(key="k1", **record):
    """A view of a post."""
    return {
        "uri": f"at://did:plc:madeup/app.bsky.feed.post/{key}",
        "author": {"did": "did:plc:madeup", "handle": "made-up.example"},
        "record": {
            "text": "zoom @other.example",
            "createdAt": "2023-08-06T12:00:00.000Z",
            "langs": ["en"],
            **record,
        },
        "indexedAt": "2023-08-06T12:00:01.000Z",
        "likeCount": 1,
        "replyCount": 2,
        "repostCount": 3,
        "quoteCount": 4,
    }


def test_a_bluesky_view_becomes_a_post():
    """The DID is in no id; a link that the words cut off is added."""
    author = DOOR.author("bluesky", "did:plc:madeup")
    link = {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/long"}]}
    post = post_of(view(facets=[link]))

    assert (post.id, post.author, post.lang, post.created_at) == (f"{author}/k1", author, "en", NOON)
    assert post.text == f"zoom @{DOOR.mention('other.example')}\nhttps://example.org/long"
    assert post.engagement == Engagement(1, 2, 3, 4)
    assert "did:plc" not in repr(post)


def test_bluesky_times_cannot_lie_in_the_future():
    """An author may write any time; it was seen no earlier than it was written."""
    assert post_of(view(createdAt="2033-01-01T00:00:00Z")).created_at.year == 2023


def test_bluesky_documents_hold_posts():
    """Searches, feeds and threads; a reply knows its parent and root."""
    at = {"uri": "at://did:plc:madeup/app.bsky.feed.post/k1"}
    reply = view("k2", reply={"root": at, "parent": at})
    thread = {
        "thread": {
            "post": view(),
            "replies": [{"post": reply, "replies": []}],
            "parent": {"post": view("k0")},
        }
    }

    assert len(posts_of({"posts": [view(), reply], "cursor": "x"})) == 2
    assert len(posts_of({"feed": [{"post": view()}, {"post": reply, "reason": {}}]})) == 2
    assert {post.id.rpartition("/")[2] for post in posts_of(thread)} == {"k0", "k1", "k2"}
    assert (post_of(reply).kind, post_of(reply).parent_id) == (Kind.REPLY, post_of(view()).id)
    assert post_of(view(embed={"$type": "app.bsky.embed.record"})).kind is Kind.QUOTE


# ── all of them ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"data": [{"tweet_count": 1, "start": "", "end": ""}]}, "counts"),
        ({"data": [{"id": "1", "name": "a", "member_count": 1, "owner_id": "2"}]}, "lists"),
        ({"data": [{"id": "1", "name": "a", "username": "b"}]}, "user profiles"),
        ({"id": "1", "action": "delete", "created_at": "", "reason": "deleted"}, "compliance results"),
        ({"follows": [], "subject": {}}, "follows"),
        ({"username": "a", "karma": 1}, "Hacker News users"),
        ({"uri": "at://a", "cid": "b", "value": {}}, "bare Bluesky records"),
    ],
)
def test_what_is_no_posts_is_named(record, told):
    """No format claims it, and the refusal says what it is."""
    assert recognise(record) is None
    assert told in refusal(record)


def test_every_record_is_claimed_by_one_format():
    """A record that two formats claimed would depend on their order."""
    for record in (page(tweet()), tweet(), status(), submission(), comment(), toot(), view()):
        assert sum(known.recognises(record) for known in FORMATS) == 1


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ('<a href="https://example.org/a">read</a>', "read https://example.org/a"),
        ('<a href="javascript:alert(1)">read</a>', "read"),
        ("<script>alert(1)</script>left <b>open", "alert(1)left open"),
        ("", ""),
    ],
)
def test_html_becomes_the_words_that_a_reader_sees(html, text):
    """Lines, entities and addresses."""
    assert html_to_text(html) == text


@given(st.text(alphabet="<>&/ab\"'=#;! x", max_size=60))
def test_any_html_can_be_read(html):
    """Broken as it may be."""
    html_to_text(html)


KEYS = (
    "id text data author_id created_at body title created_utc kind hits objectID created_at_i author children"
    " type content uri account record post posts user id_str statuses includes tweets referenced_tweets"
    " entities _meta thread feed"
)
keys = st.sampled_from(KEYS.split())
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "t1", "comment", "x", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=8), st.sampled_from(FORMATS))
def test_any_record_gives_posts_or_a_plain_fault(record, known):
    """Whatever the shape: posts, NotAPost, or an error that the importer quarantines."""
    recognise(record)
    refusal(record)
    try:
        for item in known.items(record):
            known.to_post(item, Sighting(DOOR, FETCHED))
    except (NotAPost, ValueError, KeyError, TypeError, AttributeError):
        pass
