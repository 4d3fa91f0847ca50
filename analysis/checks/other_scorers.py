"""Does another scorer of sentiment say the same?"""

from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus
from walkback.analysis.effects.gls_drift import estimate_sentiment
from walkback.analysis.effects.reaction import Reaction
from walkback.analysis.model import CheckResult


def check(evidence: Evidence) -> CheckResult:
    """The sentiment estimate with the scores of every other scorer that scored these posts."""
    name, title = "other_scorers", "Other scorers"
    if not evidence.by_scorer:
        return CheckResult(name, title, None, "not possible: one scorer only has scored these posts")
    outcomes = [
        compare(
            evidence.finding,
            Reaction(
                VolumeEffect(VolumeStatus.NOT_POSSIBLE, "a scorer says nothing of volume"),
                estimate_sentiment(hours, evidence.timing, bin_hours=evidence.bin_hours),
            ),
            scorer,
        )
        for scorer, hours in sorted(evidence.by_scorer.items())
    ]
    told = [passed for passed, _, _ in outcomes if passed is not None]
    figures = tuple(figure for _, _, told in outcomes for figure in told)
    return CheckResult(
        name,
        title,
        all(told) if told else None,
        "; ".join(words for _, words, _ in outcomes),
        figures,
    )
