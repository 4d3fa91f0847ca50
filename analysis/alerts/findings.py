"""What an analysis found that somebody wants to know at once: an outcry's onset, another verdict."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from walkback.analysis.alerts.signals import Kind, Level, Signal
from walkback.analysis.model import Analysis

_NEWS_FOR: Final = timedelta(days=7)


def onset_signal(analysis: Analysis, now: datetime) -> Signal:
    """An outcry that began in the last seven days. Figures: usual and peak, in posts a day."""
    shape = analysis.shape
    if shape.onset is None or shape.peak is None:
        return Signal(Kind.ONSET, Level.LOW)
    level = Level.HIGH if now - shape.onset <= _NEWS_FOR else Level.LOW
    figures = {"usual": shape.baseline_posts_per_day or 0.0, "peak": float(shape.peak.posts)}
    return Signal(Kind.ONSET, level, figures=figures, told=shape.onset.isoformat())


def verdict_signals(analysis: Analysis, known: Collection[str]) -> list[Signal]:
    """The word that holds is high, the `known` ones that held before are low."""
    word = str(analysis.verdict.word)
    now = Signal(Kind.VERDICT, Level.HIGH, word, told=analysis.verdict.sentence)
    return [now, *(Signal(Kind.VERDICT, Level.LOW, other) for other in known if other != word)]
