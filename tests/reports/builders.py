"""Analysis values as the pipeline would make them, for tests of the reports. Seeded: always the same."""

import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from walkback.analysis.change import find_change
from walkback.analysis.model import (
    Analysis,
    Bucket,
    CheckResult,
    Concern,
    ConcernPart,
    Corrected,
    Counterfactual,
    CoverageSpan,
    CoverageStatus,
    Effect,
    Estimate,
    Grid,
    Measures,
    Origin,
    Peak,
    Phase,
    PhaseWords,
    Quote,
    Range,
    ScorerId,
    Series,
    Shape,
    Share,
    Totals,
    Validity,
    Verdict,
    Voices,
    Word,
    WordWeight,
    YoungPart,
)
from walkback.case import Case
from walkback.reports.contents import build_report
from walkback.store import Copies

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
SOURCES = {"hackernews": 0.5, "reddit": 0.35, "mastodon": 0.15}
NOTHING = Measures(0, 0, 0, None, None, None, None)
OUTCRY = datetime(2023, 8, 6, 12, tzinfo=UTC)
CONCESSION = datetime(2023, 8, 7, 21, tzinfo=UTC)
REVERSAL = datetime(2023, 8, 11, 4, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"' onload=alert(2) \u202egnp.exe\u2066\x07 \U0001f600 " + "A" * 40_000
SYNTHETIC_EVENTS = (
    {
        "at": OUTCRY,
        "kind": "outcry",
        "label": "A blog post shows the clause; it reaches the front page",
        "url": "https://example.org/story",
    },
    {"at": CONCESSION, "kind": "concession", "label": "The company says it will ask for consent"},
    {"at": date(2023, 8, 11), "kind": "reversal", "label": "Terms drop AI training on customer content"},
)


def case(**changes):
    """A case like Zoom's terms of service in August 2023, synthetic posts."""
    told = {
        "title": "Zoom AI terms of service",
        "timezone": "America/New_York",
        "start": date(2023, 7, 24),
        "end": date(2023, 9, 4),
        "synthetic": True,
        "query": {"any": ["zoom terms of service", "zoom tos", "#zoom"], "none": ["zoom lens"]},
        "events": SYNTHETIC_EVENTS,
        "sources": {"hackernews": {}, "reddit": {"subreddits": ["privacy"]}},
    }
    return Case.model_validate(told | changes)


def edges(start: date, end: date, every: str, zone=NEW_YORK):
    """Edges of a grid of hours, days or weeks in local time, as UTC."""
    if every == "hour":
        first = datetime.combine(start, time(), zone).astimezone(UTC)
        last = datetime.combine(end, time(), zone).astimezone(UTC)
        return tuple(first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1))
    step = {"day": 1, "week": 7}[every]
    days = [start + timedelta(days=n) for n in range(0, (end - start).days, step)]
    return tuple(datetime.combine(day, time(), zone).astimezone(UTC) for day in [*days, end])


def rate(moment: datetime) -> float:
    """Posts an hour: 31 a day, a rise of some hours, a decay of some days."""
    hours = (moment - OUTCRY) / timedelta(hours=1)
    daily = 1 + 0.6 * math.sin((moment.hour - 10) * math.tau / 24)
    burst = 0.0 if hours < 0 else 26 * min(1.0, hours / 14) * math.exp(-max(0.0, hours - 14) / 62)
    return (1.29 + burst) * daily


def mood(moment: datetime) -> float:
    """Mean compound: mild before, low after the outcry, half recovered after the reversal."""
    if moment < OUTCRY:
        return 0.14
    if moment < REVERSAL:
        return -0.18
    return -0.03


def measures(posts: int, centre: float, luck: random.Random) -> Measures:
    """Measures of so many posts around a mean."""
    if posts == 0:
        return NOTHING
    authors = max(1, round(posts * 0.82))
    scored = max(1, round(posts * 0.97))
    mean = max(-0.99, min(0.99, luck.gauss(centre, 0.35 / math.sqrt(scored))))
    half = 2 * 0.45 / math.sqrt(authors)
    low, high = (max(-1.0, mean - half), min(1.0, mean + half)) if authors > 1 else (None, None)
    return Measures(posts, authors, scored, mean, low, high, max(0.0, min(1.0, 0.32 - centre)))


