from datetime import UTC, datetime

import pytest

from walkback.analysis.phases import find_phases
from walkback.case import Event

START, END = datetime(2023, 8, 1, tzinfo=UTC), datetime(2023, 8, 31, tzinfo=UTC)


def timeline(*events):
    """(day of August, kind) pairs as a case's timeline."""
    dated = [(datetime(2023, 8, day, tzinfo=UTC), kind) for day, kind in events]
    return [(at, Event(at=at, kind=kind, label="x")) for at, kind in dated]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], [("whole window", 1)]),
        ([(6, "outcry"), (11, "reversal")], [("baseline", 1), ("outcry", 6), ("after reversal", 11)]),
        (
            [(3, "change"), (6, "outcry"), (7, "concession"), (9, "concession"), (11, "reversal")],
            [
                ("baseline", 1),
                ("after change", 3),
                ("outcry", 6),
                ("after concession", 7),
                ("after concession 2", 9),
                ("after reversal", 11),
            ],
        ),
        ([(6, "outcry"), (8, "other")], [("baseline", 1), ("outcry", 6)]),
        ([(1, "outcry")], [("outcry", 1)]),
        ([(6, "outcry"), (6, "concession")], [("baseline", 1), ("after concession", 6)]),
        ([(31, "reversal")], [("whole window", 1)]),
    ],
)
def test_phases_lie_between_events(events, expected):
    """Named after the event that opens them; `other` opens none; no phase is empty."""
    found = find_phases(timeline(*events), START, END)

    assert expected == [(phase.name, phase.start.day) for phase in found]
    assert [phase.end for phase in found] == [*(phase.start for phase in found[1:]), END]


def test_an_event_before_the_window_names_the_first_phase():
    """There is no baseline when the outcry began before the window."""
    early = [(datetime(2023, 7, 20, tzinfo=UTC), Event(at=START, kind="outcry", label="x"))]

    assert [(phase.name, phase.start) for phase in find_phases(early, START, END)] == [("outcry", START)]
