"""Time as collectors see it: one place to wait, so that a wait can be told, bounded and tested."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """The time in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class StandingClock:
    """Time stands still, and goes on only when somebody waits: then at once. For made-up worlds."""

    def __init__(self, now: datetime) -> None:
        """`now` is when it begins, in UTC."""
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time in UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Wait, in no time."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
