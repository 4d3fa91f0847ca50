"""What a simulated outcry can be like, and what its reversal did."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Effect:
    """What the reversal did, from its instant on.

    `excess`: what is left of the excess, as a factor; `recovered`: the share of the dip in sentiment
    that came back, negative where it deepened.
    """

    name: str
    excess: float
    recovered: float


NONE: Final = Effect("none", 1.0, 0.0)
MODERATE: Final = Effect("moderate", 0.6, 0.3)
LARGE: Final = Effect("large", 0.3, 0.7)
WORSE: Final = Effect("worse", 1.6, -0.3)
EFFECTS: Final = (NONE, MODERATE, LARGE, WORSE)


@dataclass(frozen=True, slots=True)
class Range:
    """Where a world's number is drawn from, uniformly."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Setting:
    """A kind of world. The defaults are the design; a stress changes one of them.

    `gap_days`: from the peak to the reversal. `interim`: what an earlier, smaller concession leaves of
    the excess, in half the worlds. `bump_hours`: how long the reversal is itself the news.
    `weekend`: log of the weekend's factor. `recovery_days`: half-life of the dip by itself, in a share
    `recovering` of the worlds. `rate_*` and `mood_*`: standard deviation and memory in hours of the
    latent noise in the log rate and in the mean compound.
    """

    gap_days: float = 4.0
    effect: Effect = NONE
    interim: Range = Range(0.8, 1.1)
    bump_hours: float = 8.0
    weekend: Range = Range(-0.5, 0.0)
    recovery_days: Range = Range(8, 60)
    recovering: float = 0.5
    rate_sd: Range = Range(0.10, 0.35)
    rate_hours: Range = Range(3, 24)
    mood_sd: Range = Range(0.02, 0.05)
    mood_hours: Range = Range(3, 24)


_DESIGN: Final = Setting()
STRESSES: Final = {
    "as designed": _DESIGN,
    "dip recovers by itself, half-life 4 d": replace(_DESIGN, recovery_days=Range(4, 4), recovering=1),
    "interim concession halves the excess": replace(_DESIGN, interim=Range(0.5, 0.5)),
    "reversal is news for 24 h": replace(_DESIGN, bump_hours=24),
    "weekend factor e^-1": replace(_DESIGN, weekend=Range(-1, -1)),
    "sentiment noise sd 0.08, memory 36 h": replace(
        _DESIGN, mood_sd=Range(0.08, 0.08), mood_hours=Range(36, 36)
    ),
    "log-rate noise sd 0.5, memory 36 h": replace(_DESIGN, rate_sd=Range(0.5, 0.5), rate_hours=Range(36, 36)),
}
