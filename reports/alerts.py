"""What an alert says: one sentence with its figures. No post's words and no author are in it."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from walkback.analysis.alerts.signals import Kind, Signal
from walkback.case import Case
from walkback.reports import words

_LONGEST: Final = 300


def message(signal: Signal, zone: ZoneInfo, verdict_before: str | None = None) -> str:
    """The sentence of a signal that has become high, its days in `zone`.

    `verdict_before`: the word that was told last.
    """
    known = signal.figures
    match signal.kind:
        case Kind.ONSET:
            began = words.day(datetime.fromisoformat(signal.told), zone)
            text = (
                f"An outcry began on {began}: {words.number(known['peak'])} posts on its busiest day so far, "
                f"{words.number(known['usual'])} a day before."
            )
        case Kind.VOLUME:
            text = (
                f"{words.number(known['posts'])} posts in 24 hours. Usual are {words.number(known['usual'])} "
                f"({_past(known['days'])}); more than {words.number(known['high'])} stand out."
            )
        case Kind.SENTIMENT:
            mean = words.interval(known["mean"], known["ci_low"], known["ci_high"])
            text = (
                f"Mean sentiment of 24 hours is {mean}, {words.number(known['scored'])} scored posts. "
                f"Usual is {words.signed(known['usual'])} ({_past(known['days'])})."
            )
        case Kind.VERDICT:
            text = f"The verdict is now “{signal.subject}”, it was “{verdict_before}”. {signal.told}"
        case Kind.SILENT:
            text = (
                f"{signal.subject}: no post in 24 hours. Usual are {words.number(known['usual'])} "
                f"({_past(known['days'])})."
            )
        case Kind.FAILING:
            text = f"{signal.subject}: the last {known['failures']:.0f} collections failed: {signal.told}"
        case Kind.BUDGET:
            text = (
                f"{signal.subject}: the last collection cost ${known['cost']:.2f}. "
                f"A run may cost ${known['most']:.2f}."
            )
    return words.shorten(words.clean(text), _LONGEST)


def title(case: Case) -> str:
    """The heading of what is sent."""
    synthetic = " (synthetic posts)" if case.synthetic else ""
    return f"Walkback: {words.clean(case.title)}{synthetic}"


def _past(days: float) -> str:
    return f"median of {words.number(days)} days before"
