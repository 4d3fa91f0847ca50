"""From exact sums to a mean with an interval that knows that some people post a lot."""

from collections.abc import Iterable
from functools import reduce
from math import sqrt
from typing import Final

from scipy.special import stdtrit

from walkback.analysis.model import Estimate, Measures, Share
from walkback.store import Tally

MIN_AUTHORS: Final = 5  # below this a clustered interval is not to be trusted, so there is none
_UNIT: Final = 10_000  # tallies hold compound in ten-thousandths


def measures(tallies: Iterable[Tally]) -> Measures:
    """Counts and mean compound of all the tallies together.

    The 95% interval is the sandwich estimate clustered by author, with the factor G/(G-1) and
    Student's t at G-1 degrees of freedom, G being the number of authors with a scored post
    (Cameron and Miller 2015, A Practitioner's Guide to Cluster-Robust Inference, section II).
    The tallies have to be of different sources or buckets: over several buckets an author counts
    once in each.
    """
    parts = list(tallies)
    posts = sum(part.posts for part in parts)
    authors = sum(part.authors for part in parts)
    n = sum(part.scored for part in parts)
    if n == 0:
        return Measures(posts, authors, 0, None, None, None, None)
    total = sum(part.sum_total for part in parts)
    low, high = _interval(parts, n, total)
    negative = sum(part.negative for part in parts)
    return Measures(posts, authors, n, total / n / _UNIT, low, high, negative / n)


def share_of(tallies: Iterable[Tally], every: int = 1) -> Share:
    """The share of posts whose "compound" is 1 where that of all others is 0.

    The 95% interval is Wilson's at the effective number of posts, which is that of the variance clustered by
    author and Student's t at G-1 degrees of freedom (Franco, Little, Louis and Slud 2019, Journal of Survey
    Statistics and Methodology 7:334); where nobody or everybody is 1 it is the number of authors. None with
    fewer than five authors.
    """
    parts = list(tallies)
    found = measures(parts)
    share = found.mean_compound
    if share is None or found.ci_low is None:
        return Share(found.posts, share, None, None, every)
    clusters = sum(part.scored_authors for part in parts)
    t = float(stdtrit(clusters - 1, 0.975))
    spread = ((share - found.ci_low) / t) ** 2
    n = min(float(found.scored), share * (1 - share) / spread) if spread > 0 else float(clusters)
    low, high = wilson(share, n, t)
    return Share(found.posts, share, low, high, every)


def wilson(share: float, n: float, t: float) -> tuple[float, float]:
    """Wilson's interval of a share of (effectively) `n`; `t` is how many standard errors it reaches.

    Wilson 1927, Journal of the American Statistical Association 22:209. It has a width where nobody or
    everybody is counted, too.
    """
    centre = (share + t**2 / 2 / n) / (1 + t**2 / n)
    reach = t * sqrt(share * (1 - share) / n + t**2 / 4 / n**2) / (1 + t**2 / n)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def mean_difference(after: Measures, before: Measures) -> Estimate | None:
    """Mean compound of `after` minus that of `before`, with a 95% interval that takes both as independent.

    People who wrote in both make it a little too wide or too narrow. None where one has no interval.
    """
    if after.mean_compound is None or before.mean_compound is None:
        return None
    if after.ci_low is None or before.ci_low is None:
        return None
    value = after.mean_compound - before.mean_compound
    reach = sqrt((after.mean_compound - after.ci_low) ** 2 + (before.mean_compound - before.ci_low) ** 2)
    return Estimate(value, value - reach, value + reach)


def _interval(parts: list[Tally], n: int, total: int) -> tuple[float | None, float | None]:
    clusters = sum(part.scored_authors for part in parts)
    if clusters < MIN_AUTHORS:
        return None, None
    # Sum over authors of (total_a - n_a * mean)^2, in whole numbers until the end.
    squares = reduce(lambda so_far, part: so_far + _squares(part, n, total), parts, 0)
    standard_error = sqrt(squares * clusters / (clusters - 1)) / n / n / _UNIT
    reach = float(stdtrit(clusters - 1, 0.975)) * standard_error
    mean = total / n / _UNIT
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def _squares(part: Tally, n: int, total: int) -> int:
    """n^2 times the part's share of the sum."""
    return (
        part.sum_total_squared * n * n - 2 * part.sum_total_n * total * n + part.sum_n_squared * total * total
    )
