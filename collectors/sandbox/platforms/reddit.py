"""Reddit's API for scripts: app-only OAuth, listings, search, comment trees, info.

Contracts: reddit.com/dev/api; the wiki's OAuth2 and rate-limit pages (100 questions a minute, counted
over ten minutes). A listing ends after 1,000 things and a search after 250, whatever there is.
"""

import base64
import html
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from walkback.collectors.sandbox.archives import comment, submission
from walkback.collectors.sandbox.platforms.buckets import Bucket, Level
from walkback.collectors.sandbox.platforms.exchange import Answer, Asked, Record, UnknownRequestError
from walkback.collectors.sandbox.platforms.query import RejectedQueryError, index, parse
from walkback.collectors.sandbox.world import World, WorldPost

_DOOR: Final = "www.reddit.com"
_API: Final = "oauth.reddit.com"
_TOKEN_LASTS: Final = timedelta(days=1)
_LISTING_CAP: Final = 1_000
_SEARCH_CAP: Final = 250
_MOST: Final = 100
_DEEPEST: Final = 10  # below it: "continue this thread"
_SHOWN_OF_A_TREE: Final = 200
_REQUESTS, _WINDOW_S = 1_000, 600.0
_DUMPS_ALONE: Final = ("retrieved_on", "full_link")


