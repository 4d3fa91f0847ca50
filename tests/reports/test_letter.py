import re
from html.parser import HTMLParser

import pytest

from walkback.reports.letter import write_letter

from . import builders

OWN = {"html", "head", "meta", "title", "body", "p", "strong", "h1", "h2", "img"}
OWN |= {"table", "caption", "tr", "th", "td"}


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.sources = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]


def test_it_says_what_the_report_says():
    """In words and in HTML: the answer and what changed; in HTML each cell of the phases."""
    report = builders.report()
    letter = write_letter(report, ["zoom.pdf"])

    assert letter.subject == "[synthetic posts] Zoom AI terms of service: Inconclusive"
    for sentence in (report.answer.sentence, *report.changed, "Attached: zoom.pdf."):
        assert sentence in letter.plain
        assert sentence in letter.html
    assert all(cell in letter.html for row in report.phases.rows for cell in row)


@pytest.mark.parametrize("world", ["days", "empty", "unscored", "one source", "hostile", "small"])
def test_no_world_brings_an_element_or_an_address(world):
    """Our own elements alone; the one picture is in the letter; nothing is asked for when it is read."""
    report = builders.report(builders.WORLDS[world]())
    letter = write_letter(report, [])
    read = _Tags()
    read.feed(letter.html)

    assert read.tags <= OWN
    assert read.sources == [f"cid:{name}" for name in letter.pictures]
    assert all(picture.startswith(b"\x89PNG") for picture in letter.pictures.values())
    assert len(letter.subject) <= 150
    assert not re.search(r"[\x00-\x1f\u202a-\u202e]", letter.subject)
    assert letter.subject.endswith(report.answer.word)


def test_the_same_report_is_the_same_letter():
    """Nothing of the clock is in it."""
    assert write_letter(builders.report(), ["a.pdf"]) == write_letter(builders.report(), ["a.pdf"])
