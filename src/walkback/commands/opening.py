"""What `analyze` and `report` are pointed at: a case file, a package, or a lake with an engine for it."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from walkback.analysis.model import Analysis
from walkback.analysis.scorers.choose import scorer_for
from walkback.case import Case, Every, load_case
from walkback.commands import packages
from walkback.commands.reporting import Analyst, Opened, in_store
from walkback.errors import CaseError, EngineError
from walkback.folder import Folder
from walkback.lake import Lake, is_lake
from walkback.post import Door
from walkback.session import Session
from walkback.store import Store

ENGINE: Final = "daft"
_ANY_DOOR: Final = Door(bytes(32))  # of a query without accounts, which needs none


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is asked beyond one machine; `case` is a name in the lake, or a file."""

    engine: str | None = None
    ray: str | None = None
    case: str | None = None
    scratch: str | None = None


@contextmanager
def opened(session: Session, place: str, beyond: Beyond) -> Iterator[Opened]:
    """What a place is, ready to be analysed.

    Raises CaseError where it is none of these, or what is asked doesn't go with it, EngineError.
    """
    if beyond.engine is not None:
        with _lake(session, place, beyond) as found:
            yield found
        return
    if beyond != Beyond():
        raise CaseError("--ray, --case and --scratch go with --engine daft")
    if is_lake(place):
        raise CaseError(
            f"{place}: is a lake. Analyze it by --engine daft, or import it: walkback import CASE {place}"
        )
    with packages.opened(session, Path(place)) as (theirs, case):
        yield in_store(theirs, case)


@contextmanager
def _lake(session: Session, place: str, beyond: Beyond) -> Iterator[Opened]:
    if beyond.engine != ENGINE:
        raise CaseError(f"--engine {beyond.engine}: is not known. The engine is daft")
    if not is_lake(place):
        raise CaseError(f"{place}: is no lake. Write one first: walkback export CASE LAKE --partitioned")
    lake = Lake(Folder(place))
    # Ray prints on stdout what befell its workers; the terminal keeps its own.
    with tempfile.TemporaryDirectory(prefix="walkback-") as folder, redirect_stdout(sys.stderr):
        case, beside = _case_of(lake, beyond.case, Path(folder))
        yield Opened(session, case, _analyst(session, lake, case, beyond), beside)


def _case_of(lake: Lake, asked: str | None, into: Path) -> tuple[Case, Path]:
    """The case, and the folder for its report: a lake's own case has none, so it is the one we are in."""
    names = lake.cases()
    if asked is not None and asked not in names:
        if not Path(asked).is_file():
            known = f"one of its cases ({', '.join(names)})" if names else "a case file"
            raise CaseError(
                f"--case {asked}: is neither a file nor a case of {lake.folder.place}. Name {known}"
            )
        case = load_case(Path(asked))
        return case, case.path.parent
    if asked is None and len(names) != 1:
        has = f"cases {', '.join(names)}" if names else "no case"
        raise CaseError(f"{lake.folder.place}: has {has}. Say by --case which it is, or give a case file")
    case = lake.load_case(asked or names[0], into)
    packages.refuse_what_lies_elsewhere(case)
    return case, Path()


def _analyst(session: Session, lake: Lake, case: Case, beyond: Beyond) -> Analyst:
    if case.scorer.model is not None:
        raise CaseError(f"{case.path}: [scorer] model: an engine scores by VADER alone. Take the model out")
    door = _door_of(lake, case)
    try:
        from walkback.cluster.analyze import LakeAnalyst, scratch_in  # noqa: PLC0415  # an extra
        from walkback.cluster.engine import Engine  # noqa: PLC0415
    except ImportError as error:
        raise EngineError("--engine daft needs Daft. Run: pip install 'walkback[cluster]'") from error
    scratch = scratch_in(Folder(beyond.scratch) if beyond.scratch else lake.folder)
    engine = Engine(beyond.ray)

    def analyst(case: Case, every: Every, since: object) -> Analysis:
        del since  # no post is quoted
        with session.terminal.bar("reading") as bar:

            def progress(share: float) -> None:
                bar.show(share, lake.folder.place)

            them = LakeAnalyst(lake, engine, scorer_for(case), door, scratch, progress)
            return them.estimate(case, every, session.now())

    return analyst


def _door_of(lake: Lake, case: Case) -> Door:
    """What masks the accounts that the queries name: they are masked in the lake."""
    terms = [
        term for topic in case.topics() for term in (*topic.query.any, *topic.query.all, *topic.query.none)
    ]
    accounts = [term for term in terms if term.startswith("@")]
    if not accounts:
        return _ANY_DOOR
    door = Store(case.store_path).door()
    if door is None or door.fingerprint != lake.key:
        raise CaseError(
            f"{case.path}: {accounts[0]} is masked in the lake, and the key that masked it is not beside"
            f" the case ({case.store_path.with_suffix('.key').name}). Name the case file that it lies beside "
            "by --case"
        )
    return door
