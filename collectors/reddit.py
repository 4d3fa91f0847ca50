"""Reddit by praw: subreddits' newest submissions and comments, searches, and the trees of matching threads.

Contracts: reddit.com/dev/api; praw 8. A listing shows the newest 1,000 things or so and a search 250,
with no way to ask for a time: what lies further back is had by search and by the threads' trees, and
is declared saturated where that can't be all.
"""

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import praw
import prawcore
import pyarrow as pa
import requests
from praw.exceptions import PRAWException

from walkback.case import Query
from walkback.case import Reddit as RedditSettings
from walkback.collectors.archives.format import Sighting
from walkback.collectors.archives.pushshift import PUSHSHIFT
from walkback.collectors.collector import (
    COMPLETE,
    SATURATED,
    TRUNCATED,
    Covered,
    Due,
    Estimate,
    Fetched,
    Stretch,
    read,
    within,
)
from walkback.collectors.keys import Keys
from walkback.collectors.queries import split_any
from walkback.collectors.transport import Asking, Judgement, usual_judge
from walkback.collectors.trouble import CredentialsError, QueryError, SourceError, TierError, UnreachableError
from walkback.matching import EVERYTHING, Matcher
from walkback.post import Door

SOURCE: Final = "reddit"
KEYS: Final = ("WALKBACK_REDDIT_CLIENT_ID", "WALKBACK_REDDIT_CLIENT_SECRET")
_WHERE: Final = (
    "Reddit gives them on request alone (support.reddithelp.com, Responsible Builder Policy); without them, "
    "import an archive"
)
_USER_AGENT: Final = "python:walkback:v0 (public reactions to policy changes)"
_EVERYWHERE: Final = "all"
_PAGE: Final = 100
_SEARCH_CAP: Final = 240  # a search shows about 250 things
_LISTING_CAP: Final = 950  # a listing shows about 1,000
_MORE_THAN_ALL: Final = 1_500  # then it goes round in a circle
_LONGEST_QUERY: Final = 512


