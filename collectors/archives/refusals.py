"""What is not posts, told by name, so that nobody wonders why a file was refused."""

from collections.abc import Mapping
from typing import Any, Final

from walkback.collectors.archives.format import Record

_Named = tuple[tuple[set[str], str], ...]

# The keys that tell a kind of record, and what it is. The first that fits is told.
_INSIDE_DATA: Final[_Named] = (
    ({"tweet_count"}, "counts of X posts over time, not posts"),
    ({"member_count", "owner_id"}, "X lists, not posts"),
    ({"username", "name"}, "X user profiles, not posts"),
    ({"event_type", "id"}, "X direct messages, which are not public"),
    ({"upload_url", "status"}, "X compliance jobs, not posts"),
)
_OUTSIDE: Final[_Named] = (
    ({"id", "action", "created_at"}, "X compliance results (what was deleted), not posts"),
    ({"tweet_count", "start"}, "counts of X posts over time, not posts"),
    ({"delete"}, "X deletion notices, not posts"),
    ({"id", "username", "public_metrics"}, "X user profiles, not posts"),
    ({"screen_name", "followers_count"}, "X user profiles, not posts"),
    ({"username", "karma"}, "Hacker News users, not posts"),
    ({"acct", "followers_count"}, "Mastodon accounts, not posts"),
    ({"content", "account", "sensitive"}, "earlier versions of Mastodon statuses, without their ids"),
    ({"text", "spoiler_text"}, "the sources of Mastodon statuses, without their readable text"),
    ({"title", "version", "languages"}, "a description of a Mastodon server, not posts"),
    ({"title", "replies_policy"}, "Mastodon lists, not posts"),
    ({"following", "followed_by"}, "Mastodon relationships, not posts"),
    ({"verificationMethod", "service"}, "a DID document (a Bluesky identity), not posts"),
    ({"follows", "subject"}, "Bluesky follows, not posts"),
    ({"did"}, "a Bluesky identity, not posts"),
    ({"createdAt", "subject"}, "Bluesky likes or follows, not posts"),
    ({"$type", "createdAt", "text"}, "bare Bluesky records without their author, which can't be told apart"),
    ({"uri", "cid", "value"}, "bare Bluesky records, not views of posts"),
    ({"lexicon", "defs"}, "a description of Bluesky's data, not posts"),
    ({"name", "link_karma"}, "Reddit users, not posts"),
    ({"display_name", "subscribers"}, "subreddits, not posts"),
    ({"body", "dest"}, "Reddit messages, which are not public"),
    ({"names"}, "names of subreddits, not posts"),
    ({"json"}, "answers of Reddit's API to a single call, which Walkback does not read"),
    ({"usage", "schema"}, "a description of Arctic Shift's files, not posts"),
    ({"access_token", "token_type"}, "the key to an API, which does not belong in an archive"),
    ({"version", "interactions"}, "a recording of API traffic, not an archive"),
    ({"recorded_with"}, "a recording of API traffic, not an archive"),
    ({"got", "expected"}, "figures of a statistical test, not posts"),
    ({"error"}, "an error message of an API, not posts"),
    ({"errors"}, "error messages of an API, not posts"),
)
_THINGS: Final = {
    "t2": "Reddit users, not posts",
    "t4": "Reddit messages, which are not public",
    "t5": "subreddits, not posts",
    "t6": "Reddit awards, not posts",
    "LabeledMulti": "Reddit multireddits, not posts",
    "UserList": "Reddit users, not posts",
    "more": "markers of Reddit comments that were not loaded, not posts",
}


def refusal(record: Record) -> str | None:
    """What a record that is no post is, in plain words; None where nobody knows. Never raises."""
    if not record:
        return "empty objects, not posts"
    data: Any = record.get("data")
    if "kind" in record and isinstance(data, Mapping):
        return _thing(record["kind"], data)
    inner = data[0] if isinstance(data, list) and data else data
    if isinstance(inner, Mapping):
        return _named(inner, _INSIDE_DATA)
    return _named(record, _OUTSIDE)


def _thing(kind: Any, data: Mapping[str, Any]) -> str | None:
    children = data.get("children")
    if kind == "Listing" and isinstance(children, list) and children and isinstance(children[0], Mapping):
        kind = children[0].get("kind")
    return _THINGS.get(kind) if isinstance(kind, str) else None


def _named(record: Record, known: _Named) -> str | None:
    return next((what for keys, what in known if keys <= record.keys()), None)
