"""When a query also finds the usual chatter: how often sentiment seems to recover though nothing was done.

    python benchmarks/composition.py [worlds]        default 1,500, at each of two gaps

Simulated outcries without an effect, by the share of usual posts after the reversal. `all`: the mean is
over all posts, as a broad query has it; `policy`: over those about the policy. In percent of the worlds
that are tested, at 96%.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from walkback.analysis.effects.gls_drift import SentimentStatus, estimate_sentiment
from walkback.analysis.effects.hours import Timing
from walkback.analysis.effects.reaction import usual_share
from walkback.analysis.effects.timing import find_peak
from walkback.analysis.simulated.settings import EFFECTS, Setting
from walkback.analysis.simulated.world import draw_world

SEED = 77
GAPS_DAYS = (4, 10)
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, float("inf"))
NOTHING = next(effect for effect in EFFECTS if effect.name == "none")


@dataclass(frozen=True, slots=True)
class Reading:
    """One world's share of usual posts; what is said of all posts and of those about the policy."""

    share: float
    everything: SentimentStatus
    policy: SentimentStatus


def read(gap_and_number: tuple[int, int]) -> Reading:
    """Draw a world in which nothing was done, and ask."""
    gap, number = gap_and_number
    world = draw_world(Setting(gap_days=gap, effect=NOTHING), SEED, number)
    peak = find_peak(world.everything, world.announced)
    timing = Timing(world.announced, world.truth.peak if peak is None else peak)
    statuses = [estimate_sentiment(hours, timing).status for hours in (world.everything, world.policy)]
    return Reading(usual_share(world.everything, timing), *statuses)


def recovered(statuses: list[SentimentStatus]) -> str:
    """Worlds tested, and the percentage of them that seem better."""
    tested = [status for status in statuses if status is not SentimentStatus.NOT_POSSIBLE]
    better = sum(status is SentimentStatus.BETTER for status in tested)
    return f"{len(tested):7}{100 * better / len(tested):8.1f}" if tested else f"{0:7}{'':8}"


def main(worlds: int) -> None:
    """Print the table."""
    with ProcessPoolExecutor(2) as pool:
        asked = [(gap, number) for gap in GAPS_DAYS for number in range(worlds)]
        readings = list(pool.map(read, asked, chunksize=50))
    print(f"{'usual share':14}{'worlds':>7} |{'all':>7}{'better':>8} |{'policy':>7}{'better':>8}")
    for low, high in pairwise(EDGES):
        band = [reading for reading in readings if low <= reading.share < high]
        everything = recovered([reading.everything for reading in band])
        policy = recovered([reading.policy for reading in band])
        print(f"{f'{low:.1f} to {high:.1f}':14}{len(band):7} |{everything} |{policy}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_500)
