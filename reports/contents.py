"""What a report says, in words and rows: every format is made from this, so that none says something else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from matplotlib.figure import Figure

from walkback.analysis.model import Analysis, Quote, Series, Verdict
from walkback.case import Case
from walkback.reports import charts, words
from walkback.reports.changes import change_table, changed
from walkback.reports.limits import limits
from walkback.reports.tables import (
    MOST_ROWS,
    Table,
    checks_table,
    coverage_runs,
    effects_table,
    hours_csv,
    phases_csv,
    phases_table,
    series_csv,
    sources_csv,
)
from walkback.reports.themes import Telling, angry_about, concerns_table, telling_words
from walkback.reports.validity import corrected_table, trust
from walkback.reports.voices import copies_table, who_spoke

_LONGEST_LINK: Final = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict in words. `before` is the week before's, None where there is none to compare with."""

    word: str
    sentence: str
    volume: str
    sentiment: str
    reasons: tuple[str, ...]
    before: str | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its words and its data; `draw(analysis, narrow=…, dark=…)` makes the figure."""

    name: str
    title: str
    alt: str
    caption: str
    csv: str
    draw: Callable[..., Figure]


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as it is shown. `url` is plain web or None."""

    at: datetime
    when: str
    kind: str
    label: str
    url: str | None
    host: str | None


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """A post as it is shown."""

    phase: str
    source: str
    when: str
    text: str
    score: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says. `week` names the week that it is about, None for the whole case."""

    analysis: Analysis
    title: str
    synthetic: bool
    week: str | None
    answer: Answer
    plain: str
    figures: tuple[tuple[str, str, str], ...]
    timeline: Chart
    by_phase: Chart | None
    heat: Chart | None
    by_source: Chart | None
    changed: tuple[str, ...]
    change: Table
    build_up: tuple[str, ...]
    phases: Table
    sources: Table
    events: tuple[EventLine, ...]
    angry_about: tuple[str, ...]
    concerns: Table
    who_spoke: tuple[str, ...]
    copies: Table
    trust: tuple[str, ...]
    corrected: Table
    telling: tuple[Telling, ...]
    quotes: tuple[QuoteLine, ...]
    effects: Table
    checks: Table
    coverage_words: tuple[str, ...]
    coverage: Table
    limits: tuple[str, ...]
    method: str
    facts: tuple[tuple[str, str], ...]
    made_at: str
    origins: Table


def build_report(analysis: Analysis, *, week: date | None = None, before: Verdict | None = None) -> Report:
    """The report of an analysis; of a week where its Monday is given, `before` being the one before's."""
    effects = effects_table(analysis)
    return Report(
        analysis=analysis,
        title=words.shorten(analysis.case.title, 200),
        synthetic=analysis.case.synthetic,
        week=None if week is None else words.week(week),
        answer=_answer(analysis.verdict, before),
        plain=words.answer(analysis),
        figures=_key_figures(analysis),
        timeline=_timeline(analysis),
        by_phase=_by_phase(analysis),
        heat=_heat(analysis),
        by_source=_by_source(analysis),
        changed=changed(analysis),
        change=change_table(analysis),
        build_up=words.build_up(analysis),
        phases=phases_table(analysis),
        sources=_sources(analysis),
        events=_events(analysis.case),
        angry_about=angry_about(analysis),
        concerns=concerns_table(analysis),
        telling=telling_words(analysis),
        who_spoke=who_spoke(analysis),
        copies=copies_table(analysis),
        trust=trust(analysis),
        corrected=corrected_table(analysis),
        quotes=tuple(_quote(quote, analysis.case) for quote in analysis.quotes),
        effects=effects,
        checks=checks_table(analysis),
        coverage_words=words.coverage(analysis),
        coverage=_coverage(analysis),
        limits=limits(analysis),
        method=words.method(tested=bool(effects.rows)),
        facts=_facts(analysis),
        made_at=words.clock(analysis.generated_at, analysis.case.zone),
        origins=_origins(analysis),
    )


