"""Which windows are still to be asked for, given what was covered."""

from collections.abc import Iterable
from datetime import timedelta

from walkback.collectors.collector import Stretch


def windows_to_ask(whole: Stretch, covered: Iterable[Stretch], overlap: timedelta) -> list[Stretch]:
    """The parts of `whole` that `covered` leaves open, newest first.

    Each reaches back into what was covered before it by `overlap`: posts may have come late.
    """
    open_parts: list[Stretch] = []
    reached = whole.start
    for stretch in sorted(covered, key=lambda one: one.start):
        if stretch.start > reached:
            open_parts.append(Stretch(reached, min(stretch.start, whole.end)))
        reached = max(reached, stretch.end)
        if reached >= whole.end:
            break
    if reached < whole.end:
        open_parts.append(Stretch(reached, whole.end))
    return [Stretch(max(whole.start, part.start - overlap), part.end) for part in reversed(open_parts)]


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time in as few stretches as it takes."""
    parts: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda one: one.start):
        if parts and stretch.start <= parts[-1].end:
            parts[-1] = Stretch(parts[-1].start, max(parts[-1].end, stretch.end))
        else:
            parts.append(stretch)
    return parts
