"""The pseudonym key: beside the store, never in it, readable by its owner alone."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from walkback.errors import StoreError
from walkback.post import Door


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
    try:
        return Door(_read_or_make(path))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path}: the pseudonym key can't be used ({error}). Put the right file back"
        ) from error


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
