"""The word for two effects, by the table of docs/method.md alone: no checks, no second source."""

from typing import Final

import numpy as np

from walkback.analysis.effects.decay_union import VolumeEffect, VolumeStatus
from walkback.analysis.effects.gls_drift import SentimentEffect, SentimentStatus
from walkback.analysis.model import Word

_HALF: Final = 0.5
_GOOD: Final = (VolumeStatus.DOWN, SentimentStatus.BETTER)
_BAD: Final = (VolumeStatus.UP, SentimentStatus.WORSE)


def word_of(volume: VolumeEffect, sentiment: SentimentEffect) -> Word:
    """What the two say together."""
    said = (volume.status, sentiment.status)
    good, bad = any(status in _GOOD for status in said), any(status in _BAD for status in said)
    if good and bad:
        return Word.INCONCLUSIVE
    if good:
        return Word.CALMED if _large(volume, sentiment) else Word.PARTLY
    if bad:
        return Word.WORSENED
    same = volume.status is VolumeStatus.SAME or sentiment.status is SentimentStatus.SAME
    return Word.NOT_CALMED if same else Word.INCONCLUSIVE


def _large(volume: VolumeEffect, sentiment: SentimentEffect) -> bool:
    """Whether what moved moved by half."""
    fell = volume.status is VolumeStatus.DOWN and (volume.log_ratio or 0) <= np.log(_HALF)
    rose = sentiment.status is SentimentStatus.BETTER and (sentiment.recovered_share or 0) >= _HALF
    return bool(fell or rose)
