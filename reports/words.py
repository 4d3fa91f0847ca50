"""Every sentence of a report, and how numbers, dates and strangers' text are shown.

Pure functions of an `Analysis`. Dates are shown in the case's time zone. Nothing here depends on
the machine's locale: the same analysis gives the same words everywhere.
"""

import math
import unicodedata
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from walkback.analysis.model import (
    Analysis,
    Bucket,
    CheckResult,
    CoverageStatus,
    Estimate,
    Measures,
    Phase,
    Range,
    Series,
    Shape,
    Share,
)
from walkback.case import Every

UNKNOWN: Final = "not known"
MINUS: Final = "\N{MINUS SIGN}"
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_PER: Final[dict[Every, str]] = {"hour": "an hour", "day": "a day", "week": "a week"}
# Emoji families and Persian words need the joiners; every other invisible control can deceive.
_JOINERS: Final = "\u200c\u200d"
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

STATUS_WORDS: Final = {
    CoverageStatus.COMPLETE: "complete",
    CoverageStatus.SATURATED: "cut off at the source\N{RIGHT SINGLE QUOTATION MARK}s limit: there is more",
    CoverageStatus.TRUNCATED: "stopped before the end",
    CoverageStatus.GAP: "not observed",
    CoverageStatus.ERASED: "observed, and erased since",
}


def clean(text: str) -> str:
    """Text from outside, safe to show: one line, no control that is invisible or turns the line round.

    Direction overrides, zero-width and control characters become U+FFFD, so that a reader sees
    that something stood there.
    """
    line = " ".join(text.split())
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS
        else letter
        for letter in line
    )


def shorten(text: str, limit: int) -> str:
    """`clean` text of at most `limit` characters, with an ellipsis where it was cut."""
    line = clean(text[: 8 * limit])  # no need to clean 40,000 characters for the first twenty
    if len(line) <= limit and len(text) <= 8 * limit:
        return line
    return line[: limit - 1].rstrip() + "…"


def number(value: float | None, decimals: int = 0) -> str:
    """`1,234`: thousands separators, and a real minus sign below zero. "not known" for None."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    shown = f"{value:,.{decimals}f}"
    return shown.lstrip("-") if float(shown.replace(",", "")) == 0 else shown.replace("-", MINUS)


def rate(value: float | None) -> str:
    """Posts a day: whole numbers from ten on, one decimal below."""
    return number(value, 0 if value is None or value >= 10 or value == int(value) else 1)


def interval(value: float | None, low: float | None, high: float | None, decimals: int = 2) -> str:
    """`0.12 [0.05, 0.19]`: a value with its 95% interval; an end without a bound is left open."""
    if value is None:
        return UNKNOWN
    if low is None or high is None:
        return number(value, decimals)
    ends = [number(end, decimals) if math.isfinite(end) else "no limit" for end in (low, high)]
    return f"{number(value, decimals)} [{ends[0]}, {ends[1]}]"


def mean(known: Measures) -> str:
    """Mean compound with its interval: `0.12 [0.05, 0.19]`."""
    return interval(known.mean_compound, known.ci_low, known.ci_high)


def share(value: float | None) -> str:
    """A share in [0, 1] as a percentage. "not known" for None."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return "under 1%" if 0 < value < 0.005 else f"{number(100 * value)}%"


def share_interval(known: Share) -> str:
    """A share with its interval: `12% [9%, 16%]`."""
    if known.value is None or known.ci_low is None or known.ci_high is None:
        return UNKNOWN
    return f"{share(known.value)} [{share(known.ci_low)}, {share(known.ci_high)}]"


def signed(value: float, decimals: int = 2) -> str:
    """`+0.12`, or with a real minus sign, or `0.00`: a difference or a score."""
    shown = number(value, decimals)
    return f"+{shown}" if value > 0 and float(shown.replace(",", "")) > 0 else shown


def probability(value: float) -> str:
    """A p value with three decimals; what is smaller says so."""
    return "under 0.001" if value < 0.001 else number(value, 3)


def bucket(each: Bucket, every: Every, zone: ZoneInfo) -> str:
    """What a bucket of a grid is called: its hour, its day with its weekday, its dates."""
    if every == "hour":
        return clock(each.start, zone)
    if every == "day":
        return f"{_WEEKDAYS[each.start.astimezone(zone).weekday()]} {day(each.start, zone)}"
    return span(each.start, each.end, zone)


def week(monday: date) -> str:
    """`Week 32 of 2023, 7 to 13 Aug 2023`: an ISO week by its Monday."""
    sunday = monday + timedelta(days=6)
    year, week_number, _ = monday.isocalendar()
    return f"Week {week_number} of {year}, {dates(monday, sunday)}"