class RedditCollector:
    """Submissions and comments of the case's subreddits; of all of Reddit, by search, where none is named."""

    source = SOURCE
    looks_up_ids = True
    overlap = timedelta(minutes=10)

    def __init__(
        self, settings: RedditSettings, query: Query, door: Door, asking: Asking, keys: Keys
    ) -> None:
        """Nothing is asked yet. Raises KeyMissingError without credentials."""
        client_id, client_secret = keys.needed(SOURCE, KEYS, _WHERE)
        self._subreddits = settings.subreddits or (_EVERYWHERE,)
        self._query = query
        self._door = door
        self._matcher = Matcher(query, door)
        self._budget = asking.budget
        self._clock = asking.clock
        self._reddit = praw.Reddit(
            client_id=client_id,
            client_secret=client_secret,
            user_agent=_USER_AGENT,
            requestor_kwargs={"session": asking.session(_judge_by(asking), _rate_state)},
            check_for_updates=False,
            check_for_async=False,
        )

    @property
    def scope(self) -> Sequence[str]:
        """The subreddits."""
        return tuple(name.lower() for name in self._subreddits)

    def queries(self) -> Sequence[str]:
        """What the searches ask for; listings are asked whole."""
        return compile_query(self._query)

    def estimate(self, window: Stretch) -> Estimate:  # noqa: ARG002
        """Reddit counts nothing beforehand, and costs nothing."""
        return Estimate()

    def pages(self, window: Stretch, state: Mapping[str, Any] | None) -> Iterator[Fetched]:
        """Subreddit by subreddit: newest submissions, else searches; newest comments, else threads."""
        at = _Position.begin() if state is None else _Position(**state)
        while at.subreddit < len(self._subreddits):
            try:
                with _explained(self._subreddits[at.subreddit]):
                    yield from self._subreddit(window, at)
            except (TierError, QueryError) as error:
                at.closed.append(str(error).removeprefix("reddit: "))
            at.next_subreddit()
        yield Fetched(covered=(Covered(window.start, window.end, at.status()),))
        if at.closed:
            raise TierError(f"reddit: {'; '.join(at.closed)}")

    def observe(self, due: Sequence[Due]) -> Iterator[Fetched]:
        """The things by name; those that Reddit no longer lists are gone."""
        ids = [post.id for post in due]
        for first in range(0, len(ids), _PAGE):
            batch = ids[first : first + _PAGE]
            batch = batch[: self._budget.affordable(len(batch))]
            with _explained(SOURCE):
                things = [_thing(model) for model in self._reddit.info(fullnames=batch)]
            fetched = self._read(things)
            shown = {thing.get("name") for thing in things}
            gone = tuple(name for name in batch if name not in shown)
            # None of many: that is an empty answer, and no word on any of them.
            yield Fetched(fetched.posts, fetched.faults, gone=gone if things or len(batch) == 1 else ())

    def probe(self) -> str:
        """One submission of the first subreddit."""
        name = self._subreddits[0]
        with _explained(name):
            list(self._reddit.subreddit(name).new(limit=1))
        return f"works (r/{name} answers)"

    def _subreddit(self, window: Stretch, at: "_Position") -> Iterator[Fetched]:
        name = self._subreddits[at.subreddit]
        subreddit = self._reddit.subreddit(name)
        queries = self.queries()
        if at.stage == "new" and name == _EVERYWHERE:
            at.next_stage("search")
        if at.stage == "new":
            yield from self._listing(subreddit.new, window, at, at.after_new)
        while at.stage == "search":
            ask = _search(subreddit, queries[at.query])
            last = at.query + 1 == len(queries)
            following = "trees" if name == _EVERYWHERE else "comments"
            yield from self._listing(ask, window, at, partial(at.after_search, following if last else None))
        if at.stage == "comments":
            yield from self._listing(subreddit.comments, window, at, at.after_comments)
        while at.stage == "trees" and at.threads:
            yield from self._tree(at.threads[0], window, at)

    def _listing(
        self,
        ask: "Callable[..., Iterable[Any]]",
        window: Stretch,
        at: "_Position",
        done: "Callable[[], None]",
    ) -> Iterator[Fetched]:
        """A listing's pages, newest first, until one reaches back before the window."""
        stage, query = at.stage, at.query
        while (at.stage, at.query) == (stage, query):
            most = self._budget.affordable(_PAGE)
            params = {"after": at.after} if at.after else {}
            things = [_thing(model) for model in ask(limit=most, params=params)]
            at.seen += len(things)
            fetched = self._read(things)
            kept = within(window, fetched.posts)
            at.remember(self._matching_threads(kept))
            ended = len(things) < most or at.seen >= _MORE_THAN_ALL
            # A listing that ends early has shown all there is.
            shows_all = ended and at.seen < (_SEARCH_CAP if stage == "search" else _LISTING_CAP)
            # By the last one: an old post may come again at the top of a page.
            back = bool(fetched.posts) and fetched.posts[-1].created_at < window.start
            at.reached = shows_all or back
            at.after = None if ended or at.reached else things[-1]["name"]
            if at.after is None:
                done()
            yield Fetched(kept, fetched.faults, state=at.as_state())

    def _tree(self, thread: str, window: Stretch, at: "_Position") -> Iterator[Fetched]:
        """One thread's comments, as many as the budget allows. praw can't go on with a tree that broke."""
        at.threads = at.threads[1:]
        comments: Any = ()
        try:
            submission = self._reddit.submission(thread)
            submission.comment_limit = self._budget.affordable(_PAGE)
            comments = submission.comments
            # The first page is read by now, but counted with the others.
            left_out = comments.replace_more(limit=self._budget.pages_left(_PAGE, under_way=_PAGE))
            at.partial = at.partial or bool(left_out)
        except (prawcore.Forbidden, prawcore.NotFound):
            pass  # the thread is gone since it was listed; its subreddit is not
        except (AssertionError, PRAWException):
            at.partial = True  # a reply that is twice in the tree, and the like
        things = [_thing(model) for model in comments.list() if hasattr(model, "body")] if comments else []
        fetched = self._read(things)
        yield Fetched(within(window, fetched.posts), fetched.faults, state=at.as_state())

    def _read(self, things: list[dict[str, Any]]) -> Fetched:
        self._budget.used(posts=len(things))
        return read(PUSHSHIFT, things, Sighting(self._door, self._clock.now()))

    def _matching_threads(self, posts: Sequence[Any]) -> list[str]:
        stories = [post for post in posts if post.id.startswith("t3_")]
        terms = self._matcher.terms(pa.array([post.text for post in stories], pa.string()))
        return [
            post.id.removeprefix("t3_")
            for post, found in zip(stories, terms.is_valid().to_pylist(), strict=True)
            if found
        ]


class _Position:
    """Where the walk through the subreddits is."""

    def __init__(  # noqa: PLR0913  # what a cursor holds
        self,
        *,
        subreddit: int,
        stage: str,
        query: int,
        after: str | None,
        seen: int,
        reached: bool,
        partial: bool,
        threads: list[str],
        closed: list[str],
        saturated: bool = False,
    ) -> None:
        self.subreddit = subreddit
        self.stage = stage
        self.query = query
        self.after = after
        self.seen = seen
        self.reached = reached
        self.partial = partial
        self.threads = threads
        self.closed = closed
        self.saturated = saturated

    @classmethod
    def begin(cls) -> "_Position":
        return cls(
            subreddit=0,
            stage="new",
            query=0,
            after=None,
            seen=0,
            reached=False,
            partial=False,
            threads=[],
            closed=[],
        )

    def as_state(self) -> dict[str, Any]:
        return {**vars(self), "threads": list(self.threads), "closed": list(self.closed)}

    def status(self) -> str:
        """Of the window, when the walk is over."""
        if self.partial or self.closed:
            return TRUNCATED
        return SATURATED if self.saturated else COMPLETE

    def next_stage(self, stage: str) -> None:
        self.stage, self.after, self.seen, self.query = stage, None, 0, 0

    def after_new(self) -> None:
        self.next_stage("comments" if self.reached else "search")

    def after_search(self, following: str | None) -> None:
        self.saturated = self.saturated or not self.reached
        if following is not None:
            self.next_stage(following)
        else:
            self.query, self.after, self.seen = self.query + 1, None, 0

    def after_comments(self) -> None:
        # Comments in threads that don't match are out of reach then.
        self.saturated = self.saturated or not self.reached
        self.next_stage("end" if self.reached else "trees")

    def next_subreddit(self) -> None:
        self.subreddit += 1
        self.threads = []
        self.reached = False
        self.next_stage("new")

    def remember(self, threads: list[str]) -> None:
        self.threads += [thread for thread in threads if thread not in self.threads]


