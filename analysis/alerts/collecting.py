"""Whether collecting goes well: sources that fail again and again, and money that is nearly spent."""

from collections.abc import Sequence
from typing import Final

from walkback.analysis.alerts.signals import Kind, Level, Signal
from walkback.store import RunRow

_FAILS_AT: Final = 3  # collections in a row


def failing_signal(source: str, runs: Sequence[RunRow]) -> Signal:
    """Three collections in a row that failed; a whole one ends it. Figures: failures. `told`: why."""
    own = _collections(source, runs)
    failures = 0
    for run in reversed(own):
        if not run.outcome.startswith("failed"):
            break
        failures += 1
    if not own:
        return Signal(Kind.FAILING, Level.UNKNOWN, source)
    level = Level.HIGH if failures >= _FAILS_AT else Level.BETWEEN if failures else Level.LOW
    why = own[-1].outcome.partition(": ")[2] if failures else ""
    return Signal(Kind.FAILING, level, source, {"failures": failures}, why)


def budget_signal(source: str, runs: Sequence[RunRow], most: float | None, share: float) -> Signal:
    """The last collection spent `share` of what one may, or was stopped by it. Figures: cost, most (USD)."""
    own = _collections(source, runs)
    if most is None or not own:
        return Signal(Kind.BUDGET, Level.UNKNOWN, source)
    last = own[-1]
    cost = float(last.cost)
    level = Level.LOW
    if cost >= share * most or last.outcome.startswith("stopped"):
        level = Level.HIGH
    elif cost >= share * most * 0.75:
        level = Level.BETWEEN
    return Signal(Kind.BUDGET, level, source, {"cost": cost, "most": most})


def _collections(source: str, runs: Sequence[RunRow]) -> list[RunRow]:
    """The source's collections that have come to an end, oldest first."""
    return [run for run in runs if run.what == "collect" and run.origin == source and run.finished_at]
