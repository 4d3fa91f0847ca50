"""What stands in a decoded record, checked as it is taken out: ids, times, counts, parts.

An archive may hold anything. A value of the wrong type that went into a post would stop a whole page
from being written; here it is a ValueError or TypeError, which stops that post alone.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from walkback.collectors.archives.format import Record
from walkback.post import account_days, clean_text, utc_from_seconds

_NOTHING: Final[Record] = {}
_LARGEST_COUNT: Final = 2**63 - 1  # what the store's column holds


def needed_id(value: Any) -> str:
    """An id as text. Raises ValueError where it is missing, or was spoilt by being made a float."""
    found = optional_id(value)
    if found is None:
        raise ValueError("id is missing")
    return found


def optional_id(value: Any) -> str | None:
    """The same; None where there is none."""
    if isinstance(value, str):
        return clean_text(value) if value else None
    if value is None:
        return None
    if type(value) is not int:
        raise ValueError(f"an id is {type(value).__name__}, not text")
    return str(value)


def part(record: Record, key: str) -> Record:
    """The object at a key; an empty one where there is none. Raises TypeError on anything else."""
    value = record.get(key)
    if not value:
        return _NOTHING
    if not isinstance(value, Mapping):
        raise TypeError(f"{key} is {type(value).__name__}, not an object")
    return value


def parts(record: Record, key: str) -> list[Record]:
    """The objects listed at a key; what is no object among them is left out."""
    value = record.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def words(value: Any) -> str:
    """A text; "" where there is none. Raises TypeError on anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"a text is {type(value).__name__}")
    return value


def count(value: Any) -> int | None:
    """A whole number; None where it isn't told. Raises ValueError on what is no such number."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or abs(value) > _LARGEST_COUNT:
        raise ValueError("a count is no whole number that can be stored")
    return value


def language(code: Any) -> str | None:
    """A language code; None for X's and ISO's ways to say that nobody knows (`und`, `zxx`, `qaa`-`qtz`)."""
    if not isinstance(code, str) or code in {"", "und", "zxx"}:
        return None
    return None if len(code) == 3 and code[0] == "q" else clean_text(code)


def iso_time(value: Any) -> datetime:
    """ISO 8601 as the platforms write it; UTC where no offset is given, which they mean."""
    if not value:
        raise ValueError("created_at is missing")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("created_at is beyond the times that can be stored") from error


def account_age(made_at: Any, posted_at: datetime, parse: Callable[[Any], datetime] = iso_time) -> int | None:
    """How old the account was, see `account_days`; None where that isn't told as a time."""
    if not made_at:
        return None
    try:
        return account_days(parse(made_at), posted_at)
    except (ValueError, TypeError):
        return None


def epoch_time(value: Any) -> datetime:
    """Seconds since 1970, as a number or as text (old dumps have texts)."""
    if value is None or value == "":
        raise ValueError("created_at is missing")
    if type(value) is int:
        return utc_from_seconds(value)
    try:
        return utc_from_seconds(float(value))
    except OverflowError as error:
        raise ValueError("created_at is no time in epoch seconds") from error
