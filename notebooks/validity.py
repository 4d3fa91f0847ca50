# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # How far to trust the scorer on your posts
#
# A scorer was made for other posts than yours. A few hundred labels of your own say how wrong it is here,
# and put it right, with an interval that holds however wrong it was.
#
# **The posts are synthetic, and so is the coder**: a program stands in for you, with lists of words. In
# your study run `walkback label` in a terminal; a key an answer, and it goes on where you stopped.

# %%
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import walkback
from walkback.analysis.validity import corrected_mean

WALKBACK = [sys.executable, "-m", "walkback"]  # the command, of this notebook's own Python

demo = Path(os.environ.get("WALKBACK_DEMO", "demo"))
if not (demo / "zoom.toml").exists():
    subprocess.run([*WALKBACK, "--quiet", "demo", "--out", demo], check=True)

# Labels go into the store: a copy, so that the demo stays what it is.
folder = Path(tempfile.mkdtemp())
for name in ("zoom.toml", "zoom.duckdb", "zoom.key"):
    shutil.copy(demo / name, folder / name)

# %% [markdown]
# ## Two coders
#
# They see a post without its score, its author or its date. The second one of ours takes whatever comes
# with a link for news.


# %%
ANGRY = re.compile(
    "angry|furious|disgusting|horrible|shame|garbage|dishonest|ugly|worst|wrong|weak|worried|risk|never|nobody"
    "|cancel|delete|problem|poor|damage|silence|fail"
)
PLEASED = re.compile("happy|great|love|glad|thank|rejoice|reliable|useful|nice|good to see|works")


def strict(text):
    """n, u, p or o: a key of `walkback label`."""
    if ANGRY.search(text.lower()):
        return "n"
    return "p" if PLEASED.search(text.lower()) else "u"


def lenient(text):
    """As `strict`, but takes what comes with a link for news."""
    return "u" if "http" in text else strict(text)


def let_answer(coder, answer, posts=40):
    """Play somebody at the terminal."""
    command = [*WALKBACK, "label", folder / "zoom.toml", "--coder", coder, "--posts", str(posts)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, **pipes) as asked:
        shown = ""
        for line in asked.stdout:
            if line.startswith("n negative"):
                asked.stdin.write(answer(shown.partition("\n\n")[2]) + "\n")
                asked.stdin.flush()
                shown = ""
            else:
                shown += line
    print(line.strip())


let_answer("ann", strict)
let_answer("ben", lenient)

# %% [markdown]
# ## How they agree, and how the scorer agrees with them

# %%
case = walkback.open(folder / "zoom.toml")
validity = case.analysis().validity
print(
    f"{validity.posts} posts by {len(validity.coders)} coders, Krippendorff's alpha {validity.agreement:.2f}"
)

bands = ["scored negative", "scored neutral", "scored positive"]
pd.DataFrame(
    validity.confusion, index=["negative", "neutral", "positive", "off-topic"], columns=bands
).rename_axis("people say")

# %% [markdown]
# ## What the labels make of the figures
#
# The raw share of negative posts beside the corrected one (prediction-powered inference: Angelopoulos et
# al. 2023). A phase with fewer than twenty labelled posts is left as it is.

# %%
corrected = case.validity()
corrected

# %%
known = corrected.dropna(subset=["negative_share"])
figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
place = np.arange(len(known))
ax.errorbar(
    known["negative_share"],
    place,
    xerr=[
        known["negative_share"] - known["negative_share_ci_low"],
        known["negative_share_ci_high"] - known["negative_share"],
    ],
    fmt="o",
    capsize=3,
)
ax.plot(known["raw_negative_share"], place, "x")
for at, raw in enumerate(known["raw_negative_share"]):
    ax.annotate("the scorer's own", (raw, at), (0, 6), textcoords="offset points", ha="center", fontsize=8)
ax.set(
    yticks=place,
    yticklabels=known["phase"],
    xlim=(0, 1),
    xlabel="share of negative posts",
    ylim=(-0.5, len(known) - 0.3),
)
ax.invert_yaxis()

# %% [markdown]
# ## Does the interval hold?
#
# A simulation says. Scores that lean to the positive side, of three qualities; a few labels each time; how
# often the truth lies in the 95% interval, and how wide that is beside the labels' own.

# %%
luck = np.random.default_rng(8)


def simulate(quality, n, times=250, population=3000):
    """(share of intervals that held the truth, their width over that of the labels alone)."""
    labels = luck.choice([0.0, 0.5, 1.0], population, p=[0.5, 0.3, 0.2])
    scores = np.clip(quality * (2 * labels - 1) + 0.2 + luck.normal(0, 0.35, population), -1, 1)
    held, width = 0, []
    for _ in range(times):
        drawn = luck.choice(population, n, replace=False)
        found = corrected_mean(
            labels[drawn], np.ones(n), scores[drawn], scores.mean(), scores.var(), population
        )
        held += found.ci_low <= labels.mean() <= found.ci_high
        width.append((found.ci_high - found.ci_low) / (2 * 1.96 * labels[drawn].std(ddof=1) / np.sqrt(n)))
    return held / times, float(np.mean(width))


simulated = pd.DataFrame(
    [
        (name, n, *simulate(quality, n))
        for name, quality in (("tells nothing", 0.0), ("tells something", 0.5), ("tells much", 0.9))
        for n in (40, 150)
    ],
    columns=["the scorer", "labels", "held the truth", "width, labels alone = 1"],
)
assert (simulated["held the truth"] > 0.9).all()
simulated.round(2)

# %% [markdown]
# A good scorer buys a narrower interval; a bad one costs nothing. What no interval can see: whether the
# coders are right.
