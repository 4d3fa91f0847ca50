"""What a collector is: it asks one source for the posts of a window, page by page, from a cursor."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

import orjson

from walkback.collectors.archives.format import Format, NotAPost, Record, Sighting
from walkback.post import Post
from walkback.store import Fault

# What taking a broken record apart may raise. It is that record's fault alone, never its neighbours'.
_BROKEN: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)

COMPLETE, SATURATED, TRUNCATED, GAP = "complete", "saturated", "truncated", "gap"
ERASED = "erased"  # asked for, and let go since: not to be asked for again


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open time, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Covered:
    """How a stretch ended.

    complete: all there is; saturated: the platform shows no more of it; truncated: we stopped
    before its end; gap: it could not be asked for.
    """

    start: datetime
    end: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page: what is written together.

    `state` is where to go on in this window, plain JSON values; None: the window is done. `covered`
    is what is known of the window from this page on; what a later page says of the same stretch
    takes its place. `gone` are ids that no longer exist, `alive` those that were seen to be there still.
    """

    posts: tuple[Post, ...] = ()
    faults: tuple[Fault, ...] = ()
    gone: tuple[str, ...] = ()
    alive: tuple[str, ...] = ()
    state: Mapping[str, Any] | None = None
    covered: tuple[Covered, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a window would bring and cost. None: can't be told beforehand."""

    posts: int | None = None
    requests: int | None = None
    cost: Decimal = Decimal(0)

    def __add__(self, other: "Estimate") -> "Estimate":
        """Of two windows; what can't be told of one can't be told of both."""
        posts = None if None in (self.posts, other.posts) else (self.posts or 0) + (other.posts or 0)
        asked = (
            None if None in (self.requests, other.requests) else (self.requests or 0) + (other.requests or 0)
        )
        return Estimate(posts, asked, self.cost + other.cost)


@dataclass(frozen=True, slots=True)
class Due:
    """A stored post that is to be looked at again: its counts, and whether it is still there."""

    id: str
    created_at: datetime


class Collector(Protocol):
    """One source, ready to be asked on behalf of one case. For one thread."""

    @property
    def source(self) -> str:
        """The source's name, as in the case file."""

    @property
    def overlap(self) -> timedelta:
        """How much of what was covered is asked for again, because it may have come late."""

    @property
    def scope(self) -> Sequence[str]:
        """The parts of the source that are asked, such as subreddits; empty where it has none.

        Time that was covered before one of them was added is asked for again.
        """

    @property
    def looks_up_ids(self) -> bool:
        """Whether `observe` finds any post by its id; else those alone that the query finds."""

    def queries(self) -> Sequence[str]:
        """The case's query in the platform's own words, one for each that is asked.

        Raises QueryError where the platform can't be asked that.
        """

    def estimate(self, window: Stretch) -> Estimate:
        """What the window would bring, asked as cheaply as the platform allows. Raises SourceError."""

    def pages(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Fetched]:
        """The window's pages, from the beginning or from where `state` says. Raises SourceError."""

    def observe(self, due: Sequence[Due]) -> Iterator[Fetched]:
        """The same posts as they are now, and those that are gone. Raises SourceError."""

    def probe(self) -> str:
        """One cheap question, and what came of it in a few words. Raises SourceError."""


def read(known: Format, records: Iterable[Record], sighting: Sighting) -> Fetched:
    """Posts and faults of a page's records; a broken one is quarantined by itself."""
    posts: list[Post] = []
    faults: list[Fault] = []
    for record in records:
        try:
            posts.append(known.to_post(record, sighting)._replace(via="api"))
        except NotAPost:
            continue
        except _BROKEN as error:
            faults.append(_fault(record, error))
    return Fetched(tuple(posts), tuple(faults))


def _fault(record: Record, error: Exception) -> Fault:
    reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
    words = orjson.dumps(record, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(words).hexdigest()
    # An answer has no lines; a number of the record's own keeps it apart from others of its source.
    return Fault(line=int(digest[:8], 16), item=0, reason=reason, digest=digest)


def within(window: Stretch, posts: Iterable[Post]) -> tuple[Post, ...]:
    """The posts of the window: platforms give others along with them."""
    return tuple(post for post in posts if window.start <= post.created_at < window.end)


def stretches_of(due: Sequence[Due], *, apart: timedelta = timedelta(hours=1)) -> list[Stretch]:
    """The fewest stretches that hold the posts, for sources that are asked by time."""
    stretches: list[Stretch] = []
    for moment in sorted(post.created_at for post in due):
        after = moment + timedelta(seconds=1)
        if stretches and moment - stretches[-1].end <= apart:
            stretches[-1] = Stretch(stretches[-1].start, max(after, stretches[-1].end))
        else:
            stretches.append(Stretch(moment.replace(microsecond=0), after))
    return stretches


def ask_by_time(collector: Collector, due: Sequence[Due], missing: set[str]) -> Iterator[Fetched]:
    """The posts that are due, found again by their times: one question brings many of them.

    What was found is taken out of `missing`.
    """
    wanted = {post.id for post in due}
    for stretch in stretches_of(due):
        for fetched in collector.pages(stretch, None):
            again = tuple(post for post in fetched.posts if post.id in wanted)
            if again:
                missing -= {post.id for post in again}
                yield Fetched(again)
