"""Every archive format of JSON records that import knows."""

from typing import Final

from walkback.collectors.archives.bluesky import BLUESKY
from walkback.collectors.archives.format import Format, Record
from walkback.collectors.archives.hackernews import HACKERNEWS_ITEM, HACKERNEWS_SEARCH
from walkback.collectors.archives.mastodon import MASTODON
from walkback.collectors.archives.pushshift import PUSHSHIFT
from walkback.collectors.archives.twitter import TWARC_FLAT, TWARC_PAGE
from walkback.collectors.archives.twitter_v1 import TWITTER_V1

FORMATS: Final[tuple[Format, ...]] = (
    TWARC_PAGE,
    TWARC_FLAT,
    TWITTER_V1,
    PUSHSHIFT,
    HACKERNEWS_SEARCH,
    HACKERNEWS_ITEM,
    MASTODON,
    BLUESKY,
)


def recognise(record: Record) -> Format | None:
    """The format that a decoded record has; None where it is none of them. Never raises."""
    return next((known for known in FORMATS if known.recognises(record)), None)
