"""Hypothesis strategies for what goes through Walkback."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from walkback.post import ACCOUNT_AGES, Engagement, Kind, Post, TextState, clean_text

_START = datetime(2023, 7, 1, tzinfo=UTC)
moments = st.integers(0, 90 * 86_400).map(lambda seconds: _START + timedelta(seconds=seconds))
words = st.sampled_from(["zoom", "terms", "acme", "privacy", "awful", "😡", "don’t", "#zoom", "naïve"])
texts = st.one_of(st.lists(words, max_size=6).map(" ".join), st.text(max_size=40)).map(clean_text)
counts = st.none() | st.integers(0, 5)


@st.composite
def posts(draw):
    """A post out of few keys, so that batches hold several rows of one post."""
    state = draw(st.sampled_from([TextState.PRESENT, TextState.PRESENT, TextState.DELETED]))
    text = draw(texts) if state is TextState.PRESENT else ""
    return Post(
        source=draw(st.sampled_from(["x", "reddit"])),
        id=str(draw(st.integers(0, 5))),
        kind=draw(st.sampled_from(list(Kind))),
        author=draw(st.none() | st.sampled_from(["a" * 32, "b" * 32, "c" * 32])),
        created_at=draw(moments),
        edited_at=draw(st.none() | moments),
        lang=draw(st.sampled_from([None, "en", "de"])),
        text=text,
        text_state=state,
        url=None,
        parent_id=draw(st.none() | st.just("p")),
        conversation_id=None,
        place=None,
        fetched_at=datetime(2023, 10, 1, tzinfo=UTC) + timedelta(days=draw(st.integers(0, 2))),
        via="test",
        engagement=Engagement(likes=draw(counts), score=draw(counts)),
        account_days=draw(st.sampled_from([None, *ACCOUNT_AGES])),
    )
