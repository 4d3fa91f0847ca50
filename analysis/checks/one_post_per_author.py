"""Does the finding hang on a few people who post a lot?"""

from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.reaction import estimate
from walkback.analysis.model import CheckResult


def check(evidence: Evidence) -> CheckResult:
    """The estimates from the first post of each author and day alone."""
    if evidence.one_an_author_and_day is None:
        raise ValueError("the evidence lacks the posts of one an author and day")
    other = estimate(evidence.one_an_author_and_day, evidence.timing, evidence.bin_hours)
    passed, text, figures = compare(evidence.finding, other, "one post an author and day", same_posts=True)
    return CheckResult("one_post_per_author", "One post an author and day", passed, text, figures)
