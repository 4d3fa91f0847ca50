"""What `run` does: all that a case needs from time to time, step by step, for a clock to call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from walkback.analysis.model import Analysis
from walkback.case import Case, Every
from walkback.commands.alerting import alert
from walkback.commands.collecting import Wanted, collect_sources, recheck_sources
from walkback.commands.erasing import apply_retention, erase_emptied
from walkback.commands.lock import only_run
from walkback.commands.reporting import analysis_of, publish_report
from walkback.commands.scoring import bring_up_to_date
from walkback.errors import StoreError, WalkbackError
from walkback.reports.contents import build_report
from walkback.session import Session

ORIGIN: Final = "walkback run"
_UNEXPECTED: Final = 1
_PARTLY_DONE: Final = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What a call of `run` asks for. `out`: the report's folder; None: beside the case file."""

    wanted: Wanted
    every: Every
    formats: Sequence[str]
    out: Path | None


def run(session: Session, case: Case, options: Options) -> int:
    """Collect, score, analyze and report; a step that fails undoes and keeps from nothing. The exit code.

    Each step's outcome is noted in the store's runs. Raises StoreBusyError where another run of the case
    is under way, StoreError where the store can't be used.
    """
    with only_run(case, session.now()) as unfinished:
        if unfinished:
            session.terminal.complain(
                f"{case.path}: the run before was cut off ({unfinished}). This one goes on where it stopped"
            )
        session.store(case).prepare()
        steps = _Steps(session, case, options)
        for name, step in (
            ("collect", steps.collect),
            ("score", steps.score),
            ("recheck", steps.recheck),
            ("erase", steps.erase),
            ("analyze", steps.analyze),
        ):
            steps.take(name, step)
        if steps.analysis is not None:
            steps.take("report", steps.report)
        if case.alerts is not None:
            steps.take("alert", steps.alert)
        return steps.code


class _Steps:
    """A run under way: its steps, how each ended, and the worst of it as an exit code."""

    def __init__(self, session: Session, case: Case, options: Options) -> None:
        self._session = session
        self._case = case
        self._options = options
        self._store = session.store(case)
        self._began = session.now()
        self.analysis: Analysis | None = None
        self.code = 0

    def take(self, name: str, step: Callable[[Session], int]) -> None:
        """Take a step, note how it ended, tell what failed. Raises StoreError: no step could go on."""
        session = replace(self._session, terminal=self._session.terminal.for_step(name))
        noted = self._store.start_run(self._case, name, ORIGIN, session.now())
        try:
            code = step(session)
            outcome = "partly done" if code else "done"
        except StoreError:
            raise
        except WalkbackError as error:
            code, outcome = _PARTLY_DONE, f"failed: {error}"
            session.terminal.complain(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001  # the steps after it are worth taking all the same
            code, outcome = _UNEXPECTED, f"failed: unexpected {type(error).__name__}: {error}"
            session.terminal.complain(f"{name}: {outcome.removeprefix('failed: ')}. Report it")
        session.terminal.say(f"{name}: {outcome}")
        self._store.finish_run(noted, refused=0, outcome=outcome, now=session.now())
        self.code = max(self.code, code)

    def collect(self, session: Session) -> int:
        """What is missing of every source; nothing where the case has none."""
        if not self._case.sources.wanted():
            return 0
        return collect_sources(session, self._case, self._options.wanted)

    def score(self, session: Session) -> int:
        """Match and score what came."""
        session.terminal.say(f"{bring_up_to_date(session, self._case):,} posts scored")
        return 0

    def recheck(self, session: Session) -> int:
        """Follow deletions on the platforms, with what is left of the run's money."""
        if not self._case.sources.wanted():
            return 0
        return recheck_sources(session, self._case, self._with_what_is_left())

    def erase(self, session: Session) -> int:
        """Erase what is older than the case file allows, and the words of what is gone."""
        apply_retention(session, self._case)
        erase_emptied(session, self._case)
        return 0

    def _with_what_is_left(self) -> Wanted:
        """What the call asked for, less the money that its collection cost."""
        wanted, x = self._options.wanted, self._case.sources.x
        most = wanted.max_cost if wanted.max_cost is not None or x is None else x.max_cost
        if most is None:
            return wanted
        spent = sum(run.cost for run in self._store.runs(self._case) if run.started_at >= self._began)
        return replace(wanted, max_cost=max(most - float(spent), 0.0))

    def analyze(self, session: Session) -> int:
        """The answer; "inconclusive" where there is no post yet."""
        self.analysis = analysis_of(session, self._case, self._options.every)
        return 0

    def report(self, session: Session) -> int:
        """The report's files, each put in the place of the last one's when it is whole."""
        if self.analysis is not None:
            publish_report(session, build_report(self.analysis), self._folder, self._options.formats)
        return 0

    def alert(self, session: Session) -> int:
        """Tell once of what stands out."""
        alert(session, self._case, analysis=self.analysis, report=self._folder.resolve() / "report.html")
        return 0

    @property
    def _folder(self) -> Path:
        return self._options.out or self._case.path.parent / f"{self._case.name}-report"
