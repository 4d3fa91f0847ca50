import io
import shutil
import subprocess

import pytest
from pptx import Presentation
from pypdf import PdfReader

from walkback.reports.slides import render_slides

from . import builders

OFFICE = shutil.which("soffice")


def deck_of(world=None):
    """The slides of an analysis."""
    return Presentation(io.BytesIO(render_slides(builders.report(world))))


def words_of(slide):
    """All its words, tables included."""
    found = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    tables = [shape.table for shape in slide.shapes if shape.has_table]
    return "\n".join([*found, *(cell.text for table in tables for cell in table.iter_cells())])


def test_five_slides_say_what_the_report_says():
    """The answer, the chart with its alternative text, the phases as a table, the posts, how sure it is."""
    report, slides = builders.report(), list(deck_of().slides)
    picture = next(shape for shape in slides[1].shapes if shape.shape_type == 13)
    table = next(shape.table for shape in slides[2].shapes if shape.has_table)

    assert len(slides) == 5
    assert report.answer.sentence in words_of(slides[0])
    assert all(sentence in words_of(slides[0]) for sentence in report.changed)
    assert picture._element.nvPicPr.cNvPr.get("descr") == report.timeline.alt  # noqa: SLF001  # no public name
    assert [tuple(cell.text for cell in row.cells) for row in table.rows] == [
        report.phases.heads,
        *report.phases.rows,
    ]
    assert all(quote.text in words_of(slides[3]) for quote in report.quotes)
    assert all(reason in words_of(slides[4]) for reason in report.answer.reasons)


def test_the_notes_hold_the_method():
    """Of every slide, with the limits and where the numbers come from."""
    report = builders.report()

    for slide in deck_of().slides:
        notes = slide.notes_slide.notes_text_frame.text
        assert report.method in notes
        assert all(limit in notes for limit in report.limits)


@pytest.mark.parametrize("world", builders.WORLDS)
def test_every_world_has_its_slides(world):
    """Five of them, readable again, in the same bytes, synthetic where they are."""
    analysis = builders.WORLDS[world]()
    made = render_slides(builders.report(analysis))
    slides = Presentation(io.BytesIO(made)).slides

    assert len(slides) == 5
    assert render_slides(builders.report(analysis)) == made
    assert all(("synthetic posts" in words_of(slide)) is analysis.case.synthetic for slide in slides)
    assert not any("nan" in words_of(slide).split() for slide in slides)


def test_nothing_stands_outside_a_slide():
    """Whatever the words are, every box lies on the slide."""
    deck = deck_of(builders.hostile())

    for slide in deck.slides:
        for shape in slide.shapes:
            assert 0 <= shape.left <= shape.left + shape.width <= deck.slide_width
            assert 0 <= shape.top <= shape.top + shape.height <= deck.slide_height


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_them(tmp_path):
    """And makes five pages of them."""
    (tmp_path / "report.pptx").write_bytes(render_slides(builders.report(builders.hostile())))
    subprocess.run(
        [
            OFFICE,
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            tmp_path,
            tmp_path / "report.pptx",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )

    assert len(PdfReader(tmp_path / "report.pdf").pages) == 5
