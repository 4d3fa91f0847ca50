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
# # One case, from the posts to a sentence
#
# In August 2023 Zoom's terms let it train models on what customers said. On 6 August people noticed, on 7
# August the company promised an opt-out, on 11 August it took the clause back. **Did that calm them?**
#
# The events are real. **The posts are not: every one of them is synthetic**, made up by a program that
# knows the truth, so that we can see at the end how near the answer comes to it.
#
# You need `pip install 'walkback[notebook]'`. The next cell makes the case, with `walkback demo`, unless it
# is there already.

# %%
import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.dates as mdates
import matplotlib.pyplot as plt

import walkback

WALKBACK = [sys.executable, "-m", "walkback"]  # the command, of this notebook's own Python

folder = Path(os.environ.get("WALKBACK_DEMO", "demo"))
if not (folder / "zoom.toml").exists():
    subprocess.run([*WALKBACK, "--quiet", "demo", "--out", folder], check=True)

case = walkback.open(folder / "zoom.toml")
print((folder / "zoom.toml").read_text())

# %% [markdown]
# That is the whole case: a query, a window, events, sources. Everything below follows from it and from the
# store beside it.
#
# ## What is there
#
# A row for each post that matches. Authors are pseudonyms and mentions are masked; nobody's handle is in
# the store.

# %%
posts = case.posts()
posts[["source", "created_at", "compound", "text"]].sample(5, random_state=1)

# %% [markdown]
# Before any figure: what was observed? A day that nobody asked for is not a quiet day.

# %%
case.coverage()

# %% [markdown]
# ## How it built up

# %%
case.timeline()

# %%
shape = case.analysis().shape
print(f"usual volume      {shape.baseline_posts_per_day:.0f} posts a day")
print(f"onset             {shape.onset.astimezone(case.case.zone):%d %B}")
print(f"busiest day       {shape.amplification:.0f} times the usual")
print(f"doubling time     {shape.doubling_time_hours.value:.1f} hours", end="")
print(f"  [{shape.doubling_time_hours.ci_low:.1f}, {shape.doubling_time_hours.ci_high:.1f}]")

# %% [markdown]
# Every source by itself says whether one platform makes the story alone.

# %%
by_source = case.series(by_source=True)
figure, axes = plt.subplots(3, 1, figsize=(9, 5), sharex=True, layout="constrained")
for ax, (source, frame) in zip(axes, by_source.groupby("source"), strict=True):
    ax.bar(frame["start"], frame["posts"], width=0.9)
    ax.set_title(f"{source}, posts a day", loc="left")
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(ax.xaxis.get_major_locator()))

# %% [markdown]
# ## What they were angry about
#
# Shares of posts that name a concern of the codebook, with intervals; then the words that set the outcry
# apart.

# %%
concerns = case.concerns()
concerns[concerns["phase"] == "outcry"].nlargest(5, "share")[
    ["concern", "share", "share_ci_low", "share_ci_high", "mean_compound"]
]

# %%
words = case.telling_words()
words[words["phase"] == "outcry"].head(8)

# %% [markdown]
# ## Did the reversal calm them?
#
# The tempting answer compares before with after:

# %%
phases = case.phases().set_index("name")
phases[["posts", "posts_per_day", "mean_compound", "ci_low", "ci_high", "negative_share"]]

# %% [markdown]
# It proves nothing: pushback fades by itself. In simulated outcries in which the reversal did *nothing*, a
# comparison like this says "calmed" almost always. So the volume is held against what fading alone predicts
# from the days before the reversal, and the sentiment against its own drift:

# %%
case.effects()[["event", "outcome", "measure", "estimate", "ci_low", "ci_high", "p", "method"]]

# %%
verdict = case.analysis().verdict
print(verdict.sentence)
for reason in verdict.reasons:
    print("-", reason)

# %% [markdown]
# A finding counts if it holds when something is changed: without near-duplicates, with one post a person
# and day, with other windows, without the loudest source.

# %%
for check in case.analysis().checks:
    outcome = {True: "holds", False: "does not hold", None: "can't be made"}[check.passed]
    print(f"{check.title}: {outcome}. {check.text}")

# %% [markdown]
# ## Was it right?
#
# The posts are synthetic, so there is a truth: from the reversal on, the program multiplied the excess by
# 0.4.

# %%
truth = json.loads((folder / "truth.json").read_text())
effects = case.effects()
volume = effects[(effects["event"] == "reversal") & (effects["outcome"] == "volume")].iloc[0]
print(f"put in     {truth['reversal_factor']:.2f}")
print(f"estimated  {volume['estimate']:.2f}  [{volume['ci_low']:.2f}, {volume['ci_high']:.2f}]")
assert volume["ci_low"] <= truth["reversal_factor"] <= volume["ci_high"]

# %% [markdown]
# ## For the paper

# %%
print(case.methods())

# %%
print(case.references()[:600], "…")