def _answer(verdict: Verdict, before: Verdict | None) -> Answer:
    return Answer(
        word=words.sentence_case(verdict.word),
        sentence=words.shorten(verdict.sentence, 600),
        volume=verdict.volume.value,
        sentiment=verdict.sentiment.value,
        reasons=tuple(words.shorten(reason, 400) for reason in verdict.reasons),
        before=None if before is None else before.word.value,
    )


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


def _timeline(analysis: Analysis) -> Chart:
    return Chart(
        name="timeline",
        title="What was said, and when",
        alt=words.alt_text(analysis),
        caption=words.caption(analysis),
        csv=series_csv(analysis),
        draw=charts.timeline,
    )


def _by_phase(analysis: Analysis) -> Chart | None:
    if len(analysis.phases) < 2:
        return None
    return Chart(
        name="phases",
        title="From phase to phase",
        alt=words.alt_text_by_phase(analysis),
        caption="Left: posts a day of the time observed. Right: mean sentiment with its 95% interval.",
        csv=phases_csv(analysis),
        draw=charts.by_phase,
    )


def _heat(analysis: Analysis) -> Chart | None:
    if analysis.hourly is None or analysis.totals.posts == 0:
        return None
    caption = "A column a day, a row an hour of the day; the stronger the colour, the more posts."
    return Chart(
        name="hours",
        title="The build-up by the hour",
        alt=words.alt_text_by_hour(analysis),
        caption=f"{caption} Times are those of {analysis.case.timezone}.",
        csv=hours_csv(analysis, charts.days_of(analysis)),
        draw=charts.heat,
    )


def _by_source(analysis: Analysis) -> Chart | None:
    if len(analysis.by_source) < 2:
        return None
    return Chart(
        name="sources",
        title="By source",
        alt=words.alt_text_by_source(analysis),
        caption="Posts of each source, each on its own scale. Lines mark the events of the first chart.",
        csv=sources_csv(analysis),
        draw=charts.small_multiples,
    )


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


def _events(case: Case) -> tuple[EventLine, ...]:
    return tuple(
        EventLine(
            at=moment,
            when=words.when(moment, case.zone),
            kind=event.kind.value,
            label=words.shorten(event.label, 200),
            url=_safe(event.url),
            host=event.url.host if event.url else None,
        )
        for moment, event in case.timeline()
    )


def _quote(quote: Quote, case: Case) -> QuoteLine:
    return QuoteLine(
        phase=words.sentence_case(quote.phase),
        source=words.shorten(quote.source, 30),
        when=words.day(quote.created_at, case.zone),
        text=words.shorten(quote.text, 280),
        score=words.signed(quote.compound, 2),
        url=_safe(quote.url) if case.report.quotes == "full" else None,
    )


def _safe(url: Any) -> str | None:
    """A link only where it is plain web; a link is no text, so it isn't shortened but left out."""
    address = str(url or "")
    return address if address.startswith(("https://", "http://")) and len(address) <= _LONGEST_LINK else None


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
    )
    return tuple((name, value) for name, value in pairs if value)


def _terms(terms: tuple[str, ...]) -> str:
    return ", ".join(words.shorten(term, 80) for term in terms)


def _origins(analysis: Analysis) -> Table:
    heads = ("From", "Finished", "Posts", "Duplicates", "Set aside as broken", "Refused")
    rows = tuple(
        (
            words.shorten(each.what, 120),
            "cut off" if each.finished_at is None else words.clock(each.finished_at, analysis.case.zone),
            *(words.number(n) for n in (each.posts, each.duplicates, each.quarantined, each.refused)),
        )
        for each in analysis.origins[:MOST_ROWS]
    )
    more = max(0, len(analysis.origins) - MOST_ROWS)
    return Table("Imports and collections", heads, rows, frozenset({0, 1}), more)
