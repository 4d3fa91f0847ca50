"""Where the level of a series changes: a second opinion on the onset, never a proof of calming.

PELT (Killick, Fearnhead and Eckley 2012, JASA 107:1590) as in ruptures (Truong, Oudre and Vayatis
2020, Signal Processing 167:107299). A downward break shows near a reversal in every second case in
which it did nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from itertools import groupby
from typing import Final

import numpy as np

from walkback.analysis.effects.hours import Floats
from walkback.analysis.model import Series

_FEWEST: Final = 10
_MIN_SIZE: Final = 2
_WHOLE_DAY: Final = 0.999


def find_breaks(values: Floats, variance: float) -> list[int]:
    """Indices at which a new level begins; `values` have the shape (n,), `variance` is that within a level.

    Squared error, penalty 2 log(n) times the variance (Yao 1988), levels of at least two values, every
    index tried (`jump=1`). Empty where ruptures is not installed.
    """
    if len(values) < _FEWEST or find_spec("ruptures") is None:  # no release for every Python
        return []
    from ruptures import Pelt  # noqa: PLC0415  # half a second that only an analysis needs

    penalty = 2 * float(np.log(len(values))) * variance
    ends: list[int] = Pelt(model="l2", min_size=_MIN_SIZE, jump=1).fit(values).predict(pen=penalty)
    return ends[:-1]


def volume_changepoints(daily: Series) -> tuple[datetime, ...]:
    """The days on which volume takes another level, within each observed stretch.

    On square roots of the counts, whose variance does not grow with their mean; the variance is that of
    the day-to-day differences by their median, which an outcry does not move.
    """
    found: list[datetime] = []
    for observed, run in groupby(daily.buckets, lambda day: day.observed_share > _WHOLE_DAY):
        days = list(run)
        if not observed or len(days) < _FEWEST:
            continue
        roots = np.sqrt(np.array([day.measures.posts for day in days], np.float64))
        found += [days[index].start for index in find_breaks(roots, _variance(roots))]
    return tuple(found)


def _variance(values: Floats) -> float:
    steps = np.diff(values)
    deviation = float(np.median(np.abs(steps - np.median(steps)))) * 1.4826
    return max(deviation**2 / 2, 0.25)  # a Poisson count's root has a variance of 1/4


def onset_opinion(found: Sequence[datetime], onset: datetime | None) -> str | None:
    """What the change points say of the onset: one sentence, None where there is nothing to say."""
    if onset is None or not found:
        return None
    nearest = min(found, key=lambda moment: abs((moment - onset).total_seconds()))
    days = (nearest - onset).total_seconds() / 86_400
    if abs(days) < 0.5:
        return "A change point analysis dates the onset to the same day."
    side = "before" if days < 0 else "after"
    count = round(abs(days))
    return (
        f"A change point analysis finds the nearest break {count} day{'s' * (count != 1)} {side} that onset."
    )
