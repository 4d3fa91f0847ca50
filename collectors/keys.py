"""Credentials: from environment variables, or from a `.env` file beside the case file. Never elsewhere."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from walkback.collectors.trouble import CredentialsError, KeyMissingError


class Keys:
    """The credentials at hand. They don't show when this is printed."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` by variable name."""
        self._values = values

    def __repr__(self) -> str:
        """No value is in it."""
        return f"Keys({', '.join(sorted(self._values))})"

    def get(self, name: str) -> str | None:
        """A credential, if it is there."""
        return self._values.get(name) or None

    def needed(self, source: str, names: tuple[str, ...], where: str) -> tuple[str, ...]:
        """Credentials that the source can't do without.

        Raises KeyMissingError that names the missing ones and where to get them, CredentialsError for
        one that can't be a key: a header can't hold it, and the client would print it whole.
        """
        missing = [name for name in names if not self.get(name)]
        if missing:
            them = "it" if len(missing) == 1 else "them"
            raise KeyMissingError(
                f"{source}: not set: {', '.join(missing)}. Set {them} in the environment or in .env beside "
                f"the case file; {where}"
            )
        for name in names:
            value = self._values[name]
            if not value.isascii() or not value.isprintable() or " " in value:
                raise CredentialsError(
                    f"{source}: {name} has a character in it that no key has, such as a space, a line break "
                    "or a curly quote. Copy it again"
                )
        return tuple(self._values[name] for name in names)


def keys_for(case_file: Path) -> Keys:
    """The environment's variables that begin with WALKBACK_, over those of `.env` beside the case file."""
    beside = dotenv_values(case_file.parent / ".env", interpolate=False)
    both = {**beside, **os.environ}
    ours = {name: value for name, value in both.items() if name.startswith("WALKBACK_") and value}
    return Keys({name: value.strip() for name, value in ours.items()})