class Reddit:
    """Reddit over a world."""

    source = "reddit"
    hosts: tuple[str, ...] = (_DOOR, _API)
    date_fields: tuple[str, ...] = ("created_utc",)

    def __init__(self, world: World) -> None:
        """Submissions and comments, newest first."""
        self._authors = world.authors
        self._posts = {post.id: post for post in world.posts if post.source == "reddit"}
        newest_first = list(reversed(self._posts.values()))
        self._submissions = [post for post in newest_first if post.title]
        self._comments = [post for post in newest_first if not post.title]
        self._answers: dict[str, list[WorldPost]] = defaultdict(list)
        for post in self._posts.values():
            if post.parent:
                self._answers[post.parent].append(post)
        self._places = {(post.place or "").lower() for post in newest_first}
        self._index = {post.id: index(post.words) for post in self._submissions}
        self._gone = {post.id for post in newest_first if post.deleted}
        self._unlisted: set[str] = set()
        self._tokens: dict[str, datetime] = {}
        self._bucket = Bucket(_REQUESTS, _WINDOW_S)

    def delete(self, identity: str) -> None:
        """By the id without its kind; it is listed nowhere any more."""
        self._gone.add(identity)
        self._unlisted.add(identity)

    def answer(self, asked: Asked) -> Answer:
        """Tokens at the door, everything else with one."""
        if asked.host == _DOOR:
            return self._token(asked)
        ends = self._tokens.get(asked.token)
        if ends is None or asked.at >= ends:
            return _REFUSALS["bad_credentials"]
        level = self._bucket.take(asked.at)
        headers = _rate_headers(level, asked.at)
        if not level.allowed:
            return Answer(_TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS, headers)
        found = self._found(asked)
        return Answer(found.body, found.status, {**headers, **found.headers}, found.items)

    def refusal(self, why: str) -> Answer | None:
        """Bodies as Reddit sends them; it knows no caps, and takes any query."""
        return _REFUSALS.get(why)

    def _token(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) != ("POST", "/api/v1/access_token"):
            raise UnknownRequestError(f"{asked.method} {asked.host}{asked.path}")
        if asked.form.get("grant_type") != "client_credentials":
            raise UnknownRequestError(f"{asked.path}: grant_type={asked.form.get('grant_type')}")
        who, _, secret = base64.b64decode(asked.token).decode().partition(":")
        if not who or not secret:
            return _REFUSALS["bad_credentials"]
        token = f"synthetic-token-{len(self._tokens) + 1}"
        self._tokens[token] = asked.at + _TOKEN_LASTS
        lasts = int(_TOKEN_LASTS.total_seconds())
        return Answer({"access_token": token, "token_type": "bearer", "expires_in": lasts, "scope": "*"})

    def _found(self, asked: Asked) -> Answer:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["r", name, "new"]:
                return self._listed(asked, name, self._submissions)
            case "GET", ["r", name, "comments"]:
                return self._listed(asked, name, self._comments)
            case "GET", ["r", name, "search"]:
                return self._search(asked, name)
            case "GET", ["comments", thread]:
                return self._tree(asked, thread, None)
            case "GET", ["comments", thread, "_", below]:
                return self._tree(asked, thread, below)
            case "GET", ["api", "info"]:
                return self._info(asked)
            case "POST", ["api", "morechildren"]:
                return self._more(asked)
        raise UnknownRequestError(f"{asked.method} {asked.host}{asked.path}")

    def _listed(self, asked: Asked, name: str, posts: Sequence[WorldPost]) -> Answer:
        asked.takes("limit", "after", "raw_json")
        if name.lower() not in self._places:
            return Answer("", HTTPStatus.FOUND, {"Location": f"https://{_API}/subreddits/search?q={name}"})
        here = [post for post in posts if (post.place or "").lower() == name.lower()]
        return self._page(asked, here, _LISTING_CAP)

    def _search(self, asked: Asked, name: str) -> Answer:
        asked.takes("q", "sort", "syntax", "t", "restrict_sr", "limit", "after", "raw_json")
        known = {"sort": "new", "syntax": "lucene", "t": "all"}
        if any(asked.param(option) != value for option, value in known.items()):
            raise UnknownRequestError(f"{asked.path}: knows {known} alone")
        try:
            test = parse(asked.param("q"))
        except RejectedQueryError:
            return self._page(asked, [], _SEARCH_CAP)
        found = [
            post
            for post in self._submissions
            if name.lower() in {"all", (post.place or "").lower()} and test(self._index[post.id])
        ]
        return self._page(asked, found, _SEARCH_CAP)

    def _page(self, asked: Asked, posts: Sequence[WorldPost], cap: int) -> Answer:
        size = min(asked.number("limit", 25), _MOST)
        shown = [post for post in posts if post.id not in self._gone or post.id == asked.param("after")[3:]]
        names = [_name(post) for post in shown]
        after = asked.param("after")
        first = names.index(after) + 1 if after in names else 0
        page = [post for post in shown[:cap][first : first + size] if post.id not in self._gone]
        more = bool(page) and first + size < min(len(shown), cap)
        things = [self._thing(post, asked) for post in page]
        return Answer(
            _listing(things, after=_name(page[-1]) if more else None),
            items=[thing["data"] for thing in things],
        )

    def _info(self, asked: Asked) -> Answer:
        asked.takes("id", "raw_json")
        names = asked.param("id").split(",")
        known = [self._posts[name[3:]] for name in names if name[3:] in self._posts]
        things = [self._thing(post, asked) for post in known if post.id not in self._unlisted]
        return Answer(_listing(things), items=[thing["data"] for thing in things])

    def _tree(self, asked: Asked, thread: str, below: str | None) -> Answer:
        asked.takes("limit", "sort", "raw_json")
        story = self._posts.get(thread)
        if story is None or story.id in self._unlisted or (below and below not in self._posts):
            return Answer({"message": "Not Found", "error": 404}, HTTPStatus.NOT_FOUND)
        room = _Room(min(asked.number("limit", _SHOWN_OF_A_TREE), 500))
        if below:
            roots = [self._branch(self._posts[below], 0, room, asked)]
        else:
            roots = self._branches(story, 0, room, asked)
        parts = [_listing([self._thing(story, asked)]), _listing(roots)]
        return Answer(parts)

    def _branches(self, parent: WorldPost, depth: int, room: "_Room", asked: Asked) -> list[Record]:
        """The answers to a post, as far as there is room; the rest as one `more`."""
        answers = [post for post in self._answers[parent.id] if post.id not in self._unlisted]
        if answers and depth >= _DEEPEST:
            return [_more_of(parent, [], 0, depth)]
        shown: list[Record] = []
        for position, post in enumerate(answers):
            if not room.take():
                rest = [one.id for one in answers[position:]]
                count = sum(1 for one in answers[position:] for _ in self._all_below(one))
                return [*shown, _more_of(parent, rest, count, depth)]
            shown.append(self._branch(post, depth, room, asked))
        return shown

    def _branch(self, post: WorldPost, depth: int, room: "_Room", asked: Asked) -> Record:
        thing = self._thing(post, asked)
        answers = self._branches(post, depth + 1, room, asked)
        thing["data"] |= {"replies": _listing(answers) if answers else "", "depth": depth}
        return thing

    def _all_below(self, post: WorldPost) -> Iterator[WorldPost]:
        yield post
        for answer in self._answers[post.id]:
            yield from self._all_below(answer)

    def _more(self, asked: Asked) -> Answer:
        """The comments of a `more`, flat, each with what is below it."""
        asked.takes("raw_json")
        if strangers := set(asked.form) - {"children", "link_id", "sort", "api_type"}:
            raise UnknownRequestError(f"{asked.path} has no field {', '.join(sorted(strangers))}")
        wanted = [self._posts[name] for name in asked.form["children"].split(",") if name in self._posts]
        things = []
        for root in wanted:
            for post in self._all_below(root):
                if post.id not in self._unlisted:
                    thing = self._thing(post, asked)
                    thing["data"] |= {"replies": "", "depth": self._depth(post)}
                    things.append(thing)
        return Answer(
            {"json": {"errors": [], "data": {"things": things}}}, items=[thing["data"] for thing in things]
        )

    def _depth(self, post: WorldPost) -> int:
        depth, parent = 0, post.parent
        while parent and parent != post.conversation:
            depth, parent = depth + 1, self._posts[parent].parent
        return depth

    def _thing(self, post: WorldPost, asked: Asked) -> Record:
        """A post as the API gives it: the dumps' record, and what the dumps leave out."""
        data = submission(post, self._authors) if post.title else comment(post, self._posts, self._authors)
        for name in _DUMPS_ALONE:
            data.pop(name, None)
        if asked.param("raw_json") == "1":
            data |= {
                name: html.unescape(data[name]) for name in ("title", "selftext", "body") if name in data
            }
        made = float(data["created_utc"])
        data |= {
            "name": _name(post),
            "created": made,
            "created_utc": made,
            "ups": data["score"],
            "downs": 0,
            "edited": False,
            "distinguished": None,
            "subreddit_name_prefixed": f"r/{post.place}",
            "subreddit_type": "public",
        }
        if not post.title:
            data["replies"] = ""
        return {"kind": data["name"][:2], "data": data}


