"""Does the finding hang on how wide the bins are, or on how long one looks?"""

from typing import Final

from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.decay_union import estimate_volume
from walkback.analysis.effects.gls_drift import estimate_sentiment
from walkback.analysis.effects.reaction import Reaction
from walkback.analysis.model import CheckResult

BINS: Final = (3, 12, 24)
WINDOWS: Final = ((36, 120), (156, 336))  # hours of volume from the 12th on, last hour of sentiment


def check(evidence: Evidence) -> CheckResult:
    """The estimates with bins of 3, 12 and 24 hours, and with windows of two and of seven days.

    Longer windows let the unknown shape of fading weigh more, so that their intervals are wider.
    """
    outcomes = [
        compare(evidence.finding, _estimate(evidence, bins, 60, 168), f"{bins} h bins")
        for bins in BINS
        if bins > evidence.bin_hours or evidence.bin_hours < 24
    ]
    outcomes += [
        compare(
            evidence.finding,
            _estimate(evidence, evidence.bin_hours, window, end),
            f"{(window + 12) / 24:.0f} and {end // 24} days",
        )
        for window, end in WINDOWS
    ]
    told = [passed for passed, _, _ in outcomes if passed is not None]
    text = "; ".join(words for _, words, _ in outcomes)
    figures = tuple(figure for _, _, told in outcomes for figure in told)
    return CheckResult(
        "bins_and_windows",
        "Other bins and windows",
        all(told) if told else None,
        text,
        figures,
    )


def _estimate(evidence: Evidence, bin_hours: int, window: int, end: int) -> Reaction:
    hours, timing = evidence.hours, evidence.timing
    return Reaction(
        estimate_volume(hours, timing, bin_hours=bin_hours, window_hours=window),
        estimate_sentiment(hours, timing, bin_hours=bin_hours, window_end_hours=end),
        timing,
    )
