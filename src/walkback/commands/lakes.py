"""What `export --partitioned` does: a case's store as a part of a lake."""

from pathlib import Path

from walkback.case import Case
from walkback.commands.packages import refuse_what_lies_elsewhere
from walkback.folder import Folder
from walkback.lake import begin_lake
from walkback.session import Session


def export_lake(session: Session, case: Case, place: str) -> None:
    """Write all posts of the case's store into a lake, and the case beside them.

    Raises CaseError where the place is something else or has another key's pseudonyms, FolderError.
    """
    refuse_what_lies_elsewhere(case)
    store = session.store(case)
    total = max(store.status(case).posts, 1)
    lake = begin_lake(Folder(place), store.fingerprint())
    done = 0
    with session.terminal.bar("writing") as bar:

        def written(posts: int) -> None:
            nonlocal done
            done += posts
            bar.show(done / total, f"{done:,} posts")

        posts = store.write_part(lake, written=written)
    _write_case(case, lake.folder)
    session.terminal.say(
        f"{place}: {posts:,} posts, with their words and pseudonyms: keep it as you keep the store"
    )


def _write_case(case: Case, folder: Folder) -> None:
    """The case file and what it names beside it."""
    folder.write(f"cases/{case.name}/{case.path.name}", case.path.read_bytes())
    for name in (case.themes.codebook, case.scorer.lexicon):
        if (
            name is not None and (beside := Path(case.path.parent, name)).is_file()
        ):  # else the name of one of ours
            folder.write(f"cases/{case.name}/{name}", beside.read_bytes())
