"""The pseudonym key: beside the store, never in it, readable by its owner alone."""

import os
import secrets
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
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    key = secrets.token_bytes(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex())
    return key
