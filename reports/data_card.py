"""What goes with a package of data: a page for people, and a description for machines (Data Package v2)."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from walkback import __version__
from walkback.analysis.model import Analysis
from walkback.reports import words
from walkback.reports.markdown import plain

PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"

# What each column means, where its name does not say it. Times are UTC.
COLUMNS: Final[Mapping[str, str]] = {
    "source": "platform, or an archive's own; with id the key of a post",
    "id": "the platform's own number of the post",
    "kind": "post, reply, repost, quote or comment",
    "author": "a pseudonym, the same for one author in every package of this case; in no other case's",
    "created_at": "when the post was made, UTC",
    "edited_at": "when it was last changed, UTC, where the platform says so",
    "lang": "BCP 47, as the platform says",
    "text": "the words, with mentions and profile links masked; empty where they may not go along",
    "text_state": "present, deleted, removed, withheld or truncated, in the store that this came from",
    "content_hash": "posts with the same letters have the same number",
    "place": "subreddit or server",
    "account_days": "how old the account was when it posted: at least 0, 7, 30 or 365 days; null: not told",
    "query_hash": "of the query that was asked or matched; * is any",
    "terms": "the query's terms that the post has; null where it does not match",
    "scorer": "what gave the score; with version it names the method",
    "compound": "sentiment in [-1, 1]",
    "negative": "share in [0, 1]",
    "neutral": "share in [0, 1]",
    "positive": "share in [0, 1]",
    "observed_at": "when the public counts were seen, UTC",
    "coder": "a person who labelled without seeing scores",
    "value": "negative, neutral, positive or off-topic",
    "starts_at": "from when on the source was covered, UTC",
    "ends_at": "until when, UTC; not included",
    "status": "complete, saturated (fewer posts than there were), truncated, or a gap",
    "how": "archive (taken as complete between its first and last post), stated or asked",
    "origin": "tells files or sources of this case apart",
}


def describe(analysis: Analysis, ids_only: Sequence[str]) -> dict[str, Any]:
    """The descriptor, `datapackage.json`, as plain data, but for its `resources`, the files."""
    case = analysis.case
    return {
        "$schema": PROFILE,
        "name": _slug(case.name),
        "title": words.clean(case.title),
        "created": analysis.generated_at.isoformat().replace("+00:00", "Z"),
        "walkback": {
            "version": __version__,
            "case": case.path.name,
            "scorer": {"name": analysis.scorer.name, "version": analysis.scorer.version},
            "synthetic": case.synthetic,
            "ids_only": list(ids_only),
        },
    }


def render_card(analysis: Analysis, ids_only: Sequence[str]) -> str:
    """The README of a package, in Markdown."""
    case, totals, grid = analysis.case, analysis.totals, analysis.series.grid
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701  # no HTML
    template = files("walkback.reports").joinpath("templates", "package.md.j2").read_text("utf-8")
    return environment.from_string(template).render(
        title=plain(case.title),
        synthetic=case.synthetic,
        posts=words.count(totals.posts, "post"),
        authors=words.count(totals.authors, "author"),
        case=case.path.name,
        window=words.span(grid.start, grid.end, case.zone),
        timezone=case.timezone,
        sources=[
            (plain(source), words.number(posts), source in ids_only)
            for source, posts in sorted(totals.by_source.items())
        ],
        version=__version__,
        model=case.scorer.model and plain(analysis.scorer.name),
        ids_only=words.listed([plain(source) for source in ids_only]) if ids_only else "",
    )


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower()) or "case"
