"""The report as one HTML file that needs nothing else: no web font, no request.

The charts stand in `<img>` as data URIs. Matplotlib's SVG is full of `style` attributes, which the
page's own strict policy would block; inside an image that policy doesn't apply, ids can't clash and
nothing in the drawing can act. The price is text that can't be selected: the alternative text and
the tables carry it.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from matplotlib.figure import Figure

from walkback.analysis.model import Analysis
from walkback.reports import charts, words
from walkback.reports.contents import Chart, Report
from walkback.reports.explorer import explorer_data

_LONGEST: Final = 480  # characters of any one string on the page
_INTERVAL: Final = re.compile(r"\[(?:under )?[\u2212+]?\d[\d.%]*, [\u2212+]?\d[\d.%]*\]")


@dataclass(frozen=True, slots=True)
class _Picture:
    """A chart in two widths as data URIs, with its words and its data."""

    wide: str
    narrow: str
    size: tuple[int, int]
    alt: str
    caption: str
    title: str
    csv: str
    csv_name: str


def render_page(report: Report) -> str:
    """The whole report as HTML. The same report gives the same bytes."""
    css, script = _file("report.css"), _file("explorer.js")
    return _template().render(
        report=report,
        css=Markup(css),  # noqa: S704  # our own file, its hash in the policy
        css_hash=_digest(css),
        script=Markup(script),  # noqa: S704  # our own file, too
        script_hash=_digest(script),
        explorer=Markup(explorer_data(report.analysis)),  # noqa: S704  # JSON without "<"
        timeline=_picture(report.timeline, report.analysis),
        by_phase=_picture(report.by_phase, report.analysis),
        heat=_picture(report.heat, report.analysis),
        by_source=_picture(report.by_source, report.analysis),
    )


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _file(name: str) -> str:
    return files("walkback.reports").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("report.html.j2"))


def _shown(value: Any) -> Any:
    """Every string passes here on its way to the page: no controls, no endless lines, whole intervals."""
    if type(value) is not str or value.startswith("data:"):
        return value
    return _INTERVAL.sub(_unbroken, words.shorten(value, _LONGEST))


def _unbroken(interval: re.Match[str]) -> str:
    return interval[0].replace(" ", "\u00a0")


def _picture(chart: Chart | None, analysis: Analysis) -> _Picture | None:
    if chart is None:
        return None
    wide = chart.draw(analysis)
    width, height = (round(96 * inches) for inches in wide.get_size_inches())
    return _Picture(
        wide=_drawn(wide),
        narrow=_drawn(chart.draw(analysis, narrow=True)),
        size=(width, height),
        alt=chart.alt,
        caption=chart.caption,
        title=chart.title,
        csv=_uri("text/csv", chart.csv.encode()),
        csv_name=f"{chart.name}.csv",
    )


def _drawn(figure: Figure) -> str:
    return _uri("image/svg+xml", charts.render_svg(figure, adaptive=True).encode())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
