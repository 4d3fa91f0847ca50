"""What a check works on, and when an estimate made otherwise agrees with the finding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp

from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus
from walkback.analysis.effects.gls_drift import SentimentEffect, SentimentStatus
from walkback.analysis.effects.hours import Hours, Timing
from walkback.analysis.effects.reaction import Reaction

GOOD = frozenset({VolumeStatus.DOWN, SentimentStatus.BETTER})
BAD = frozenset({VolumeStatus.UP, SentimentStatus.WORSE})
IMPOSSIBLE = frozenset({VolumeStatus.NOT_POSSIBLE, SentimentStatus.NOT_POSSIBLE})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Hours around one event, whole and in part, and the finding that is checked.

    `by_source`, `by_scorer`: those of one source, of the other scorers; `established_accounts`: those without
    young accounts, None where nobody's age is told; `control`: those of the control topic. Every Hours counts
    from the same event.
    """

    finding: Reaction
    timing: Timing
    hours: Hours
    bin_hours: int
    by_source: Mapping[str, Hours] = field(default_factory=dict)
    by_scorer: Mapping[str, Hours] = field(default_factory=dict)
    without_near_duplicates: Hours | None = None
    one_an_author_and_day: Hours | None = None
    established_accounts: Hours | None = None
    control: Hours | None = None


def compare(
    finding: Reaction, other: Reaction, what: str, *, same_posts: bool = False
) -> tuple[bool | None, str, tuple[tuple[str, float], ...]]:
    """Whether another estimate agrees with the finding: passed or not (None: not possible), words, figures.

    A signal that says something agrees if the other's estimate has its sign; one that says nothing agrees
    if the other says nothing either. From the `same_posts`, less some, chance differs little, so that the
    other has to say the same too, or lie in the finding's interval.
    """
    agreements: list[bool] = []
    told: list[str] = []
    figures: list[tuple[str, float]] = []
    for first, second in ((finding.volume, other.volume), (finding.sentiment, other.sentiment)):
        if first.status in IMPOSSIBLE or second.status in IMPOSSIBLE:
            continue
        agreements.append(_agrees(first, second, same_posts=same_posts))
        name, value, words = _told(second)
        figures.append((f"{what}: {name}", value))
        told.append(words)
    if not agreements:
        reason = other.volume.reason or other.sentiment.reason or "the finding itself could not be estimated"
        return None, f"{what}: not possible, {reason}", ()
    return all(agreements), f"{what}: {', '.join(told)}", tuple(figures)


def size(effect: VolumeEffect | SentimentEffect) -> float:
    """The estimate, 0 where there is none."""
    value = effect.log_ratio if isinstance(effect, VolumeEffect) else effect.step
    return value or 0.0


def _agrees(
    first: VolumeEffect | SentimentEffect, second: VolumeEffect | SentimentEffect, *, same_posts: bool
) -> bool:
    if first.status not in GOOD | BAD:
        return second.status not in GOOD | BAD
    if size(first) * size(second) <= 0:
        return False
    inside = (first.ci_low or 0.0) <= size(second) <= (first.ci_high or 0.0)
    return inside or second.status is first.status or not same_posts


def _told(effect: VolumeEffect | SentimentEffect) -> tuple[str, float, str]:
    low, high = effect.ci_low or 0.0, effect.ci_high or 0.0
    if isinstance(effect, VolumeEffect):
        ratio = exp(size(effect))
        return "volume ratio", ratio, f"volume {ratio:.0%} [{exp(low):.0%}, {exp(high):.0%}]"
    words = f"sentiment {size(effect):+.2f} [{low:+.2f}, {high:+.2f}]"
    return "sentiment step", size(effect), words.replace("-", "\N{MINUS SIGN}")
