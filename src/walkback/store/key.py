"""The pseudonym key: beside the store, never in it, readable by its owner alone."""

import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from walkback.errors import StoreError
from walkback.post import Door

_DESTROYED: Final = "destroyed "


def open_door(store: Path) -> Door:
    """The door of a store, with a fresh key where there is none yet and no store either.

    Raises StoreError where the key of an existing store is gone: new posts of known authors would
    look like new authors.
    """
    path = store.with_suffix(".key")
    if not path.exists() and store.exists():
        raise StoreError(
            f"{path}: the pseudonym key of {store.name} is missing. Put it back; no post can be added without"
        )
    if when := _destroyed(path):
        raise StoreError(
            f"{path}: the pseudonym key was destroyed on {when}; {store.name} takes no more posts. "
            "Analyze it as it is, or begin a new store"
        )
    try:
        return Door(_read_or_make(path))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path}: the pseudonym key can't be used ({error}). Put the right file back"
        ) from error


def fingerprint_of(store: Path) -> str | None:
    """What tells the key of a store from others; None where it was destroyed. Raises StoreError."""
    return None if _destroyed(store.with_suffix(".key")) else open_door(store).fingerprint


def shred_key(store: Path, now: datetime) -> None:
    """Overwrite the key of a store, and leave a word on it. Raises StoreError where it can't be written."""
    path = store.with_suffix(".key")
    try:
        with path.open("r+b") as file:
            file.write(b"0" * path.stat().st_size)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            file.truncate()
            file.write(f"{_DESTROYED}{now:%Y-%m-%d}".encode("ascii"))
    except OSError as error:
        raise StoreError(f"{path}: can't be destroyed ({error.strerror}). Delete it yourself") from error


def _destroyed(path: Path) -> str | None:
    """The day that a key was destroyed on; None where it wasn't."""
    with suppress(OSError, ValueError):
        said = path.read_text(encoding="ascii")
        return said.removeprefix(_DESTROYED) if said.startswith(_DESTROYED) else None
    return None


def _read_or_make(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
    return bytes.fromhex(path.read_text(encoding="ascii"))


def _make(path: Path) -> None:
    """Write a key under another name first, so that whoever is killed leaves no half of one."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(32).hex())
        with suppress(FileExistsError):  # somebody else was first: theirs is the key
            os.link(unfinished, path)
    finally:
        unfinished.unlink()
