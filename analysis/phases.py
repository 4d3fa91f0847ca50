"""Phases: the stretches between the case's events, named after the event that opens them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from walkback.analysis.measures import measures
from walkback.analysis.model import Phase
from walkback.analysis.rates import ObservedCounts
from walkback.case import Event, EventKind
from walkback.store import Tally

_NAMES: Final = {
    EventKind.CHANGE: "after change",
    EventKind.OUTCRY: "outcry",
    EventKind.CONCESSION: "after concession",
    EventKind.REVERSAL: "after reversal",
}
BASELINE: Final = "baseline"
OUTCRY: Final = _NAMES[EventKind.OUTCRY]
AFTER_REVERSAL: Final = _NAMES[EventKind.REVERSAL]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase before anything is counted in it: [start, end), UTC."""

    name: str
    start: datetime
    end: datetime


def find_phases(
    timeline: Sequence[tuple[datetime, Event]], start: datetime, end: datetime
) -> tuple[Stretch, ...]:
    """The stretches of [start, end) between events, in order, without holes.

    `timeline` are (instant, event) pairs, earliest first. Events of kind `other` open no phase. An
    event before the window names the first stretch; without one it is the baseline. A name that
    comes again is numbered: "after concession 2". Without any event there is one stretch, "whole
    window".
    """
    turns = [(at, _NAMES[event.kind]) for at, event in timeline if event.kind in _NAMES and at < end]
    if not turns:
        return (Stretch("whole window", start, end),)
    names = _numbered(name for _, name in turns)
    opened = [(start, BASELINE)] + [
        (max(at, start), name) for (at, _), name in zip(turns, names, strict=True)
    ]
    closed = [at for at, _ in opened[1:]] + [end]
    return tuple(
        Stretch(name, since, until)
        for (since, name), until in zip(opened, closed, strict=True)
        if since < until
    )


def edges_of(phases: Sequence[Stretch | Phase]) -> list[datetime]:
    """The moments at which they begin, and that at which the last one ends."""
    return [phase.start for phase in phases] + [phases[-1].end]


def measure_phases(
    stretches: Sequence[Stretch], tallies: Sequence[Tally], observed: ObservedCounts, sources: Sequence[str]
) -> tuple[Phase, ...]:
    """Count the posts of each stretch; `tallies[i].bucket` is the index of its stretch.

    Posts a day are those that were counted while every source was observed, over that time alone,
    so that neither a gap nor a cut phase looks quieter than it was.
    """
    rates = [observed.rate(stretch.start, stretch.end, sources) for stretch in stretches]
    return tuple(
        Phase(
            name=stretch.name,
            start=stretch.start,
            end=stretch.end,
            observed_days=rate.days,
            posts_per_day=rate.posts_per_day,
            measures=measures(part for part in tallies if part.bucket == index),
        )
        for index, (stretch, rate) in enumerate(zip(stretches, rates, strict=True))
    )


def _numbered(names: Iterable[str]) -> list[str]:
    seen: dict[str, int] = {}
    numbered: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return numbered