def bucket(start, end, share, luck, part=1.0):
    """One bucket; `share` of it observed."""
    hours = int((end - start) / timedelta(hours=1))
    moments = [start + timedelta(hours=n) for n in range(hours)]
    expected = sum(rate(moment) for moment in moments) * part * share
    posts = max(0, round(luck.gauss(expected, math.sqrt(expected + 0.1))))
    return Bucket(start, end, share, share >= 0.5, measures(posts, mood(start + (end - start) / 2), luck))


def series(grid: Grid, source=None, part=1.0, gaps=()):
    """A series over the grid; `gaps` are (start, end, share observed) in UTC."""
    luck = random.Random(f"{source}{grid.every}")  # noqa: S311  # seeded on purpose

    def share(start):
        return next((seen for low, high, seen in gaps if low <= start < high), 1.0)

    pairs = zip(grid.edges, grid.edges[1:], strict=False)
    buckets = tuple(bucket(a, b, share(a), luck, part) for a, b in pairs)
    return Series(grid, source, buckets, overall(buckets), per_day(buckets))


def per_day(buckets):
    """Posts a day of the time observed."""
    seen = sum((each.end - each.start) / timedelta(days=1) * each.observed_share for each in buckets)
    return sum(each.measures.posts for each in buckets if each.observed) / seen if seen else None


def overall(buckets, again=0.8) -> Measures:
    """Measures over all buckets; the authors are `again` of the buckets' own, for some wrote in several.

    The interval is None under five authors, as the analysis has it.
    """
    parts = [each.measures for each in buckets]
    posts, scored = sum(m.posts for m in parts), sum(m.scored for m in parts)
    most = max((m.authors for m in parts), default=0)
    authors = max(most, round(again * sum(m.authors for m in parts)))
    if not scored:
        return Measures(posts, authors, 0, None, None, None, None)
    mean = sum(m.mean_compound * m.scored for m in parts if m.scored) / scored
    negative = sum(m.negative_share * m.scored for m in parts if m.scored) / scored
    half = 2 * 0.45 / math.sqrt(authors)
    low, high = (max(-1.0, mean - half), min(1.0, mean + half)) if authors >= 5 else (None, None)
    return Measures(posts, authors, scored, mean, low, high, negative)


def together(parts: tuple[Series, ...]) -> Series:
    """The series of all sources: the sum of its parts."""
    columns = zip(*(part.buckets for part in parts), strict=True)
    luck = random.Random("all")  # noqa: S311  # seeded on purpose
    buckets = []
    for column in columns:
        share = sum(each.observed_share for each in column) / len(column)
        posts = sum(each.measures.posts for each in column)
        first = column[0]
        middle = first.start + (first.end - first.start) / 2
        buckets.append(
            Bucket(first.start, first.end, share, share >= 0.5, measures(posts, mood(middle), luck))
        )
    return Series(parts[0].grid, None, tuple(buckets), overall(buckets), per_day(buckets))


def at(day: int, hour: int = 4, month: int = 8):
    """A moment in 2023, UTC; 04:00 is midnight in New York."""
    return datetime(2023, month, day, hour, tzinfo=UTC)


def phases(line: Series):
    """Baseline, outcry, after the concession, after the reversal."""
    luck = random.Random("phases")  # noqa: S311  # seeded on purpose
    cuts = [line.grid.start, OUTCRY, CONCESSION, REVERSAL, line.grid.end]
    names = ["baseline", "outcry", "after concession", "after reversal"]
    found = []
    for name, start, end in zip(names, cuts, cuts[1:], strict=False):
        inside = [b for b in line.buckets if start <= b.start < end and b.observed]
        posts, days = sum(b.measures.posts for b in inside), sum(b.observed_share for b in inside)
        per_day = posts / days if days else None
        found.append(Phase(name, start, end, days, per_day, measures(posts, mood(start), luck)))
    return tuple(found)


def shape(line: Series) -> Shape:
    """The shape of the outcry in `line`."""
    seen = [b for b in line.buckets if b.observed]
    top = max(seen, key=lambda b: b.measures.posts)
    return Shape(
        baseline_posts_per_day=31.2,
        onset=OUTCRY,
        peak=Peak(top.start, top.measures.posts),
        amplification=17.3,
        hours_to_peak=22.0,
        doubling_time_hours=Estimate(9.1, 7.0, 13.2),
        half_life_days_before=Range(1.9, 2.4),
        half_life_days_after=Range(1.2, 1.2),
        excess_posts=Estimate(2211.0, 1900.0, 2530.0),
        excess_posts_before=Estimate(1700.0, 1600.0, 1800.0),
        excess_posts_after=Estimate(511.0, 300.0, 730.0),
        sentiment_drop=Estimate(0.32, 0.26, 0.38),
        sentiment_recovered_share=Estimate(0.46, 0.12, 0.8),
    )


