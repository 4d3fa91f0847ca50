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
# # Several walk-backs side by side
#
# One case is an anecdote. Here are four, **all of them synthetic**, so that we know what each reversal did:
# the Zoom demo, and three made-up companies whose outcries we draw ourselves, in one of which the reversal
# did nothing at all.

# %%
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import walkback

WALKBACK = [sys.executable, "-m", "walkback"]  # the command, of this notebook's own Python

demo = Path(os.environ.get("WALKBACK_DEMO", "demo"))
if not (demo / "zoom.toml").exists():
    subprocess.run([*WALKBACK, "--quiet", "demo", "--out", demo], check=True)
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Outcries with a known truth
#
# Volume: a usual rate with a daily rhythm, an outcry that doubles fast and then fades with a half-life, and
# from the reversal on the excess times a factor. Sentiment: a post of the outcry is angry more often than a
# usual one.

# %%
CASE = """
title = "{title}"
timezone = "UTC"
start = 2024-03-01
end = 2024-04-12
synthetic = true
[query]
any = ["{name}"]
[[events]]
at = 2024-03-14T09:00:00Z
kind = "outcry"
label = "It is noticed"
[[events]]
at = {reversal:%Y-%m-%dT%H:%M:%SZ}
kind = "reversal"
label = "It is taken back"
"""
START, END, OUTCRY = (pd.Timestamp(day, tz="UTC") for day in ("2024-03-01", "2024-04-12", "2024-03-14 09:00"))
USUAL = (
    "{} works for me today",
    "how do I share a screen in {}?",
    "{} meeting at noon",
    "love the new {} icons",
)
ANGRY = ("shame on {}, I am furious", "{} is awful and I hate this", "never again, {}: a terrible betrayal")
CALM = ("ok, {} took it back, good", "glad that {} listened, thank you")


def make(name, title, *, days_to_reversal, factor, half_life, seed):
    """A case file and its posts, drawn hour by hour."""
    luck = np.random.default_rng(seed)
    reversal = OUTCRY + pd.Timedelta(days=days_to_reversal)
    hours = pd.date_range(START, END, freq="h", inclusive="left")
    since = (hours - OUTCRY).total_seconds().to_numpy() / 86_400
    rhythm = 1 + 0.5 * np.sin((hours.hour.to_numpy() - 8) * np.pi / 12)
    fading = np.where(
        since < 0, 0, np.minimum(1, since * 2) * 0.5 ** (np.maximum(since - 0.5, 0) / half_life)
    )
    excess = 35 * fading * np.where(hours >= reversal, factor, 1)
    rows = []
    for hour, usual, angry in zip(
        hours, luck.poisson(2.5 * rhythm), luck.poisson(excess * rhythm), strict=True
    ):
        for kind, count in ((USUAL, usual), (ANGRY, angry)):
            for _ in range(count):
                calmed = kind is ANGRY and hour >= reversal and luck.random() > factor
                text = luck.choice(CALM if calmed else kind).format(name)
                at = hour + pd.Timedelta(seconds=int(luck.integers(3600)))
                rows.append((len(rows), at.isoformat(), f"{text} {luck.integers(10**6)}", luck.integers(900)))
    file = folder / f"{name}.toml"
    file.write_text(CASE.format(name=name, title=title, reversal=reversal))
    posts = pd.DataFrame(rows, columns=["id", "created_at", "text", "author"])
    posts.assign(source="forum").to_csv(folder / f"{name}.csv", index=False)
    subprocess.run([*WALKBACK, "--quiet", "import", file, folder / f"{name}.csv"], check=True)
    return file


files = [
    demo / "zoom.toml",
    make("acme", "Acme, quick and whole", days_to_reversal=4, factor=0.3, half_life=5, seed=1),
    make("globex", "Globex, late and whole", days_to_reversal=7, factor=0.3, half_life=6, seed=2),
    make("initech", "Initech, for nothing", days_to_reversal=5, factor=1.0, half_life=4, seed=3),
]

# %% [markdown]
# ## The league table
#
# The quickest walk-back first. `volume` is the excess over what fading alone predicts, with its interval: 1
# is no effect.

# %%
cases = walkback.cases(files)
table = cases.table()
table[
    [
        "case",
        "synthetic",
        "hours_to_reversal",
        "posts",
        "amplification",
        "volume",
        "volume_ci_low",
        "volume_ci_high",
        "verdict",
    ]
]

# %% [markdown]
# ## And what was put in?

# %%
truth = {"zoom": 0.4, "acme": 0.3, "globex": 0.3, "initech": 1.0}
held = table.assign(truth=table["case"].map(truth))[
    ["case", "truth", "volume", "volume_ci_low", "volume_ci_high", "verdict"]
]
held

# %% [markdown]
# Where nothing was done, nothing may be said to have worked; that is what the interval is for. (Now and
# then one misses: docs/method.md says how often.)

# %%
assert held.set_index("case").loc["initech", "verdict"] != "calmed"

# %% [markdown]
# ## How fast they faded, before and after

# %%
table[
    [
        "case",
        "half_life_days_before_low",
        "half_life_days_before_high",
        "half_life_days_after_low",
        "half_life_days_after_high",
    ]
]

# %%
cases.plot("volume")
# %%
cases.plot("sentiment")

# %% [markdown]
# Before you compare real cases: do their queries catch the same share of the talk, were the same sources
# observed, and did anything else happen that week? A league table shows what happened next, not what caused
# it.
