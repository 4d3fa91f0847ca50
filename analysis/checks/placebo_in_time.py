"""Dates on which nothing happened: does the method find effects there too?

As CausalPy's and Abadie, Diamond and Hainmueller's (2010, JASA 105:493) placebo tests in time.
"""

from typing import Final

from walkback.analysis.checks.base import BAD, GOOD, Evidence
from walkback.analysis.effects.decay_union import (
    MIN_HOURS_BEFORE,
    VolumeEffect,
    VolumeStatus,
    estimate_volume,
)
from walkback.analysis.effects.hours import Timing
from walkback.analysis.model import CheckResult

STEP_HOURS: Final = 6
HOURS_AFTER: Final = 36
FEWEST: Final = 9
MOST_P: Final = 0.2
_TITLE: Final = "Placebo dates"


def check(evidence: Evidence) -> CheckResult:
    """The rank of the volume effect among those at fake dates between the peak and the event, 6 hours apart.

    p = (1 + fake effects at least as large) / (1 + fake dates); fails above 0.2. Fake dates have 48 hours
    from the peak before them and 36 to the event behind; fewer than nine of them can't tell anything.
    """
    finding, timing = evidence.finding.volume, evidence.timing
    if finding.log_ratio is None:
        return _result(None, f"not possible: {finding.reason}")
    dates = range(int(timing.peak) + MIN_HOURS_BEFORE, -HOURS_AFTER + 1, STEP_HOURS)
    if len(dates) < FEWEST:
        days = (MIN_HOURS_BEFORE + HOURS_AFTER + (FEWEST - 1) * STEP_HOURS) / 24
        return _result(
            None,
            f"not possible: it takes {days:.1f} days from peak to event, there are {-timing.peak / 24:.1f}",
        )
    fakes = [fake for fake in (_at(evidence, date) for date in dates) if fake.log_ratio is not None]
    if len(fakes) < FEWEST:
        return _result(None, f"not possible: only {len(fakes)} of the fake dates could be estimated")
    larger = sum(abs(fake.log_ratio or 0.0) >= abs(finding.log_ratio) for fake in fakes)
    p = (1 + larger) / (1 + len(fakes))
    figures = (("p", p), ("fake dates", float(len(fakes))))
    told = f"{larger} of {len(fakes)} fake dates show as large an effect on volume (p = {p:.2f})"
    if finding.status not in GOOD | BAD:
        return _result(None, f"nothing to hold against it: volume says nothing; {told}", figures)
    return _result(p <= MOST_P, told, figures)


def _at(evidence: Evidence, date: int) -> VolumeEffect:
    timing = evidence.timing
    if date >= 0:
        return VolumeEffect(VolumeStatus.NOT_POSSIBLE)
    moved = Timing(timing.announced - date, timing.peak - date, -float(date))
    return estimate_volume(evidence.hours.counted_from(date), moved, bin_hours=evidence.bin_hours)


def _result(passed: bool | None, text: str, figures: tuple[tuple[str, float], ...] = ()) -> CheckResult:  # noqa: FBT001  # three outcomes, not a switch
    return CheckResult("placebo_in_time", _TITLE, passed, text, figures)
