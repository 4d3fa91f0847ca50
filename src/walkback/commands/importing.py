"""What `import` does: files into the store, one after another."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from typing import Final

from walkback.case import Case
from walkback.collectors.archives.sniff import FORMAT_NAMES
from walkback.collectors.imports import Imported, ImportOptions, Progress, import_archive
from walkback.collectors.lakes import import_lake
from walkback.commands.scoring import bring_up_to_date
from walkback.errors import ArchiveError, CaseError
from walkback.lake import is_lake
from walkback.reports import words
from walkback.session import Session
from walkback.store import close_idle
from walkback.workers import dismiss_workers

PARTLY_DONE: Final = 3


def import_options(
    format_name: str | None,
    columns: Mapping[str, str],
    source: str | None,
    assumed_zone: str | None,
    covers: tuple[datetime, datetime] | None,
) -> ImportOptions:
    """The options, checked as far as that goes without a file."""
    if format_name is not None and format_name not in FORMAT_NAMES:
        raise CaseError(f"--format {format_name} is not one of {', '.join(FORMAT_NAMES)}. Take one of these")
    return ImportOptions(format_name, columns, source, assumed_zone, covers)


def import_archives(session: Session, case: Case, files: Sequence[str], options: ImportOptions) -> int:
    """Import files and lakes, and score; one that is refused keeps no other out. Returns the exit code."""
    refused = 0
    for file in files:
        try:
            _import_one(session, case, file, options)
        except ArchiveError as error:
            session.terminal.complain(str(error))
            refused += 1
    if refused == len(files):
        return ArchiveError.exit_code
    dismiss_workers()
    close_idle()
    session.terminal.say(f"{bring_up_to_date(session, case):,} posts scored")
    return PARTLY_DONE if refused else 0


def _import_one(session: Session, case: Case, place: str, options: ImportOptions) -> None:
    began = time.monotonic()

    def pace(done: Imported) -> str:
        rate = done.records / (time.monotonic() - began + 1e-9)
        return f"{words.count(done.records, 'post')}, {rate:,.0f} posts/s"

    another_key = False
    with session.terminal.bar(PurePath(place).name) as bar:

        def progress(at: Progress) -> None:
            bar.show(at.share, pace(at.so_far))

        store, now = session.store(case), session.now()
        if is_lake(place):
            lake = import_lake(case, store, place, options, now=now, progress=progress)
            done, another_key = lake.rows, not lake.same_key
        else:
            done = import_archive(case, store, Path(place), options, now=now, progress=progress)
    session.terminal.say(
        f"{place}: {done.stored:,} stored, {done.duplicates:,} known already, "
        f"{done.quarantined:,} in quarantine, {done.refused:,} no posts ({pace(done)})"
    )
    if another_key:
        session.terminal.say("  its pseudonyms are another store's: they got ones of this store")
    if done.quarantined:
        session.terminal.say(f"  the lines in quarantine, and why: walkback status {case.path}")
