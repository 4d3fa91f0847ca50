"""How far to trust the scorer on a case: people's labels against it, and estimates that they correct."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from walkback.analysis.measures import wilson
from walkback.analysis.model import Corrected, Estimate, Phase, Validity
from walkback.analysis.phases import edges_of
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST, POSITIVE_AT_LEAST
from walkback.store import LabelRow, Population, Snapshot, Window

NEGATIVE: Final = "negative"
NEUTRAL: Final = "neutral"
POSITIVE: Final = "positive"
OFF_TOPIC: Final = "off-topic"
VALUES: Final = (NEGATIVE, NEUTRAL, POSITIVE, OFF_TOPIC)
FEWEST: Final = 20  # labelled posts of a phase, below which it is not corrected

_Floats = npt.NDArray[np.float64]


def measure_validity(snapshot: Snapshot, window: Window, phases: Sequence[Phase]) -> Validity | None:
    """Labels against scores, and each phase corrected by them; None where nobody has labelled."""
    edges = edges_of(phases)
    labels = snapshot.labels(window, edges)
    if not labels:
        return None
    populations = {each.phase: each for each in snapshot.population(window, edges, negative=NEGATIVE_AT_MOST)}
    by_phase: dict[int, list[LabelRow]] = defaultdict(list)
    for label in labels:
        by_phase[label.phase].append(label)
    return Validity(
        posts=len({(label.source, label.id) for label in labels}),
        coders=tuple(sorted({label.coder for label in labels})),
        agreement=agreement(labels),
        confusion=confusion(labels),
        phases=tuple(
            _corrected(phase.name, by_phase.get(at, []), populations.get(at))
            for at, phase in enumerate(phases)
        ),
    )


def agreement(labels: Sequence[LabelRow]) -> float | None:
    """Krippendorff's alpha of the coders, by categories, over posts that two or more labelled; None without.

    Krippendorff 2019, Content Analysis, 4th edition, chapter 12; 1 is agreement, 0 what chance gives.
    """
    from krippendorff import alpha  # noqa: PLC0415  # few cases have two coders

    coders = sorted({label.coder for label in labels})
    by_post: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for label in labels:
        by_post[label.source, label.id][label.coder] = label.value
    shared = [said for said in by_post.values() if len(said) > 1]
    if not shared:
        return None
    if len({value for said in shared for value in said.values()}) == 1:
        return 1.0
    table = [[VALUES.index(said[coder]) if coder in said else np.nan for said in shared] for coder in coders]
    return float(alpha(reliability_data=table, level_of_measurement="nominal"))


def confusion(labels: Sequence[LabelRow]) -> tuple[tuple[int, ...], ...]:
    """Rows are people's negative, neutral, positive, off-topic; columns the scorer's first three."""
    counts = np.zeros((len(VALUES), 3), int)
    for label in labels:
        counts[VALUES.index(label.value), _band(label.compound)] += 1
    return tuple(tuple(int(count) for count in row) for row in counts)


def corrected_mean(
    labels: _Floats, on_topic: _Floats, scores: _Floats, mean: float, variance: float, population: int
) -> Estimate:
    """The mean label, in [0, 1], of the posts that are on topic, with its 95% interval.

    Prediction-powered inference with power tuning: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023,
    Science 382:669, and Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453 (PPI++), for a ratio: the
    labels' mean over the share that is on topic, linearised. The interval is Wilson's at the effective number
    of posts, with Student's t at n-2 degrees of freedom; the scores are never trusted further than had
    they missed one label in n. `labels`, `on_topic` (0 or 1) and `scores` are of n posts drawn by chance from
    `population` posts, over which the scores have this mean and variance. Needs n of at least three, one of
    them on topic.
    """
    n = len(labels)
    share = float(on_topic.mean())
    raw = float((labels * on_topic).mean()) / share
    residual = on_topic * (labels - raw)
    spread = float(scores.var(ddof=1))
    weight = float(np.cov(residual, scores)[0, 1]) / ((1 + n / population) * spread) if spread > 0 else 0.0
    value = min(1.0, max(0.0, raw + weight * (mean - float(scores.mean())) / share))
    residual = on_topic * (labels - value) - weight * scores
    missed = max(float(residual.var(ddof=2)), 1 / n)
    error = (missed / n + weight**2 * variance / population) / share**2
    effective = value * (1 - value) / error or n * share
    return Estimate(value, *wilson(value, effective, float(stdtrit(n - 2, 0.975))))


def _corrected(name: str, labels: Sequence[LabelRow], population: Population | None) -> Corrected:
    by_post: dict[tuple[str, str], list[LabelRow]] = defaultdict(list)
    for label in labels:
        by_post[label.source, label.id].append(label)
    n = len(by_post)
    off_topic = np.array([_mean(one.value == OFF_TOPIC for one in said) for said in by_post.values()])
    known = Corrected(
        name,
        n,
        float(off_topic.mean()) if n else None,
        None if population is None else population.negative_share,
        None,
        None,
    )
    if population is None or n < FEWEST or np.count_nonzero(off_topic < 1) < FEWEST / 2:
        return known
    on_topic = 1 - off_topic
    # Of a post that some call off-topic the labels that are left count in full.
    left = np.where(on_topic > 0, on_topic, 1.0)
    negative = np.array([_mean(one.value == NEGATIVE for one in said) for said in by_post.values()]) / left
    positive = np.array([_mean(one.value == POSITIVE for one in said) for said in by_post.values()]) / left
    compounds = np.array([said[0].compound for said in by_post.values()])
    share = population.negative_share
    negative_share = corrected_mean(
        negative,
        on_topic,
        (compounds <= NEGATIVE_AT_MOST).astype(float),
        share,
        share * (1 - share),
        population.posts,
    )
    lifted = corrected_mean(
        (1 + positive - negative) / 2,
        on_topic,
        compounds,
        population.mean,
        population.variance,
        population.posts,
    )
    mean_label = Estimate(*(2 * each - 1 for each in (lifted.value, lifted.ci_low, lifted.ci_high)))
    return replace(known, negative_share=negative_share, mean_label=mean_label)


def _mean(held: Iterable[bool]) -> float:
    return float(np.mean(list(held)))


def _band(compound: float) -> int:
    return 0 if compound <= NEGATIVE_AT_MOST else 2 if compound >= POSITIVE_AT_LEAST else 1
