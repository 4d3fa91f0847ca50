"""The files of a report, by name; the command line writes them."""

from walkback.analysis.model import Analysis
from walkback.reports.charts import render_png, render_svg, timeline
from walkback.reports.document import render_json
from walkback.reports.page import render_page
from walkback.reports.tables import series_csv


def render_files(analysis: Analysis) -> dict[str, bytes]:
    """report.html, report.json, the timeline as SVG and PNG, and its figures as CSV."""
    chart = timeline(analysis)
    return {
        "report.html": render_page(analysis).encode(),
        "report.json": render_json(analysis).encode(),
        "timeline.svg": render_svg(chart).encode(),
        "timeline.png": render_png(chart),
        "series.csv": series_csv(analysis).encode(),
    }