def faded(line: Series) -> Counterfactual:
    """What fading alone would have brought from the day after the peak to a week after the reversal."""
    low, high, mean = [], [], []
    for each in line.buckets:
        hours = int((each.end - each.start) / timedelta(hours=1))
        drawn = at(8) <= each.start and each.end <= at(18)
        expected = sum(rate(each.start + timedelta(hours=n)) for n in range(hours))
        low.append(expected if drawn else None)
        high.append(1.4 * expected + 3 if drawn else None)
        mean.append(-0.18 if drawn else None)
    return Counterfactual(REVERSAL, tuple(low), tuple(high), tuple(mean))


NONE = (None, None, None)
CHECKS = (
    CheckResult("control_topic", "Control topic", None, "not possible: the case names no [query.control]"),
    CheckResult(
        "near_duplicates",
        "Without near-duplicates",
        passed=True,
        text="without near-duplicates: volume 74% [36%, 150%], sentiment +0.11 [+0.02, +0.20]",
        figures=(("volume ratio", 0.74),),
    ),
)


def verdict(**changes):
    """An inconclusive verdict with its reasons."""
    given = Verdict(
        Word.INCONCLUSIVE,
        Word.INCONCLUSIVE,
        Word.PARTLY,
        "Posts fell after the reversal, but no faster than fading alone would have made them fall.",
        (
            "Volume: 0.71 [0.34, 1.46] of what fading alone predicts; the interval holds 1.",
            "Sentiment: 46% [12%, 80%] of the drop was made good.",
        ),
    )
    return replace(given, **changes)


@cache
def analysis(every="day", *, gaps=True, shown=None, start=date(2023, 7, 24), end=date(2023, 9, 4)):
    """The Zoom-like analysis: 42 days, three sources, one outage of all and one of a single source."""
    shown = shown or case()
    grid = Grid(every, shown.timezone, edges(start, end, every))
    outage = ((at(17), at(20), 0.0), (at(25), at(26), 0.7)) if gaps else ()
    alone = {"mastodon": ((at(30, month=7), at(2), 0.0),)} if gaps else {}
    parts = tuple(series(grid, name, part, outage + alone.get(name, ())) for name, part in SOURCES.items())
    line = together(parts)
    return Analysis(
        case=shown,
        generated_at=datetime(2023, 9, 5, 6, 30, tzinfo=UTC),
        scorer=ScorerId("vader", "3.3.2"),
        totals=totals(line, parts),
        coverage=coverage(grid),
        series=line,
        by_source=parts,
        phases=phases(line),
        shape=shape(line),
        effects=(EFFECT,),
        verdict=verdict(),
        origins=(
            Origin("zoom-hackernews.ndjson", at(5, month=9), 1720, 12, 3, 0),
            Origin("reddit, collected", at(5, month=9), 1204, 40, 0, 7),
        ),
        checks=CHECKS,
        counterfactual=faded(line),
        changepoints=(at(7),),
        hourly=line if every == "hour" else hours(shown, start, end),
        weekly=(weekly(shown, None, 1.0), *(weekly(shown, *part) for part in SOURCES.items())),
        change=find_change(weekly(shown, None, 1.0), [weekly(shown, *part) for part in SOURCES.items()]),
        quotes=QUOTES,
        concerns=concerns(phases(line)),
        validity=VALIDITY,
        voices=Voices(
            0.41,
            0.084,
            0.62,
            (Copies(25, 25, 1, at(7), at(11), "Tell your school."),),
            (YoungPart("baseline", Share(310, 0.021, 0.009, 0.048)), YoungPart("outcry", Share(0, *NONE))),
        ),
        words=tuple(PhaseWords(name, 400, WORDS) for name in ("outcry", "after concession")),
    )


VALIDITY = Validity(
    240,
    ("a", "b"),
    0.71,
    ((60, 12, 8), (14, 40, 16), (5, 9, 44), (10, 12, 10)),
    (
        Corrected("baseline", 40, 0.1, 0.2, Estimate(0.25, 0.15, 0.35), Estimate(0.1, -0.1, 0.3)),
        Corrected("outcry", 12, 0.0, 0.5, None, None),
    ),
)
WORDS = (WordWeight("opt out", 41, 6.2, 1.9, 1.3, 2.5), WordWeight("licence", 17, 4.4, 1.1, 0.6, 1.6))


