"""The report as one HTML file that needs nothing else: no script, no web font, no request.

The charts stand in `<img>` as data URIs. Matplotlib's SVG is full of `style` attributes, which the
page's own strict policy would block; inside an image that policy doesn't apply, ids can't clash and
nothing in the drawing can act. The price is text that can't be selected: the alternative text and
the tables carry it.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from matplotlib.figure import Figure

from walkback.analysis.model import Analysis, Series
from walkback.reports import charts, words
from walkback.reports.limits import limits
from walkback.reports.tables import MOST_ROWS, Table, checks_table, coverage_runs, effects_table, phases_table

_LONGEST: Final = 400  # characters of any one string on the page


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart in two widths as data URIs, with its words."""

    wide: str
    narrow: str
    size: tuple[int, int]
    alt: str
    caption: str


def render_page(analysis: Analysis) -> str:
    """The whole report as HTML. The same analysis gives the same bytes."""
    css = _file("report.css")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return _template().render(
        css=Markup(css),  # noqa: S704  # our own file, its hash in the policy
        css_hash=digest,
        case=analysis.case,
        answer=_answer(analysis),
        figures=_key_figures(analysis),
        timeline=_timeline(analysis),
        build_up=words.build_up(analysis),
        phases=phases_table(analysis),
        multiples=_multiples(analysis),
        sources=_sources(analysis),
        events=_events(analysis),
        coverage_words=words.coverage(analysis),
        coverage=_coverage(analysis),
        effects=effects_table(analysis),
        checks=checks_table(analysis),
        limits=limits(analysis),
        facts=_facts(analysis),
        origins=_origins(analysis),
    )


def _file(name: str) -> str:
    return files("walkback.reports").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("report.html.j2"))


def _shown(value: Any) -> Any:
    """Every string passes here on its way to the page: no invisible controls, no endless lines."""
    return words.shorten(value, _LONGEST) if type(value) is str and not value.startswith("data:") else value


def _answer(analysis: Analysis) -> dict[str, Any]:
    verdict = analysis.verdict
    return {
        "word": words.sentence_case(verdict.word),
        "sentence": verdict.sentence,
        "volume": verdict.volume,
        "sentiment": verdict.sentiment,
        "reasons": verdict.reasons,
        "plain": words.answer(analysis),
    }


def _key_figures(analysis: Analysis) -> tuple[tuple[str, str, str], ...]:
    """Name, figure, and what it is of."""
    shape, totals, line = analysis.shape, analysis.totals, analysis.series
    top = words.UNKNOWN if shape.peak is None else words.number(shape.peak.posts)
    return (
        ("Posts", words.number(totals.posts), ""),
        ("Authors", words.number(totals.authors), ""),
        ("Sources", words.number(len(totals.by_source)), ""),
        ("Baseline", words.rate(shape.baseline_posts_per_day), "posts a day"),
        ("Peak", top, words.peak_time(analysis)),
        ("Amplification", words.rate(shape.amplification), "times the baseline"),
        ("Days observed", words.days(words.observed_days(line)), f"of {words.days(words.grid_days(line))}"),
    )


def _chart(draw: Callable[..., Figure], analysis: Analysis, alt: str, caption: str) -> Chart:
    wide = draw(analysis)
    width, height = (round(96 * inches) for inches in wide.get_size_inches())
    return Chart(_uri(wide), _uri(draw(analysis, narrow=True)), (width, height), alt, caption)


def _uri(figure: Figure) -> str:
    drawn = base64.b64encode(charts.render_svg(figure).encode()).decode()
    return f"data:image/svg+xml;base64,{drawn}"


def _timeline(analysis: Analysis) -> Chart:
    return _chart(charts.timeline, analysis, words.alt_text(analysis), words.caption(analysis))


def _multiples(analysis: Analysis) -> Chart | None:
    if len(analysis.by_source) < 2:
        return None
    caption = "Posts of each source, each on its own scale. Lines mark the events of the first chart."
    return _chart(charts.small_multiples, analysis, words.alt_text_by_source(analysis), caption)


