"""What `label` does: one post after another, without its score, and a key for each answer."""

import sys
from collections.abc import Iterator
from typing import Final

import typer

from walkback.analysis.phases import edges_of, find_phases
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST, POSITIVE_AT_LEAST
from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.validity import NEGATIVE, NEUTRAL, OFF_TOPIC, POSITIVE
from walkback.case import Case
from walkback.commands.scoring import bring_up_to_date
from walkback.errors import NothingToDoError
from walkback.session import Session
from walkback.store import DrawnPost, Window

_KEYS: Final = {"n": NEGATIVE, "u": NEUTRAL, "p": POSITIVE, "o": OFF_TOPIC}
_ASKED: Final = "n negative   u neutral   p positive   o off-topic   b back   q quit"


def label(session: Session, case: Case, coder: str, per_phase: int) -> None:
    """Ask about the posts that this coder hasn't labelled; each answer is stored at once."""
    store = session.store(case)
    bring_up_to_date(session, case)
    drawn = _draw(session, case, per_phase)
    known = store.labelled(case, coder)
    left = [post for post in drawn if (post.source, post.id) not in known]
    if not left:
        session.terminal.say(f"{coder} has labelled all {len(drawn):,} posts that were drawn")
        return
    session.terminal.say(
        "How does each post speak of the policy or the company? Never mind how it is written, whether you"
        " agree, or what else it speaks of. Off-topic: it is about something else."
    )
    made_up = " · synthetic" if case.synthetic else ""
    keys = _pressed()
    at = done = 0
    while at < len(left):
        post = left[at]
        session.terminal.say(
            f"\n── {len(drawn) - len(left) + at + 1:,} of {len(drawn):,} · {post.source}{made_up}\n"
        )
        session.terminal.say(f"{post.text}\n\n{_ASKED}")
        key = next(keys, "q")
        if key == "q":
            break
        if key == "b" and at > 0:
            at -= 1
            store.keep_label(case, (left[at].source, left[at].id), coder, None, session.now())
            done -= 1
        elif key in _KEYS:
            store.keep_label(case, (post.source, post.id), coder, _KEYS[key], session.now())
            at += 1
            done += 1
    session.terminal.say(f"{done:,} labelled now, {len(left) - at:,} left; the same command goes on")


def _draw(session: Session, case: Case, per_phase: int) -> list[DrawnPost]:
    scorer = scorer_for(case)
    start, end = case.window(session.now())
    edges = edges_of(find_phases(case.timeline(), start, end))
    window = Window(case.name, case.query.hash, start, end, scorer.name, scorer.version)
    with session.store(case).snapshot() as snapshot:
        drawn = snapshot.draw_for_labels(
            window, edges, most=per_phase, bands=(NEGATIVE_AT_MOST, POSITIVE_AT_LEAST)
        )
    if not drawn:
        raise NothingToDoError(
            f"{case.path}: no scored post matches the query. Import or collect posts first"
        )
    return drawn


def _pressed() -> Iterator[str]:
    """Keys as they are pressed; without a terminal, the first letter of each line."""
    if not sys.stdin.isatty():
        yield from (line.strip()[:1].lower() for line in sys.stdin if line.strip())
        return
    while True:
        try:
            yield typer.getchar().lower()
        except (EOFError, KeyboardInterrupt):
            return
