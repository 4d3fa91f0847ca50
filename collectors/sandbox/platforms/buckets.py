"""Rate limits: so many requests in a window of so many seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Level:
    """A bucket after a request: was that still allowed, how many are left, when is it refilled (UTC)."""

    allowed: bool
    most: int
    left: int
    refilled_at: datetime


class Bucket:
    """A window that begins with the first request in it."""

    def __init__(self, most: int, seconds: float) -> None:
        """`most` requests in `seconds`."""
        self._most = most
        self._window = timedelta(seconds=seconds)
        self._refilled_at: datetime | None = None
        self._used = 0

    def take(self, at: datetime) -> Level:
        """One request."""
        if self._refilled_at is None or at >= self._refilled_at:
            self._refilled_at, self._used = at + self._window, 0
        self._used += 1
        left = max(self._most - self._used, 0)
        return Level(self._used <= self._most, self._most, left, self._refilled_at)
