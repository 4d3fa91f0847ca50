"""From what was read around the events to the answer: effects, checks, verdict, and the counterfactual."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp
from typing import Final

import numpy as np

from walkback.analysis.effects.decay_shapes import SHAPES
from walkback.analysis.effects.decay_union import WASHOUT_HOURS, VolumeStatus, half_lives
from walkback.analysis.effects.hours import Floats
from walkback.analysis.effects.reaction import Reaction, Setting
from walkback.analysis.evidence import Around
from walkback.analysis.model import Counterfactual, Effect, Estimate, Grid, Range
from walkback.case import EventKind

_DRAWN_AFTER_HOURS: Final = 168.0
_VOLUME_METHOD: Final = (
    f"decay union: negative binomial, fading of shape {', '.join(f'{shape:g}' for shape in SHAPES)}"
)
_SENTIMENT_METHOD: Final = "generalised least squares with drift and autocorrelated error"


@dataclass(frozen=True, slots=True)
class Tested:
    """An event that was tested, what was read around it and what came out."""

    around: Around
    reaction: Reaction

    @property
    def setting(self) -> Setting:
        """The event and its place among the others."""
        return self.around.setting


def effects_of(tested: Sequence[Tested]) -> tuple[Effect, ...]:
    """The estimates as rows; an event whose signals could not be estimated has none."""
    return tuple(effect for one in tested for effect in (*_volume_row(one), *_sentiment_row(one)))


def _volume_row(one: Tested) -> Sequence[Effect]:
    volume = one.reaction.volume
    if volume.log_ratio is None or volume.ci_low is None or volume.ci_high is None or volume.p is None:
        return ()
    return (
        Effect(
            event=one.setting.event.kind,
            at=one.setting.at,
            outcome="volume",
            measure="rate_ratio",
            estimate=exp(volume.log_ratio),
            ci_low=exp(volume.ci_low),
            ci_high=exp(volume.ci_high),
            p=volume.p,
            method=f"{_VOLUME_METHOD}; {volume.bin_hours} h bins",
            n_before=volume.posts_before,
            n_after=volume.posts_after,
        ),
    )


def _sentiment_row(one: Tested) -> Sequence[Effect]:
    mood = one.reaction.sentiment
    if mood.step is None or mood.ci_low is None or mood.ci_high is None or mood.p is None:
        return ()
    return (
        Effect(
            event=one.setting.event.kind,
            at=one.setting.at,
            outcome="sentiment",
            measure="mean_difference",
            estimate=mood.step,
            ci_low=mood.ci_low,
            ci_high=mood.ci_high,
            p=mood.p,
            method=f"{_SENTIMENT_METHOD}; {mood.bin_hours} h bins",
            n_before=mood.posts_before,
            n_after=mood.posts_after,
        ),
    )


def notes_on(tested: Sequence[Tested]) -> tuple[str, ...]:
    """What a reader has to know of the events beside the one that is judged, which is the last reversal."""
    judged = judged_of(tested)
    notes: list[str] = []
    for one in tested:
        if one is judged:
            notes += _notes_on_judged(one)
        else:
            notes.append(_note_on(one))
    return tuple(notes)


def judged_of(tested: Sequence[Tested]) -> Tested | None:
    """The last reversal; None where there is none."""
    reversals = [one for one in tested if one.setting.event.kind is EventKind.REVERSAL]
    return reversals[-1] if reversals else None


def _notes_on_judged(one: Tested) -> list[str]:
    timing, setting = one.reaction.timing, one.setting
    left_out = sorted(one.around.left_out)
    notes = [f"volume leaves out {' and '.join(left_out)}, cut off at the source's limit"] if left_out else []
    if timing is not None and any(setting.hours(moment) >= timing.peak - 24 for moment in setting.between):
        notes.append("the fading before the reversal already contains what a concession did")
    return notes


def _note_on(one: Tested) -> str:
    what = f"the {one.setting.event.kind} of {one.setting.event.label!r}"
    volume, mood = one.reaction.volume, one.reaction.sentiment
    if volume.log_ratio is None and mood.step is None:
        return f"{what} was not tested: {volume.reason}"
    return f"{what} on its own: volume {volume.status}, sentiment {mood.status}"


def recovered_share(reaction: Reaction) -> Estimate | None:
    """The step over the dip; its interval is at 96%."""
    mood = reaction.sentiment
    if mood.recovered_share is None or mood.recovered_low is None or mood.recovered_high is None:
        return None
    return Estimate(mood.recovered_share, mood.recovered_low, mood.recovered_high)


def half_life_before(reaction: Reaction) -> Range | None:
    """Of the excess from the peak to the event, in days, over the exponential and the power law of xi = 1."""
    lives = [fit.half_life_days for fit in reaction.volume.fits if fit.shape in {0.0, 1.0}]
    return Range(min(lives), max(lives)) if lives else None


def half_life_after(one: Tested) -> Range | None:
    """Of the excess from 12 hours to a week after the event, in days, over the same shapes."""
    timing, volume = one.reaction.timing, one.reaction.volume
    if timing is None or volume.baseline is None:
        return None
    end = min(_DRAWN_AFTER_HOURS, timing.until)
    lives = half_lives(one.around.hours, volume.baseline, (WASHOUT_HOURS, end), one.around.bin_hours)
    return Range(min(lives), max(lives)) if lives else None


def counterfactual_on(grid: Grid, one: Tested) -> Counterfactual | None:
    """What would have come without the event, on the grid, from the peak to a week after the event."""
    timing, volume, mood = one.reaction.timing, one.reaction.volume, one.reaction.sentiment
    if timing is None or (volume.baseline is None and mood.step is None):
        return None
    edges = np.array([one.setting.hours(edge) for edge in grid.edges])
    end = min(_DRAWN_AFTER_HOURS, timing.until)
    low, high = _posts_on(edges, one, timing.peak, end)
    return Counterfactual(one.setting.at, low, high, _mood_on(edges, one, timing.peak, end))


def _posts_on(
    edges: Floats, one: Tested, peak: float, end: float
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Least and most posts of each bucket that lies whole between the peak and `end`."""
    nothing: tuple[float | None, ...] = (None,) * (len(edges) - 1)
    if one.reaction.volume.status is VolumeStatus.NOT_POSSIBLE:
        return nothing, nothing
    hours = one.around.hours.between(peak, end)
    bounds = np.append(hours.offset, hours.offset[-1] + 1)
    sums = [np.append(0.0, np.cumsum(part)) for part in one.reaction.volume.counterfactual(hours, peak)]
    inside = [bounds[0] <= a and b <= bounds[-1] for a, b in pairwise(edges)]
    low, high = (np.diff(np.interp(edges, bounds, total)) for total in sums)
    return _where(low, inside), _where(high, inside)


def _mood_on(edges: Floats, one: Tested, peak: float, end: float) -> tuple[float | None, ...]:
    mood = one.reaction.sentiment
    if mood.step is None:
        return (None,) * (len(edges) - 1)
    middles = (edges[:-1] + edges[1:]) / 2
    line = np.clip(mood.counterfactual(middles), -1, 1)
    return _where(line, [peak <= middle <= end for middle in middles])


def _where(values: Floats, inside: Sequence[bool]) -> tuple[float | None, ...]:
    return tuple(float(value) if drawn else None for value, drawn in zip(values, inside, strict=True))
