"""Episodes: a signal that is high opens one, the same signal being low closes it. Each is told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from walkback.analysis.alerts.signals import Kind, Level, Signal
from walkback.store import AlertRow

_SETTLES_IN: Final = timedelta(hours=24)  # a verdict may waver from run to run


@dataclass(frozen=True, slots=True)
class Turn:
    """What has begun and what has ended by now."""

    opened: tuple[Signal, ...]
    closed: tuple[AlertRow, ...]


def open_episode(episodes: Sequence[AlertRow], kind: Kind, subject: str = "") -> AlertRow | None:
    """The one that lasts."""
    return next((one for one in episodes if one.is_open and (one.kind, one.subject) == (kind, subject)), None)


def turn(episodes: Sequence[AlertRow], signals: Sequence[Signal]) -> Turn:
    """What the signals begin and end."""
    opened: list[Signal] = []
    closed: list[AlertRow] = []
    for signal in signals:
        lasting = open_episode(episodes, signal.kind, signal.subject)
        if lasting is None and signal.level is Level.HIGH:
            opened.append(signal)
        elif lasting is not None and signal.level is Level.LOW:
            closed.append(lasting)
    return Turn(tuple(opened), tuple(closed))


def to_tell(episodes: Sequence[AlertRow], now: datetime) -> list[AlertRow]:
    """Episodes that nobody was told of.

    A verdict is told when it has held for a day and is another than the one told last.
    """
    told = [one for one in episodes if one.kind == Kind.VERDICT and one.told_at is not None]
    last = max(told, key=lambda one: one.told_at or now, default=None)
    return [
        one
        for one in episodes
        if one.told_at is None and (one.kind != Kind.VERDICT or _has_changed(one, last, now))
    ]


def _has_changed(verdict: AlertRow, last: AlertRow | None, now: datetime) -> bool:
    settled = verdict.is_open and now - verdict.opened_at >= _SETTLES_IN
    return settled and last is not None and last.subject != verdict.subject
