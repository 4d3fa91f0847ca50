"""The sandbox's search language and its rate limits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.case import Query
from walkback.collectors.reddit import compile_query as for_reddit
from walkback.collectors.sandbox.platforms.buckets import Bucket
from walkback.collectors.sandbox.platforms.query import RejectedQueryError, index, parse
from walkback.collectors.x import compile_query as for_x

NOON = datetime(2023, 8, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("zoom", "Zoom!", True),
        ("zoom", "zooming", False),
        ("zoom", "#zoom", True),
        ("#zoom", "zoom", False),
        ("#zoom", "see #Zoom now", True),
        ('"zoom terms"', "the Zoom  terms", True),
        ('"zoom terms"', "terms zoom", False),
        ("zoom terms", "terms of zoom", True),
        ("(zoom OR teams) -lens", "teams call", True),
        ("(zoom OR teams) -lens", "zoom lens", False),
        ("zoom OR teams call", "zoom", True),  # AND binds tighter
        ("zoom OR teams call", "teams", False),
        ('("a" OR "b") AND "c" NOT "d"', "b c", True),
        ('("a" OR "b") AND "c" NOT "d"', "b c d", False),
        ('url:"zoom.us/terms"', "see https://zoom.us/terms", True),
    ],
)
def test_what_a_query_finds(query, text, found):
    """Words, phrases, OR, AND, NOT, brackets, links."""
    assert parse(query)(index(text)) is found


@pytest.mark.parametrize("query", ["", "(", "(a", "a)", "OR a", "a OR", "-", 'a "b'])
def test_what_makes_no_sense_is_rejected(query):
    """As a platform does, and never by another error."""
    with pytest.raises(RejectedQueryError):
        parse(query)


@given(st.text('ab ()"-#OR AND', max_size=30))
def test_any_text_is_a_query_or_rejected(query):
    """Nothing else comes out of the parser."""
    try:
        test = parse(query)
    except RejectedQueryError:
        return
    assert test(index("a b")) in {True, False}


_TERMS = st.lists(st.sampled_from(["zoom", "#zoom", "zoom terms", "teams", "ai"]), min_size=1, unique=True)
_TEXTS = st.lists(st.sampled_from(["zoom", "#zoom", "terms", "teams", "ai", "lens", "x"]), max_size=6)


@given(_TERMS, st.lists(st.just("lens"), max_size=1), _TEXTS)
def test_compiled_queries_find_what_the_case_asks_for(any_of, none_of, said):
    """X's and Reddit's: each text with a term and none of the others, however the query is split."""
    query = Query(any=tuple(any_of), none=tuple(none_of))
    text = index(" ".join(said))
    words = f" {' '.join(said)} "
    wanted = any(f" {term} " in words for term in any_of) and not any(
        f" {term} " in words for term in none_of
    )

    for compiled in (for_x(query, 512), for_x(query, 40), for_reddit(query)):
        if wanted:
            assert any(parse(one)(text) for one in compiled)


def test_a_bucket_is_refilled_when_its_window_ends():
    """Two in a minute; the third waits."""
    bucket = Bucket(2, 60.0)

    assert bucket.take(NOON).left == 1
    assert bucket.take(NOON + timedelta(seconds=59)).allowed
    refused = bucket.take(NOON + timedelta(seconds=59))
    assert (refused.allowed, refused.left, refused.refilled_at) == (False, 0, NOON + timedelta(seconds=60))
    assert bucket.take(refused.refilled_at).allowed
