"""What is not posts, told by name, so that nobody wonders why a file was refused."""

from collections.abc import Mapping
from typing import Any, Final

from walkback.collectors.archives.format import Record

# The keys that tell a kind of record, and what it is. The first that fits is told.
_INSIDE_DATA: Final = (
    ({"tweet_count"}, "counts of X posts over time, not posts"),
    ({"member_count", "owner_id"}, "X lists, not posts"),
    ({"username", "name"}, "X user profiles, not posts"),
)
_OUTSIDE: Final = (
    ({"id", "action", "created_at"}, "X compliance results (what was deleted), not posts"),
    ({"tweet_count", "start"}, "counts of X posts over time, not posts"),
    ({"delete"}, "X deletion notices, not posts"),
    ({"id", "username", "public_metrics"}, "X user profiles, not posts"),
    ({"screen_name", "followers_count"}, "X user profiles, not posts"),
    ({"username", "karma"}, "Hacker News users, not posts"),
    ({"acct", "followers_count"}, "Mastodon accounts, not posts"),
    ({"verificationMethod", "service"}, "a Bluesky identity document, not posts"),
    ({"follows", "subject"}, "Bluesky follows, not posts"),
    ({"did"}, "a Bluesky identity, not posts"),
    ({"createdAt", "subject"}, "Bluesky likes or follows, not posts"),
    ({"$type", "createdAt", "text"}, "bare Bluesky records without their author, which can't be told apart"),
    ({"uri", "cid", "value"}, "bare Bluesky records, not views of posts"),
    ({"lexicon", "defs"}, "a description of Bluesky's data, not posts"),
    ({"name", "link_karma"}, "Reddit users, not posts"),
    ({"usage", "schema"}, "a description of Arctic Shift's files, not posts"),
    ({"version", "interactions"}, "a recording of API traffic, not an archive"),
)


def refusal(record: Record) -> str | None:
    """What a record that is no post is, in plain words; None where nobody knows."""
    data: Any = record.get("data")
    inner = data[0] if isinstance(data, list) and data else data
    if isinstance(inner, Mapping):
        return _named(inner, _INSIDE_DATA)
    return _named(record, _OUTSIDE)


def _named(record: Record, known: tuple[tuple[set[str], str], ...]) -> str | None:
    return next((what for keys, what in known if keys <= record.keys()), None)
