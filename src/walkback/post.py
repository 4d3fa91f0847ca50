"""The post: one public message, normalised; and the door where people become pseudonyms."""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

_PSEUDONYM_HEX: Final = 32  # 128 bits of the HMAC: no collisions to fear, half the storage
_MENTION_HEX: Final = 10
ACCOUNT_AGES: Final = (0, 7, 30, 365)  # days; no finer, for the day itself tells many accounts apart
LONGEST_TEXT: Final = 100_000  # characters; Reddit's 40,000 are the most that a platform here allows


class Kind(StrEnum):
    """What sort of message a post is on its platform."""

    POST = "post"
    REPLY = "reply"
    COMMENT = "comment"
    QUOTE = "quote"
    REPOST = "repost"
    STORY = "story"


class TextState(StrEnum):
    """Whether the words are there; only `present` and `truncated` text is scored."""

    PRESENT = "present"
    DELETED = "deleted"
    REMOVED = "removed"
    WITHHELD = "withheld"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Engagement:
    """A post's public counts at one moment; None where the platform does not say."""

    likes: int | None = None
    replies: int | None = None
    reposts: int | None = None
    quotes: int | None = None
    score: int | None = None
    views: int | None = None


class Post(NamedTuple):
    """One public message. Key: (source, id). Times are aware and in UTC.

    `author` is a pseudonym (None: the platform withholds it), `text` has its mentions masked and
    is empty unless `text_state` is present or truncated, `place` is a subreddit or server, `via`
    names the way in (`api` or a file format), `account_days` is how old the account was, by the classes of
    `ACCOUNT_AGES`. A tuple, because archives have millions: it is made in
    a fifth of a frozen dataclass's time.
    """

    source: str
    id: str
    kind: Kind
    author: str | None
    created_at: datetime
    edited_at: datetime | None
    lang: str | None
    text: str
    text_state: TextState
    url: str | None
    parent_id: str | None
    conversation_id: str | None
    place: str | None
    fetched_at: datetime
    via: str
    engagement: Engagement | None
    account_days: int | None = None


