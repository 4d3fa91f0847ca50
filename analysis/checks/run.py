"""All checks, in the order in which a reader meets them."""

from typing import Final

from walkback.analysis.checks import (
    bins_and_windows,
    control_topic,
    established_accounts,
    near_duplicates,
    one_post_per_author,
    other_scorers,
    placebo_in_time,
    second_source,
)
from walkback.analysis.checks.base import Evidence
from walkback.analysis.model import CheckResult

CHECKS: Final = (
    placebo_in_time.check,
    control_topic.check,
    second_source.check,
    near_duplicates.check,
    one_post_per_author.check,
    established_accounts.check,
    bins_and_windows.check,
    other_scorers.check,
)


def run_checks(evidence: Evidence) -> tuple[CheckResult, ...]:
    """Every check's result."""
    return tuple(check(evidence) for check in CHECKS)