def _sources(analysis: Analysis) -> Table:
    heads = (
        "Source",
        "Posts",
        "Authors",
        "Posts a day",
        "Busiest",
        "Mean sentiment",
        "Negative",
        "Days observed",
    )
    rows = tuple(_source_row(analysis, series) for series in islice(analysis.by_source, MOST_ROWS))
    more = max(0, len(analysis.by_source) - MOST_ROWS)
    caption = "The sources. Posts a day and the busiest time are of the days in which each was observed"
    return Table(caption, heads, rows, more=more)


def _source_row(analysis: Analysis, series: Series) -> tuple[str, ...]:
    name, few = words.shorten(series.source or "", 60), words.hidden_source(analysis, series)
    if few is not None:
        return (name, *[few] * 7)
    known = series.whole
    return (
        name,
        words.number(known.posts),
        words.number(known.authors),
        words.rate(series.posts_per_day),
        _busiest(series),
        words.mean(known),
        words.share(known.negative_share),
        words.days(words.observed_days(series)),
    )


def _busiest(series: Series) -> str:
    most = max((b.measures.posts for b in series.buckets if b.observed), default=None)
    return words.UNKNOWN if most is None else f"{words.number(most)} {words.per(series.grid.every)}"


def _events(analysis: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "at": moment.isoformat(),
            "when": words.when(moment, analysis.case.zone),
            "kind": event.kind,
            "label": event.label,
            "url": _safe(event.url),
            "host": event.url.host if event.url else None,
        }
        for moment, event in analysis.case.timeline()
    ]


def _safe(url: Any) -> str | None:
    """A link only where it is plain web; a link is no text, so it isn't shortened but left out."""
    address = str(url or "")
    return address if address.startswith(("https://", "http://")) and len(address) <= 2_000 else None


def _coverage(analysis: Analysis) -> Table:
    runs, zone = coverage_runs(analysis), analysis.case.zone
    ways = {"archive": "imported", "stated": "imported, as stated", "asked": "collected"}
    rows = tuple(
        (
            words.shorten(run.source, 60),
            words.span(run.start, run.end, zone),
            words.STATUS_WORDS[run.status],
            ways.get(run.how, words.shorten(run.how, 30)),
        )
        for run in runs[:MOST_ROWS]
    )
    heads = ("Source", "Dates", "Outcome", "How")
    more = max(0, len(runs) - MOST_ROWS)
    return Table("What was asked for, and how that ended", heads, rows, frozenset(range(4)), more)


def _facts(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    case, totals = analysis.case, analysis.totals
    scorer = f"{words.shorten(analysis.scorer.name, 40)} {words.shorten(analysis.scorer.version, 40)}"
    window = words.span(analysis.series.grid.start, analysis.series.grid.end, case.zone)
    pairs = (
        ("Window", f"{window}, {case.timezone}"),
        ("Any of these words", _terms(case.query.any)),
        ("All of these words", _terms(case.query.all)),
        ("None of these words", _terms(case.query.none)),
        ("Scored by", scorer),
        ("Posts", f"{words.number(totals.posts)}, of them {words.number(totals.scored)} scored"),
        ("Without words to score", words.number(totals.unscorable)),
        ("Near-duplicates", words.number(totals.near_duplicates)),
        ("Made at", _stamp(analysis.generated_at, analysis)),
    )
    return tuple((name, value) for name, value in pairs if value)


def _stamp(moment: datetime, analysis: Analysis) -> str:
    return words.clock(moment, analysis.case.zone)


def _terms(terms: tuple[str, ...]) -> str:
    return ", ".join(words.shorten(term, 80) for term in terms)


def _origins(analysis: Analysis) -> Table:
    heads = ("From", "Finished", "Posts", "Duplicates", "Set aside as broken", "Refused")
    rows = tuple(
        (
            words.shorten(each.what, 120),
            _stamp(each.finished_at, analysis),
            *(words.number(n) for n in (each.posts, each.duplicates, each.quarantined, each.refused)),
        )
        for each in analysis.origins[:MOST_ROWS]
    )
    more = max(0, len(analysis.origins) - MOST_ROWS)
    return Table("Imports and collections", heads, rows, frozenset({0, 1}), more)
