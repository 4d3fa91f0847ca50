"""How often alerts cry wolf on quiet months, and how soon they tell of an outcry.

    python benchmarks/alerts.py [--months 300] [--seed 1]

A quiet month is 30 days after 28 of past, looked at every hour. `false` is episodes a month with their 95%
interval (Poisson, exact). An outcry multiplies the volume, or lowers mean compound, from day 40 on: `seen`
is the share of outcries that are told within three days, `hours` the median time until then.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from walkback.analysis.alerts.days import FEWEST_DAYS, PAST_DAYS, Days
from walkback.analysis.alerts.signals import Level, Signal
from walkback.analysis.alerts.stand_out import Thresholds, sentiment_signal, volume_signal
from walkback.analysis.model import Bucket, Measures

Array = NDArray[np.float64]

PROCESSES: Final = 2
DAYS: Final = 58
HOURS: Final = 24 * DAYS
OUTCRY_AT: Final = 24 * 40
SOON: Final = 72
START: Final = datetime(2023, 1, 2, tzinfo=UTC)
SD: Final = 0.45  # of a post's compound


@dataclass(frozen=True, slots=True)
class World:
    """A case's usual life: posts a day, and what makes its days differ."""

    name: str
    per_day: float
    overdispersion: float = 0.0  # of a day's level, as the variance of its logarithm
    memory: float = 0.0  # of that, from day to day
    weekend: float = 1.0  # of a weekday's volume
    growth: float = 0.0  # a day
    mood: float = 0.03  # how much days' true mean compound differs
    authors: float = 0.7  # for each post


WORLDS: Final = (
    World("a hundred a day, by chance alone", 100),
    World("five a day", 5),
    World("weekends at a third", 200, overdispersion=0.02, weekend=0.33),
    World("days differ (sd 25%)", 200, overdispersion=0.06),
    World("days differ and linger (sd 40%, 0.8)", 200, overdispersion=0.16, memory=0.8, mood=0.05),
    World("grows by 2% a day", 200, overdispersion=0.02, growth=0.02),
    World("a big brand, days linger (sd 30%, 0.7)", 20_000, overdispersion=0.09, memory=0.7, mood=0.05),
)
RISES: Final = (3.0, 5.0, 10.0)
DROPS: Final = (0.15, 0.3)


def drawn(world: World, seed: int, month: int) -> tuple[Array, Array]:
    """Posts by hour, and each day's true mean compound around zero."""
    rng = np.random.default_rng([seed, month, WORLDS.index(world)])
    shocks = rng.normal(0, np.sqrt(world.overdispersion * (1 - world.memory**2)), DAYS)
    level = np.zeros(DAYS)
    level[0] = rng.normal(0, np.sqrt(world.overdispersion))
    for day in range(1, DAYS):
        level[day] = world.memory * level[day - 1] + shocks[day]
    days = np.arange(DAYS)
    rate = world.per_day * np.exp(level + world.growth * days) * np.where(days % 7 >= 5, world.weekend, 1.0)
    clock = 1 + 0.8 * np.sin(2 * np.pi * (np.arange(24) - 9) / 24)
    hourly = np.repeat(rate, 24) * np.tile(clock / clock.sum(), DAYS)
    return hourly, np.repeat(rng.normal(0, world.mood, DAYS), 24)


