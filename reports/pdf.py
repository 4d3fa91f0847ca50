"""The report as a PDF, set by Typst: for paper, and for whoever wants one file to file away.

Strangers' words are handed over as data and never stand in the markup.
"""

import json
import re
import unicodedata
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import typst
from matplotlib.ft2font import FT2Font

from walkback.analysis.model import Analysis
from walkback.reports import charts, words
from walkback.reports.contents import Chart, Report
from walkback.reports.tables import Table

_FONTS: Final = "fonts/ttf"  # DejaVu, which comes with matplotlib, so that paper and charts are of one kind
# A pictograph, and what may follow it: a skin's colour, how it is to be shown, what it is joined with.
_EMOJI: Final = re.compile(
    "([\U0001f000-\U0001f3fa\U0001f400-\U0001faff\u2600-\u27bf])[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d]*"
)
_ENDLESS: Final = re.compile(r"\S{30}(?=\S)")
_SHORT: Final = 16  # letters
_WIDEST: Final = 60  # letters of a cell, from which on it may have several lines
_STANDARD: Final = "ua-1"  # tagged, with a language, a title and alternative texts


def render_pdf(report: Report) -> bytes:
    """A4 pages, searchable, with the charts as vectors. The same report gives the same bytes."""
    fonts = typst.Fonts(font_paths=[_our_fonts()])
    said = json.dumps(_breakable(_data(report)), ensure_ascii=False)
    has_emoji = any("emoji" in family.lower() for family in fonts.families())
    pdf: bytes = typst.compile(
        files("walkback.reports").joinpath("templates", "report.typ").read_bytes(),
        font_paths=fonts,
        sys_inputs={"report": said if has_emoji else name_emoji(said)},
        timestamp=report.analysis.generated_at.replace(microsecond=0),
        pdf_standards=_STANDARD,
    )
    return pdf


def name_emoji(text: str) -> str:
    """The text with the names of emoji in place of those that our own font lacks: "[fire]"."""
    return _EMOJI.sub(_named, text)


def _named(emoji: re.Match[str]) -> str:
    if all(ord(sign) in _our_signs() for sign in emoji[1]):
        return emoji[0]
    return f"[{unicodedata.name(emoji[1], 'emoji').lower()}]"


@cache
def _our_signs() -> frozenset[int]:
    return frozenset(FT2Font(_our_fonts() / "DejaVuSans.ttf").get_charmap())


def _our_fonts() -> Path:
    return Path(mpl.get_data_path()) / _FONTS


def _data(report: Report) -> dict[str, Any]:
    """What the template shows, as plain JSON values."""
    heading = f"{report.title} (synthetic posts)" if report.synthetic else report.title
    return {
        "heading": heading,
        "footer": f"{words.shorten(heading, 60)}. Made by Walkback at {report.made_at}",
        "synthetic": report.synthetic,
        "week": report.week,
        "answer": asdict(report.answer),
        "changed": report.changed,
        "timeline": _picture(report.timeline, report.analysis),
        "by_phase": _picture(report.by_phase, report.analysis),
        "heat": _picture(report.heat, report.analysis),
        "by_source": _picture(report.by_source, report.analysis),
        "build_up": report.build_up,
        **{
            name: _rows(getattr(report, name))
            for name in (
                "phases",
                "concerns",
                "copies",
                "corrected",
                "effects",
                "checks",
                "sources",
                "change",
                "coverage",
                "origins",
            )
        },
        "events": [{"when": event.when, "kind": event.kind, "label": event.label} for event in report.events],
        "who_spoke": report.who_spoke,
        "trust": report.trust,
        "angry_about": report.angry_about,
        "telling": [asdict(each) for each in report.telling],
        "quotes": [asdict(quote) for quote in report.quotes],
        "coverage_words": report.coverage_words,
        "method": report.method,
        "limits": report.limits,
        "facts": [*report.facts, ("Made at", report.made_at)],
    }


def _breakable(value: Any) -> Any:
    """The same, with invisible places to break a line in words that are longer than one."""
    if isinstance(value, str):
        return value if value.startswith("<svg") else _ENDLESS.sub("\\g<0>\u200b", value)
    if isinstance(value, dict):
        return {key: _breakable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(each) for each in value]
    return value


def _picture(chart: Chart | None, analysis: Analysis) -> dict[str, str] | None:
    if chart is None:
        return None
    drawn = charts.render_svg(chart.draw(analysis))
    return {"svg": drawn, "alt": chart.alt, "caption": chart.caption}


def _rows(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "heads": table.heads,
        "rows": table.rows,
        "text": sorted(table.text),
        "widths": [_width(table, column) for column in range(len(table.heads))],
        "more": table.more,
    }


def _width(table: Table, column: int) -> int | None:
    """A share of the room for a column of words, by its longest cell; None where no cell is to be broken."""
    longest = max(len(cells[column]) for cells in (table.heads, *table.rows))
    if column not in table.text or longest <= _SHORT:
        return None
    return min(longest, _WIDEST)
