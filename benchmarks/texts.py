"""Texts to time scorers with: real ones, altered as people write, or made-up ones where these are absent.

The real ones are read from the folder that WALKBACK_SHARED_DATA names (default: ../shared/data) and never
leave the machine: tweets, two Reddit threads' comments and, a fifth, snippets of reviews and news.
"""

import csv
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

from walkback.collectors.sandbox.world import build_world

SHORTEST = 4  # characters
LONGEST = 4_000
SNIPPETS = 0.2
EMOJI = ("😁", "😡", "👍🏽", "🙄", "❤️", "👨‍👩‍👧", "😂😂😂", "🔥")
IDIOMS = ("that is the shit", "yeah right", "kiss of death", "kind of sad", "never so good", "bad ass")
LINKS = ("https://example.org/a1B2c3", "http://example.com/terms?id=42")
Luck = random.Random


def corpus(count: int, seed: int = 1) -> tuple[list[str], str]:
    """`count` texts, and a line that tells what they are made of."""
    luck = random.Random(seed)  # noqa: S311  # repeatable, not secret
    posts, snippets = real_texts(Path(os.environ.get("WALKBACK_SHARED_DATA", "../shared/data")))
    told = f"{len(posts):,} real posts and {len(snippets):,} snippets, altered"
    if not posts:
        posts = snippets = [f"{post.text}" for post in build_world().posts if post.text]
        told = f"{len(posts):,} made-up posts, altered"
    return [
        altered(luck.choice(snippets if luck.random() < SNIPPETS else posts), posts, luck)
        for _ in range(count)
    ], told


def real_texts(folder: Path) -> tuple[list[str], list[str]]:
    """Posts and snippets; two empty lists where the folder is not there."""
    rated = folder / "vader_icwsm2014" / "hutto_ICWSM_2014"
    if not rated.is_dir():
        return [], []
    posts = ground_truth(rated / "tweets_GroundTruth.txt")
    reddit = folder / "reddit_quarantine_2018" / "announcements_data.csv"
    with reddit.open(encoding="utf-8", newline="") as rows:
        posts += [row["body"] for row in csv.DictReader(rows)]
    dump = folder / "wsb_2021_pushshift" / "data" / "wallstreetbets.ndjson"
    with dump.open(encoding="utf-8") as lines:
        posts += [str(json.loads(line).get("title", "")) for line in lines]
    snippets = [
        text for path in sorted(rated.glob("*Snippets_GroundTruth.txt")) for text in ground_truth(path)
    ]
    return tuple([text[:LONGEST] for text in kind if len(text) >= SHORTEST] for kind in (posts, snippets))  # type: ignore[return-value]


def ground_truth(path: Path) -> list[str]:
    """The texts of one of VADER's rated files: id, mean rating, text."""
    return [line.split("\t")[2] for line in path.read_text("utf-8", "replace").splitlines() if line]


def altered(text: str, posts: list[str], luck: Luck) -> str:
    """A text as somebody else might have sent it; a third stays as it is."""
    if luck.random() < 0.33:
        return text
    alteration: Callable[[str, list[str], Luck], str] = luck.choice(ALTERATIONS)
    return alteration(text, posts, luck)


def _loud_word(text: str, _: list[str], luck: Luck) -> str:
    words = text.split() or [""]
    at = luck.randrange(len(words))
    words[at] = words[at].upper()
    return " ".join(words)


def _with_idiom(text: str, _: list[str], luck: Luck) -> str:
    return f"{text} {luck.choice(IDIOMS)}"


def _glued(text: str, posts: list[str], luck: Luck) -> str:
    if luck.random() < 0.95:
        return text
    return " ".join([text, *luck.choices(posts, k=luck.randint(5, 30))])[:LONGEST]


def _empty(text: str, _: list[str], luck: Luck) -> str:
    return text if luck.random() < 0.95 else luck.choice(["", " ", "\n\t "])


ALTERATIONS: list[Callable[[str, list[str], Luck], str]] = [
    _loud_word,
    _with_idiom,
    _glued,
    _empty,
    lambda text, _, __: text.upper(),
    lambda text, _, luck: text + luck.choice(["!", "!!", "!!!", "?", "??", "???", "!?!?"]),
    lambda text, _, luck: f"{text} {luck.choice(EMOJI)}",
    lambda text, _, luck: f"{luck.choice(EMOJI)}{text}",
    lambda text, _, luck: f"{text} #{luck.choice(['fail', 'winning', 'Policy', 'boycott'])}",
    lambda text, _, luck: f"{text} {luck.choice(LINKS)}",
    lambda text, _, luck: f"RT @user_{luck.randrange(900)}: {text}",
    lambda text, _, __: text.replace("'", "\u2019"),  # as phones write it
    lambda text, posts, luck: f"{text} but {luck.choice(posts)[:140]}",
]
