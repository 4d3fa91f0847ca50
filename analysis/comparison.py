"""Cases side by side: how long each took to walk back, how loud it was, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from walkback.analysis.model import Analysis, Effect, Range
from walkback.case import EventKind


@dataclass(frozen=True, slots=True)
class Compared:
    """One case among others; None where it can't be told.

    `hours_to_reversal`: from the first outcry event, or the change, to the first reversal event; both are the
    case file's, not estimates. `volume` and `sentiment`: the effects of that reversal, with their intervals
    (99 and 96%).
    """

    case: str
    title: str
    synthetic: bool
    verdict: str
    outcry_at: datetime | None
    reversal_at: datetime | None
    hours_to_reversal: float | None
    posts: int
    amplification: float | None
    doubling_time_hours: float | None
    half_life_days_before: Range | None
    half_life_days_after: Range | None
    volume: Effect | None
    sentiment: Effect | None


def compare(analysis: Analysis) -> Compared:
    """The case's line in a league table."""
    timeline = analysis.case.timeline()
    first = {kind: next((at for at, event in timeline if event.kind is kind), None) for kind in EventKind}
    outcry = first[EventKind.OUTCRY] or first[EventKind.CHANGE]
    reversal = first[EventKind.REVERSAL]
    hours = None if outcry is None or reversal is None else (reversal - outcry) / timedelta(hours=1)
    shape = analysis.shape
    of_reversal = {
        effect.outcome: effect
        for effect in analysis.effects
        if reversal is not None and effect.at == reversal
    }
    return Compared(
        case=analysis.case.name,
        title=analysis.case.title,
        synthetic=analysis.case.synthetic,
        verdict=str(analysis.verdict.word),
        outcry_at=outcry,
        reversal_at=reversal,
        hours_to_reversal=hours,
        posts=analysis.totals.posts,
        amplification=shape.amplification,
        doubling_time_hours=None if shape.doubling_time_hours is None else shape.doubling_time_hours.value,
        half_life_days_before=shape.half_life_days_before,
        half_life_days_after=shape.half_life_days_after,
        volume=of_reversal.get("volume"),
        sentiment=of_reversal.get("sentiment"),
    )
