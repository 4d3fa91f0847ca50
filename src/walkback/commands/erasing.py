"""What `purge` does, and the retention that `run` applies: posts erased from the store's file for good."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from walkback.case import Case
from walkback.errors import CaseError
from walkback.reports import words
from walkback.session import Session
from walkback.store import Doomed, Store

RETENTION: Final = "retention"
GONE: Final = "gone from its platform"
_AHEAD: Final = timedelta(
    days=1
)  # what is due within a day goes too, so that the file is written anew once a day
_DELETE_BACKUPS_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call of `purge` asks to erase; `key`: the pseudonym key."""

    older_than: str | None = None
    posts: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    source: str | None = None
    key: bool = False


def purge(session: Session, case: Case, asked: Asked, *, dry_run: bool, agreed: bool) -> None:
    """Erase what is asked, after a yes; `dry_run` says how much that is.

    Raises CaseError where the call is wrong, StoreError where the file can't be written anew.
    """
    if not case.store_path.exists():
        session.terminal.say(f"{case.store_path}: no store, nothing to erase")
        return
    if asked.key:
        _purge_key(session, case, asked, dry_run=dry_run, agreed=agreed)
        return
    store = session.store(case)
    doomed = _doomed(session, case, asked)
    found = store.count_doomed([doomed])
    if dry_run or not found:
        session.terminal.say(
            f"{case.store_path}: {_told(found)} would be erased, of every case in that store"
        )
        return
    _agree(session, agreed, f"Erase {_told(found)} from {case.store_path} for good?")
    erased = _erase(session, case, store, [doomed], _reason(asked))
    session.terminal.say(f"{case.store_path}: {_told(erased)} erased; they won't come back by an import")
    for line in backups_to_delete(store, case):
        session.terminal.say(line)


def apply_retention(session: Session, case: Case) -> None:
    """Erase what is older than the case file's [retention] allows; does nothing where nothing is due."""
    if case.retention is None:
        return
    store, now = session.store(case), session.now()
    doomed = [
        Doomed(source=source, older_than=now - kept + _AHEAD)
        for source, oldest in store.oldest_posts().items()
        if (kept := case.retention.of(source)) is not None and oldest < now - kept
    ]
    if doomed:
        erased = _erase(session, case, store, doomed, RETENTION)
        session.terminal.say(f"{case.store_path}: {_told(erased)} erased, as [retention] says")


def erase_emptied(session: Session, case: Case) -> None:
    """Write the store anew where posts have lost their words since: they are still in the file."""
    store = session.store(case)
    if emptied := store.count_emptied():
        began = session.now()
        store.erase([], why=GONE, now=began)
        _note(store, case, GONE, began, emptied, session.now())
        session.terminal.say(
            f"{case.store_path}: the words of {words.count(emptied, 'post')} gone are erased"
        )


def backups_to_delete(store: Store, case: Case) -> list[str]:
    """A line for each backup that still holds what was erased since, and until when it is to be deleted."""
    runs = store.runs(case)
    purges = [run for run in runs if run.what == "purge" and run.posts]
    lines = []
    for run in runs:
        later = [purge.started_at for purge in purges if purge.started_at > run.started_at]
        if run.what == "backup" and later and Path(run.origin).exists():
            due = min(later) + _DELETE_BACKUPS_WITHIN
            lines.append(
                f"{run.origin}: a backup that still holds what was erased; delete it by {due:%Y-%m-%d}"
            )
    return lines


def _erase(session: Session, case: Case, store: Store, doomed: Sequence[Doomed], why: str) -> dict[str, int]:
    """Erase, and note that as a run: how many, and why, never whose."""
    began = session.now()
    erased = store.erase(doomed, why=why, now=began)
    _note(store, case, why, began, sum(erased.values()), session.now())
    return erased


def _note(store: Store, case: Case, why: str, began: datetime, posts: int, now: datetime) -> None:
    run = store.start_run(case, "purge", why, began)
    store.finish_run(run, refused=0, outcome="done", now=now, posts=posts)


def _purge_key(session: Session, case: Case, asked: Asked, *, dry_run: bool, agreed: bool) -> None:
    if asked != Asked(key=True):
        raise CaseError("--key goes alone. Erase the posts first, then the key")
    key = case.store_path.with_suffix(".key")
    if dry_run:
        session.terminal.say(f"{key}: would be destroyed, and {case.store_path} would take no more posts")
        return
    _agree(session, agreed, f"Destroy {key} for good? {case.store_path} will take no more posts")
    session.store(case).destroy_key(session.now())
    session.terminal.say(
        f"{key}: destroyed. Delete every copy of it too: who has one can tell authors apart by name"
    )


def _agree(session: Session, agreed: bool, question: str) -> None:  # noqa: FBT001
    if agreed:
        return
    if not session.terminal.is_watched or not session.terminal.asks(question):
        raise CaseError("nothing is erased. Add --yes to erase without being asked")


def _doomed(session: Session, case: Case, asked: Asked) -> Doomed:
    if asked == Asked():
        raise CaseError("nothing to erase was named. Give --older-than, --post, --author, --source or --key")
    return Doomed(
        source=asked.source,
        older_than=None if asked.older_than is None else _moment(session, case, asked.older_than),
        posts=tuple(_pair("--post", each) for each in asked.posts) or None,
        authors=_authors(session, case, asked.authors) or None,
    )


def _authors(session: Session, case: Case, asked: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pseudonyms of what the person is called; Mastodon's names are kept in lower case."""
    if not asked:
        return ()
    door = session.store(case).prepare()
    pairs = [_pair("--author", each) for each in asked]
    names = [(source, name.removeprefix("@").removeprefix("u/")) for source, name in pairs]
    return tuple((source, door.author(source, one)) for source, name in names for one in {name, name.lower()})


def _pair(option: str, text: str) -> tuple[str, str]:
    source, colon, name = text.partition(":")
    if not (source and colon and name):
        raise CaseError(f"{option} {text} is not right. Give SOURCE:NAME, such as reddit:t3_15abc")
    return source, name


def _moment(session: Session, case: Case, text: str) -> datetime:
    """A date in the case's time zone, or so many days before now, in UTC."""
    if days := re.fullmatch(r"(\d{1,5})d", text):
        return session.now() - timedelta(days=int(days[1]))
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), case.zone).astimezone(UTC)
    except ValueError as error:
        raise CaseError(f"--older-than {text} is not right. Give days such as 90d, or a date") from error


def _reason(asked: Asked) -> str:
    named = {"age": asked.older_than, "post": asked.posts, "author": asked.authors, "source": asked.source}
    return "by " + " and ".join(name for name, given in named.items() if given)


def _told(found: Mapping[str, int]) -> str:
    if not found:
        return "no post"
    return ", ".join(f"{words.count(count, 'post')} of {source}" for source, count in found.items())
