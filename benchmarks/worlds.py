"""How often the answer is right: simulated outcries with a known truth, and what is said of them.

    python benchmarks/worlds.py [--worlds 500] [--seed 1] [--daily | --stress]

Rows are what the reversal did, columns the words, in percent of the worlds. `alarm` is calmed or partly
calmed: false where nothing was done. `covers` is how often the interval (99 and 96%) held the truth, of
the worlds in which there was one; `half` its median half-width, in the log ratio and in compound. Two
references read the same worlds: before against after, and the textbook's interrupted time series.
`--stress` asks for false alarms where the world departs from the design. See docs/method.md.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np
from before_after import Interval, before_after, log_linear_its

from walkback.analysis.effects.decay_union import VolumeEffect, estimate_volume
from walkback.analysis.effects.gls_drift import SentimentEffect, estimate_sentiment
from walkback.analysis.effects.hours import Timing
from walkback.analysis.effects.timing import find_peak
from walkback.analysis.model import Word
from walkback.analysis.simulated.settings import EFFECTS, STRESSES, Setting
from walkback.analysis.simulated.world import Truth, draw_world
from walkback.analysis.verdict import judge_signals

PROCESSES = 2
GAPS_DAYS = (4, 10)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # for small matrices threads only wait
WORDS = (Word.CALMED, Word.PARTLY, Word.NOT_CALMED, Word.WORSENED, Word.INCONCLUSIVE)
REFERENCES = {"before/after": before_after, "log-linear ITS": log_linear_its}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was said of one world."""

    truth: Truth
    volume: VolumeEffect
    sentiment: SentimentEffect
    word: Word
    references: tuple[Interval | None, ...]


def read(setting: Setting, seed: int, number: int, *, bin_hours: int) -> Reading:
    """Draw a world and ask what the reversal did to it."""
    world = draw_world(setting, seed, number)
    peak = find_peak(world.policy, world.announced)
    if peak is None:
        raise ValueError(f"world {number} of seed {seed} has no peak")
    timing = Timing(world.announced, peak)
    volume = estimate_volume(world.policy, timing, bin_hours=bin_hours)
    sentiment = estimate_sentiment(world.policy, timing, bin_hours=bin_hours)
    references = tuple(reference(world.policy, timing) for reference in REFERENCES.values())
    return Reading(world.truth, volume, sentiment, judge_signals(volume, sentiment).word, references)


def percent(hits: Sequence[bool]) -> float:
    """Share of hits; NaN of nothing."""
    return 100 * float(np.mean(hits)) if hits else float("nan")


def alarms(readings: Sequence[Reading]) -> str:
    """How often something was calmed, with the standard error that chance gives so many worlds."""
    rate = percent([reading.word in (Word.CALMED, Word.PARTLY) for reading in readings])
    error = (rate * (100 - rate) / len(readings)) ** 0.5
    return f"{rate:7.1f} ±{error:4.1f}"


def covered(effects: Sequence[tuple[VolumeEffect | SentimentEffect, float]]) -> str:
    """Share of worlds with an interval, share of those that hold the truth, median half-width."""
    bounds = [
        (effect.ci_low, truth, effect.ci_high)
        for effect, truth in effects
        if effect.ci_low is not None and effect.ci_high is not None
    ]
    share, holds = len(bounds) / len(effects), [low <= truth <= high for low, truth, high in bounds]
    half = float(np.median([(high - low) / 2 for low, _, high in bounds])) if bounds else float("nan")
    return f"{100 * share:6.0f}{percent(holds):8.1f}{half:7.2f}"


def row(name: str, readings: Sequence[Reading]) -> str:
    """A row of the table of words."""
    words = "".join(f"{percent([reading.word is word for reading in readings]):10.1f}" for word in WORDS)
    volume = covered([(reading.volume, reading.truth.log_ratio) for reading in readings])
    sentiment = covered([(reading.sentiment, reading.truth.step) for reading in readings])
    return f"{name:44}{words}{alarms(readings)} |{volume} |{sentiment}"


def reference_row(name: str, index: int, readings: Sequence[Reading]) -> str:
    """What a reference says of the same worlds: calmed, worsened, neither; and how often it is right."""
    bounds = [
        (*interval, reading.truth.log_ratio)
        for reading in readings
        if (interval := reading.references[index]) is not None
    ]
    down = 100 * sum(high < 0 for _, high, _ in bounds) / len(readings)
    up = 100 * sum(low > 0 for low, _, _ in bounds) / len(readings)
    holds = percent([low <= truth <= high for low, high, truth in bounds])
    return f"{name:44}{down:10.1f}{'':20}{up:10.1f}{100 - down - up:10.1f}{'':14}{'':6}{holds:8.1f}"


def settings(*, stress: bool) -> dict[str, Setting]:
    """The kinds of world by the name of their row."""
    if stress:
        return {
            f"{gap} d, {name}": replace(setting, gap_days=gap)
            for gap in GAPS_DAYS
            for name, setting in STRESSES.items()
        }
    return {
        f"{gap} d, {effect.name}": Setting(gap_days=gap, effect=effect)
        for gap in GAPS_DAYS
        for effect in EFFECTS
    }


def head() -> str:
    """The columns' names."""
    words = "".join(f"{name:>10}" for name in ("calmed", "partly", "not", "worsened", "inconcl."))
    effects = "".join(f" |{name:>6}{'covers':>8}{'half':>7}" for name in ("vol %", "sen %"))
    return f"{'gap, truth':44}{words}{'alarm':>13}{effects}"


def main(asked: argparse.Namespace) -> None:
    """Print the table, and how long it took."""
    os.environ |= ONE_THREAD  # the processes read it when they load numpy
    began = time.perf_counter()
    bin_hours = 24 if asked.daily else 6
    print(head())
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        for name, setting in settings(stress=asked.stress).items():
            ask = partial(read, setting, asked.seed, bin_hours=bin_hours)
            readings = list(pool.map(ask, range(asked.worlds), chunksize=10))
            print(row(name, readings), flush=True)
            for index, reference in enumerate(REFERENCES):
                print(reference_row(f"    {reference}", index, readings), flush=True)
    print(f"{asked.worlds} worlds a row, seed {asked.seed}, {time.perf_counter() - began:.0f} s")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--daily", action="store_true", help="bins of a day, as from daily totals")
    kind.add_argument("--stress", action="store_true", help="nothing was done, in worlds off the design")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
