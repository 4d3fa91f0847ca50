"""What `check` and `status` say of a case and its store."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.themes.codebook import codebook_of
from walkback.case import Case
from walkback.commands.erasing import backups_to_delete
from walkback.errors import StoreError
from walkback.reports import words
from walkback.session import Session
from walkback.store import Store

_QUARANTINE_SHOWN: Final = 20
_RUNS_SHOWN: Final = 15


def check(session: Session, case: Case) -> None:
    """The case file is right by now; look at what it names and at the store."""
    case.window(session.now())
    scorer_for(case)
    codebook_of(case)
    session.terminal.say(f"{case.path}: right")
    if not case.store_path.exists():
        session.terminal.say(f"{case.store_path}: no store yet; import makes it")
        return
    store = session.store(case)
    store.prepare()
    faults = store.faults()
    if faults:
        raise StoreError(
            f"{case.store_path}: {'; '.join(faults)}. Put the last backup back, "
            "or keep this file and report it"
        )
    session.terminal.say(f"{case.store_path}: right")


def back_up(session: Session, case: Case, target: Path) -> None:
    """Copy the case's store while others may read it."""
    store = session.store(case)
    began = session.now()
    store.back_up(target)
    run = store.start_run(case, "backup", str(target.resolve()), began)
    store.finish_run(run, refused=0, outcome="done", now=session.now())
    key = case.store_path.with_suffix(".key")
    session.terminal.say(f"{target}: a verified copy of {case.store_path}")
    session.terminal.say(f"{key} is not in it: back that up apart from it, and put both back together")


def show_status(session: Session, case: Case, *, as_json: bool) -> None:
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
    header = ["when", "what", "origin", "posts", "duplicates", "quarantined", "requests", "cost", "outcome"]
    runs = [{**row, "when": f"{row['started_at']:%Y-%m-%d %H:%M}"} for row in found["runs"]]
    rows = [[str(row[name]) for name in header] for row in runs[-_RUNS_SHOWN:]]
    terminal.table(f"Runs{_of_all(runs, rows, 'last')}", header, rows)
    faults = [[str(row[name]) for name in ("origin", "line", "reason")] for row in found["quarantine"]]
    if faults:
        shown = faults[:_QUARANTINE_SHOWN]
        terminal.table(f"In quarantine{_of_all(faults, shown, 'first')}", ["file", "line", "why"], shown)
    for line in backups_to_delete(store, case):
        terminal.say(line)
    terminal.say(f"Next: {found['next']}")


def _of_all(rows: Sequence[object], shown: Sequence[object], which: str) -> str:
    if len(shown) == len(rows):
        return ""
    return f" (the {which} {len(shown)} of {len(rows):,}; --json has all)"


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
