"""What holds for every command of a call: where it speaks, and how long it waits for a store."""

from dataclasses import dataclass
from datetime import UTC, datetime

from walkback.case import Case
from walkback.store import Store
from walkback.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Session:
    """What holds for every command of a call."""

    terminal: Terminal
    wait_s: float

    def store(self, case: Case) -> Store:
        """The case's store, not opened yet."""
        return Store(case.store_path, wait_s=self.wait_s)

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)
