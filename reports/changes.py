"""What changed since last week, in sentences and in rows."""

from walkback.analysis.model import Analysis, Bucket, Change
from walkback.reports import words
from walkback.reports.tables import MOST_ROWS, Table


def changed(analysis: Analysis) -> tuple[str, ...]:
    """What changed in the last whole week against the one before it: posts, sentiment, sources."""
    change = analysis.change
    if change is None:
        return ("The window holds no two whole weeks, Monday to Sunday, that could be compared.",)
    told = (_posts(analysis, change), _sentiment(analysis, change), _sources(analysis, change))
    return tuple(line for line in told if line)


def _posts(analysis: Analysis, change: Change) -> str:
    now, before = change.now.measures.posts, change.before.measures.posts
    dates = words.span(change.now.start, change.now.end, analysis.case.zone)
    shares = [bucket.observed_share for bucket in (change.now, change.before)]
    if any(map(words.is_partial, shares)):
        seen = " and ".join(map(words.share, shares))
        return (
            f"The week of {dates} and the one before were observed for {seen} of their time, too little to "
            f"compare their posts: {words.number(now)} and {words.number(before)} are known."
        )
    if _hides_one(analysis, change.now, change.before):
        return f"In the week of {dates} or the one before, {words.few(analysis)} wrote."
    if before == 0:
        return f"The week of {dates} brought {words.count(now, 'post')}; the week before brought none."
    return f"The week of {dates} brought {words.count(now, 'post')}, {_against(now, before)} the week before."


def _against(now: int, before: int) -> str:
    if now == before:
        return "as many as"
    if now >= 2 * before:
        return f"{words.number(now / before, 1)} times the {words.number(before)} of"
    direction = "more" if now > before else "fewer"
    return f"{words.share(abs(now - before) / before)} {direction} than the {words.number(before)} of"


def _sentiment(analysis: Analysis, change: Change) -> str:
    step, now = change.mean_difference, change.now.measures
    if step is None or now.mean_compound is None or _hides_one(analysis, change.now, change.before):
        return "Too few people wrote in one of the two weeks to compare their sentiment."
    ends = f"[{words.signed(step.ci_low)}, {words.signed(step.ci_high)}]"
    to = f"to {words.signed(now.mean_compound)}, from {words.count(now.scored, 'scored post')}"
    if step.ci_low <= 0 <= step.ci_high:
        return f"Mean sentiment did not change beyond chance: by {words.signed(step.value)} {ends}, {to}."
    verb = "rose" if step.value > 0 else "fell"
    return f"Mean sentiment {verb} by {words.number(abs(step.value), 2)} {ends}, {to}."


def _sources(analysis: Analysis, change: Change) -> str:
    """Of the sources in which enough people wrote: the one with most posts, and the one that changed most."""
    shown = [
        (words.shorten(name, 30), before.measures.posts, now.measures.posts)
        for name, before, now in change.by_source
        if before.observed and now.observed and not _hides_one(analysis, before, now)
    ]
    whole = change.now.measures.posts
    if len(shown) < 2 or whole == 0 or _hides_one(analysis, change.now):
        return ""
    most = max(shown, key=lambda row: row[2])
    moved = max(shown, key=lambda row: abs(row[2] - row[1]))
    part = f"{words.number(most[2])} of the {words.count(whole, 'post')} ({words.share(most[2] / whole)})"
    if moved == most:
        return f"{words.sentence_case(most[0])} brought most, {part}, after {words.number(most[1])}."
    step = f"from {words.number(moved[1])} to {words.number(moved[2])}"
    return f"{words.sentence_case(most[0])} brought most, {part}; {moved[0]} changed most, {step}."


def _hides_one(analysis: Analysis, *weeks: Bucket) -> bool:
    return any(words.hides(analysis, week.measures) for week in weeks)


def change_table(analysis: Analysis) -> Table:
    """One row a source and one for all: the last whole week against the one before it."""
    change = analysis.change
    if change is None:
        return Table("No two whole weeks", (), ())
    heads = ("Source", "Posts", "Week before", "Mean sentiment", "Week before")
    each = (("all", change.before, change.now), *change.by_source)
    rows = tuple((words.shorten(name, 60), *_cells(analysis, now, before)) for name, before, now in each)
    dates = words.span(change.now.start, change.now.end, analysis.case.zone)
    return Table(
        f"{dates} against the week before", heads, rows[:MOST_ROWS], more=max(0, len(rows) - MOST_ROWS)
    )


def _cells(analysis: Analysis, now: Bucket, before: Bucket) -> tuple[str, ...]:
    counts = [_count(analysis, bucket) for bucket in (now, before)]
    means = [
        words.few(analysis) if words.hides(analysis, bucket.measures) else words.mean(bucket.measures)
        for bucket in (now, before)
    ]
    return (*counts, *means)


def _count(analysis: Analysis, bucket: Bucket) -> str:
    if not bucket.observed:
        return "not observed"
    if words.hides(analysis, bucket.measures):
        return words.few(analysis)
    return words.number(bucket.measures.posts)
