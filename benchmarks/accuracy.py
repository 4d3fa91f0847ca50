"""How near scores are to people's ratings, and what the options that lead away from VADER change.

    python benchmarks/accuracy.py

The rated texts are those of Hutto and Gilbert (ICWSM 2014), read from the folder that WALKBACK_SHARED_DATA
names (default: ../shared/data). As in their paper: r is Pearson's between compound and the mean rating;
precision is over texts scored as not neutral, recall over all, F1 of both, the class being the sign.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from walkback.analysis.scorers.base import NEGATIVE_AT_MOST, POSITIVE_AT_LEAST
from walkback.analysis.scorers.vader import Vader, policy_words

SETS = {
    "tweets": "tweets",
    "Amazon": "amazonReviewSnippets",
    "films": "movieReviewSnippets",
    "New York Times": "nytEditorialSnippets",
}


def rated(path: Path) -> tuple[list[str], np.ndarray]:
    """Texts and people's mean ratings in [-4, 4]."""
    rows = [line.split("\t") for line in path.read_text("utf-8", "replace").splitlines() if line]
    return [row[2] for row in rows], np.array([float(row[1]) for row in rows])


def compound_of(scorer: Vader, texts: list[str]) -> np.ndarray:
    """Each text's compound."""
    return scorer.score(pa.chunked_array([pa.array(texts, pa.string())]))["compound"].to_numpy()


def main(folder: Path) -> None:
    """Print the tables."""
    words = policy_words()
    scorers = [Vader(), Vader(curly_apostrophes=True), Vader(words), Vader(words, curly_apostrophes=True)]
    print(f"{'':16}{'scorer':36}{'texts':>8}{'changed':>9}{'r':>9}{'P':>8}{'R':>8}{'F1':>8}")
    for name, file in SETS.items():
        texts, ratings = rated(folder / f"{file}_GroundTruth.txt")
        plain = compound_of(scorers[0], texts)
        for scorer in scorers:
            compound = compound_of(scorer, texts)
            said = np.select([compound <= NEGATIVE_AT_MOST, compound >= POSITIVE_AT_LEAST], [-1, 1], 0)
            right = ((said == np.sign(ratings)) & (said != 0)).sum()
            precision, recall = right / (said != 0).sum(), right / len(texts)
            f1 = 2 * precision * recall / (precision + recall)
            print(
                f"{name:16}{scorer.name + ' ' + scorer.version:36}{len(texts):8,}"
                f"{(compound != plain).sum():9,}{np.corrcoef(compound, ratings)[0, 1]:9.4f}"
                f"{precision:8.4f}{recall:8.4f}{f1:8.4f}"
            )


if __name__ == "__main__":
    shared = Path(os.environ.get("WALKBACK_SHARED_DATA", "../shared/data")) / "vader_icwsm2014"
    if not shared.is_dir():
        sys.exit(f"{shared}: the rated texts are not here")
    main(shared / "hutto_ICWSM_2014")
