"""What `import` does: files into the store, one after another."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from walkback.case import Case
from walkback.collectors.archives.sniff import FORMAT_NAMES
from walkback.collectors.imports import Imported, ImportOptions, Progress, import_archive
from walkback.commands.scoring import bring_up_to_date
from walkback.errors import ArchiveError, CaseError
from walkback.reports import words
from walkback.session import Session

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


def import_archives(session: Session, case: Case, files: Sequence[Path], options: ImportOptions) -> int:
    """Import the files and score; one that is refused doesn't keep the others out. Returns the exit code."""
    refused = 0
    for file in files:
        try:
            _import_one(session, case, file, options)
        except ArchiveError as error:
            session.terminal.complain(str(error))
            refused += 1
    if refused == len(files):
        return ArchiveError.exit_code
    session.terminal.say(f"{bring_up_to_date(session, case):,} posts scored")
    return PARTLY_DONE if refused else 0


def _import_one(session: Session, case: Case, file: Path, options: ImportOptions) -> None:
    began = time.monotonic()

    def pace(done: Imported) -> str:
        rate = done.records / (time.monotonic() - began + 1e-9)
        return f"{words.count(done.records, 'post')}, {rate:,.0f} posts/s"

    with session.terminal.bar(file.name) as bar:

        def progress(at: Progress) -> None:
            bar.show(at.share, pace(at.so_far))

        done = import_archive(case, session.store(case), file, options, now=session.now(), progress=progress)
    session.terminal.say(
        f"{file}: {done.stored:,} stored, {done.duplicates:,} known already, "
        f"{done.quarantined:,} in quarantine, {done.refused:,} no posts ({pace(done)})"
    )
    if done.quarantined:
        session.terminal.say(f"  the lines in quarantine, and why: walkback status {case.path}")
