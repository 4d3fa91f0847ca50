"""What holds for every command of a call: where it speaks, and how long it waits for a store."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from walkback.analysis.model import ScorerId
from walkback.case import Case
from walkback.store import Store
from walkback.terminal import JsonLog, Terminal


@dataclass(frozen=True, slots=True)
class Session:
    """What holds for every command of a call.

    Of a package: `at` (aware) is when it was made, and `scorer` made the scores that are all there is.
    """

    terminal: Terminal
    wait_s: float
    at: datetime | None = None
    scorer: ScorerId | None = None

    def store(self, case: Case) -> Store:
        """The case's store, not opened yet."""
        return Store(case.store_path, wait_s=self.wait_s)

    def now(self) -> datetime:
        """The time in UTC."""
        return self.at or datetime.now(UTC)

    def unattended(self, *, log_json: bool) -> Self:
        """The same, for a clock that calls: only complaints are said unless somebody watches."""
        if log_json:
            return replace(self, terminal=JsonLog(self.now))
        if self.terminal.is_watched:
            return self
        return replace(self, terminal=Terminal(quiet=True))