def compile_query(query: Query) -> list[str]:
    """The query in Reddit's search syntax, in as few as fit 512 characters; comments aren't searched.

    Syntax: support.reddithelp.com, "Search". Raises QueryError for "*".
    """
    if EVERYTHING in query.any:
        raise QueryError('reddit: can\'t be searched for everything ("*"). Name words in [query].any')
    rest = "".join(f" AND {_quoted(term)}" for term in query.all)
    rest += "".join(f" NOT {_quoted(term)}" for term in query.none)
    return split_any(
        [_quoted(term) for term in query.any],
        lambda terms: f"({' OR '.join(terms)}){rest}",
        longest=_LONGEST_QUERY,
    )


def _quoted(term: str) -> str:
    words = term.lstrip("#@").replace('"', " ").strip()
    return f'"{words}"'


def _search(subreddit: Any, query: str) -> "Callable[..., Iterable[Any]]":
    def ask(**asked: Any) -> Iterable[Any]:
        found: Iterable[Any] = subreddit.search(
            query, sort="new", syntax="lucene", time_filter="all", **asked
        )
        return found

    return ask


def _thing(model: Any) -> dict[str, Any]:
    """What Reddit sent, out of praw's model, as the dumps have it: names for objects, words escaped."""
    data = {
        name: value for name, value in vars(model).items() if not name.startswith("_") and name != "replies"
    }
    author = data.get("author")
    data["author"] = None if author is None else str(author)
    if "subreddit" in data:
        data["subreddit"] = str(data["subreddit"])
    for field in ("body", "selftext", "title"):
        if isinstance(data.get(field), str):
            data[field] = html.escape(data[field], quote=False)
    return data


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """What praw raises, in Walkback's words."""
    try:
        yield
    except prawcore.RequestException as error:
        if isinstance(error.original_exception, SourceError):
            raise error.original_exception from None
        raise UnreachableError(f"reddit: {error}. Run it again later; what came so far is kept") from error
    except prawcore.Redirect as error:
        raise QueryError(f"reddit: there is no subreddit {name}. Take it out of [sources.reddit]") from error
    except (prawcore.Forbidden, prawcore.NotFound, prawcore.UnavailableForLegalReasons) as error:
        raise TierError(
            f"reddit: r/{name} is private, banned or closed to this app. Take it out of [sources.reddit]"
        ) from error
    except (prawcore.OAuthException, prawcore.InvalidToken) as error:
        raise _refused() from error
    except KeyError as error:
        if error.args == (requests.codes.unauthorized,):  # prawcore's way of saying it
            raise _refused() from error
        raise
    except (prawcore.PrawcoreException, PRAWException, AssertionError, TypeError) as error:
        raise UnreachableError(
            f"reddit: an answer that makes no sense ({type(error).__name__}: {error}). Run it again later; "
            "what came so far is kept"
        ) from error


def _refused() -> CredentialsError:
    return CredentialsError(
        f"reddit: {KEYS[0]} and {KEYS[1]} are refused (401). Check them at reddit.com/prefs/apps"
    )


def _is_answer(told: Any) -> bool:
    """A listing, a tree, more of one, or a token or why there is none."""
    return isinstance(told, list) or (
        isinstance(told, dict) and not told.keys().isdisjoint({"kind", "json", "access_token", "error"})
    )


def _judge_by(asking: Asking) -> Callable[[requests.Response], Judgement]:
    usual = usual_judge(SOURCE, asking.clock, _is_answer)

    def judge(response: requests.Response) -> Judgement:
        # Waiting is ours: prawcore would sleep by this, for as long as it likes and without a word.
        response.headers.pop("x-ratelimit-remaining", None)
        if response.status_code == requests.codes.unauthorized:
            # An old token is renewed by praw itself; a secret that is refused is not.
            return _refused() if "access_token" in (response.request.path_url or "") else None
        if response.status_code in {requests.codes.forbidden, requests.codes.not_found, requests.codes.found}:
            return None
        return usual(response)

    return judge


def _rate_state(headers: Mapping[str, str], now: datetime) -> tuple[float, datetime] | None:
    try:
        return float(headers["x-ratelimit-remaining"]), now + timedelta(
            seconds=float(headers["x-ratelimit-reset"])
        )
    except (KeyError, ValueError):
        return None
