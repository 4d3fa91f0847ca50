"""The report as Markdown, for a chat or an e-mail: a page to decide from, without charts."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from walkback.reports import words
from walkback.reports.contents import Report
from walkback.reports.tables import Table

# What is markup wherever it stands: emphasis, code, links, tags, cells, mentions, and addresses that some
# chats make links of; then what is markup at the head of a line alone.
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~@&]|:(?=//)|(?<=\bwww)\.)", re.IGNORECASE)
_HEAD: Final = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)](?:\s|$)))")


def render_markdown(report: Report) -> str:
    """The answer, what changed, the phases, what was said, and how sure that is. CommonMark with tables."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    if report.synthetic:
        yield "**Synthetic posts: these were made up.**"
    yield f"# {plain(report.title)}"
    if report.week:
        yield f"{report.week}, and what was known by its end"
    yield f"**{report.answer.word}.** {plain(report.answer.sentence)}"
    if report.answer.before:
        yield f"The answer a week before: {report.answer.before}."
    yield "## What changed since last week"
    yield plain(" ".join(report.changed))
    yield "## Before, during, after"
    yield _table(report.phases)
    yield "## Why this answer"
    yield f"By the number of posts: {report.answer.volume}. By their sentiment: {report.answer.sentiment}."
    yield from _list(report.answer.reasons)
    yield from _said(report)
    if report.sources.rows:
        yield "## By source"
        yield _table(report.sources)
    if report.events:
        yield "## What happened"
        yield from _list(tuple(f"{event.when}, {event.kind}: {event.label}" for event in report.events))
    yield "## How sure this is"
    yield plain(" ".join((*report.coverage_words, report.method, *report.trust)))
    if report.corrected.rows:
        yield _table(report.corrected)
    yield from _list(report.limits)
    yield f"Made by Walkback at {plain(report.made_at)}"


def _said(report: Report) -> Iterator[str]:
    if report.concerns.rows:
        yield "## What they were angry about"
        yield plain(" ".join(report.angry_about))
        yield _table(report.concerns)
        yield from _list(tuple(f"{each.phase}: {each.words}" for each in report.telling))
    if report.quotes:
        yield "## In their words"
        yield from _quotes(report)
    if report.who_spoke:
        yield "## Who spoke"
        yield plain(" ".join(report.who_spoke))
        if report.copies.rows:
            yield _table(report.copies)


def _quotes(report: Report) -> Iterator[str]:
    for phase, quotes in groupby(report.quotes, key=lambda quote: quote.phase):
        yield f"### {plain(phase)}"
        for quote in quotes:
            whose = f"{plain(quote.source)}, {quote.when}, scored {quote.score}"
            made_up = ", synthetic" if report.synthetic else ""
            yield f"> {plain(quote.text)}\n>\n> {whose}{made_up}"


def _list(lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield "\n".join(f"- {plain(line)}" for line in lines)


def _table(table: Table) -> str:
    align = ["---" if column in table.text else "---:" for column in range(len(table.heads))]
    rows = [[plain(cell) for cell in row] for row in (table.heads, *table.rows)]
    lines = [f"| {' | '.join(row)} |" for row in (rows[0], align, *rows[1:])]
    more = f"\n\n{table.more} more are not listed." if table.more else ""
    return "\n".join(lines) + more


def plain(text: str) -> str:
    """Any text as itself: shown, never obeyed."""
    return _HEAD.sub(_escaped, _MARKUP.sub(r"\\\1", words.clean(text)))


def _escaped(head: re.Match[str]) -> str:
    """A number can't be escaped itself: what follows it is."""
    return f"{head[1]}{head[2]}\\" if head[2].isdigit() else f"{head[1]}\\{head[2]}"
