"""Small stores that hold an outcry: so many posts an hour, so many of them angry, drawn by a seed."""

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from worlds import NOW, add, case_at, post

from walkback.analysis.analyze import analyze
from walkback.analysis.model import ScorerId
from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.store import Span, Store

START = datetime(2023, 7, 20, tzinfo=UTC)
OUTCRY = datetime(2023, 8, 6, 12, tzinfo=UTC)
PEAK = datetime(2023, 8, 7, 0, tzinfo=UTC)
REVERSAL = datetime(2023, 8, 11, 14, tzinfo=UTC)
END = datetime(2023, 8, 25, tzinfo=UTC)
EVENTS = (
    {"at": OUTCRY, "kind": "outcry", "label": "It is noticed"},
    {"at": REVERSAL, "kind": "reversal", "label": "It is taken back"},
)


@dataclass(frozen=True)
class Outcry:
    """`factor` multiplies the excess from the reversal on, `angry` are shares before, during and after."""

    factor: float = 1.0
    angry: tuple[float, float, float] = (0.3, 0.9, 0.9)
    usual: float = 1.0
    peak: float = 40.0
    half_life_days: float = 2.5
    seed: int = 7

    def rate(self, moment):
        """Expected posts in the hour from `moment`."""
        hours = (moment - PEAK) / timedelta(hours=1)
        if moment < OUTCRY:
            return self.usual
        fade = 2 ** (hours / 3 if hours < 0 else -hours / 24 / self.half_life_days)
        return self.usual + self.peak * fade * (self.factor if moment >= REVERSAL else 1)

    def posts(self, source="x"):
        """The posts, one author each."""
        luck = random.Random(f"{self.seed}{source}")  # noqa: S311  # seeded on purpose
        moment, made = START, []
        while moment < END:
            angry = self.angry[0 if moment < OUTCRY else 1 if moment < REVERSAL else 2]
            for _ in range(_poisson(luck, self.rate(moment))):
                word = "awful" if luck.random() < angry else "great"
                number = len(made)
                made.append(
                    post(
                        source=source,
                        id=str(number),
                        author=f"{source}{number:030x}"[:32],
                        created_at=moment + timedelta(minutes=luck.randrange(60)),
                        text=f"zoom is {word} {number}",
                    )
                )
            moment += timedelta(hours=1)
        return made


def _poisson(luck, mean):
    """Knuth's draw; means are small."""
    product, count = luck.random(), 0
    while product > math.exp(-mean):
        product *= luck.random()
        count += 1
    return count


def hold(folder, *batches, coverage=None, **changes):
    """A case whose store has the posts; its sources are covered throughout unless told otherwise."""
    case = case_at(folder, **({"start": START, "end": END, "events": EVENTS} | changes))
    sources = sorted({each.source for batch in batches for each in batch})
    spans = coverage or [Span(source, START, END, "complete") for source in sources]
    add(case, *batches, coverage=spans)
    return case


def analysis_of(case, every="day"):
    """The analysis with VADER's scores."""
    scorer, store = Vader(), Store(case.store_path)
    for topic in case.topics():
        store.match_pending(topic)
        score_pending(topic, store, scorer, scored=lambda *_: None)
    return analyze(case, store, ScorerId(scorer.name, scorer.version), every, NOW)
