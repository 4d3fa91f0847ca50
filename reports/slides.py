"""The report as five slides: the answer, the timeline, the phases, people's words, how sure that is.

Tables are native, charts are pictures with alternative texts, and the notes hold the method.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Pt

from walkback.reports import charts, words
from walkback.reports.contents import Chart, Report
from walkback.reports.tables import Table

_INCH: Final = 914_400  # in English Metric Units, which slides are measured in
_WIDTH, _HEIGHT = Emu(int(13.333 * _INCH)), Emu(int(7.5 * _INCH))
_MARGIN: Final = int(0.6 * _INCH)
_TOP: Final = int(1.35 * _INCH)


def _colour(digits: str) -> RGBColor:
    return RGBColor.from_string(digits)  # type: ignore[no-untyped-call,no-any-return]


_INK: Final = _colour("1D1D1F")
_QUIET: Final = _colour("5A5A60")
_PAPER: Final = _colour("FFFFFF")
_SHADE: Final = _colour("EEEEF1")
_MOST_ROWS: Final = 9  # of a table, so that a slide can be read from the last row of seats
_WIDEST: Final = 30  # letters of a cell on one line
_MOST_QUOTES: Final = 5
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # what a ZIP file can say


@dataclass(frozen=True, slots=True)
class _Box:
    """A place on a slide."""

    left: int
    top: int
    width: int
    height: int


_BODY: Final = _Box(_MARGIN, _TOP, _WIDTH - 2 * _MARGIN, _HEIGHT - _TOP - _MARGIN)


def render_slides(report: Report) -> bytes:
    """A PowerPoint file, 16 to 9. The same report gives the same bytes."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = _WIDTH, _HEIGHT
    _describe(deck, report)
    notes = _notes(report)
    slides = [_slide(deck, report, heading, notes) for heading in _headings(report)]
    _write(slides[0], _BODY, [(report.answer.sentence, 28, _INK), *_below(report)])
    _draw(slides[1], report.timeline, report)
    _tabulate(slides[2], _BODY, report.phases)
    _write(slides[3], _BODY, _quotes(report))
    _write(slides[4], _BODY, [(line, 14, _INK) for line in _sureness(report)])
    target = io.BytesIO()
    deck.save(target)
    return _undated(target.getvalue())


def _describe(deck: Any, report: Report) -> None:
    made_at = report.analysis.generated_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    about = deck.core_properties
    about.title, about.author, about.last_modified_by = _title(report), "Walkback", "Walkback"
    about.created = about.modified = made_at


def _title(report: Report) -> str:
    synthetic = " (synthetic posts)" if report.synthetic else ""
    return f"{words.shorten(report.title, 90)}{synthetic}"


def _headings(report: Report) -> tuple[str, ...]:
    return (
        f"Did it calm them? {report.answer.word}.",
        report.timeline.title,
        "Before, during, after",
        "In their words",
        "How sure this is",
    )


def _slide(deck: Any, report: Report, heading: str, notes: str) -> Any:
    """An empty slide with its title, what it is about, and the notes."""
    slide = deck.slides.add_slide(deck.slide_layouts[5])  # title only
    title = slide.shapes.title
    title.left, title.top, title.width, title.height = (
        _MARGIN,
        int(0.55 * _INCH),
        _BODY.width,
        int(0.7 * _INCH),
    )
    title.text_frame.text = heading
    _set(title.text_frame.paragraphs[0], 30, _INK, bold=True)
    title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    about = _title(report) if report.week is None else f"{_title(report)}. {report.week}"
    _write(slide, _Box(_MARGIN, int(0.25 * _INCH), _BODY.width, int(0.35 * _INCH)), [(about, 12, _QUIET)])
    slide.notes_slide.notes_text_frame.text = notes
    return slide


def _below(report: Report) -> list[tuple[str, int, RGBColor]]:
    before = [f"The answer a week before: {report.answer.before}."] if report.answer.before else []
    return [(line, 16, _QUIET) for line in (*before, "What changed since last week", *report.changed)]


