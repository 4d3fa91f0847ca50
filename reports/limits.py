"""What a report can't tell: only what holds for its analysis."""

from walkback.analysis.model import Analysis, CoverageStatus
from walkback.reports import words


def limits(analysis: Analysis) -> tuple[str, ...]:
    """The sentences that hold."""
    return tuple(
        sentence for sentence, holds in (*_limits_of_posts(analysis), *_limits_of_time(analysis)) if holds
    )


def _limits_of_time(analysis: Analysis) -> tuple[tuple[str, bool], ...]:
    fading = (
        "Anger fades by itself. That posts fall after an event does not show that the event made them "
        "fall; the phases are descriptions, not effects."
    )
    news = (
        "Other news at the same time can move the curves too. The most that can be said is that a "
        "curve bent, not what bent it."
    )
    archives = "Imported archives are taken as complete between their first and their last post."
    cut = "Where a source cut off its answers, counts are too low and peaks too flat."
    spans = analysis.coverage
    whole_archive = any(c.how == "archive" and c.status is CoverageStatus.COMPLETE for c in spans)
    return (
        (fading, bool(analysis.phases)),
        (news, bool(analysis.case.events)),
        (archives, whole_archive),
        (cut, any(c.status is CoverageStatus.SATURATED for c in spans)),
    )


def _limits_of_posts(analysis: Analysis) -> tuple[tuple[str, bool], ...]:
    case, totals = analysis.case, analysis.totals
    made_up = "These posts are made up. They show how the report works and say nothing about any company."
    sample = (
        "The posts are those that the sources gave for the words searched. They are no sample of the "
        "public, and people who said it in other words are missing."
    )
    one = "All posts come from one source; what holds there may not hold elsewhere."
    scorer = (
        "VADER scores by a list of English words. It misses irony, other languages and much context, "
        "so single scores are often wrong; the means tell more."
    )
    bare = (
        f"{words.count(totals.unscorable, 'post')} had no words to score (deleted, removed, withheld or "
        "empty): counted as posts, left out of sentiment."
    )
    repeated = (
        f"Near-duplicates: {words.count(totals.near_duplicates, 'post')} with the words of an earlier one. "
        "Shared wording can be a campaign, or just a shared headline."
    )
    unread = (
        "The posts were counted where they lie, in a lake: none is quoted here, and nobody looked at what "
        "people were angry about or at who spoke."
    )
    return (
        (made_up, case.synthetic),
        (sample, totals.posts > 0 and not case.synthetic),
        (one, len(analysis.by_source) == 1),
        (scorer, totals.scored > 0 and analysis.scorer.name.startswith("vader")),
        (bare, totals.unscorable > 0),
        (repeated, totals.near_duplicates > 0),
        (unread, analysis.voices is None),
    )
