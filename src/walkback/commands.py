"""What the commands do: each one reads, calls one function of a room, and tells what came of it."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from walkback.analysis.analyze import analyze as analyze_case
from walkback.analysis.model import Analysis, ScorerId
from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.scoring import score_pending
from walkback.case import Case, Every, load_case
from walkback.collecting import SANDBOX, Wanted, collect_sources, sandbox_network
from walkback.collectors.archives.sniff import FORMAT_NAMES
from walkback.collectors.clock import StandingClock, SystemClock
from walkback.collectors.imports import Imported, ImportOptions, Progress, import_archive
from walkback.collectors.keys import keys_for
from walkback.collectors.sandbox.archives import (
    CASE_FILE,
    RETRIEVED_AT,
    write_archives,
    write_case,
    write_truth,
)
from walkback.collectors.sandbox.platforms.faults import Fault
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world
from walkback.errors import ArchiveError, CaseError, NothingToDoError, WalkbackError
from walkback.reports import words
from walkback.reports.contents import Report, build_report
from walkback.reports.document import render_json
from walkback.reports.files import FORMATS, render_files
from walkback.reports.letter import write_letter
from walkback.reports.mail import compose, mail_server, send
from walkback.reports.pdf import render_pdf
from walkback.reports.tables import checks_table, effects_table, phases_table
from walkback.session import Session
from walkback.store import Store
from walkback.terminal import Terminal

PARTLY_DONE: Final = 3
_QUARANTINE_SHOWN: Final = 20
_FAULT_EVERY: Final = 7


def _now() -> datetime:
    return datetime.now(UTC)


def check(session: Session, case: Case) -> None:
    """The case file is right by now; look at what it names and at the store."""
    case.window(_now())
    scorer_for(case)
    session.terminal.say(f"{case.path}: right")
    if not case.store_path.exists():
        session.terminal.say(f"{case.store_path}: no store yet; import makes it")
        return
    session.store(case).prepare()
    session.terminal.say(f"{case.store_path}: right")


def import_options(
    format_name: str | None,
    columns: Mapping[str, str],
    source: str | None,
    assumed_zone: str | None,
    covers: tuple[datetime, datetime] | None,
) -> ImportOptions:
    """The options, checked as far as that goes without a file."""
    if format_name is not None and format_name not in FORMAT_NAMES:
        raise CaseError(f"--format {format_name} is not one of {', '.join(FORMAT_NAMES)}. Take one of these")
    return ImportOptions(format_name, columns, source, assumed_zone, covers)


def import_archives(session: Session, case: Case, files: Sequence[Path], options: ImportOptions) -> int:
    """Import the files and score; one that is refused doesn't keep the others out. Returns the exit code."""
    refused = 0
    for file in files:
        try:
            _import_one(session, case, file, options)
        except ArchiveError as error:
            session.terminal.complain(str(error))
            refused += 1
    if refused == len(files):
        return ArchiveError.exit_code
    session.terminal.say(f"{bring_up_to_date(session, case):,} posts scored")
    return PARTLY_DONE if refused else 0


def _import_one(session: Session, case: Case, file: Path, options: ImportOptions) -> None:
    began = time.monotonic()

    def pace(done: Imported) -> str:
        rate = done.records / (time.monotonic() - began + 1e-9)
        return f"{words.count(done.records, 'post')}, {rate:,.0f} posts/s"

    with session.terminal.bar(file.name) as bar:

        def progress(at: Progress) -> None:
            bar.show(at.share, pace(at.so_far))

        done = import_archive(case, session.store(case), file, options, now=_now(), progress=progress)
    session.terminal.say(
        f"{file}: {done.stored:,} stored, {done.duplicates:,} known already, "
        f"{done.quarantined:,} in quarantine, {done.refused:,} no posts ({pace(done)})"
    )
    if done.quarantined:
        session.terminal.say(f"  the lines in quarantine, and why: walkback status {case.path}")


def bring_up_to_date(session: Session, case: Case) -> int:
    """Match and score what is pending, of the control topic too; returns how many posts were scored."""
    return sum(_score_topic(session, topic) for topic in case.topics())


def _score_topic(session: Session, topic: Case) -> int:
    store = session.store(topic)
    store.match_pending(topic)
    scorer = scorer_for(topic)
    left = max(store.count_unscored(topic, scorer.name, scorer.version), 1)
    done = 0
    with session.terminal.bar("scoring") as bar:

        def scored(posts: int) -> None:
            nonlocal done
            done += posts
            bar.show(done / left, f"{done:,} posts")

        return score_pending(topic, store, scorer, scored=scored)


def _analysis(session: Session, case: Case, every: Every, since: datetime | None = None) -> Analysis:
    """`since`: from when on posts are quoted."""
    bring_up_to_date(session, case)
    return _analysis_of_what_is_there(session, case, every, since)


def _analysis_of_what_is_there(
    session: Session, case: Case, every: Every, since: datetime | None = None
) -> Analysis:
    scorer = scorer_for(case)
    named = ScorerId(scorer.name, scorer.version)
    return analyze_case(case, session.store(case), named, every, _now(), quoted_since=since)


