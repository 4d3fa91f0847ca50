"""Topics that nobody named beforehand, and whether another start of the method finds them, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from walkback.analysis.themes.tokens import terms_of
from walkback.errors import NothingToDoError
from walkback.store import Snapshot, StoredText, Window

_SAMPLE: Final = 5_000
_LENGTHS: Final = (20, 5_000)  # characters
_FEWEST: Final = 100  # posts, below which there are no topics
_COUNTS: Final = range(3, 9)
_SEEDS: Final = range(5)
_LEAST_POSTS: Final = 5  # that a term is in
_TOP: Final = 10  # terms by which topics are compared
_LABEL: Final = 3  # terms that name a topic
_QUOTES: Final = 3

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that the posts' own words make. `share` is of the posts that were looked at."""

    label: str
    words: tuple[str, ...]
    stability: float
    posts: int
    share: float
    mean_compound: float | None
    by_bucket: tuple[int, ...]
    mean_by_bucket: tuple[float | None, ...]
    quotes: tuple[str, ...]


def find_topics(snapshot: Snapshot, window: Window, edges: Sequence[datetime]) -> tuple[Topic, ...]:
    """Three to eight topics of up to `_SAMPLE` posts drawn by chance, the largest first.

    NMF of tf-idf weights (scikit-learn) is begun anew with five seeds for every number of topics; it takes
    the number whose topics five starts agree on most, by the Jaccard index of their first ten terms,
    matched one to one (Greene, O'Callaghan and Cunningham, ECML 2014, "How many topics?"). A topic's
    `stability` is that index, averaged over the other starts: 1 is found every time. `by_bucket` counts its
    posts between the edges, `mean_by_bucket` is their mean compound. Raises NothingToDoError where there are
    too few posts.
    """
    posts = snapshot.texts(window, window.start, window.end, most=_SAMPLE, lengths=_LENGTHS)
    if len(posts) < _FEWEST:
        raise NothingToDoError(f"{len(posts)} scored posts are too few for topics. It takes {_FEWEST}")
    weights, terms = _weigh([post.text for post in posts])
    starts = {count: [_factors(weights, count, seed) for seed in _SEEDS] for count in _COUNTS}
    count = max(_COUNTS, key=lambda number: round(_agreement([_tops(h) for _, h, _ in starts[number]]), 6))
    runs = starts[count]
    best = min(range(len(runs)), key=lambda number: runs[number][2])
    loadings, components, _ = runs[best]
    stability = _stability(_tops(components), [_tops(h) for at, (_, h, _) in enumerate(runs) if at != best])
    chosen = np.where(loadings.max(axis=1) > 0, loadings.argmax(axis=1), -1)
    topics = [
        _topic(posts, chosen == at, loadings[:, at], [terms[term] for term in top], stability[at], edges)
        for at, top in enumerate(_tops(components))
    ]
    return tuple(sorted(topics, key=lambda topic: -topic.posts))


def _weigh(texts: Sequence[str]) -> tuple[Any, list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # takes 0.7 s

    weigh = TfidfVectorizer(
        analyzer=terms_of, sublinear_tf=True, min_df=_LEAST_POSTS, max_df=0.5, max_features=4_000
    )
    try:
        weights = weigh.fit_transform(texts)
    except ValueError as error:
        raise NothingToDoError("no word stands in enough posts for topics. Collect more of them") from error
    return weights, list(weigh.get_feature_names_out())


def _factors(weights: Any, count: int, seed: int) -> tuple[_Floats, _Floats, float]:
    """What each post has of each topic, what each topic has of each term, and what is left unexplained."""
    from sklearn.decomposition import NMF  # noqa: PLC0415  # takes 0.7 s

    found = NMF(n_components=count, init="random", random_state=seed, max_iter=300, tol=1e-3)
    loadings = found.fit_transform(weights)
    return loadings, found.components_, float(found.reconstruction_err_)


def _tops(components: _Floats) -> list[list[int]]:
    """The first terms of every topic."""
    return [list(map(int, np.argsort(-row, kind="stable")[:_TOP])) for row in components]


def _agreement(runs: Sequence[Sequence[Sequence[int]]]) -> float:
    return float(np.mean([np.mean(_matched(one, other)) for one, other in combinations(runs, 2)]))


def _stability(best: Sequence[Sequence[int]], others: Sequence[Sequence[Sequence[int]]]) -> _Floats:
    found: _Floats = np.mean([_matched(best, other) for other in others], axis=0)
    return found


def _matched(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> _Floats:
    """The Jaccard index of each topic of `one` with the one of `other` that it is matched to."""
    likeness = np.array([[len({*a} & {*b}) / len({*a} | {*b}) for b in other] for a in one])
    rows, columns = linear_sum_assignment(-likeness)
    found: _Floats = likeness[rows, columns]
    return found


def _topic(
    posts: Sequence[StoredText],
    of_it: npt.NDArray[np.bool_],
    loading: _Floats,
    terms: list[str],
    stability: float,
    edges: Sequence[datetime],
) -> Topic:
    mine = [post for post, is_mine in zip(posts, of_it, strict=True) if is_mine]
    central = [
        posts[at] for at in np.argsort(-np.where(of_it, loading, -1.0), kind="stable")[:_QUOTES] if of_it[at]
    ]
    times = [post.created_at.timestamp() for post in mine]
    bounds = [edge.timestamp() for edge in edges]
    by_bucket, _ = np.histogram(times, bounds)
    totals, _ = np.histogram(times, bounds, weights=[post.compound for post in mine])
    return Topic(
        label=", ".join(_distinct(terms)[:_LABEL]),
        words=tuple(terms),
        stability=float(stability),
        posts=len(mine),
        share=len(mine) / len(posts),
        mean_compound=float(np.mean([post.compound for post in mine])) if mine else None,
        by_bucket=tuple(map(int, by_bucket)),
        mean_by_bucket=tuple(
            float(total / count) if count else None for total, count in zip(totals, by_bucket, strict=True)
        ),
        quotes=tuple(post.text for post in central),
    )


def _distinct(terms: Sequence[str]) -> list[str]:
    """Without those whose words are in an earlier one."""
    said: list[str] = []
    for term in terms:
        if not any(
            set(term.split()) <= set(other.split()) or set(other.split()) <= set(term.split())
            for other in said
        ):
            said.append(term)
    return said