def concerns(stretches):
    """Three concerns, one that nobody names."""
    titles = {
        "privacy": ("Privacy and surveillance", 0.2),
        "price": ("Price and value", 0.05),
        "law": ("Law", 0.0),
    }

    def part(phase, share):
        known = replace(phase.measures, posts=round(share * phase.measures.posts))
        if not known.posts:
            known = NOTHING
        return ConcernPart(phase.name, Share(phase.measures.posts, share, share / 2, share + 0.03), known)

    return tuple(
        Concern(name, title, tuple(part(phase, share) for phase in stretches))
        for name, (title, share) in titles.items()
    )


@cache
def hours(shown, start, end):
    """All sources by the hour, without gaps."""
    return series(Grid("hour", shown.timezone, edges(start, end, "hour")))


def weekly(shown, name, part):
    """A series by the week, from a Monday to a Sunday, without gaps."""
    return series(
        Grid("week", shown.timezone, edges(date(2023, 7, 24), date(2023, 9, 4), "week")), name, part
    )


QUOTES = tuple(
    Quote(phase, source, at(8), text, compound, f"https://example.org/{number}")
    for number, (phase, source, text, compound) in enumerate(
        [
            ("baseline", "reddit", "The summary after the call is handy, and it saves me an hour.", 0.49),
            ("outcry", "hackernews", "I did not agree to be training data. \U0001f620", -0.42),
            ("outcry", "reddit", "* # 1. <b>bold</b> [a](https://x.example) $x_1$ `code` =1+1 #let @a", -0.2),
        ]
    )
)


def totals(line: Series, parts) -> Totals:
    """The totals, as the series have them."""
    known, by_source = line.whole, {part.source: part.whole.posts for part in parts}
    return Totals(known.posts, known.authors, known.scored, known.posts - known.scored, 212, by_source)


def coverage(grid):
    """What was asked: one archive, one outage, one source that stopped early."""
    return (
        CoverageSpan("hackernews", grid.start, at(17), CoverageStatus.COMPLETE, "archive"),
        CoverageSpan("hackernews", at(17), at(20), CoverageStatus.GAP, "api"),
        CoverageSpan("reddit", grid.start, at(10), CoverageStatus.COMPLETE, "api"),
        CoverageSpan("reddit", at(10), at(11), CoverageStatus.SATURATED, "api"),
        CoverageSpan("mastodon", at(2), at(25), CoverageStatus.COMPLETE, "api"),
        CoverageSpan("mastodon", at(25), at(26), CoverageStatus.TRUNCATED, "api"),
    )


EFFECT = Effect(
    event="reversal",
    at=REVERSAL,
    outcome="volume",
    measure="rate_ratio",
    estimate=0.71,
    ci_low=0.34,
    ci_high=1.46,
    p=0.21,
    method="union over decay shapes",
    n_before=16,
    n_after=10,
)


def empty():
    """A case in which nothing was collected: no posts, nothing observed, nothing known."""
    shown = case(events=(), synthetic=False)
    grid = Grid("day", shown.timezone, edges(date(2023, 7, 24), date(2023, 9, 4), "day"))
    pairs = zip(grid.edges, grid.edges[1:], strict=False)
    buckets = tuple(Bucket(a, b, 0.0, observed=False, measures=NOTHING) for a, b in pairs)
    line = Series(grid, None, buckets, NOTHING, None)
    return replace(
        analysis(shown=shown),
        totals=Totals(0, 0, 0, 0, 0, {}),
        coverage=(),
        series=line,
        by_source=(),
        phases=(),
        shape=Shape(notes=("nothing was observed",)),
        effects=(),
        verdict=verdict(sentence="Nothing was observed, so nothing can be said.", reasons=()),
        origins=(),
        checks=(),
        counterfactual=None,
        changepoints=(),
        change=None,
        quotes=(),
        concerns=(),
        validity=None,
        voices=None,
        words=(),
    )


def silent():
    """A case that was observed all the time and in which nobody said anything."""
    line = replace_buckets(empty().series, lambda b: replace(b, observed_share=1.0, observed=True))
    return replace(empty(), series=line, shape=Shape(baseline_posts_per_day=0.0))


