import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.analysis.measures import mean_difference, measures
from walkback.store import Tally


def tally(by_author, source="x"):
    """The sums over authors' scores; an author's scores are a list of compounds."""
    units = [[round(score * 10_000) for score in scores] for scores in by_author]
    return Tally(
        bucket=0,
        source=source,
        posts=sum(map(len, units)),
        authors=len(units),
        scored=sum(map(len, units)),
        negative=sum(score <= -500 for scores in units for score in scores),
        scored_authors=len(units),
        sum_total=sum(map(sum, units)),
        sum_total_squared=sum(sum(scores) ** 2 for scores in units),
        sum_total_n=sum(sum(scores) * len(scores) for scores in units),
        sum_n_squared=sum(len(scores) ** 2 for scores in units),
    )


def test_the_interval_is_the_textbook_one_when_everybody_posts_once():
    """Then clusters are posts: mean ± t(n-1) s/√n; t(9) at 97.5% is 2.262 (any table)."""
    scores = [0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8, 0.9, 0.0]
    got = measures([tally([[score] for score in scores])])
    reach = 2.262157 * np.std(scores, ddof=1) / math.sqrt(10)

    assert np.mean(scores) == pytest.approx(got.mean_compound)
    assert [np.mean(scores) - reach, np.mean(scores) + reach] == pytest.approx([got.ci_low, got.ci_high])
    assert got.negative_share == 0.4


def test_the_interval_agrees_with_the_sandwich_written_out():
    """Sum over authors of (sum of residuals)², times G/(G-1), over n² (Cameron and Miller 2015)."""
    rng = random.Random(1)  # noqa: S311
    by_author = [[round(rng.uniform(-1, 1), 4) for _ in range(rng.randint(1, 9))] for _ in range(30)]
    flat = [score for scores in by_author for score in scores]
    mean = np.mean(flat)
    variance = sum(sum(score - mean for score in scores) ** 2 for scores in by_author)
    reach = 2.045230 * math.sqrt(variance * 30 / 29) / len(flat)  # t(29)

    got = measures([tally(by_author)])

    assert mean - reach == pytest.approx(got.ci_low, abs=1e-6)


def test_one_loud_author_is_not_taken_for_many():
    """A hundred equal posts of one person say less than one post each of a hundred people."""
    others = [[0.5], [-0.5], [0.25], [-0.25], [0.1]]
    one_person = measures([tally([[-0.9] * 100, *others])])
    hundred_people = measures([tally([[-0.9]] * 100 + others)])

    assert one_person.mean_compound == hundred_people.mean_compound
    assert one_person.ci_high - one_person.ci_low > hundred_people.ci_high - hundred_people.ci_low


def phase_of(rng, authors, centre):
    """People who post more or less often, each with a mood of their own; a tenth of them a lot."""
    often = np.where(rng.random(authors) < 0.1, 8, 0) + rng.poisson(1, authors) + 1
    moods = rng.normal(centre, 0.3, authors)
    drawn = [np.clip(rng.normal(mood, 0.3, count), -1, 1) for mood, count in zip(moods, often, strict=True)]
    return measures([tally([list(map(float, scores)) for scores in drawn])])


@pytest.mark.parametrize(("authors", "least"), [(15, 0.87), (40, 0.91), (200, 0.92)])
def test_the_intervals_hold_the_truth_though_people_post_unequally(authors, least):
    """Of a phase's mean, and of the difference of two; of few people they are somewhat too narrow."""
    rng = np.random.default_rng(authors)
    means = differences = 0
    for _ in range(600):
        before, after = phase_of(rng, authors, 0.0), phase_of(rng, authors, 0.2)
        change = mean_difference(after, before)
        means += before.ci_low <= 0 <= before.ci_high
        differences += change.ci_low <= 0.2 <= change.ci_high

    assert least <= means / 600 <= 0.98
    assert least <= differences / 600 <= 0.98


def test_few_authors_give_a_mean_without_an_interval():
    """Four authors: no interval could be trusted. No post: no mean either."""
    four = measures([tally([[0.1], [0.2], [0.3], [0.4]])])
    none = measures([])

    assert (four.mean_compound, four.ci_low, four.ci_high) == (0.25, None, None)
    assert (none.posts, none.mean_compound, none.negative_share) == (0, None, None)


scores = st.integers(-10_000, 10_000).map(lambda units: units / 10_000)
authors = st.lists(st.lists(scores, min_size=1, max_size=4), min_size=5, max_size=12)


@given(authors, authors)
def test_tallies_of_two_sources_add_up(one, other):
    """Splitting the authors over sources leaves the measures as they are."""
    assert measures([tally(one + other)]) == measures([tally(one), tally(other, "reddit")])


@given(authors)
def test_the_interval_holds_the_mean_and_stays_in_range(by_author):
    """-1 <= low <= mean <= high <= 1, exactly."""
    got = measures([tally(by_author)])

    assert -1 <= got.ci_low <= got.mean_compound <= got.ci_high <= 1