class _Room:
    """How many comments an answer still has room for."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _name(post: WorldPost) -> str:
    return f"{'t3' if post.title else 't1'}_{post.id}"


def _listing(things: Sequence[Record], after: str | None = None) -> Record:
    return {
        "kind": "Listing",
        "data": {
            "after": after,
            "dist": len(things),
            "modhash": None,
            "children": list(things),
            "before": None,
        },
    }


def _more_of(parent: WorldPost, children: list[str], count: int, depth: int) -> Record:
    name = children[0] if children else "_"
    return {
        "kind": "more",
        "data": {
            "count": count,
            "name": f"t1_{name}",
            "id": name,
            "parent_id": _name(parent),
            "depth": depth,
            "children": children,
        },
    }


def _rate_headers(level: Level, at: datetime) -> Mapping[str, str]:
    return {
        "x-ratelimit-used": str(level.most - level.left),
        "x-ratelimit-remaining": f"{level.left}.0",
        "x-ratelimit-reset": str(int((level.refilled_at - at).total_seconds()) + 1),
    }


_TOO_MANY: Final = {"message": "Too Many Requests", "error": 429}
_REFUSALS: Final = {
    "rate_limited": Answer(_TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS),
    "bad_credentials": Answer(
        {"message": "Unauthorized", "error": 401},
        HTTPStatus.UNAUTHORIZED,
        {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'},
    ),
    "closed_tier": Answer({"reason": "private", "message": "Forbidden", "error": 403}, HTTPStatus.FORBIDDEN),
}
