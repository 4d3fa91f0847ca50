"""The charts: volume above, sentiment below, on one time axis in the case's time zone.

Each is made for two widths; `narrow` is for telephones.
"""

from walkback.reports.charts.by_phase import by_phase
from walkback.reports.charts.heat import days_of, heat
from walkback.reports.charts.sheet import render_png, render_svg, spread
from walkback.reports.charts.ticks import date_ticks
from walkback.reports.charts.timeline import small_multiples, timeline

__all__ = [
    "by_phase",
    "date_ticks",
    "days_of",
    "heat",
    "render_png",
    "render_svg",
    "small_multiples",
    "spread",
    "timeline",
]