def replace_buckets(line: Series, change) -> Series:
    """The series with every bucket changed, and its whole with them."""
    buckets = tuple(change(each) for each in line.buckets)
    return replace(line, buckets=buckets, whole=overall(buckets))


def report(world=None):
    """The report of a world, of the Zoom-like one by default."""
    return build_report(world or analysis())


def unscored():
    """Posts, but not one score."""
    given = analysis()

    def bare(each):
        known = each.measures
        blank = Measures(known.posts, known.authors, 0, None, None, None, None)
        return replace(each, measures=blank)

    return replace(
        given,
        series=replace_buckets(given.series, bare),
        by_source=tuple(replace_buckets(part, bare) for part in given.by_source),
    )


def one_source():
    """A single source."""
    given = analysis()
    return replace(given, by_source=given.by_source[:1])


def one_bucket():
    """A window of one day."""
    return analysis(start=date(2023, 8, 8), end=date(2023, 8, 9), gaps=False)


@cache
def years():
    """Five years by the week."""
    return analysis("week", start=date(2019, 1, 7), end=date(2024, 1, 1), gaps=False)


def crowded(count: int):
    """`count` events within two days."""
    told = tuple(
        {
            "at": OUTCRY + timedelta(hours=48 * n / max(1, count)),
            "kind": "other",
            "label": f"Statement number {n + 1} of the company",
        }
        for n in range(count)
    )
    return analysis(shown=case(events=told))


def hostile():
    """Text that wants to be markup wherever text may stand."""
    given = analysis()
    event = given.case.events[0].model_copy(update={"label": HOSTILE})
    query = given.case.query.model_copy(update={"any": (HOSTILE,)})
    shown = given.case.model_copy(
        update={"title": HOSTILE, "events": (event, *given.case.events[1:]), "query": query}
    )
    source = replace(given.by_source[0], source=HOSTILE)
    return replace(
        given,
        case=shown,
        by_source=(source, *given.by_source[1:]),
        totals=replace(given.totals, by_source={HOSTILE: 5}),
        coverage=(replace(given.coverage[0], source=HOSTILE, how=HOSTILE), *given.coverage[1:]),
        phases=(replace(given.phases[0], name=HOSTILE), *given.phases[1:]),
        scorer=ScorerId(HOSTILE, HOSTILE),
        shape=replace(given.shape, notes=(HOSTILE,)),
        effects=(replace(EFFECT, event=HOSTILE, method=HOSTILE),),
        verdict=verdict(sentence=HOSTILE, reasons=(HOSTILE,)),
        origins=(replace(given.origins[0], what="=cmd|" + HOSTILE),),
        checks=(replace(CHECKS[0], text=HOSTILE, title=HOSTILE),),
        quotes=(Quote(HOSTILE, HOSTILE, at(8), HOSTILE, -0.5, "javascript:alert(1)"), *QUOTES),
        concerns=(replace(given.concerns[0], title=HOSTILE), *given.concerns[1:]),
        voices=Voices(0.4, 0.1, 0.5, (Copies(9, 9, 1, at(7), at(7), HOSTILE),)),
        words=(PhaseWords(HOSTILE, 9, (replace(WORDS[0], words=HOSTILE),)),),
        change=replace(given.change, by_source=((HOSTILE, *given.change.by_source[0][1:]),)),
    )


def small():
    """One phase and one source of three authors each."""
    given = analysis()
    few = Measures(4, 3, 4, -0.4444, -0.9, 0.1, 0.75)
    phase = replace(given.phases[1], posts_per_day=3.333, measures=few)

    def thin(each):
        return replace(each, measures=NOTHING)

    part = replace_buckets(given.by_source[2], thin)
    part = replace(part, buckets=(replace(part.buckets[0], measures=few), *part.buckets[1:]), whole=few)
    return replace(
        given, phases=(given.phases[0], phase, *given.phases[2:]), by_source=(*given.by_source[:2], part)
    )


WORLDS = {
    "days": analysis,
    "hours": lambda: analysis("hour"),
    "weeks": lambda: analysis("week"),
    "years": years,
    "empty": empty,
    "silent": silent,
    "unscored": unscored,
    "one source": one_source,
    "one bucket": one_bucket,
    "ten events": lambda: crowded(10),
    "forty events": lambda: crowded(40),
    "hostile": hostile,
    "small": small,
}
