"""What `export --partitioned` does: a case's store as a part of a lake."""

from walkback.case import Case
from walkback.commands.packages import files_of
from walkback.folder import Folder
from walkback.lake import begin_lake
from walkback.session import Session


def export_lake(session: Session, case: Case, place: str) -> None:
    """Write all posts of the case's store into a lake, and the case beside them.

    Raises CaseError where the place is something else or has another key's pseudonyms, FolderError.
    """
    files = files_of(case)
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
    for file in files:
        lake.folder.write(f"cases/{case.name}/{file.name}", file.read_bytes())
    session.terminal.say(
        f"{place}: {posts:,} posts, with their words and pseudonyms: keep it as you keep the store"
    )
