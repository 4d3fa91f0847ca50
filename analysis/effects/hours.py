"""What the methods work on: counts and sums of compound, hour by hour, counted from an event's instant."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole hours around an event, without holes; every array has the shape (n,).

    `offset`: hours from the event to the hour's start, ascending by one; negative before the event.
    `hour_of_week`: the hour of the local week in which the hour's middle lies, 0 to 167 from Monday
    midnight. `observed`: whether the hour was covered; what stands in an unobserved hour is no count.
    `posts`: posts; `scored`: posts with a score; `total` and `squares`: the sums of their compound and
    of its square.
    """

    offset: Floats
    hour_of_week: Floats
    observed: Bools
    posts: Floats
    scored: Floats
    total: Floats
    squares: Floats

    def between(self, start: float, end: float) -> "Hours":
        """The hours that lie whole in [start, end), in hours from the event."""
        return self.where((self.offset >= start) & (self.offset + 1 <= end))

    def where(self, inside: Bools) -> "Hours":
        """Some of the hours."""
        return Hours(*(getattr(self, part.name)[inside] for part in fields(self)))

    def counted_from(self, hour: float) -> "Hours":
        """The same hours, counted from another moment; `hour` is a whole number of hours from the event."""
        return replace(self, offset=self.offset - hour)


@dataclass(frozen=True, slots=True)
class Timing:
    """Where an event stands in its outcry, all in hours from the event.

    `announced`: the baseline ends there; `peak`: the busiest hour before the event; `until`: what lies
    behind belongs to the next event, or is not there yet (infinite where nothing ends it).
    """

    announced: float
    peak: float
    until: float = float("inf")
