"""The files of a report, by name; the command line writes them."""

from collections.abc import Callable, Collection
from typing import Final

from walkback.reports import charts
from walkback.reports.contents import Report
from walkback.reports.document import render_json
from walkback.reports.markdown import render_markdown
from walkback.reports.page import render_page
from walkback.reports.pdf import render_pdf
from walkback.reports.slides import render_slides

_FORMATS: Final[dict[str, Callable[[Report], bytes]]] = {
    "html": lambda report: render_page(report).encode(),
    "pdf": render_pdf,
    "pptx": render_slides,
    "md": lambda report: render_markdown(report).encode(),
    "json": lambda report: render_json(report.analysis).encode(),
}
FORMATS: Final = tuple(_FORMATS)


def render_files(report: Report, formats: Collection[str]) -> dict[str, bytes]:
    """`report.…` in each format, the timeline as SVG and PNG, and its figures as CSV."""
    chart = charts.timeline(report.analysis)
    return {
        **{f"report.{name}": render(report) for name, render in _FORMATS.items() if name in formats},
        "timeline.svg": charts.render_svg(chart).encode(),
        "timeline.png": charts.render_png(chart),
        "series.csv": report.timeline.csv.encode(),
    }
