"""What an analysis is: plain values, no store behind them. Reports are made from these alone.

Times are aware and in UTC unless said otherwise; windows are half-open; shares lie in [0, 1];
compound lies in [-1, 1]; None means "not known", never zero.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from walkback.case import Case, Every
from walkback.store import Copies


@dataclass(frozen=True, slots=True)
class ScorerId:
    """Which scorer, in which version, made the scores."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular grid in the case's time zone.

    `edges` has one more entry than there are buckets; the first and last bucket may be cut by the
    window. A day has 23 or 25 hours when the clocks change.
    """

    every: Every
    timezone: str
    edges: tuple[datetime, ...]

    @property
    def start(self) -> datetime:
        """Start of the first bucket."""
        return self.edges[0]

    @property
    def end(self) -> datetime:
        """End of the last bucket, not in it."""
        return self.edges[-1]


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts and mean compound of the posts of one stretch of time.

    `posts` counts every matching post; `scored` those with a score; the mean, its 95% interval
    and the negative share are over the scored ones. The interval is clustered by author and is
    None with fewer than five authors, where none could be trusted.
    """

    posts: int
    authors: int
    scored: int
    mean_compound: float | None
    ci_low: float | None
    ci_high: float | None
    negative_share: float | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of the grid, [start, end).

    `observed_share`: how much of its time was covered by what was collected or imported; of a
    series of all sources, the time in which every one of them was. `observed` is False under one
    half: a count there is not a volume, and nothing there is not zero.
    """

    start: datetime
    end: datetime
    observed_share: float
    observed: bool
    measures: Measures


@dataclass(frozen=True, slots=True)
class Series:
    """Buckets in time order, over the whole grid without holes. `source` is None for all sources.

    `whole` is over the whole window: an author counts once there, and once in each bucket.
    `posts_per_day` counts the posts of the observed time alone, over that time; None without any.
    """

    grid: Grid
    source: str | None
    buckets: tuple[Bucket, ...]
    whole: Measures
    posts_per_day: float | None


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch between events. `posts_per_day` is per observed day, None where none was observed."""

    name: str
    start: datetime
    end: datetime
    observed_days: float
    posts_per_day: float | None
    measures: Measures


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95% interval."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest that the shapes of fading allow; no interval of chance."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest bucket."""

    start: datetime
    posts: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of the outcry. What could not be computed is None and its reason is in `notes`.

    `amplification`: the peak over the baseline (a ratio). `doubling_time_hours`: of the excess
    over the baseline between onset and peak. `half_life_days_…`: of the excess before and after the
    reversal, over the shapes of fading. `excess_posts`: posts above the baseline from onset on, and those
    of them before and after the reversal. `sentiment_drop`: baseline mean minus outcry mean, in units of
    compound. `sentiment_recovered_share`: the step at the reversal over the dip; its interval is at 96%.
    """

    baseline_posts_per_day: float | None = None
    onset: datetime | None = None
    peak: Peak | None = None
    hours_to_peak: float | None = None
    amplification: float | None = None
    doubling_time_hours: Estimate | None = None
    half_life_days_before: Range | None = None
    half_life_days_after: Range | None = None
    excess_posts: Estimate | None = None
    excess_posts_before: Estimate | None = None
    excess_posts_after: Estimate | None = None
    sentiment_drop: Estimate | None = None
    sentiment_recovered_share: Estimate | None = None
    notes: tuple[str, ...] = ()


class CoverageStatus(StrEnum):
    """How the asking of a window ended; `erased`: what it brought was let go since."""

    COMPLETE = "complete"
    SATURATED = "saturated"
    TRUNCATED = "truncated"
    GAP = "gap"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class CoverageSpan:
    """A window of one source and how the asking ended.

    `how`: `archive` for an imported file, taken as complete from its first to its last post;
    `stated` where the user said what the file is complete for.
    """

    source: str
    start: datetime
    end: datetime
    status: CoverageStatus
    how: str


@dataclass(frozen=True, slots=True)
class Totals:
    """What the case holds inside its window.

    `unscorable` posts have no words to score (deleted, removed, withheld, empty).
    `near_duplicates` counts posts beyond the first of each group with the same words.
    """

    posts: int
    authors: int
    scored: int
    unscorable: int
    near_duplicates: int
    by_source: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """One import or collection that the posts came from. `finished_at`: None where it was cut off."""

    what: str
    finished_at: datetime | None
    posts: int
    duplicates: int
    quarantined: int
    refused: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event did to an outcome, as estimated by a named method.

    `measure`: `rate_ratio` of the excess to what fading alone predicts, or `mean_difference` of compound.
    The interval is at 99% for volume and at 96% for sentiment.
    """

    event: str
    at: datetime
    outcome: str
    measure: str
    estimate: float
    ci_low: float
    ci_high: float
    p: float
    method: str
    n_before: int
    n_after: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of the finding: `passed` is None where it was not possible.

    `figures` are (name, value) pairs: ratios of volume, steps of mean compound, probabilities, counts.
    """

    name: str
    title: str
    passed: bool | None
    text: str
    figures: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What would have come without the event, on the series' grid: one entry a bucket.

    `posts_low` and `posts_high` are the least and most that fading alone predicts over its shapes;
    `mean_compound` is what the drift alone predicts. None before the peak, beyond a week after the
    event, and where nothing could be estimated.
    """

    event: datetime
    posts_low: tuple[float | None, ...]
    posts_high: tuple[float | None, ...]
    mean_compound: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A whole week, Monday to Sunday, against the week before it.

    `by_source`: (source, the week before, the week), by name. `mean_difference`: this week's mean compound
    minus the week's before, the two taken as independent.
    """

    before: Bucket
    now: Bucket
    by_source: tuple[tuple[str, Bucket, Bucket], ...]
    mean_difference: Estimate | None