def dates(first: date, last: date) -> str:
    """`7 to 13 Aug 2023`, or `8 Aug 2023`: local days, the last one with them."""
    if first == last:
        return f"{local_day(first)} {first.year}"
    if first.year != last.year:
        return f"{local_day(first)} {first.year} to {local_day(last)} {last.year}"
    if first.month != last.month:
        return f"{local_day(first)} to {local_day(last)} {last.year}"
    return f"{first.day} to {local_day(last)} {last.year}"


def local_day(local: date) -> str:
    """`8 Aug`, of a day that is local already."""
    return f"{local.day} {_MONTHS[local.month - 1]}"


def count(value: int, noun: str) -> str:
    """`1 post`, `1,234 posts`."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def day(moment: datetime, zone: ZoneInfo, *, year: bool = True) -> str:
    """`8 Aug 2023` in `zone`."""
    local = moment.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]}" + (f" {local.year}" if year else "")


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """`8 Aug 2023, 14:00 EDT` in `zone`."""
    local = moment.astimezone(zone)
    return f"{day(moment, zone)}, {local:%H:%M} {abbreviation(moment, zone)}"


def when(moment: datetime, zone: ZoneInfo) -> str:
    """A day where the moment is a local midnight, else the day with its time and zone."""
    return day(moment, zone) if _is_midnight(moment, zone) else clock(moment, zone)


def abbreviation(moment: datetime, zone: ZoneInfo) -> str:
    """The zone's abbreviation at `moment`, `EDT`; `UTC+03` where it has none but a number."""
    name = moment.astimezone(zone).tzname() or "UTC"
    return f"UTC{name.replace('-', MINUS)}" if name[0] in "+-" else name


def span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """`24 Jul to 5 Aug 2023`: the half-open time [start, end) with its last day named."""
    if not (_is_midnight(start, zone) and _is_midnight(end, zone)):
        return f"{when(start, zone)} to {when(end, zone)}"
    last = end - timedelta(seconds=1)
    if day(start, zone) == day(last, zone):
        return day(start, zone)
    same_year = start.astimezone(zone).year == last.astimezone(zone).year
    return f"{day(start, zone, year=not same_year)} to {day(last, zone)}"


def _is_midnight(moment: datetime, zone: ZoneInfo) -> bool:
    local = moment.astimezone(zone)
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def per(every: Every) -> str:
    """The bucket as a rate: `a day`."""
    return _PER[every]


def sentence_case(text: str, limit: int = 60) -> str:
    """Clean, short, with a capital letter at its head."""
    shown = shorten(text, limit)
    return shown[:1].upper() + shown[1:]


def answer(analysis: Analysis) -> str:
    """The verdict's word and its sentence."""
    verdict = analysis.verdict
    return f"{sentence_case(verdict.word)}. {shorten(verdict.sentence, 600)}".strip()


def few(analysis: Analysis) -> str:
    """What stands where a figure is from too few people to be shown."""
    return f"fewer than {number(analysis.case.report.minimum_cell)} authors"


def hides(analysis: Analysis, measures: Measures) -> bool:
    """Whether figures of these posts are withheld, because too few people wrote them."""
    return 0 < measures.authors < analysis.case.report.minimum_cell


def hidden_source(analysis: Analysis, series: Series) -> str | None:
    """What stands for a source in which too few people wrote; None where it may be shown."""
    return few(analysis) if hides(analysis, series.whole) else None


def observed_days(series: Series) -> float:
    """Days of the grid that were observed, in days of 24 hours."""
    seen = sum((b.end - b.start).total_seconds() * b.observed_share for b in series.buckets)
    return seen / 86_400


def grid_days(series: Series) -> float:
    """Length of the grid, in days of 24 hours."""
    return (series.grid.end - series.grid.start).total_seconds() / 86_400


def days(value: float) -> str:
    """`42` or `37.5`: days with a decimal only where there is something to tell."""
    rounded = round(value, 1)
    return number(rounded, 0 if rounded == int(rounded) else 1)


def peak(analysis: Analysis) -> str:
    """The peak in words: `540 posts on 8 Aug 2023`."""
    top = analysis.shape.peak
    return UNKNOWN if top is None else f"{count(top.posts, 'post')} {peak_time(analysis)}"


def peak_time(analysis: Analysis) -> str:
    """When the peak was: `on 8 Aug 2023`. Empty where there is none."""
    top, zone = analysis.shape.peak, analysis.case.zone
    if top is None:
        return ""
    match analysis.series.grid.every:
        case "hour":
            return f"in the hour from {clock(top.start, zone)}"
        case "day":
            return f"on {day(top.start, zone)}"
        case "week":
            return f"in the week of {day(top.start, zone)}"


