"""A signal: whether something stands out now, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is watched."""

    ONSET = "onset"
    VOLUME = "volume"
    SENTIMENT = "sentiment"
    VERDICT = "verdict"
    SILENT = "silent"
    FAILING = "failing"
    BUDGET = "budget"


class Level(StrEnum):
    """Where a signal stands. An episode begins at `high` and ends at `low`; in between it goes on as it is.

    Two thresholds, so that what wavers around one of them doesn't alarm again and again.
    """

    HIGH = "high"
    BETWEEN = "between"
    LOW = "low"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Signal:
    """What is watched, of what (a source, a word; empty: of the case), where it stands, and its figures."""

    kind: Kind
    level: Level
    subject: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    told: str = ""
