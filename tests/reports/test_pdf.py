import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from walkback.reports.pdf import name_emoji, render_pdf

from . import builders


def text_of(pdf):
    """All the words of a PDF, white space and invisible places to break taken out."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s|\u200b", "", "".join(page.extract_text() for page in pages))


def squeezed(text):
    """The same of a text."""
    return re.sub(r"\s|\u200b", "", text)


@pytest.fixture(scope="module")
def paper():
    """The Zoom-like case on paper."""
    return render_pdf(builders.report())


def test_every_figure_of_the_report_is_on_paper(paper):
    """Answer, reasons, changes and each cell of each table, as searchable text."""
    report, text = builders.report(), text_of(paper)
    tables = (report.phases, report.effects, report.checks, report.sources, report.change, report.coverage)
    cells = [cell for table in tables for row in table.rows for cell in row]
    said = [report.answer.sentence, *report.answer.reasons, *report.changed, *report.build_up, *report.limits]

    assert [each for each in (*cells, *said) if squeezed(each) not in text] == []


def test_the_first_page_is_to_decide_from(paper):
    """The answer, what changed, and the phases stand on it; the reasons follow."""
    first = squeezed(PdfReader(io.BytesIO(paper)).pages[0].extract_text())

    assert squeezed(builders.report().answer.sentence) in first
    assert "Whatchangedsincelastweek" in first
    assert "Before,during,after" in first
    assert "Whythisanswer" not in first


@pytest.mark.parametrize(
    "world", sorted(set(builders.WORLDS) - {"days", "weeks", "ten events", "one source"})
)
def test_every_world_is_set_and_tells_nothing_odd(world):
    """No exception, no NaN, no None, no second set of bytes; a language and a title for who can't see it."""
    report = builders.report(builders.WORLDS[world]())
    reader = PdfReader(io.BytesIO(render_pdf(report)))

    assert not re.search(
        r"\bnan\b|\bNone\b(?! of these)", " ".join(page.extract_text() for page in reader.pages)
    )
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.metadata.title.startswith(report.title[:20])


def test_a_strangers_markup_is_shown_and_not_obeyed():
    """Typst's own markup, HTML and formulas stand on paper as they were written."""
    text = text_of(render_pdf(builders.report()))

    assert squeezed("* # 1. <b>bold</b> [a](https://x.example) $x_1$ `code` =1+1 #let @a") in text


def test_an_endless_word_stays_on_the_page():
    """It is broken into lines of the page's width: no glyph stands right of the paper's edge."""
    page = PdfReader(io.BytesIO(render_pdf(builders.report(builders.hostile())))).pages[0]
    places = []
    page.extract_text(visitor_text=lambda text, _, matrix, *__: places.append((text, matrix[4])))
    rows = [line for text, _ in places for line in text.splitlines() if line.startswith("AAAA")]

    assert rows
    assert max(len(line) for line in rows) < 70
    assert max(x for _, x in places) < float(page.mediabox.width)


def test_same_report_same_bytes(paper):
    """Nothing of the clock or of chance is in it."""
    assert render_pdf(builders.report()) == paper


def test_a_synthetic_case_says_so(paper):
    """On every page."""
    pages = PdfReader(io.BytesIO(paper)).pages

    assert all("synthetic posts" in page.extract_text() for page in pages)


def test_emoji_that_our_font_lacks_have_their_names():
    """A box tells nobody anything; what the font has stays as it is."""
    told = name_emoji(
        "I \U0001f600 at the \U0001f525\U0001f469\U0001f3fd\u200d\U0001f4bb \u2603\ufe0f caf\u00e9"
    )

    assert told == "I \U0001f600 at the [fire][woman][personal computer] \u2603\ufe0f caf\u00e9"


def test_no_emoji_is_a_box_on_paper(monkeypatch):
    """Whether the machine has a font for them or not."""
    monkeypatch.setattr("typst.Fonts.families", lambda _: ["DejaVu Sans"], raising=False)
    report = replace(builders.report(), title="Zoom \U0001f525")

    assert "[fire]" in text_of(render_pdf(report))
