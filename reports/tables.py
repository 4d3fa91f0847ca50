"""The numbers behind the charts and tables: gaps, runs, rows of words, and the chart's data as CSV."""

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Final

from walkback.analysis.model import Analysis, Bucket, CheckResult, CoverageSpan, Measures, Phase, Series
from walkback.reports import words

MOST_ROWS: Final = 60
COLUMNS: Final = (
    "source",
    "start",
    "end",
    "observed",
    "observed_share",
    "posts",
    "authors",
    "scored",
    "mean_compound",
    "ci_low",
    "ci_high",
    "negative_share",
)
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of ready words. The first cell of a row is its head; `text` columns aren't numbers.

    `more` rows were left out.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: frozenset[int] = frozenset({0})
    more: int = 0


def phases_table(analysis: Analysis) -> Table:
    """One row a phase, its figures withheld where too few people wrote."""
    heads = ("Phase", "Dates", "Posts", "Posts a day", "Mean sentiment", "Negative", "Authors")
    rows = tuple(_phase_row(analysis, phase) for phase in analysis.phases)
    scale = f"from {words.MINUS}1 to +1, with its 95% interval"
    return Table(f"The phases. Mean sentiment runs {scale}", heads, rows, frozenset({0, 1}))


def _phase_row(analysis: Analysis, phase: Phase) -> tuple[str, ...]:
    known = phase.measures
    head = (words.sentence_case(phase.name, 60), words.span(phase.start, phase.end, analysis.case.zone))
    if words.hides(analysis, known):
        return (*head, *[words.few(analysis)] * 5)
    return (
        *head,
        words.number(known.posts),
        words.rate(phase.posts_per_day),
        words.mean(known),
        words.share(known.negative_share),
        words.number(known.authors),
    )


def effects_table(analysis: Analysis) -> Table:
    """One row an event and outcome: the estimates behind the answer."""
    heads = ("Event", "Outcome", "Measure", "Estimate", "p", "Method", "Posts before, after")
    rows = tuple(
        (
            words.sentence_case(each.event),
            words.shorten(each.outcome, 40),
            words.shorten(each.measure.replace("_", " "), 40),
            words.interval(each.estimate, each.ci_low, each.ci_high),
            words.probability(each.p),
            words.shorten(each.method, 120),
            f"{words.number(each.n_before)}, {words.number(each.n_after)}",
        )
        for each in analysis.effects[:MOST_ROWS]
    )
    caption = (
        "The estimates behind the answer with their intervals: 99% for volume and 96% for sentiment, "
        "so that both hold together at 95%"
    )
    return Table(caption, heads, rows, frozenset({0, 1, 2, 5}))


def checks_table(analysis: Analysis) -> Table:
    """One row a check: its outcome and its figures."""
    rows = tuple(
        (words.shorten(check.title, 60), words.outcome(check), words.shorten(_figures_of(check), 600))
        for check in analysis.checks
    )
    return Table(
        "The same estimates with something done otherwise; volume is the share of what fading predicts",
        ("Check", "Outcome", "Figures"),
        rows,
        frozenset(range(3)),
    )


def _figures_of(check: CheckResult) -> str:
    """Without the outcome, which stands beside it."""
    if check.passed is not None:
        return check.text
    return words.sentence_case(check.text.removeprefix("not possible: "), 600)


def series_csv(analysis: Analysis) -> str:
    """The chart's data: one row a bucket, all sources first, then each source that may be shown.

    Times are in the case's zone with their offset. Cells are empty where nothing is known: an
    unobserved bucket has no counts, and one with too few authors shows no sentiment. Lines end in
    CR LF, as RFC 4180 has them.
    """
    return _csv(analysis, (analysis.series, *_shown(analysis)))


def sources_csv(analysis: Analysis) -> str:
    """The same of each source alone."""
    return _csv(analysis, _shown(analysis))


def hours_csv(analysis: Analysis, days: Collection[date]) -> str:
    """The same by the hour, of those local days."""
    hourly, zone = analysis.hourly, analysis.case.zone
    if hourly is None:
        return _csv(analysis, ())
    inside = tuple(bucket for bucket in hourly.buckets if bucket.start.astimezone(zone).date() in days)
    return _csv(analysis, (replace(hourly, buckets=inside),))


def phases_csv(analysis: Analysis) -> str:
    """One row a phase. Cells are empty where nothing is known or too few people wrote."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(("phase", "start", "end", "observed_days", "posts_per_day", *COLUMNS[5:]))
    for phase in analysis.phases:
        ends = [moment.astimezone(analysis.case.zone).isoformat() for moment in (phase.start, phase.end)]
        rate = None if words.hides(analysis, phase.measures) else phase.posts_per_day
        figures = _figures(analysis, phase.measures)
        writer.writerow([_text(phase.name[:200]), *ends, phase.observed_days, rate, *figures])
    return target.getvalue()


def _shown(analysis: Analysis) -> list[Series]:
    return [each for each in analysis.by_source if words.hidden_source(analysis, each) is None]


def _csv(analysis: Analysis, lines: Iterable[Series]) -> str:
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for series in lines:
        name = _text("all" if series.source is None else series.source[:200])
        writer.writerows([name, *_cells(bucket, analysis)] for bucket in series.buckets)
    return target.getvalue()


def _text(value: str) -> str:
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def _cells(bucket: Bucket, analysis: Analysis) -> list[str | float | None]:
    zone, known = analysis.case.zone, bucket.measures
    head: list[str | float | None] = [
        bucket.start.astimezone(zone).isoformat(),
        bucket.end.astimezone(zone).isoformat(),
        "true" if bucket.observed else "false",
        bucket.observed_share,
    ]
    return [*head, *(_figures(analysis, known) if bucket.observed else [None] * 7)]


def _figures(analysis: Analysis, known: Measures) -> list[float | None]:
    """The last seven columns: counts, and sentiment unless too few people wrote."""
    counts: list[float | None] = [known.posts, known.authors, known.scored]
    if words.hides(analysis, known):
        return [*counts, None, None, None, None]
    return [*counts, known.mean_compound, known.ci_low, known.ci_high, known.negative_share]


def gaps(series: Series) -> list[tuple[datetime, datetime]]:
    """The stretches [start, end) that were not observed, each as long as can be."""
    runs = groupby(series.buckets, lambda bucket: bucket.observed)
    stretches = [list(run) for observed, run in runs if not observed]
    return [(run[0].start, run[-1].end) for run in stretches]


def mean_runs(series: Series, fewest: int) -> list[list[Bucket]]:
    """Neighbouring buckets with a known mean from at least `fewest` authors: the pieces of the line."""
    runs = groupby(series.buckets, lambda bucket: _has_mean(bucket, fewest))
    return [list(run) for known, run in runs if known]


def _has_mean(bucket: Bucket, fewest: int) -> bool:
    known = bucket.measures
    return bucket.observed and known.mean_compound is not None and known.authors >= fewest


def coverage_runs(analysis: Analysis) -> list[CoverageSpan]:
    """The coverage with neighbouring windows of one source and one outcome joined, by source and time."""
    runs: list[CoverageSpan] = []
    for each in sorted(analysis.coverage, key=lambda c: (c.source, c.how, c.start, c.end)):
        last = runs[-1] if runs else None
        if (
            last
            and (last.source, last.how, last.status) == (each.source, each.how, each.status)
            and each.start <= last.end
        ):
            runs[-1] = CoverageSpan(last.source, last.start, max(last.end, each.end), last.status, last.how)
        else:
            runs.append(each)
    return sorted(runs, key=lambda c: (c.source, c.start, c.end))
