"""The sources that a case can name, and how to make their collectors."""

from collections.abc import Callable, Mapping
from typing import Final

from walkback.case import Case
from walkback.collectors.bluesky import BlueskyCollector
from walkback.collectors.collector import Collector
from walkback.collectors.hackernews import HackerNewsCollector
from walkback.collectors.keys import Keys
from walkback.collectors.mastodon import MastodonCollector
from walkback.collectors.reddit import RedditCollector
from walkback.collectors.transport import Asking
from walkback.collectors.x import XCollector
from walkback.post import Door

_Make = Callable[[Case, Door, Asking, Keys], Collector]


def _hackernews(case: Case, door: Door, asking: Asking, _: Keys) -> Collector:
    return HackerNewsCollector(case.query, door, asking)


def _reddit(case: Case, door: Door, asking: Asking, keys: Keys) -> Collector:
    assert case.sources.reddit is not None  # noqa: S101  # made for wanted sources alone
    return RedditCollector(case.sources.reddit, case.query, door, asking, keys)


def _x(case: Case, door: Door, asking: Asking, keys: Keys) -> Collector:
    assert case.sources.x is not None  # noqa: S101
    return XCollector(case.sources.x, case.query, door, asking, keys)


def _mastodon(case: Case, door: Door, asking: Asking, _: Keys) -> Collector:
    assert case.sources.mastodon is not None  # noqa: S101
    return MastodonCollector(case.sources.mastodon, case.query, door, asking)


def _bluesky(case: Case, door: Door, asking: Asking, keys: Keys) -> Collector:
    return BlueskyCollector(case.query, door, asking, keys)


_MAKERS: Final[Mapping[str, _Make]] = {
    "hackernews": _hackernews,
    "reddit": _reddit,
    "x": _x,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
}


def hosts(case: Case) -> tuple[str, ...]:
    """Every host that the case's sources may be asked at."""
    servers = case.sources.mastodon.servers if case.sources.mastodon else ()
    return (
        "hn.algolia.com",
        "www.reddit.com",
        "oauth.reddit.com",
        "api.twitter.com",
        "bsky.social",
        "public.api.bsky.app",
        *servers,
    )


def make_collector(source: str, case: Case, door: Door, asking: Asking, keys: Keys) -> Collector:
    """The source's collector for the case. Raises SourceError where something it needs is missing."""
    return _MAKERS[source](case, door, asking, keys)
