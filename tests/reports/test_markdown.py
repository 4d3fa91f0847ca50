import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from walkback.reports import words
from walkback.reports.markdown import plain, render_markdown

from . import builders

OWN = {"h1", "h2", "h3", "p", "strong", "ul", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td"}


class _Shown(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), ""

    def handle_starttag(self, tag, _):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def shown(markdown):
    """What a reader sees of Markdown: the elements and the text."""
    reader = _Shown()
    reader.feed(MarkdownIt("gfm-like").render(markdown))
    return reader


@pytest.mark.parametrize("world", builders.WORLDS)
def test_only_our_own_markup_is_obeyed(world):
    """Headings, lists, tables and quotes of ours; no link, tag, code or picture of a stranger's."""
    assert shown(render_markdown(builders.report(builders.WORLDS[world]()))).tags <= OWN


def test_it_says_what_the_report_says():
    """The answer, what changed, each cell of the phases, each post."""
    report = builders.report()
    text = re.sub(r"\s+", " ", shown(render_markdown(report)).text)
    cells = [cell for row in report.phases.rows for cell in row]
    said = [report.answer.sentence, *report.changed, *cells, *(quote.text for quote in report.quotes)]

    assert [each for each in said if each not in text] == []


@given(st.text(max_size=60))
def test_any_text_is_shown_as_itself(text):
    """Whatever is written, a reader sees those characters and nothing is made of them."""
    read = shown(f"before {plain(text)} after")
    head = shown(plain(text))

    assert read.tags | head.tags <= {"p"}
    assert read.text.split() == f"before {words.clean(text)} after".split()
    assert head.text.split() == words.clean(text).split()


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "- no list",
        "1. no list",
        "2) no",
        "+ no",
        "= no",
        "www.example.org",
        "https://x.example/a_b_",
    ],
)
def test_what_looks_like_markup_is_none(text):
    """At the head of a line, and as an address."""
    assert shown(plain(text)).tags == {"p"}
    assert shown(plain(text)).text.strip() == text
