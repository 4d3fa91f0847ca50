"""Does the finding hang on accounts that were made for the day?"""

from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.reaction import estimate
from walkback.analysis.model import CheckResult


def check(evidence: Evidence) -> CheckResult:
    """The estimates without accounts that were younger than thirty days when they posted.

    Posts whose account's age nobody tells stay in.
    """
    if evidence.established_accounts is None:
        return _result(None, "not possible: no post tells how old its account is", ())
    other = estimate(evidence.established_accounts, evidence.timing, evidence.bin_hours)
    return _result(*compare(evidence.finding, other, "without young accounts", same_posts=True))


def _result(passed: bool | None, text: str, figures: tuple[tuple[str, float], ...]) -> CheckResult:  # noqa: FBT001  # three outcomes, not a switch
    return CheckResult("established_accounts", "Without young accounts", passed, text, figures)
