"""What `demo` and `sandbox` do: the pipeline on synthetic posts."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from walkback.case import load_case
from walkback.collectors.clock import StandingClock, SystemClock
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
from walkback.commands.collecting import SANDBOX, Wanted, collect_sources, sandbox_network
from walkback.commands.reporting import in_store, write_report
from walkback.errors import CaseError
from walkback.reports.files import FORMATS
from walkback.session import Session

_FAULT_EVERY: Final = 7


def run_demo(session: Session, folder: Path) -> int:
    """The whole pipeline on the synthetic Zoom case, collected from the sandbox. Returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    case = load_case(write_case(folder))
    world = build_world()
    write_truth(world, folder)
    clock = StandingClock(RETRIEVED_AT)
    with Sandbox(world, clock).running() as sandbox:
        network = replace(sandbox_network(case, sandbox.address), clock=clock)
        code = collect_sources(session, case, Wanted(), network)
    write_report(in_store(session, case), "day", None, formats=FORMATS)
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
