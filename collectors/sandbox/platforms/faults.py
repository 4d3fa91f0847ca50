"""What goes wrong on purpose: every failure that collecting has to survive or to tell."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """One way to fail."""

    SERVER_ERROR = "server_error"  # 503
    RATE_LIMITED = "rate_limited"  # 429, though the bucket has some left
    HTML = "html"  # 200, and a page for people
    CUT_OFF = "cut_off"  # half of the body, and the connection is closed
    NO_ANSWER = "no_answer"  # the connection is closed without a word
    RESET = "reset"  # … or reset
    STALL = "stall"  # nothing comes until the client gives up
    NO_DATE = "no_date"  # a post that doesn't say when it was made
    DUPLICATES = "duplicates"  # the last page's last post once more
    EMPTY_PAGE = "empty_page"  # no post, but a token
    BAD_CREDENTIALS = "bad_credentials"
    CLOSED_TIER = "closed_tier"
    MONTHLY_CAP = "monthly_cap"
    REJECTED_QUERY = "rejected_query"


REFUSALS: Final = frozenset(
    {
        Fault.RATE_LIMITED,
        Fault.BAD_CREDENTIALS,
        Fault.CLOSED_TIER,
        Fault.MONTHLY_CAP,
        Fault.REJECTED_QUERY,
    }
)
"""Those that each platform words in its own way."""


@dataclass(slots=True)
class _Planned:
    fault: Fault
    source: str
    skip: int
    times: int
    every: int | None


class Faults:
    """The faults to come, by source."""

    def __init__(self) -> None:
        """Nothing goes wrong."""
        self._planned: list[_Planned] = []

    def plan(self, fault: Fault, source: str, *, skip: int = 0, times: int = 1) -> None:
        """After `skip` requests of the source, the next `times` meet the fault."""
        self._planned.append(_Planned(fault, source, skip, times, None))

    def plan_often(self, fault: Fault, source: str, *, every: int) -> None:
        """Each request of the source whose number is a multiple of `every` meets the fault."""
        self._planned.append(_Planned(fault, source, every - 1, 1, every))

    def clear(self) -> None:
        """Nothing goes wrong from now on."""
        self._planned.clear()

    def next(self, source: str) -> Fault | None:
        """What the source's request that has just come meets."""
        met: Fault | None = None
        for planned in self._planned:
            if planned.source != source:
                continue
            if planned.skip:
                planned.skip -= 1
            elif planned.times and met is None:
                met = planned.fault
                planned.times -= 1
                if planned.every:
                    planned.skip, planned.times = planned.every - 1, 1
        return met