def looked_at(hourly: Array, mood: Array, world: World, seed: int, month: int) -> Callable[[int], Days]:
    """The last 24 hours and the past, as they stand after so many hours."""
    rng = np.random.default_rng([seed, month, 7])
    posts = rng.poisson(hourly).astype(float)
    total = mood * posts + rng.normal(0, 1, HOURS) * SD * np.sqrt(posts) / np.sqrt(world.authors)
    many = np.concatenate([[0.0], np.cumsum(posts)])
    much = np.concatenate([[0.0], np.cumsum(total)])

    def bucket(end: int) -> Bucket:
        n = int(many[end] - many[end - 24])
        authors = int(n * world.authors)
        mean = float(much[end] - much[end - 24]) / n if n else None
        reach = 1.96 * SD / np.sqrt(max(authors, 1))
        low, high = (None, None) if mean is None else (mean - reach, mean + reach)
        known = Measures(n, authors, n, mean, low, high, 0.0)
        start = START + timedelta(hours=end - 24)
        return Bucket(start, start + timedelta(days=1), 1.0, observed=True, measures=known)

    def days(hour: int, before: int | None) -> Days:
        ends = range(hour - 24, 23, -24)
        quiet = [end for end in ends if before is None or end <= before - 24]
        chosen = quiet if len(quiet) >= FEWEST_DAYS else list(ends)
        return Days(bucket(hour), tuple(bucket(end) for end in reversed(chosen[:PAST_DAYS])))

    return days


def episodes(days: Callable[..., Days], signal: Callable[[Days], Signal], first: int) -> Iterator[int]:
    """The hours at which episodes begin."""
    began: int | None = None
    for hour in range(first, HOURS + 1):
        level = signal(days(hour, began)).level
        if began is None and level is Level.HIGH:
            began = hour
            yield hour
        elif began is not None and level is Level.LOW:
            began = None


def month_of(world: World, seed: int, month: int) -> dict[str, float]:
    """Episodes of one quiet month, and hours until an outcry is told of; infinite: not within three days."""
    hourly, mood = drawn(world, seed, month)
    by_volume = partial(volume_signal, thresholds=Thresholds())
    by_mood = partial(sentiment_signal, thresholds=Thresholds())
    quiet = looked_at(hourly, mood, world, seed, month)
    first = 24 * PAST_DAYS
    found: dict[str, float] = {
        "volume": sum(1 for _ in episodes(quiet, by_volume, first)),
        "sentiment": sum(1 for _ in episodes(quiet, by_mood, first)),
    }
    since = np.arange(HOURS) >= OUTCRY_AT
    for rise in RISES:
        loud = looked_at(hourly * np.where(since, rise, 1.0), mood, world, seed, month)
        found[f"x{rise:g}"] = until_told(loud, by_volume)
    for drop in DROPS:
        sour = looked_at(hourly, mood - np.where(since, drop, 0.0), world, seed, month)
        found[f"-{drop:g}"] = until_told(sour, by_mood)
    return found


def until_told(days: Callable[..., Days], signal: Callable[[Days], Signal]) -> float:
    """Hours from the outcry to its alert."""
    for hour in range(OUTCRY_AT + 1, OUTCRY_AT + SOON + 1):
        if signal(days(hour, None)).level is Level.HIGH:
            return float(hour - OUTCRY_AT)
    return np.inf


def rate(count: float, months: int) -> str:
    """Episodes a month with the exact Poisson interval."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    return f"{count / months:.3f} ({low / months:.3f} to {high / months:.3f})"


def main() -> None:
    """Print a row a world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.perf_counter()
    outcries = [*(f"x{rise:g}" for rise in RISES), *(f"-{drop:g}" for drop in DROPS)]
    print(f"{asked.months} quiet months a world, seed {asked.seed}; false alarms a month (95% interval)")
    print(f"{'world':40} {'volume':24} {'sentiment':24} " + " ".join(f"{name:>12}" for name in outcries))
    with ProcessPoolExecutor(PROCESSES) as pool:
        for world in WORLDS:
            months = list(pool.map(partial(month_of, world, asked.seed), range(asked.months), chunksize=5))
            told = []
            for name in outcries:
                hours = np.array([month[name] for month in months])
                seen = float(np.mean(np.isfinite(hours)))
                median = float(np.median(hours[np.isfinite(hours)])) if seen else np.nan
                told.append(f"{100 * seen:4.0f}% {median:4.0f} h")
            counts = [sum(month[kind] for month in months) for kind in ("volume", "sentiment")]
            rates = " ".join(f"{rate(count, asked.months):24}" for count in counts)
            print(f"{world.name:40} {rates} " + " ".join(f"{each:>12}" for each in told), flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
