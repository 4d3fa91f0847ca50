"""Does a second source say the same?"""

from walkback.analysis.checks.base import Evidence, compare
from walkback.analysis.effects.reaction import estimate
from walkback.analysis.model import CheckResult


def check(evidence: Evidence) -> CheckResult:
    """The estimates of each source alone; passes where two of them or more agree with the finding.

    Fails where one disagrees and no more than one agrees.
    """
    if len(evidence.by_source) < 2:
        return _result(None, "not possible: there is one source only")
    outcomes = [
        compare(evidence.finding, estimate(hours, evidence.timing, evidence.bin_hours), source)
        for source, hours in sorted(evidence.by_source.items())
    ]
    agreeing = sum(passed is True for passed, _, _ in outcomes)
    disagreeing = sum(passed is False for passed, _, _ in outcomes)
    figures = tuple(figure for _, _, told in outcomes for figure in told)
    text = "; ".join(told for _, told, _ in outcomes)
    if agreeing + disagreeing < 2:
        return _result(None, f"not possible: one source only has enough posts. {text}", figures)
    return _result(agreeing >= 2, text, figures)


def _result(passed: bool | None, text: str, figures: tuple[tuple[str, float], ...] = ()) -> CheckResult:  # noqa: FBT001  # three outcomes, not a switch
    return CheckResult("second_source", "A second source", passed, text, figures)
