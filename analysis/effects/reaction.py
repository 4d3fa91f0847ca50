"""How the pushback reacted to one event: both signals, and where the event stands in its outcry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Final

from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus, estimate_volume
from walkback.analysis.effects.gls_drift import (
    WASHOUT_HOURS,
    WINDOW_END_HOURS,
    SentimentEffect,
    SentimentStatus,
    estimate_sentiment,
)
from walkback.analysis.effects.hours import Hours, Timing
from walkback.analysis.effects.timing import find_peak
from walkback.case import Event, EventKind

TOO_CLOSE_HOURS: Final = 24  # to the peak: there is no fading yet to hold anything against
MOST_USUAL: Final = 0.5  # above, false recoveries reach 5% of the simulated outcries and more
TESTED: Final = frozenset({EventKind.CONCESSION, EventKind.REVERSAL})
_TURNS: Final = frozenset(EventKind) - {EventKind.OTHER}
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Setting:
    """An event among the others: when the baseline ended, since when its peak is looked for, what ends it.

    `since` is the beginning of the outcry that the event answers; `until` the next event or the end of
    the window. `between` are the concessions since then.
    """

    at: datetime
    event: Event
    announced: datetime
    since: datetime
    until: datetime
    between: tuple[datetime, ...] = ()

    def hours(self, moment: datetime) -> float:
        """Hours from the event to `moment`."""
        return (moment - self.at) / _HOUR


@dataclass(frozen=True, slots=True)
class Reaction:
    """Both signals' reaction to an event; `timing` is None where no peak was seen before it."""

    volume: VolumeEffect
    sentiment: SentimentEffect
    timing: Timing | None = None


def settings(
    timeline: Sequence[tuple[datetime, Event]], start: datetime, end: datetime
) -> tuple[Setting, ...]:
    """The concessions and reversals inside [start, end) that an earlier event precedes, in time order.

    `timeline` are (instant, event) pairs, earliest first.
    """
    turns = [(at, event) for at, event in timeline if event.kind in _TURNS and at < end]
    found: list[Setting] = []
    for index, (at, event) in enumerate(turns):
        earlier = turns[:index]
        if event.kind not in TESTED or not earlier or at < start:
            continue
        until = min([moment for moment, _ in turns[index + 1 :] if moment > at], default=end)
        since = _since(earlier)
        between = tuple(
            moment for moment, each in earlier if each.kind is EventKind.CONCESSION and moment > since
        )
        found.append(Setting(at, event, earlier[0][0], since, until, between))
    return tuple(found)


def _since(earlier: Sequence[tuple[datetime, Event]]) -> datetime:
    """Since the last reversal; from what stirred people up again, where that is told."""
    reversals = [index for index, (_, event) in enumerate(earlier) if event.kind is EventKind.REVERSAL]
    if not reversals:
        return earlier[0][0]
    later = earlier[reversals[-1] + 1 :] or earlier[reversals[-1] :]
    return later[0][0]


def react(hours: Hours, setting: Setting, bin_hours: int) -> Reaction:
    """Estimate both signals; what can't be estimated says why."""
    announced = setting.hours(setting.announced)
    peak = find_peak(hours, max(setting.hours(setting.since), announced))
    if peak is None:
        return impossible("no hour between the outcry and the event was observed")
    timing = Timing(announced, peak, setting.hours(setting.until))
    if -peak < TOO_CLOSE_HOURS:
        return impossible("the event lies within a day of the peak, too close to tell fading from its effect")
    return estimate(hours, timing, bin_hours)


def estimate(hours: Hours, timing: Timing, bin_hours: int) -> Reaction:
    """Both signals for a known peak.

    Sentiment is not tested where more than half of the posts after the event would have come without the
    outcry: the mean of all of them recovers when fewer angry ones are among them, whatever these say.
    """
    volume = estimate_volume(hours, timing, bin_hours=bin_hours)
    share = usual_share(hours, timing)
    if share <= MOST_USUAL:
        return Reaction(volume, estimate_sentiment(hours, timing, bin_hours=bin_hours), timing)
    reason = (
        f"{min(share, 1):.0%} of the posts after the event would have come without the outcry, so that their "
        "mean says little of the policy; narrow [query] to the policy"
    )
    return Reaction(volume, SentimentEffect(SentimentStatus.NOT_POSSIBLE, reason), timing)


def usual_share(hours: Hours, timing: Timing) -> float:
    """Expected usual posts over posts, in sentiment's window after the event; 0 where it can't be told."""
    usual, after = (
        part.where(part.observed)
        for part in (
            hours.between(-inf, timing.announced),
            hours.between(WASHOUT_HOURS, min(WINDOW_END_HOURS, timing.until)),
        )
    )
    if len(usual.offset) == 0 or not after.posts.sum():
        return 0.0
    return float(usual.posts.mean() * len(after.offset) / after.posts.sum())


def impossible(reason: str) -> Reaction:
    """Neither signal can be estimated."""
    return Reaction(
        VolumeEffect(VolumeStatus.NOT_POSSIBLE, reason), SentimentEffect(SentimentStatus.NOT_POSSIBLE, reason)
    )
