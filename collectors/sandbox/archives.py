"""The synthetic world as the files that people keep: twarc, Pushshift and Algolia; and its case file."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import zstandard

from walkback.collectors.sandbox import phrases
from walkback.collectors.sandbox.world import CONCESSION, ONSET, REVERSAL, Author, World, WorldPost
from walkback.post import Kind

RETRIEVED_AT: Final = datetime(2023, 9, 5, tzinfo=UTC)
X_FILE: Final = "synthetic-x.jsonl"
REDDIT_FILE: Final = "synthetic-reddit.ndjson.zst"
HACKERNEWS_FILE: Final = "synthetic-hackernews.json"
TRUTH_FILE: Final = "truth.json"
CASE_FILE: Final = "zoom.toml"

Record = dict[str, Any]
Authors = Mapping[tuple[str, str], Author]

_PAGE: Final = 100
_LINK: Final = re.compile(r"https://[^\s<)]+")
_HASHTAG: Final = re.compile(r"#(\w+)")
_MENTION: Final = re.compile(r"@(\w+)")
_REFERENCES: Final = {Kind.REPLY: "replied_to", Kind.QUOTE: "quoted", Kind.REPOST: "retweeted"}


def write_archives(world: World, folder: Path) -> list[Path]:
    """Write one archive per source, ready for `walkback import`. Same world, same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        X_FILE: _lines(x_pages(world)),
        REDDIT_FILE: zstandard.ZstdCompressor(level=9).compress(_lines(reddit_records(world))),
        HACKERNEWS_FILE: orjson.dumps(hackernews_document(world), option=orjson.OPT_APPEND_NEWLINE),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def write_truth(world: World, folder: Path) -> Path:
    """Write `truth.json`: what was put into the world."""
    path = folder / TRUTH_FILE
    truth = orjson.dumps(asdict(world.truth), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
    path.write_bytes(truth + b"\n")
    return path


def _lines(records: Iterable[Record]) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def _of(world: World, source: str) -> list[WorldPost]:
    return [post for post in world.posts if post.source == source]


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


# X, as twarc keeps it.


def x_pages(world: World) -> list[Record]:
    """Pages of X's search, newest post first. What was deleted can't be found any more."""
    posts = {post.id: post for post in reversed(_of(world, "x")) if not post.deleted}
    found = list(posts.values())
    pages = [found[i : i + _PAGE] for i in range(0, len(found), _PAGE)]
    return [_x_page(page, posts, world.authors, last=page is pages[-1]) for page in pages]


def _x_page(page: list[WorldPost], posts: Mapping[str, WorldPost], authors: Authors, *, last: bool) -> Record:
    referred = {post.parent: posts[post.parent] for post in page if post.parent and post.parent in posts}
    shown = [*page, *referred.values()]
    users = {post.author: authors["x", post.author] for post in shown}
    meta: Record = {"newest_id": page[0].id, "oldest_id": page[-1].id, "result_count": len(page)}
    if not last:
        meta["next_token"] = f"synthetic{page[-1].id}"
    return {
        "data": [tweet(post, posts, authors) for post in page],
        "includes": {
            "users": [_x_user(user) for user in users.values()],
            "tweets": [tweet(post, posts, authors) for post in referred.values()],
        },
        "meta": meta,
        "__twarc": {
            "url": "https://api.twitter.com/2/tweets/search/all?query=zoom&max_results=100",
            "version": "2.14.0",
            "retrieved_at": f"{RETRIEVED_AT:%Y-%m-%dT%H:%M:%S}+00:00",
        },
    }


def tweet(post: WorldPost, posts: Mapping[str, WorldPost], authors: Authors) -> Record:
    """One X post as API v2 gives it. `posts` by id: where an answered post's author is looked up."""
    counts = post.engagement
    record: Record = {
        "id": post.id,
        "text": html.escape(post.text, quote=False),
        "created_at": _stamp(post.created_at),
        "author_id": authors["x", post.author].id,
        "conversation_id": post.conversation,
        "edit_history_tweet_ids": [post.id],
        "lang": "en",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "public_metrics": {
            "retweet_count": counts.reposts,
            "reply_count": counts.replies,
            "like_count": counts.likes,
            "quote_count": counts.quotes,
            "impression_count": counts.views,
        },
    }
    if entities := _entities(record["text"]):
        record["entities"] = entities
    if post.parent:
        record["referenced_tweets"] = [{"type": _REFERENCES[post.kind], "id": post.parent}]
    if post.kind is Kind.REPLY and post.parent and post.parent in posts:
        record["in_reply_to_user_id"] = authors["x", posts[post.parent].author].id
    return record


def _entities(text: str) -> Record:
    """Where the hashtags, mentions and links of a text are, counted in code points as X does."""
    found = {
        "hashtags": [{**_span(match), "tag": match[1]} for match in _HASHTAG.finditer(text)],
        "mentions": [{**_span(match), "username": match[1]} for match in _MENTION.finditer(text)],
        "urls": [
            {**_span(match), "url": match[0], "expanded_url": match[0], "display_url": match[0][8:]}
            for match in _LINK.finditer(text)
        ],
    }
    return {name: entities for name, entities in found.items() if entities}


def _span(match: re.Match[str]) -> Record:
    return {"start": match.start(), "end": match.end()}


def _x_user(user: Author) -> Record:
    number = int(user.id)
    return {
        "id": user.id,
        "username": user.handle,
        "name": user.handle.replace("_", " ").title(),
        "created_at": f"{2009 + number % 14}-{1 + number % 12:02}-{1 + number % 28:02}T09:30:00.000Z",
        "description": "A made-up account.",
        "url": "",
        "protected": False,
        "verified": False,
        "public_metrics": {
            "followers_count": user.followers,
            "following_count": 40 + number % 900,
            "tweet_count": 100 + number % 9_000,
            "listed_count": user.followers // 90,
        },
    }


# Reddit, as Pushshift keeps it.


def reddit_records(world: World) -> list[Record]:
    """Submissions and comments as Pushshift's dumps have them, oldest first."""
    posts = {post.id: post for post in _of(world, "reddit")}
    return [
        submission(post, world.authors) if post.title else comment(post, posts, world.authors)
        for post in posts.values()
    ]


def _redditor(post: WorldPost, authors: Authors, words: str) -> tuple[Record, str]:
    """Who wrote it and what, after the author has deleted it or a moderator has removed it."""
    named = {"author": post.author, "author_fullname": f"t2_{authors['reddit', post.author].id}"}
    if not post.deleted:
        return named, html.escape(words, quote=False)  # the dumps hold &gt; and &amp;
    if int(post.id, 36) % 2:
        return named, "[removed]"
    return {"author": "[deleted]"}, "[deleted]"


def _common(post: WorldPost, permalink: str) -> Record:
    return {
        "created_utc": int(post.created_at.timestamp()),
        "id": post.id,
        "permalink": permalink,
        "retrieved_on": int(RETRIEVED_AT.timestamp()),
        "score": post.engagement.score,
        "stickied": False,
        "subreddit": post.place,
        "subreddit_id": f"t5_{2_000_000 + sum(map(ord, post.place or '')):x}",
    }


def _talk(post: WorldPost) -> str:
    slug = "_".join(re.findall(r"[a-z0-9]+", (post.title or "").lower())[:8])
    return f"/r/{post.place}/comments/{post.id}/{slug}/"


def submission(post: WorldPost, authors: Authors) -> Record:
    """One Reddit submission as the dumps have it."""
    author, selftext = _redditor(post, authors, post.text)
    full_link = f"https://www.reddit.com{_talk(post)}"
    removal = {"[removed]": "moderator", "[deleted]": "deleted"}.get(selftext)
    return {
        **author,
        **_common(post, _talk(post)),
        "domain": post.link.split("/")[2] if post.link else f"self.{post.place}",
        "full_link": full_link,
        "is_self": post.link is None,
        "locked": False,
        "num_comments": post.engagement.replies,
        "over_18": False,
        "removed_by_category": removal,
        "selftext": selftext,
        "title": html.escape(post.title or "", quote=False),
        "url": post.link or full_link,
    }


def comment(post: WorldPost, posts: Mapping[str, WorldPost], authors: Authors) -> Record:
    """One Reddit comment as the dumps have it. `posts` by id: where its talk is looked up."""
    author, body = _redditor(post, authors, post.text)
    talk = posts[post.conversation]
    parent = posts[post.parent or post.conversation]
    return {
        **author,
        **_common(post, f"{_talk(talk)}{post.id}/"),
        "body": body,
        "is_submitter": post.author == talk.author,
        "link_id": f"t3_{talk.id}",
        "parent_id": f"{'t3' if parent.title else 't1'}_{parent.id}",
    }


# Hacker News, as Algolia's search gives it.


def hackernews_document(world: World) -> Record:
    """One page of Algolia's search_by_date, newest first, without what was deleted."""
    posts = {post.id: post for post in _of(world, "hackernews")}
    hits = [hit(post, posts) for post in reversed(posts.values()) if not post.deleted]
    return {
        "hits": hits,
        "nbHits": len(hits),
        "page": 0,
        "nbPages": 1,
        "hitsPerPage": 1000,
        "exhaustiveNbHits": True,
        "query": "zoom",
        "params": "query=zoom&tags=(story,comment)&hitsPerPage=1000&page=0",
        "processingTimeMS": 7,
    }


def hit(post: WorldPost, posts: Mapping[str, WorldPost]) -> Record:
    """One Hacker News item as Algolia gives it. `posts` by id: where the story is looked up."""
    story = posts[post.conversation]
    record: Record = {
        "objectID": post.id,
        "created_at": _stamp(post.created_at),
        "created_at_i": int(post.created_at.timestamp()),
        "author": post.author,
        "title": post.title,
        "url": post.link,
        "points": post.engagement.score,
        "num_comments": post.engagement.replies,
        "story_text": hackernews_html(post.text) if post.title and post.text else None,
        "comment_text": None if post.title else hackernews_html(post.text),
        "story_id": int(story.id),
    }
    if post.title:
        ask = ["ask_hn"] if post.title.startswith("Ask HN") else []
        return record | {"_tags": ["story", f"author_{post.author}", f"story_{post.id}", *ask]}
    return record | {
        "parent_id": int(post.parent or story.id),
        "story_title": story.title,
        "story_url": story.link,
        "_tags": ["comment", f"author_{post.author}", f"story_{story.id}"],
    }


def hackernews_html(text: str) -> str:
    """Plain text as Hacker News stores it: entities, <p> between paragraphs, links as anchors."""
    escaped = html.escape(text)
    slashed = _LINK.sub(_anchor, escaped)
    quoted = re.sub(r"^&gt; (.+)$", r"&gt; <i>\1</i>", slashed, flags=re.MULTILINE)
    return quoted.replace("\n\n", "<p>")


def _anchor(match: re.Match[str]) -> str:
    link = match[0].replace("/", "&#x2F;")
    return f'<a href="{link}" rel="nofollow noreferrer">{link}</a>'


# The case file.


def write_case(folder: Path) -> Path:
    """Write `zoom.toml`, the case that the synthetic posts are about."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CASE_FILE
    path.write_text(_CASE, encoding="utf-8", newline="\n")
    return path


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _list(values: Iterable[str]) -> str:
    return "[\n" + "".join(f'  "{value}",\n' for value in values) + "]"


_CASE: Final = f"""\
# In August 2023, people noticed that Zoom's terms let it train AI on customer content.
# Five days later, Zoom took that back. Did it calm them?
#
# The events are history. The posts are not: they were all made up, so that you can try Walkback
# without keys. Nobody wrote them, and no such account exists. What was put in is in {TRUTH_FILE}.

title = "Zoom AI terms of service"
synthetic = true                  # everything made from this case says so
timezone = "America/New_York"     # days and weeks are counted in it
start = 2023-07-24                # two quiet weeks before the outcry: what is normal?
end = 2023-09-04                  # not included; three weeks after the reversal

[query]                           # a post belongs to the case if it says one of these …
any = {_list(phrases.QUERY_TERMS)}
none = ["zoom lens"]              # … and none of these

[[events]]
at = {_moment(ONSET)}
kind = "outcry"
label = "The AI clause in the terms is noticed and spreads"

[[events]]
at = {_moment(CONCESSION)}
kind = "concession"
label = "A blog post promises not to train AI without consent"

[[events]]
at = {_moment(REVERSAL)}
kind = "reversal"
label = "The terms rule out AI training on customer content"

# Where the posts come from: here, from the sandbox that stands in for the platforms.
[sources.hackernews]

[sources.reddit]
subreddits = [{", ".join(f'"{name}"' for name in phrases.SUBREDDITS)}]

[sources.x]
archive = "all"                   # recent reaches back seven days only
max_cost = 25.0                   # US dollars a run; X is never asked without a limit

[report]
quotes = "masked"                 # handles are hidden
minimum_cell = 5                  # figures from fewer authors than this are not shown
"""
