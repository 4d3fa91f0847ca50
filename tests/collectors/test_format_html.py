"""HTML to text: links, mentions, entities, and any input whatever its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.collectors.archives.html import html_to_text

SHORTENED = (
    '<a href="https://example.org/long/way"><span class="invisible">https://</span>'
    '<span class="ellipsis">example.org/lo</span><span class="invisible">ng/way</span></a>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (SHORTENED, "https://example.org/long/way"),
        (
            '<a href="https:&#x2F;&#x2F;example.org&#x2F;long" rel="nofollow">https:&#x2F;&#x2F;exam...</a>',
            "https://example.org/long",
        ),
        ('<a href="https://www.example.org/a">example.org/…</a>', "https://www.example.org/a"),
        ('the <a href="https://zoom.example/terms">terms</a>', "the terms https://zoom.example/terms"),
        ('@<a class="u-url mention" href="https://a.example/profile/made_up">made_up</a> hi', "@made_up hi"),
        ('<a href="https://a.example/@made_up">@<span>made_up</span></a>', "@made_up"),
        ('#<a class="mention hashtag" href="https://a.example/tags/zoom">zoom</a>', "#zoom"),
        ("<p>a<br />b</p>\n<ul><li>c</li></ul>", "a\nb\nc"),
        ("x < y and y > z <3", "x < y and y > z <3"),
        ("<![if x]>a<!-- b -->c", "ac"),
        ("don&#x27;t &lt;b&gt; &amp;lt;", "don't <b> &lt;"),
        ('<a title="a > b" href=https://example.org/x>say</a>', "say https://example.org/x"),
    ],
)
def test_what_a_reader_sees(html, text):
    """Shortened links become whole, named links keep name and address, mentions keep no address."""
    assert text == html_to_text(html)


@given(st.text(alphabet="<>&/!?-[]ab\"'=#; \n", max_size=80) | st.text(max_size=40))
def test_any_text_can_be_read(html):
    """html.parser raises on `<![`; this never does."""
    html_to_text(html)


@pytest.mark.parametrize("piece", ["<a b=", "<!--", "<script", '<a href="', "<![", "&#", "<a><p>", "</a"])
def test_reading_is_linear(piece):
    """Half a megabyte without an end takes no minutes, as it does with html.parser."""
    html_to_text(piece * (500_000 // len(piece)))
