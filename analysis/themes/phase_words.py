"""Words that set a phase apart from the others.

Log-odds ratios with an informative Dirichlet prior: Monroe, Colaresi and Quinn 2008, "Fightin' Words",
Political Analysis 16:372, equations 16, 20, 22 and 23. The prior is all phases' words together, as heavy as
`_PRIOR` words. A word counts once an author and phase, however often somebody says it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log, sqrt
from typing import Final

from walkback.analysis.model import Phase, PhaseWords, WordWeight
from walkback.analysis.themes.tokens import terms_of
from walkback.store import Snapshot, StoredText, Window

_SAMPLE: Final = 2_000  # posts of a phase that are looked at
_LENGTHS: Final = (1, 2_000)  # characters
_MOST: Final = 12  # words of a phase
_LEAST_Z: Final = 3.0  # thousands of words are tried at once
_PRIOR: Final = 500.0
_NORMAL_95: Final = 1.96


def find_phase_words(
    snapshot: Snapshot, window: Window, phases: Sequence[Phase], fewest: int
) -> tuple[PhaseWords, ...]:
    """Up to `_MOST` words or pairs of words of each phase, said by at least `fewest` people in it."""
    texts = [
        snapshot.texts(window, phase.start, phase.end, most=_SAMPLE, lengths=_LENGTHS) for phase in phases
    ]
    counts = [_count(posts) for posts in texts]
    everywhere: Counter[str] = sum(counts, Counter())
    weights = [weigh(here, everywhere - here, fewest) for here in counts]
    return tuple(
        PhaseWords(phase.name, len(posts), tuple(_not_twice(found)))
        for phase, posts, found in zip(phases, texts, weights, strict=True)
    )


def weigh(here: Counter[str], there: Counter[str], fewest: int) -> list[WordWeight]:
    """Words of one group against those of all others, the most telling first; how often each is said.

    Those that are said less than `fewest` times here are left out, and those with a z of less than three.
    """
    n_here, n_there = sum(here.values()), sum(there.values())
    if not n_here or not n_there:
        return []
    scale = _PRIOR / (n_here + n_there)
    found = []
    for word, count in here.items():
        if count < fewest:
            continue
        prior = scale * (count + there[word])
        delta = _log_odds(count, n_here, prior) - _log_odds(there[word], n_there, prior)
        error = sqrt(1 / (count + prior) + 1 / (there[word] + prior))
        if delta / error >= _LEAST_Z:
            reach = _NORMAL_95 * error
            found.append(WordWeight(word, count, delta / error, delta, delta - reach, delta + reach))
    return sorted(found, key=lambda weight: (-weight.z, weight.words))


def _log_odds(count: int, n: int, prior: float) -> float:
    return log((count + prior) / (n + _PRIOR - count - prior))


def _count(posts: Sequence[StoredText]) -> Counter[str]:
    by_author: dict[int, set[str]] = {}
    for post in posts:
        by_author.setdefault(post.author, set()).update(terms_of(post.text))
    return Counter(term for terms in by_author.values() for term in terms)


def _not_twice(found: Sequence[WordWeight]) -> Iterator[WordWeight]:
    """The best, without words that are said already by a pair of words, or the other way round."""
    said: list[set[str]] = []
    for weight in found:
        if len(said) == _MOST:
            return
        words = set(weight.words.split())
        if not any(words <= other or other <= words for other in said):
            said.append(words)
            yield weight
