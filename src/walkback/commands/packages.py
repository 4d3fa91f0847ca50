"""What `export` does: a case as a folder of files for others; and how such a folder is opened again."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from walkback.analysis.model import ScorerId
from walkback.analysis.themes.codebook import codebook_text
from walkback.case import Case, load_case
from walkback.commands.reporting import analysis_of
from walkback.errors import CaseError, WalkbackError
from walkback.reports.data_card import COLUMNS, describe, render_card
from walkback.reports.document import render_json
from walkback.session import Session
from walkback.store import PACKAGE_FILES

DESCRIPTOR: Final = "datapackage.json"
CARD: Final = "README.md"
ANALYSIS: Final = "analysis.json"
CODEBOOK: Final = "codebook.toml"
# X lets others have ids alone: developer policy, "Content redistribution".
_IDS_ONLY: Final = ("x",)


def export(session: Session, case: Case, folder: Path, *, ids_only: bool) -> None:
    """Write the package. `ids_only`: of every source, and not of X alone."""
    if folder.exists():
        raise CaseError(f"{folder}: exists already. Name another folder; a package is never written over")
    session = replace(session, at=session.now())
    analysis = analysis_of(session, case, "day")
    sources = sorted(analysis.totals.by_source)
    bare = [source for source in sources if ids_only or (source in _IDS_ONLY and not case.synthetic)]
    unfinished = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        session.store(case).write_package(case, unfinished, case.window(session.now()), ids_only=bare)
        _copy_case(case, unfinished)
        (unfinished / CARD).write_text(render_card(analysis, bare), encoding="utf-8")
        _seal(unfinished, describe(analysis, bare))
        with opened(session, unfinished) as (theirs, copy):
            reread = render_json(analysis_of(theirs, copy, "day"))
        if not bare and reread != render_json(analysis):
            raise WalkbackError(f"{folder}: the package does not give the analysis again. Please report it")
        (unfinished / ANALYSIS).write_text(f"{reread}\n", encoding="utf-8")
        _seal(unfinished, describe(analysis, bare))
        unfinished.rename(folder)
    except OSError as error:
        raise WalkbackError(f"{folder}: can't be written ({error.strerror}). Name another folder") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    session.terminal.say(f"{folder}: {analysis.totals.posts:,} posts" + _told(bare, sources))


def _told(bare: list[str], sources: list[str]) -> str:
    if not bare:
        return ", with their words"
    which = "all of them" if bare == sources else ", ".join(bare)
    return f"; of {which} ids and what was derived, without words"


def _copy_case(case: Case, folder: Path) -> None:
    """The case file and what it names beside it."""
    for file in files_of(case):
        shutil.copyfile(file, folder / file.name)
    if case.themes.codebook is None:
        (folder / CODEBOOK).write_text(codebook_text(), encoding="utf-8")


def files_of(case: Case) -> list[Path]:
    """The case file, and those that it names, beside it. Raises CaseError where one lies elsewhere."""
    refuse_what_lies_elsewhere(case)
    named = (case.path.parent / name for name in (case.themes.codebook, case.scorer.lexicon) if name)
    return [case.path, *(file for file in named if file.is_file())]  # else it is the name of one of ours


def refuse_what_lies_elsewhere(case: Case) -> None:
    """A package or a lake is whole; a stranger's must not have us read other files."""
    named = (case.themes.codebook, case.scorer.lexicon)
    elsewhere = [name for name in named if name is not None and not _is_in_the_folder(name)]
    if elsewhere:
        raise CaseError(f"{case.path}: {elsewhere[0]} lies in another folder. Put it beside the case file")


def _is_in_the_folder(name: str) -> bool:
    return Path(name).name == name and name != ".."


def _seal(folder: Path, descriptor: dict[str, Any]) -> None:
    """Write the descriptor, which has every other file of the folder with its size and hash."""
    files = sorted(path for path in folder.iterdir() if path.name != DESCRIPTOR)
    sealed = {**descriptor, "resources": [_resource(path) for path in files]}
    text = json.dumps(sealed, indent=2, ensure_ascii=False)
    (folder / DESCRIPTOR).write_text(f"{text}\n", encoding="utf-8")


def _resource(path: Path) -> dict[str, Any]:
    resource = {
        "name": path.stem.lower(),
        "path": path.name,
        "format": path.suffix[1:],
        "bytes": path.stat().st_size,
        "hash": f"sha256:{_sha256(path)}",
    }
    if path.suffix != ".parquet":
        return resource
    schema = pq.read_schema(path)
    fields = [{"name": name, "description": COLUMNS.get(name, name)} for name in schema.names]
    rows = pq.read_metadata(path).num_rows
    return {**resource, "rows": rows, "schema": {"fields": fields}}


@contextmanager
def opened(session: Session, path: Path) -> Iterator[tuple[Session, Case]]:
    """A case file, or a package as its case, at the time at which it was made, on a store of its own.

    The store of a package lies in a folder for the owner alone, which is gone afterwards. Raises CaseError
    where a file of the package is missing or is not what was sealed.
    """
    if not path.is_dir():
        yield session, load_case(path)
        return
    descriptor = _verified(path)
    made_at = datetime.fromisoformat(descriptor["created"])
    case = load_case(path / descriptor["walkback"]["case"])
    refuse_what_lies_elsewhere(case)
    with tempfile.TemporaryDirectory(prefix="walkback-") as folder:
        case = case.model_copy(update={"store": str(Path(folder, "package.duckdb"))})
        own = replace(session, at=made_at, scorer=ScorerId(**descriptor["walkback"]["scorer"]))
        own.store(case).read_package(path, made_at=made_at)
        yield own, case


def _verified(folder: Path) -> dict[str, Any]:
    """The descriptor, every file being what it says."""
    try:
        descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        sealed = {str(one["path"]): one["hash"] for one in descriptor["resources"]}
        needed = {str(descriptor["walkback"]["case"]), *PACKAGE_FILES}
        ScorerId(**descriptor["walkback"]["scorer"])
        if datetime.fromisoformat(descriptor["created"]).tzinfo is None:
            raise ValueError("created has no offset")  # noqa: TRY301  # told with the others
    except FileNotFoundError as error:
        raise CaseError(
            f"{folder}: is a folder without {DESCRIPTOR}. Name a case file or a package"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(f"{folder / DESCRIPTOR}: is broken ({error!r}). Get the package anew") from error
    faults = [
        f"{folder / name}: is not sealed. Get the package anew" for name in sorted(needed - set(sealed))
    ]
    faults += [fault for name, seal in sealed.items() if (fault := _fault(folder, name, seal)) is not None]
    if faults:
        raise CaseError(*faults)
    return dict(descriptor)


def _fault(folder: Path, name: str, seal: object) -> str | None:
    if not _is_in_the_folder(name):
        return f"{folder / DESCRIPTOR}: {name} lies elsewhere. Get the package anew"
    if not (folder / name).is_file():
        return f"{folder / name}: is missing. Get the package anew"
    if seal != f"sha256:{_sha256(folder / name)}":
        return f"{folder / name}: is not as it was sealed. Get the package anew"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
