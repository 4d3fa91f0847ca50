"""How near scores are to people's ratings, beside the published figures; and what other scorers change.

    python benchmarks/accuracy.py [model …]

The rated texts are those of Hutto and Gilbert (ICWSM 2014), read from the folder that WALKBACK_SHARED_DATA
names (default: ../shared/data). As in their paper: r is Pearson's between compound and the mean rating;
precision is over texts scored as not neutral, recall over all, F1 of both, the class being the sign.
Macro-recall is the mean of the recalls of texts rated below and above zero; MAE is the mean distance between
compound and a quarter of the rating, which brings it to [-1, 1]. A model is a folder with a transformer.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from walkback.analysis.scorers.base import NEGATIVE_AT_MOST, POSITIVE_AT_LEAST, Scorer
from walkback.analysis.scorers.transformer import Transformer
from walkback.analysis.scorers.vader import Vader, policy_words

# Where the texts are, and r and F1 as table 4 of the paper has them.
SETS = {
    "tweets": ("tweets", 0.881, 0.96),
    "Amazon": ("amazonReviewSnippets", 0.565, 0.63),
    "films": ("movieReviewSnippets", 0.451, 0.61),
    "New York Times": ("nytEditorialSnippets", 0.492, 0.55),
}


def rated(path: Path) -> tuple[list[str], np.ndarray]:
    """Texts and people's mean ratings in [-4, 4]."""
    rows = [line.split("\t") for line in path.read_text("utf-8", "replace").splitlines() if line]
    return [row[2] for row in rows], np.array([float(row[1]) for row in rows])


def compound_of(scorer: Scorer, texts: list[str]) -> np.ndarray:
    """Each text's compound."""
    return scorer.score(pa.chunked_array([pa.array(texts, pa.string())]))["compound"].to_numpy()


def figures(compound: np.ndarray, ratings: np.ndarray) -> tuple[float, ...]:
    """r, MAE, macro-recall, precision, recall, F1."""
    said = np.select([compound <= NEGATIVE_AT_MOST, compound >= POSITIVE_AT_LEAST], [-1, 1], 0)
    right = ((said == np.sign(ratings)) & (said != 0)).sum()
    precision, recall = right / (said != 0).sum(), right / len(ratings)
    return (
        np.corrcoef(compound, ratings)[0, 1],
        np.abs(compound - ratings / 4).mean(),
        np.mean([(said[np.sign(ratings) == sign] == sign).mean() for sign in (-1, 1)]),
        precision,
        recall,
        2 * precision * recall / (precision + recall),
    )


def main(folder: Path, models: list[Path]) -> None:
    """Print the table."""
    words = policy_words()
    scorers: list[Scorer] = [
        Vader(),
        Vader(curly_apostrophes=True),
        Vader(words),
        Vader(words, curly_apostrophes=True),
        *map(Transformer, models),
    ]
    names = ("r", "MAE", "macro R", "P", "R", "F1")
    print(f"{'':16}{'scorer':36}{'texts':>8}{'changed':>9}" + "".join(f"{name:>9}" for name in names))
    for name, (file, r, f1) in SETS.items():
        texts, ratings = rated(folder / f"{file}_GroundTruth.txt")
        print(f"{name:16}{'(published)':53}{r:9.3f}{f1:45.2f}")
        plain = compound_of(scorers[0], texts)
        for scorer in scorers:
            compound = compound_of(scorer, texts)
            print(
                f"{name:16}{scorer.name + ' ' + scorer.version:36}{len(texts):8,}"
                f"{(compound != plain).sum():9,}"
                + "".join(f"{figure:9.4f}" for figure in figures(compound, ratings))
            )


if __name__ == "__main__":
    shared = Path(os.environ.get("WALKBACK_SHARED_DATA", "../shared/data")) / "vader_icwsm2014"
    if not shared.is_dir():
        sys.exit(f"{shared}: the rated texts are not here")
    main(shared / "hutto_ICWSM_2014", [Path(model) for model in sys.argv[1:]])