def _quotes(report: Report) -> list[tuple[str, int, RGBColor]]:
    """One of each phase, then more of each, as many as a slide holds."""
    angry = [(line, 16, _QUIET) for line in report.angry_about]
    if not report.quotes:
        return [*angry, ("No post is quoted in this report.", 16, _QUIET)]
    rank: dict[str, int] = {}
    ranked = []
    for quote in report.quotes:
        rank[quote.phase] = rank.get(quote.phase, 0) + 1
        ranked.append((rank[quote.phase], quote))
    kept = [quote for place, quote in sorted(ranked, key=lambda pair: pair[0])[:_MOST_QUOTES]]
    lines: list[tuple[str, int, RGBColor]] = angry
    for quote in (quote for quote in report.quotes if quote in kept):
        made_up = ", synthetic" if report.synthetic else ""
        whose = f"{quote.phase}: {quote.source}, {quote.when}, scored {quote.score}{made_up}"
        lines += [(words.shorten(quote.text, 200), 14, _INK), (whose, 10, _QUIET)]
    return lines


def _sureness(report: Report) -> tuple[str, ...]:
    said = report.answer
    signals = f"By the number of posts: {said.volume}. By their sentiment: {said.sentiment}."
    return (signals, *said.reasons[:6], *report.coverage_words, *report.trust[:2], *report.limits[:3])


def _notes(report: Report) -> str:
    facts = [f"{name}: {value}" for name, value in (*report.facts, ("Made at", report.made_at))]
    return "\n".join((report.method, *report.limits, *facts))


def _draw(slide: Any, chart: Chart, report: Report) -> None:
    """The chart as large as there is room, with its alternative text, and its caption below."""
    room = _Box(_BODY.left, _BODY.top, _BODY.width, _BODY.height - int(0.75 * _INCH))
    figure = chart.draw(report.analysis)
    width, height = figure.get_size_inches()
    scale = min(room.width / width, room.height / height)
    left = room.left + int((room.width - scale * width) / 2)
    picture = slide.shapes.add_picture(
        io.BytesIO(charts.render_png(figure)), left, room.top, int(scale * width), int(scale * height)
    )
    picture._element.nvPicPr.cNvPr.set("descr", chart.alt)  # noqa: SLF001  # python-pptx has no name for it
    below = _Box(_BODY.left, room.top + room.height, _BODY.width, int(0.75 * _INCH))
    _write(slide, below, [(chart.caption, 11, _QUIET)])


def _tabulate(slide: Any, box: _Box, table: Table) -> None:
    shown, left_out = table.rows[:_MOST_ROWS], max(0, len(table.rows) - _MOST_ROWS) + table.more
    if not shown:
        _write(slide, box, [("Nothing to show.", 16, _QUIET)])
        return
    lines = (table.heads, *shown)
    height = int(0.4 * _INCH)
    frame = slide.shapes.add_table(len(lines), len(table.heads), box.left, box.top, box.width, height)
    widths = [3 + min(max(map(len, column)), _WIDEST) for column in zip(*lines, strict=True)]
    for column, width in zip(frame.table.columns, widths, strict=True):
        column.width = int(box.width * width / sum(widths))
    for number, cells in enumerate(lines):
        for at, text in enumerate(cells):
            cell = frame.table.cell(number, at)
            _fill(cell, words.shorten(text, 80), is_head=number == 0, is_number=at not in table.text)
    more = f" {left_out} more are not listed." if left_out else ""
    below = _Box(box.left, box.top + box.height - int(0.5 * _INCH), box.width, int(0.5 * _INCH))
    _write(slide, below, [(f"{table.caption}.{more}", 11, _QUIET)])


def _fill(cell: Any, text: str, *, is_head: bool, is_number: bool) -> None:
    cell.text_frame.text = text
    paragraph = cell.text_frame.paragraphs[0]
    _set(paragraph, 13, _QUIET if is_head else _INK, bold=is_head)
    paragraph.alignment = PP_ALIGN.RIGHT if is_number else PP_ALIGN.LEFT
    cell.fill.solid()
    cell.fill.fore_color.rgb = _SHADE if is_head else _PAPER


def _write(slide: Any, box: _Box, lines: Sequence[tuple[str, int, RGBColor]]) -> None:
    """Paragraphs: text, size in points, colour."""
    frame = slide.shapes.add_textbox(box.left, box.top, box.width, box.height).text_frame
    frame.word_wrap = True
    for number, (text, size, colour) in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = text
        paragraph.space_after = Pt(size / 3)
        _set(paragraph, size, colour)


def _set(paragraph: Any, size: int, colour: RGBColor, *, bold: bool = False) -> None:
    font = paragraph.font
    font.size, font.bold, font.color.rgb, font.name = Pt(size), bold, colour, "Arial"


def _undated(content: bytes) -> bytes:
    """The same archive without the times at which its parts were packed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(target, "w") as made:
        for name in given.namelist():
            made.writestr(zipfile.ZipInfo(name, _EARLIEST), given.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()