def build_up(analysis: Analysis) -> tuple[str, ...]:
    """How the outcry built up, in sentences; only what is known is told."""
    shape, zone = analysis.shape, analysis.case.zone
    told = [_rise(analysis)]
    if shape.onset is not None:
        told.append(f"Posts first stood clearly above the baseline on {when(shape.onset, zone)}.")
    if shape.doubling_time_hours is not None:
        doubling = shape.doubling_time_hours
        hours = interval(doubling.value, doubling.ci_low, doubling.ci_high, 1)
        told.append(f"From there to the peak, the posts above the baseline doubled every {hours} hours.")
    if shape.hours_to_peak is not None:
        hours = number(shape.hours_to_peak)
        told.append(f"The busiest six hours came {hours} hours after the day of that onset began.")
    if shape.excess_posts is not None:
        told.append(_extra(shape))
    told += _half_lives(shape)
    if shape.sentiment_drop is not None:
        told.append(_drop(shape.sentiment_drop))
    told += [_as_sentence(note) for note in shape.notes]
    return tuple(line for line in told if line)


def _extra(shape: Shape) -> str:
    whole, before, after = (
        None if known is None else interval(known.value, known.ci_low, known.ci_high, 0)
        for known in (shape.excess_posts, shape.excess_posts_before, shape.excess_posts_after)
    )
    parts = f": {before} before the reversal and {after} after it" if before and after else ""
    return f"From the start of the outcry on, there were {whole} posts more than the baseline{parts}."


def _half_lives(shape: Shape) -> list[str]:
    """How fast the outcry faded, as a range over the shapes of fading: not an interval of chance."""
    return [
        f"The posts above the baseline halved every {_range(known)} days {when_} the reversal."
        for known, when_ in (
            (shape.half_life_days_before, "before"),
            (shape.half_life_days_after, "after"),
        )
        if known is not None
    ]


def _range(known: Range) -> str:
    low, high = number(known.low, 1), number(known.high, 1)
    return low if low == high else f"{low} to {high}"


def _rise(analysis: Analysis) -> str:
    shape = analysis.shape
    if analysis.totals.posts == 0:
        return "No post of this case was found in the window."
    if shape.peak is None:
        return f"Found: {count(analysis.totals.posts, 'post')}; no peak could be told."
    if shape.baseline_posts_per_day is None:
        return f"The busiest time brought {peak(analysis)}; the baseline before it is not known."
    times = "" if shape.amplification is None else f", {rate(shape.amplification)} times the baseline"
    return f"Posts rose from {rate(shape.baseline_posts_per_day)} a day to a peak of {peak(analysis)}{times}."


def _drop(drop: Estimate) -> str:
    scale = f"on a scale from {MINUS}1 to +1"
    if drop.value >= 0:
        return f"Mean sentiment fell by {interval(drop.value, drop.ci_low, drop.ci_high)} {scale}."
    risen = interval(-drop.value, -drop.ci_high, -drop.ci_low)
    return f"Mean sentiment did not fall: it rose by {risen} {scale}."


def _as_sentence(text: str) -> str:
    shown = sentence_case(text, 300)
    return shown if not shown or shown[-1] in ".!?…" else f"{shown}."


def method(*, tested: bool) -> str:
    """How the answer was made, in two sentences at most."""
    counted = "Posts that match the words of the case are counted per stretch of time and scored one by one."
    if not tested:
        return counted
    return (
        f"{counted} The answer compares what followed the reversal with what fading alone would have given, "
        "by number and by sentiment; where the two are too close to tell apart, it says inconclusive."
    )


def coverage(analysis: Analysis) -> tuple[str, ...]:
    """How much of the window was observed, and what is missing."""
    line = analysis.series
    seen, whole = observed_days(line), grid_days(line)
    if seen == 0:
        return ("Nothing of the window was observed. That is not the same as no posts.",)
    if seen > whole - 0.05:
        told = [f"All {days(whole)} days of the window were observed."]
    else:
        told = [
            (
                f"{days(seen)} of {days(whole)} days were observed. "
                "What was not observed is hatched in the charts and is nowhere counted as zero."
            )
        ]
    cut = sorted({shorten(s.source, 30) for s in analysis.coverage if s.status is CoverageStatus.SATURATED})
    if cut:
        told.append(f"At times {listed(cut)} had more posts than it gave out: counts there are too low.")
    return tuple(told)


