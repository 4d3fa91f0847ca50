"""Who spoke, and how: in sentences, and the words that were posted again and again."""

from typing import Final

from walkback.analysis.model import Analysis, Voices
from walkback.reports import words
from walkback.reports.tables import Table
from walkback.store import Copies

_SHOWN: Final = 5
_HUNDRED: Final = 100  # authors, below which one percent is nobody


def who_spoke(analysis: Analysis) -> tuple[str, ...]:
    """How many people, how unevenly, and how much of it was said before."""
    known, totals = analysis.voices, analysis.totals
    if known is None or known.gini is None or known.loudest_share is None or not totals.posts:
        return ()
    posts, authors = words.count(totals.posts, "post"), words.count(totals.authors, "author")
    told = [f"{authors} wrote {posts}."]
    if totals.authors >= _HUNDRED:
        told.append(
            f"{words.share(known.once_share)} of them wrote once; the loudest 1% wrote"
            f" {words.share(known.loudest_share)} of the posts (Gini {words.number(known.gini, 2)})."
        )
    share = words.share(totals.near_duplicates / totals.posts)
    told.append(f"{words.number(totals.near_duplicates)} posts ({share}) have the words of an earlier one.")
    if totals.near_duplicates and analysis.checks:
        told.append("Whether the answer hangs on them, or on who writes much, is among the checks.")
    return (*told, *_young(analysis, known))


def _young(analysis: Analysis, known: Voices) -> tuple[str, ...]:
    hidden = {phase.name for phase in analysis.phases if words.hides(analysis, phase.measures)}
    shares = [
        f"{words.share_interval(part.share)} in “{words.shorten(part.phase, 60)}”"
        for part in known.young
        if part.share.ci_low is not None and part.phase not in hidden
    ]
    if not shares:
        return ()
    told = words.count(sum(part.share.posts for part in known.young), "post")
    which = f"of the {told} that tell how old their account was"
    return (f"Accounts younger than thirty days wrote {words.listed(shares)}, {which}.",)


def copies_table(analysis: Analysis) -> Table:
    """One row a group of posts with the same words, the largest first."""
    known = analysis.voices
    shown = () if known is None else known.copies[:_SHOWN]
    caption = (
        "Words that were posted again, but for case, marks, links and numbers. Many people with the same"
        " words in a short time can be a campaign, or a headline that is shared"
    )
    heads = ("First post", "Posts", "Authors", "Sources", "Dates")
    rows = tuple(_row(analysis, each) for each in shown)
    return Table(caption, heads, rows, frozenset({0, 4}), max(0, len(known.copies) - _SHOWN) if known else 0)


def _row(analysis: Analysis, each: Copies) -> tuple[str, ...]:
    zone = analysis.case.zone
    text = "not quoted" if analysis.case.report.quotes == "none" else words.shorten(each.text, 140)
    return (
        text,
        words.number(each.posts),
        words.number(each.authors),
        words.number(each.sources),
        words.dates(each.first_at.astimezone(zone).date(), each.last_at.astimezone(zone).date()),
    )