def analyze(session: Session, case: Case, every: Every, *, as_json: bool) -> None:
    """Print the analysis, for a machine or for a person."""
    analysis = _analysis(session, case, every)
    if as_json:
        session.terminal.result(render_json(analysis))
    else:
        _show(session.terminal, analysis)


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
    session: Session,
    case: Case,
    every: Every,
    out: Path | None,
    *,
    formats: Sequence[str],
    week: date | None = None,
    mail: bool = False,
) -> None:
    """Write the report's files, say the answer and where they are, and send it. `week`: its Monday."""
    server = mail_server(keys_for(case.path).get) if mail else None
    report = _whole_report(session, case, every) if week is None else _weekly(session, case, every, week)
    suffix = "" if week is None else f"-{week:%G-W%V}"
    folder = out or case.path.parent / f"{case.name}-report{suffix}"
    contents = render_files(report, formats)
    for name, content in contents.items():
        _publish(folder / name, content)
    synthetic = "Synthetic posts: " if case.synthetic else ""
    session.terminal.say(synthetic + report.plain)
    session.terminal.say(str(folder / f"report.{formats[0]}"))
    if server is not None:
        paper = {f"{case.name}{suffix}.pdf": contents.get("report.pdf") or render_pdf(report)}
        send(compose(write_letter(report, paper), server, paper, now=_now()), server)
        session.terminal.say(f"sent to {', '.join(server.recipients)}")


def _whole_report(session: Session, case: Case, every: Every) -> Report:
    return build_report(_analysis(session, case, every))


def _weekly(session: Session, case: Case, every: Every, monday: date) -> Report:
    """What was known at the end of the week, and the answer a week before."""
    start, end = case.instant(monday), case.instant(monday + timedelta(days=7))
    first, last = case.window(_now())
    if start >= last or end <= first:
        raise CaseError(f"--week {monday:%G-W%V} lies outside the case's window. Give a week inside it")
    analysis = _analysis(session, case.as_of(min(end, _now())), every, since=start)
    before = None
    if start > first:
        with suppress(NothingToDoError):
            before = _analysis_of_what_is_there(session, case.as_of(start), every).verdict
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


def status(session: Session, case: Case, *, as_json: bool) -> None:
    """Print how far the case is."""
    store = session.store(case)
    found = _status(case, store)
    if as_json:
        session.terminal.result(json.dumps(found, indent=2, default=str))
        return
    terminal = session.terminal
    terminal.say(
        f"{words.clean(case.title)}: {found['posts']:,} posts stored, {found['matching']:,} match the query, "
        f"{found['scored']:,} of {found['scorable']:,} with words are scored"
    )
    for part, header in (("coverage", ["source", "start", "end", "status", "how"]),):
        terminal.table(
            part.capitalize(), header, [[str(row[name]) for name in header] for row in found[part]]
        )
    header = [
        "what",
        "origin",
        "posts",
        "duplicates",
        "quarantined",
        "refused",
        "requests",
        "cost",
        "outcome",
    ]
    terminal.table("Runs", header, [[str(row[name]) for name in header] for row in found["runs"]])
    faults = [[str(row[name]) for name in ("origin", "line", "reason")] for row in found["quarantine"]]
    if faults:
        shown = faults[:_QUARANTINE_SHOWN]
        more = (
            f" (the first {len(shown)} of {len(faults):,}; --json has all)"
            if len(shown) < len(faults)
            else ""
        )
        terminal.table(f"In quarantine{more}", ["file", "line", "why"], shown)
    terminal.say(f"Next: {found['next']}")


def _status(case: Case, store: Store) -> dict[str, Any]:
    so_far, scorer = store.status(case), scorer_for(case)
    unscored = store.count_unscored(case, scorer.name, scorer.version)
    return {
        "case": case.name,
        "synthetic": case.synthetic,
        **asdict(so_far),
        "scored": so_far.scorable - unscored,
        "coverage": [asdict(row) for row in store.coverage(case)],
        "runs": [asdict(row) for row in store.runs(case)],
        "quarantine": [{"origin": origin, **asdict(fault)} for origin, fault in store.quarantine(case)],
        "next": _next_step(case, matching=so_far.matching, unscored=unscored),
    }


def _next_step(case: Case, *, matching: int, unscored: int) -> str:
    if unscored > 0:
        return f"walkback score {case.path}"
    if matching == 0 and case.sources.wanted():
        return f"walkback collect {case.path}"
    if matching == 0:
        return f"walkback import {case.path} FILE"
    return f"walkback report {case.path}"


def demo(session: Session, folder: Path) -> int:
    """The whole pipeline on the synthetic Zoom case, collected from the sandbox. Returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    case = load_case(write_case(folder))
    world = build_world()
    write_truth(world, folder)
    clock = StandingClock(RETRIEVED_AT)
    with Sandbox(world, clock).running() as sandbox:
        network = replace(sandbox_network(case, sandbox.address), clock=clock)
        code = collect_sources(session, case, Wanted(), network)
    write_report(session, case, "day", None, formats=FORMATS)
    return code


def serve_sandbox(session: Session, port: int, faults: Sequence[str], out: Path | None) -> None:
    """Stand in for the platforms until somebody ends it."""
    world = build_world()
    sandbox = Sandbox(world, SystemClock())
    for fault in faults:
        for source in sandbox.sources:
            sandbox.faults.plan_often(_fault(fault), source, every=_FAULT_EVERY)
    case_file = Path(CASE_FILE)
    if out is not None:
        case_file = write_case(out)
        write_archives(world, out)
        write_truth(world, out)
    with _serving(sandbox, port):
        session.terminal.say(f"synthetic posts of {', '.join(sandbox.sources)} at {sandbox.address}")
        session.terminal.say(f"  {SANDBOX}={sandbox.address} walkback collect {case_file}")
        session.terminal.say("Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


@contextmanager
def _serving(sandbox: Sandbox, port: int) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(sandbox.running(port))
        except OSError as error:
            raise CaseError(f"--port {port}: {error.strerror}. Take another, or 0 for any") from error
        yield


def _fault(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError as error:
        raise CaseError(f"--fault {name} is not one of {', '.join(Fault)}. Take one of these") from error
