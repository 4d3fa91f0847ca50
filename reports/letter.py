"""The report as a letter: the answer, what changed, the chart and the phases, to be read in a mailbox.

Mail programs run no script, draw no SVG and know little CSS: the chart is a PNG, styles stand in attributes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined

from walkback.reports import charts, words
from walkback.reports.contents import Report

_LONGEST_SUBJECT: Final = 150
_PICTURE: Final = "timeline@walkback"


@dataclass(frozen=True, slots=True)
class Letter:
    """`pictures`: PNG files by the content id that the HTML calls them by."""

    subject: str
    plain: str
    html: str
    pictures: dict[str, bytes]


def write_letter(report: Report, attached: Iterable[str]) -> Letter:
    """The letter of a report, to which files of these names are attached."""
    names = ", ".join(attached)
    told = f"Attached: {names}." if names else ""
    picture = charts.render_png(charts.timeline(report.analysis))
    return Letter(_subject(report), _plain(report, told), _html(report, told), {_PICTURE: picture})


def _subject(report: Report) -> str:
    synthetic = "[synthetic posts] " if report.synthetic else ""
    when = f" {report.week.partition(',')[0]}." if report.week else ""
    room = _LONGEST_SUBJECT - len(synthetic) - len(when) - 20  # for the answer, which must not be cut
    return f"{synthetic}{words.shorten(report.title, room)}:{when} {report.answer.word}"


def _plain(report: Report, attached: str) -> str:
    synthetic = "Synthetic posts: these were made up." if report.synthetic else ""
    parts = (synthetic, report.title, report.week or "", report.plain, *report.changed, attached)
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(report: Report, attached: str) -> str:
    source = files("walkback.reports").joinpath("templates", "letter.html.j2").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(report=report, picture=_PICTURE, attached=attached)
