"""Posts that stand for many: those whose words are nearest to what all of a phase say."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from walkback.analysis.model import Phase, Quote
from walkback.store import Snapshot, StoredText, Window

A_PHASE: Final = 3
_SAMPLE: Final = 2_000  # posts of a phase that are looked at, the same as for words that set it apart
_FEWEST: Final = 10  # posts, below which none stands for the others
_LENGTHS: Final = (40, 400)  # characters: long enough to say something, short enough to be read
_ALIKE: Final = 0.5  # how much likeness to a post that is chosen already counts against another


def find_quotes(
    snapshot: Snapshot, window: Window, phases: Sequence[Phase], fewest: int
) -> tuple[Quote, ...]:
    """Up to `A_PHASE` posts of each phase in which at least `fewest` people wrote.

    They are of different authors, scored, and no near-duplicates of earlier posts.
    """
    return tuple(
        Quote(phase.name, post.source, post.created_at, post.text, post.compound, post.url)
        for phase in phases
        if phase.measures.authors >= fewest
        for post in _of_phase(snapshot.texts(window, phase.start, phase.end, most=_SAMPLE, lengths=_LENGTHS))
    )


def _of_phase(posts: Sequence[StoredText]) -> list[StoredText]:
    if len(posts) < _FEWEST:
        return []
    found: list[StoredText] = []
    for number in central([post.text for post in posts]):
        if posts[number].author not in {post.author for post in found}:
            found.append(posts[number])
        if len(found) == A_PHASE:
            break
    return found


def central(texts: Sequence[str]) -> Iterator[int]:
    """The texts' indices, the most central first; one like another that came before it comes later.

    Words are weighed by tf-idf (sublinear, English stop words left out); central is what has the
    greatest cosine to the mean of all, less half the greatest cosine to those chosen before (maximal
    marginal relevance, Carbonell and Goldstein, SIGIR 1998).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # takes 0.7 s, and not every answer quotes

    weigh = TfidfVectorizer(sublinear_tf=True, stop_words="english", max_features=5_000)
    try:
        weights = weigh.fit_transform(texts)
    except ValueError:  # nothing but stop words
        return
    centre = np.asarray(weights.mean(axis=0)).ravel()
    relevance = weights @ (centre / np.linalg.norm(centre))
    likeness = np.zeros(len(texts))
    left = np.ones(len(texts), bool)
    while left.any():
        worth = np.where(left, relevance - _ALIKE * likeness, -np.inf)
        best = int(worth.argmax())
        left[best] = False
        yield best
        likeness = np.maximum(likeness, (weights @ weights[best].T).toarray().ravel())
