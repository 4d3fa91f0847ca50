"""The brand's posts that are not about the policy: did they move too?

If they did, something else happened that day, and no answer about the event can be given.
"""

from typing import Final

from walkback.analysis.checks.base import BAD, GOOD, Evidence
from walkback.analysis.effects.decay_union import estimate_volume
from walkback.analysis.effects.gls_drift import estimate_sentiment
from walkback.analysis.model import CheckResult

LEVEL: Final = 0.95


def check(evidence: Evidence) -> CheckResult:
    """The same estimates on the control topic; fails where a 95% interval excludes no effect."""
    if evidence.control is None:
        return _result(None, "not possible: the case names no [query.control]")
    volume = estimate_volume(evidence.control, evidence.timing, bin_hours=evidence.bin_hours, level=LEVEL)
    sentiment = estimate_sentiment(
        evidence.control, evidence.timing, bin_hours=evidence.bin_hours, level=LEVEL, least_dip=None
    )
    if volume.log_ratio is None and sentiment.step is None:
        return _result(None, f"not possible: on the control topic, {sentiment.reason}")
    figures = [("volume log ratio", volume.log_ratio), ("sentiment step", sentiment.step)]
    moved = [each.status.value for each in (volume, sentiment) if each.status in GOOD | BAD]
    told = (
        f"the brand's posts about other things moved too ({' and '.join(moved)}): something else happened"
        if moved
        else "the brand's posts about other things did not move"
    )
    return _result(not moved, told, tuple((name, value) for name, value in figures if value is not None))


def _result(passed: bool | None, text: str, figures: tuple[tuple[str, float], ...] = ()) -> CheckResult:  # noqa: FBT001  # three outcomes, not a switch
    return CheckResult("control_topic", "Control topic", passed, text, figures)