class Door:
    """Where posts come in: authors turn into pseudonyms, handles in text are masked.

    The same key gives the same pseudonyms, so that authors can be counted; without the key
    nobody can tell who they were. Destroying the key makes the store anonymous.
    """

    def __init__(self, key: bytes) -> None:
        """`key`: at least 32 random bytes, kept outside the store."""
        if len(key) < 32:
            raise ValueError("the pseudonym key is shorter than 32 bytes")
        self._key = key
        self._keyed = hmac.new(key, digestmod="sha256")
        self._digest = lru_cache(maxsize=2_000)(self._hmac)

    def __reduce__(self) -> tuple[type["Door"], tuple[bytes]]:
        """A door goes to another process as its key."""
        return Door, (self._key,)

    def _hmac(self, message: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(message.encode("utf-8", "replace"))
        return keyed.hexdigest()

    @property
    def fingerprint(self) -> str:
        """What tells this key from others, and nothing of what it is."""
        return self._hmac("which key is this?")[:_PSEUDONYM_HEX]

    def author(self, source: str, stable_id: str) -> str:
        """HMAC-SHA256 of `source:stable_id`, its first 128 bits in hex."""
        return self._digest(f"{source}:{stable_id}")[:_PSEUDONYM_HEX]

    @staticmethod
    def is_pseudonym(name: str) -> bool:
        """Whether a name has the form of a pseudonym."""
        return _PSEUDONYM.fullmatch(name) is not None

    def mention(self, handle: str) -> str:
        """The mask of a handle, `u_` and ten hex digits, whatever its case."""
        return "u_" + self._digest(f"@{handle.lower()}")[:_MENTION_HEX]

    def mask(self, text: str) -> str:
        """Mask @mentions, u/names, e-mail addresses and links that carry a handle.

        Masking masked text changes nothing.
        """
        if (
            "@" not in text
            and "/" not in text
            and "\uff20" not in text
            and ".b" not in text
            and ".B" not in text
        ):
            return text  # nearly every text; the full-width sign and .bsky.social see below
        if "/" in text and _has_handle_place(text.lower()):
            text = _HANDLE_LINK.sub(self._mask_link, text)
        if ".bsky.social" in text.lower():
            text = _BLUESKY_SITE.sub(lambda m: self._mask_site(m[1]), text)
        text = text.replace("\uff20", "@")  # the full-width sign mentions as well
        if "@" in text:
            if _INSIDE_WORD.search(text):
                text = _EMAIL.sub("[e-mail]", text)
            text = _MENTION.sub(lambda m: "@" + self._mask_handle(m[1]), text)
        if "u/" in text:
            text = _REDDIT_NAME.sub(lambda m: m[1] + self._mask_handle(m[2]), text)
        return text

    def _mask_handle(self, handle: str) -> str:
        return handle if _MASKED.fullmatch(handle) else self.mention(handle)

    def _mask_site(self, name: str) -> str:
        """A mask that may stand in a host's name: no underscore there."""
        return name if _MASKED_SITE.fullmatch(name) else self.mention(f"{name}.bsky.social").replace("_", "-")

    def _mask_link(self, match: re.Match[str]) -> str:
        prefix, handle = match["prefix"], match["handle"]
        if handle.lower() in _NOT_HANDLES:
            return match[0]
        if match["status"]:
            return f"{prefix}i/web{match['status']}"
        return prefix + self._mask_handle(handle)


_PSEUDONYM: Final = re.compile(rf"[0-9a-f]{{{_PSEUDONYM_HEX}}}")
_MASKED: Final = re.compile(rf"u_[0-9a-f]{{{_MENTION_HEX}}}")
_MASKED_SITE: Final = re.compile(rf"u-[0-9a-f]{{{_MENTION_HEX}}}")
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# A pattern that begins with a letter is searched for far faster than one that begins with a condition.
_MENTION: Final = re.compile(r"@(?<![\w@]@)(\w(?:[\w.-]{0,250}\w)?(?:@[\w-]{1,63}(?:\.[\w-]{1,63})+)?)")
_REDDIT_NAME: Final = re.compile(r"((?<![\w/.])/?u/)([\w-]{2,32})")
_HANDLE_LINK: Final = re.compile(
    r"(?<![\w.-])"  # netflix.com is not x.com
    r"(?P<prefix>(?:https?://)?(?:"
    r"(?:www\.|mobile\.|m\.)?(?:twitter|x)\.com/(?:\#!/|intent/(?:user|follow)/?\?screen_name=)?"
    r"|nitter(?:\.[\w-]{1,60}){1,3}/"
    r"|(?:\w{2,10}\.)?reddit\.com/(?:u/|user/|r/u_|message/compose/?\?to=)"
    r"|news\.ycombinator\.com/(?:user|threads|submitted|favorites)\?id="
    r"|(?:www\.)?instagram\.com/"
    r"|bsky\.app/profile/"
    r"|[\w.-]{1,100}/(?:@|users/)"
    r"))(?P<handle>[\w.@:-]{1,100})(?P<status>/status/\d+)?",
    re.IGNORECASE,
)
_BLUESKY_SITE: Final = re.compile(r"(?<![\w.-])([a-z0-9-]{1,63})(?=\.bsky\.social\b)", re.IGNORECASE)
_INSIDE_WORD: Final = re.compile(r"@(?<=[\w.+-]@)")
_NOT_HANDLES: Final = frozenset(
    {"i", "search", "hashtag", "home", "explore", "intent", "share", "p", "reel", "reels", "stories", "tags"}
)

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def _has_handle_place(text: str) -> bool:
    """Whether a link in the lower-case text could hold a handle.

    Written out, because one pattern for all of these takes ten times as long.
    """
    return (
        "/@" in text
        or "x.com/" in text
        or "twitter.com/" in text
        or "reddit.com/" in text
        or "bsky.app/" in text
        or "/users/" in text
        or "ycombinator.com/" in text
        or "instagram.com/" in text
        or "nitter." in text
    )


def clean_text(text: str) -> str:
    """Text that every file format can hold: NUL and lone surrogates become U+FFFD.

    Raises ValueError where it is longer than any platform lets anybody write.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"a text of {len(text):,} characters is longer than any platform's")
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def account_days(made_at: datetime | None, posted_at: datetime) -> int | None:
    """How many days old an account was when it posted, rounded down to one of `ACCOUNT_AGES`.

    None where nobody says when it was made, or it can't have been then.
    """
    days = -1 if made_at is None else (posted_at - made_at).days
    return max((bound for bound in ACCOUNT_AGES if bound <= days), default=None)


def utc_from_seconds(seconds: float) -> datetime:
    """An aware UTC time from epoch seconds. Raises ValueError where no such time exists."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"{seconds} is no time in epoch seconds") from error