def listed(items: list[str]) -> str:
    """One, two and three."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def caption(analysis: Analysis) -> str:
    """What the timeline shows and how to read it."""
    line = analysis.series
    parts = [
        (
            f"Above: posts {per(line.grid.every)}. Below: the mean sentiment of the scored posts on a scale "
            f"from {MINUS}1 (negative) to +1 (positive); the band is its 95% interval."
        )
    ]
    faded = analysis.counterfactual
    if faded and any(posts is not None for posts in faded.posts_high):
        parts.append(
            "The purple band is what fading alone would have brought without the reversal, from the least "
            "to the most over four shapes of fading."
        )
    if faded and any(mean is not None for mean in faded.mean_compound):
        parts.append("The dashed line is where sentiment drifted without it.")
    if any(not bucket.observed for bucket in line.buckets):
        parts.append("Hatched: not observed.")
    if any(is_partial(bucket.observed_share) and bucket.observed for bucket in line.buckets):
        parts.append("Lighter bars: only partly observed, so the true count is higher.")
    parts.append(f"Times are those of {analysis.case.timezone}.")
    return " ".join(parts)


def is_partial(observed_share: float) -> bool:
    """Whether a bucket misses some of its time. Rounding of a full one doesn't count."""
    return observed_share < 0.999


def outcome(check: CheckResult) -> str:
    """A check's outcome in a word or two."""
    return {True: "passed", False: "failed", None: "not possible"}[check.passed]


def alt_text(analysis: Analysis) -> str:
    """The timeline for those who can't see it: what is drawn, the main figures, the events."""
    line, zone = analysis.series, analysis.case.zone
    told = ["Synthetic posts." if analysis.case.synthetic else ""]
    told.append(
        f"Two charts on one time axis, {span(line.grid.start, line.grid.end, zone)}: "
        f"posts {per(line.grid.every)} above, mean sentiment below."
    )
    told.append(_rise(analysis))
    told.append(shorten(analysis.verdict.sentence, 600))
    told += [_phase_mood(analysis, phase) for phase in analysis.phases[:6]]
    dated = [f"{day(at, zone)}, {shorten(event.label, 60)}" for at, event in analysis.case.timeline()[:6]]
    told.append(f"Events: {'; '.join(dated)}." if dated else "")
    missing = sum(not bucket.observed for bucket in line.buckets)
    told.append(
        f"{number(missing)} of {count(len(line.buckets), line.grid.every)} not observed." if missing else ""
    )
    return " ".join(part for part in told if part)


def _phase_mood(analysis: Analysis, phase: Phase) -> str:
    mean = phase.measures.mean_compound
    if mean is None or hides(analysis, phase.measures):
        return ""
    return f"{sentence_case(phase.name, 30)}: mean sentiment {number(mean, 2)}."


def alt_text_by_source(analysis: Analysis) -> str:
    """The small charts for those who can't see them."""
    shown = [s for s in analysis.by_source if hidden_source(analysis, s) is None]
    posts = [f"{shorten(s.source or '', 30)} {count(s.whole.posts, 'post')}" for s in shown[:8]]
    head = "Synthetic posts. " if analysis.case.synthetic else ""
    return (
        f"{head}Small charts of posts over time, one for each source: {'; '.join(posts) or 'none to show'}."
    )


def alt_text_by_phase(analysis: Analysis) -> str:
    """The slopes for those who can't see them: each phase's two figures."""
    shown = [phase for phase in analysis.phases[:8] if not hides(analysis, phase.measures)]
    told = [
        f"{sentence_case(phase.name, 30)}: {rate(phase.posts_per_day)} posts a day, mean sentiment "
        f"{number(phase.measures.mean_compound, 2)}"
        for phase in shown
    ]
    head = "Synthetic posts. " if analysis.case.synthetic else ""
    return f"{head}Posts a day and mean sentiment from phase to phase. {'; '.join(told) or 'None to show'}."


def alt_text_by_hour(analysis: Analysis) -> str:
    """The hours for those who can't see them: the busiest one, and the busiest hours of the day."""
    zone = analysis.case.zone
    hours = [bucket for bucket in (analysis.hourly.buckets if analysis.hourly else ()) if bucket.observed]
    head = "Synthetic posts. " if analysis.case.synthetic else ""
    if not hours:
        return f"{head}Posts by day and hour: none was observed."
    top = max(hours, key=lambda bucket: bucket.measures.posts)
    most = f"{count(top.measures.posts, 'post')} in the hour from {clock(top.start, zone)}"
    return (
        f"{head}Posts by day and hour of the day, in stronger colour where there were more. The most: {most}."
    )
