"""The usual volume: a Poisson regression with the hours of the day and the weekend, from before the outcry.

Lopez Bernal, Cummins and Gasparrini (2017), Int. J. Epidemiol. 46:348, use the same regression with
harmonics for seasons; here the season is the day.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from walkback.analysis.effects.hours import Floats, Hours

MIN_DAYS: Final = 7
_ROUNDS: Final = 50
_SETTLED: Final = 1e-9
_SEASON_SD: Final = 2.0  # of the log rate: keeps an hour in which nobody ever posted finite
_DAY: Final = 24.0


@dataclass(frozen=True, slots=True)
class SeasonalBaseline:
    """Expected posts an hour as they were before the outcry; `hours` observed hours went into it."""

    coefficients: Floats
    hours: int
    posts: int

    @property
    def rate(self) -> float:
        """Mean posts an hour, more than 0."""
        return (self.posts + 0.5) / self.hours

    def expected(self, hours: Hours) -> Floats:
        """Expected posts in each of `hours`, shape (n,), more than 0."""
        return np.exp(_design(hours) @ self.coefficients)


def fit_seasonal_poisson(hours: Hours, announced: float) -> SeasonalBaseline | None:
    """Fit log rate = 1 + two harmonics of the day + weekend to the observed hours before `announced`.

    Poisson likelihood by Fisher scoring; the seasonal coefficients have a weak normal prior, so that
    sparse counts stay finite. None with fewer than seven observed days. `announced` is in hours from
    the event.
    """
    before = hours.between(-np.inf, announced)
    design, posts = _design(before)[before.observed], before.posts[before.observed]
    if len(posts) < MIN_DAYS * _DAY:
        return None
    prior = np.diag([0.0, *[1 / _SEASON_SD**2] * (design.shape[1] - 1)])
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = np.log((posts.sum() + 0.5) / len(posts))
    for _ in range(_ROUNDS):
        rate = np.exp(design @ coefficients)
        information = design.T @ (design * rate[:, None]) + prior
        step = np.linalg.solve(information, design.T @ (posts - rate) - prior @ coefficients)
        coefficients = coefficients + np.clip(step, -1, 1)
        if np.abs(step).max() < _SETTLED or posts.sum() == 0:
            break
    return SeasonalBaseline(coefficients, len(posts), int(posts.sum()))


def _design(hours: Hours) -> Floats:
    """Columns: 1, cosine and sine of 24 and of 12 hours, weekend; a row an hour."""
    turn = 2 * np.pi * (hours.hour_of_week % _DAY + 0.5) / _DAY
    weekend = (hours.hour_of_week >= 5 * _DAY).astype(float)
    waves = [np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)]
    return np.column_stack([np.ones_like(turn), *waves, weekend])