@dataclass(frozen=True, slots=True)
class Quote:
    """A post that stands for a phase: its words are near to those of all the phase's posts.

    `text` is as it is stored: mentions are masked, nothing else is; it is a stranger's.
    """

    phase: str
    source: str
    created_at: datetime
    text: str
    compound: float
    url: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """A share of so many `posts`; `every`: of one in so many, drawn by chance. None: there were too few."""

    posts: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    every: int = 1


@dataclass(frozen=True, slots=True)
class ConcernPart:
    """A concern in a phase: its share of the posts with words, and the measures of those that name it."""

    phase: str
    share: Share
    measures: Measures


@dataclass(frozen=True, slots=True)
class Concern:
    """A concern of the codebook, phase by phase."""

    name: str
    title: str
    phases: tuple[ConcernPart, ...]


@dataclass(frozen=True, slots=True)
class WordWeight:
    """A word, or two that stand side by side, and how it sets a phase apart.

    `authors`: how many said it in the phase. `log_odds`: the logarithm of the ratio of its odds here and in
    all other phases, with its 95% interval; `z` is that in standard errors.
    """

    words: str
    authors: int
    z: float
    log_odds: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class PhaseWords:
    """What sets a phase apart, of so many posts drawn from it, the most telling first."""

    phase: str
    posts: int
    words: tuple[WordWeight, ...]


@dataclass(frozen=True, slots=True)
class YoungPart:
    """In a phase: the share of posts by young accounts, of those that tell how old their account is."""

    phase: str
    share: Share


@dataclass(frozen=True, slots=True)
class Voices:
    """Who spoke. `gini` of posts by author; `loudest_share`: of posts, by the loudest 1% of authors.

    `once_share`: of authors, those who wrote once. `copies`: the largest groups of posts with the same words.
    `young`: posts by accounts younger than thirty days, a phase each; empty where nobody's age is told.
    """

    gini: float | None
    loudest_share: float | None
    once_share: float | None
    copies: tuple[Copies, ...]
    young: tuple[YoungPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Corrected:
    """A phase as people's labels correct the scorer: see `validity.corrected_mean`.

    `raw_negative_share` is the scorer's over all scored posts; the corrected ones are of those on topic:
    `negative_share`, and `mean_label` with -1 for negative and 1 for positive. None: too few labels.
    """

    phase: str
    posts: int
    off_topic_share: float | None
    raw_negative_share: float | None
    negative_share: Estimate | None
    mean_label: Estimate | None


@dataclass(frozen=True, slots=True)
class Validity:
    """What people said of so many posts, held against the scorer.

    `confusion`: rows are people's negative, neutral, positive, off-topic; columns the scorer's first three.
    `agreement` is Krippendorff's alpha, None with one coder.
    """

    posts: int
    coders: tuple[str, ...]
    agreement: float | None
    confusion: tuple[tuple[int, ...], ...]
    phases: tuple[Corrected, ...]


class Word(StrEnum):
    """The verdict words."""

    CALMED = "calmed"
    PARTLY = "partly calmed"
    NOT_CALMED = "not calmed"
    WORSENED = "worsened"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: one word, each signal's own word, one sentence, and the reasons."""

    word: Word
    volume: Word
    sentiment: Word
    sentence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that a report may show. Same store, same case, same clock: the same value.

    `series` and `by_source` are on the grid that was asked for; `hourly` is of all sources, `weekly` of all
    and then of each.
    """

    case: Case
    generated_at: datetime
    scorer: ScorerId
    totals: Totals
    coverage: tuple[CoverageSpan, ...]
    series: Series
    by_source: tuple[Series, ...]
    phases: tuple[Phase, ...]
    shape: Shape
    effects: tuple[Effect, ...]
    verdict: Verdict
    origins: tuple[Origin, ...]
    checks: tuple[CheckResult, ...] = ()
    counterfactual: Counterfactual | None = None
    changepoints: tuple[datetime, ...] = ()
    hourly: Series | None = None
    weekly: tuple[Series, ...] = ()
    change: Change | None = None
    quotes: tuple[Quote, ...] = ()
    concerns: tuple[Concern, ...] = ()
    words: tuple[PhaseWords, ...] = ()
    validity: Validity | None = None
    voices: Voices | None = None
