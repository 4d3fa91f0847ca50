"""Does the finding hang on posts that repeat each other's words?"""

from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.reaction import estimate
from walkback.analysis.model import CheckResult


def check(evidence: Evidence) -> CheckResult:
    """The estimates from the first post of each group of near-duplicates alone."""
    if evidence.without_near_duplicates is None:
        raise ValueError("the evidence lacks the posts without near-duplicates")
    other = estimate(evidence.without_near_duplicates, evidence.timing, evidence.bin_hours)
    passed, text, figures = compare(evidence.finding, other, "without near-duplicates", same_posts=True)
    return CheckResult("near_duplicates", "Without near-duplicates", passed, text, figures)
