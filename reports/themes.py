"""What people were angry about: concerns by phase, and words that tell phases apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from walkback.analysis.model import Analysis, Concern, ConcernPart, Phase
from walkback.analysis.phases import BASELINE
from walkback.reports import words
from walkback.reports.tables import Table

_MOST_PHASES: Final = 5
_NAMED: Final = 3
_MOST_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Telling:
    """Words that set a phase apart; they are strangers'."""

    phase: str
    words: str


def concerns_table(analysis: Analysis) -> Table:
    """One row a concern that is named at all, those most named at the height first; a column a phase."""
    shown = _most_posts(analysis.phases)
    height = _height(analysis)
    named = [each for each in analysis.concerns if any(part.measures.posts for part in each.phases)]
    ranked = sorted(named, key=lambda concern: (-_named(concern, height), concern.title))
    heads = ("Concern", *(words.sentence_case(analysis.phases[at].name) for at in shown), "Mean sentiment")
    rows = tuple(
        (
            words.shorten(concern.title, 60),
            *(_share(analysis, concern.phases[at]) for at in shown),
            _mood(analysis, concern.phases[height]),
        )
        for concern in ranked
    )
    every = max((part.share.every for concern in ranked for part in concern.phases), default=1)
    drawn = f" Of one post in {every}, drawn by chance." if every > 1 else ""
    where = words.sentence_case(analysis.phases[height].name).lower() if analysis.phases else ""
    caption = (
        "Posts that name a concern, by the words of a codebook: the share of the phase's posts with words, "
        "and its 95% interval; one post may name several. Mean sentiment is of those that name it in "
        f"the phase “{where}”.{drawn}"
    )
    return Table(caption, heads, rows if analysis.phases else ())


def angry_about(analysis: Analysis) -> tuple[str, ...]:
    """What was named most at the height, in a sentence; nothing where too few people wrote."""
    if not analysis.concerns:
        return ()
    height = _height(analysis)
    phase = analysis.phases[height]
    named = [
        (concern.title, concern.phases[height])
        for concern in sorted(analysis.concerns, key=lambda concern: -_named(concern, height))
        if concern.phases[height].share.ci_low is not None
        and concern.phases[height].measures.authors >= analysis.case.report.minimum_cell
    ][:_NAMED]
    if words.hides(analysis, phase.measures) or not named:
        return ("Too few posts name a concern to tell what people were angry about.",)
    shares = [
        f"{words.share_interval(part.share)} name {title[:1].lower()}{title[1:]}" for title, part in named
    ]
    return (f"Of the posts in the busiest phase, “{words.shorten(phase.name, 60)}”, {words.listed(shares)}.",)


def telling_words(analysis: Analysis) -> tuple[Telling, ...]:
    """Each phase with the words that set it apart, where there are any."""
    return tuple(
        Telling(
            words.sentence_case(each.phase),
            ", ".join(words.shorten(weight.words, 40) for weight in each.words[:_MOST_WORDS]),
        )
        for each in analysis.words
        if each.words
    )


def _height(analysis: Analysis) -> int:
    """The phase with the most posts a day, the usual days before the first event aside."""
    rates = [
        -1.0 if phase.name == BASELINE and len(analysis.phases) > 1 else phase.posts_per_day or 0.0
        for phase in analysis.phases
    ]
    return rates.index(max(rates)) if rates else 0


def _most_posts(phases: Sequence[Phase]) -> list[int]:
    ranked = sorted(range(len(phases)), key=lambda at: -phases[at].measures.posts)
    return sorted(ranked[:_MOST_PHASES])


def _named(concern: Concern, height: int) -> float:
    return concern.phases[height].share.value or 0.0


def _share(analysis: Analysis, part: ConcernPart) -> str:
    if words.hides(analysis, part.measures):
        return words.few(analysis)
    return words.share_interval(part.share)


def _mood(analysis: Analysis, part: ConcernPart) -> str:
    return words.few(analysis) if words.hides(analysis, part.measures) else words.mean(part.measures)
