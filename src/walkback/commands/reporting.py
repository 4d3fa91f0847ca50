"""What `analyze` and `report` do: ask the store, and tell what it answers."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from walkback.analysis.analyze import analyze as analyze_case
from walkback.analysis.model import Analysis
from walkback.case import Case, Every
from walkback.collectors.keys import keys_for
from walkback.commands.scoring import bring_up_to_date, scorer_of
from walkback.errors import CaseError, NothingToDoError, WalkbackError
from walkback.reports import words
from walkback.reports.contents import Report, build_report
from walkback.reports.document import render_json
from walkback.reports.files import FORMATS, render_files
from walkback.reports.letter import write_letter
from walkback.reports.mail import compose, mail_server, send
from walkback.reports.pdf import render_pdf
from walkback.reports.tables import checks_table, effects_table, phases_table
from walkback.session import Session
from walkback.terminal import Terminal

# The analysis of a case on a grid; `since`, where it is not None, is from when on posts are quoted.
Analyst = Callable[[Case, Every, datetime | None], Analysis]


@dataclass(frozen=True, slots=True)
class Opened:
    """A case, whoever analyses it, and the folder that its report goes into."""

    session: Session
    case: Case
    analyst: Analyst
    beside: Path


def in_store(session: Session, case: Case) -> Opened:
    """A case whose posts are in its store."""
    return Opened(session, case, partial(analysis_of, session), case.path.parent)


def analysis_of(session: Session, case: Case, every: Every, since: datetime | None = None) -> Analysis:
    """The case's analysis, after scoring what is pending. `since`: from when on posts are quoted."""
    bring_up_to_date(session, case)
    scorer = scorer_of(session, case)
    return analyze_case(case, session.store(case), scorer, every, session.now(), quoted_since=since)


def show(terminal: Terminal, analysis: Analysis, *, as_json: bool) -> None:
    """Print the analysis, for a machine or for a person."""
    if as_json:
        terminal.result(render_json(analysis))
    else:
        _show(terminal, analysis)


def _show(terminal: Terminal, analysis: Analysis) -> None:
    synthetic = " (synthetic posts)" if analysis.case.synthetic else ""
    terminal.say(f"{words.clean(analysis.case.title)}{synthetic}")
    terminal.say(words.answer(analysis))
    terminal.say(f"By volume: {analysis.verdict.volume}. By sentiment: {analysis.verdict.sentiment}.")
    for reason in analysis.verdict.reasons:
        terminal.say(f"  - {words.shorten(reason, 300)}")
    for sentence in (*words.build_up(analysis), *words.coverage(analysis)):
        terminal.say(sentence)
    for table in (effects_table(analysis), checks_table(analysis), phases_table(analysis)):
        if table.rows:
            terminal.table(table.caption, list(table.heads), [list(row) for row in table.rows])


def report_formats(asked: str | None) -> tuple[str, ...]:
    """Formats by their names, parted by commas; all of them where nothing is asked."""
    wanted = FORMATS if asked is None else tuple(name.strip().lower() for name in asked.split(","))
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        raise CaseError(f"--format {unknown[0]} is not one of {', '.join(FORMATS)}. Take one of these")
    return wanted


def write_report(
    opened: Opened,
    every: Every,
    out: Path | None,
    *,
    formats: Sequence[str],
    week: date | None = None,
    mail: bool = False,
) -> None:
    """Write the report's files, say the answer and where they are, and send it. `week`: its Monday."""
    session, case = opened.session, opened.case
    server = mail_server(keys_for(case.path).get) if mail else None
    report = _whole_report(opened, every) if week is None else _weekly(opened, every, week)
    suffix = "" if week is None else f"-{week:%G-W%V}"
    folder = out or opened.beside / f"{case.name}-report{suffix}"
    contents = publish_report(session, report, folder, formats)
    if server is not None:
        paper = {f"{case.name}{suffix}.pdf": contents.get("report.pdf") or render_pdf(report)}
        send(compose(write_letter(report, paper), server, paper, now=session.now()), server)
        session.terminal.say(f"sent to {', '.join(server.recipients)}")


def publish_report(
    session: Session, report: Report, folder: Path, formats: Sequence[str]
) -> dict[str, bytes]:
    """Write a report's files into a folder, say the answer and where they are; gives the files by name."""
    contents = render_files(report, formats)
    for name, content in contents.items():
        _publish(folder / name, content)
    synthetic = "Synthetic posts: " if report.synthetic else ""
    session.terminal.say(synthetic + report.plain)
    session.terminal.say(str(folder / f"report.{formats[0]}"))
    return contents


def _whole_report(opened: Opened, every: Every) -> Report:
    return build_report(opened.analyst(opened.case, every, None))


def _weekly(opened: Opened, every: Every, monday: date) -> Report:
    """What was known at the end of the week, and the answer a week before."""
    case, analyst, now = opened.case, opened.analyst, opened.session.now()
    start, end = case.instant(monday), case.instant(monday + timedelta(days=7))
    first, last = case.window(now)
    if start >= last or end <= first:
        raise CaseError(f"--week {monday:%G-W%V} lies outside the case's window. Give a week inside it")
    analysis = analyst(case.as_of(min(end, now)), every, start)
    before = None
    if start > first:
        with suppress(NothingToDoError):
            before = analyst(case.as_of(start), every, None).verdict
    return build_report(analysis, week=monday, before=before)


def _publish(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: under another name first, then renamed."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        raise WalkbackError(
            f"{path}: can't be written ({error.strerror}). Name another folder by --out"
        ) from error
