"""How long the whole way takes: a file of posts, import, scores, analysis, report; by the command line.

    python benchmarks/pipeline.py [posts]        default 1,000,000

Made-up Pushshift comments with the synthetic case's words, times and number of authors. The reference, in the
same run: vaderSentiment's pace on the same words, and how long it alone would take for all of them.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import orjson
from ingest import FILLER, machine
from memory import peak_memory

from walkback.collectors.sandbox.archives import write_case
from walkback.collectors.sandbox.world import build_world

WALKBACK = Path(sys.executable).with_name("walkback")
JITTER_S = 3_600


def write_comments(path: Path, count: int) -> None:
    """The synthetic posts again and again, each at another minute and by another author."""
    luck = random.Random(1)  # noqa: S311  # made-up posts
    posts = [post for post in build_world().posts if post.text]
    with path.open("wb") as lines:
        for number in range(count):
            post = posts[number % len(posts)]
            at = post.created_at + timedelta(seconds=luck.randrange(JITTER_S))
            row = {
                "id": f"{number:x}",
                "body": f"{post.text} {number}",
                "author": f"made_up_{luck.randrange(count // 8)}",
                "created_utc": int(at.timestamp()),
                "link_id": "t3_x",
                "parent_id": "t3_x",
                "score": number % 50,
                "subreddit": "privacy",
                "retrieved_on": 1_700_000_000,
                **FILLER,
            }
            lines.write(orjson.dumps(row) + b"\n")


def command(folder: Path, *arguments: str) -> tuple[float, float]:
    """(seconds, peak memory in MiB) of a command, all its processes included."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  # our own command
        [WALKBACK, *arguments], cwd=folder, stdout=subprocess.DEVNULL, text=True
    )
    peak = peak_memory(process)
    if process.returncode:
        sys.exit(f"walkback {' '.join(arguments)} failed")
    return time.perf_counter() - began, peak


def main(count: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case = write_case(folder).name
        write_comments(folder / "comments.ndjson", count)
        alone = count / machine(folder / "comments.ndjson")
        print(f"{count:,} posts; vaderSentiment alone, one process: {alone:,.0f} s")
        print(f"{'':24}{'s':>8}{'MiB':>8}")
        steps: Sequence[Sequence[str]] = (
            ("import", case, "comments.ndjson"),
            ("report", case),
            ("report", case),
        )
        measured = [command(folder, *step) for step in steps]
        for title, (seconds, peak) in zip(
            ("import, with scores", "report", "report again"), measured, strict=True
        ):
            print(f"{title:24}{seconds:8.1f}{peak:8,.0f}")
        whole = sum(seconds for seconds, _ in measured[:2])
        print(f"{'file to report':24}{whole:8.1f}{max(peak for _, peak in measured):8,.0f}")
        print(f"{'times vaderSentiment':24}{alone / whole:8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
