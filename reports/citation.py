"""What a paper needs to say of an analysis: a paragraph on methods, and references, to be pasted."""

import re
from collections.abc import Iterator
from importlib.resources import files

from walkback import __version__
from walkback.analysis.model import Analysis, Effect
from walkback.reports import words


def methods(analysis: Analysis) -> str:
    """A paragraph with the figures of this analysis, citing the keys of `references`."""
    return words.clean(" ".join((*_posts(analysis), *_estimates(analysis))))


def references(analysis: Analysis) -> str:
    """BibTeX of this software and of what `methods` cites."""
    text = files("walkback.reports").joinpath("templates", "references.bib").read_text(encoding="utf-8")
    entries = {re.findall(r"\{(\w+),", entry)[0]: entry for entry in text.strip().split("\n\n")}
    software = f"@software{{walkback,\n  title = {{Walkback}},\n  version = {{{__version__}}}\n}}"
    cited = re.findall(r"\[(\w+)\]", methods(analysis))
    return "\n\n".join((software, *(entries[key] for key in dict.fromkeys(cited)))) + "\n"


def _posts(analysis: Analysis) -> Iterator[str]:
    case, totals = analysis.case, analysis.totals
    posts, authors = words.count(totals.posts, "post"), words.count(totals.authors, "author")
    sources = words.listed(sorted(totals.by_source)) if totals.by_source else "no source"
    window = words.span(analysis.series.grid.start, analysis.series.grid.end, case.zone)
    yield (
        f"We analysed {posts} by {authors} from {sources} ({window}, {case.timezone}) that match a fixed list"
        f" of terms, with Walkback {__version__}."
    )
    if case.synthetic:
        yield "The posts are synthetic."
    seen = words.number(words.observed_days(analysis.series))
    whole = words.number(words.grid_days(analysis.series))
    yield f"{seen} of {whole} days were observed; what was not is left out, not counted as zero."
    if totals.scored:
        yield (
            f"{words.number(totals.scored)} posts with words were scored by {analysis.scorer.name}"
            f" {analysis.scorer.version} [hutto2014vader]; intervals of mean compound are clustered by author"
            " [cameron2015practitioner]."
        )


def _estimates(analysis: Analysis) -> Iterator[str]:
    for effect in analysis.effects:
        yield _effect(analysis, effect)
    if analysis.changepoints:
        yield "Change points of volume are by PELT [killick2012optimal]."
    if any(each.words for each in analysis.words):
        yield "Words that set phases apart are weighed by log-odds ratios [monroe2008fightin]."
    if analysis.validity is not None:
        posts = words.count(analysis.validity.posts, "post")
        coders = words.count(len(analysis.validity.coders), "coder")
        yield (
            f"{posts} were labelled by {coders} blind to the scores; shares of negative posts are corrected"
            " by prediction-powered inference [angelopoulos2023prediction]."
        )
    yield f"The result is “{analysis.verdict.word}”; no claim of a cause is made."


def _effect(analysis: Analysis, effect: Effect) -> str:
    at = words.clock(effect.at, analysis.case.zone)
    figure = words.interval(effect.estimate, effect.ci_low, effect.ci_high)
    before, after = words.number(effect.n_before), words.number(effect.n_after)
    measure = effect.measure.replace("_", " ")
    return (
        f"The effect on {effect.outcome} of the event at {at} ({measure} {figure}) is by {effect.method};"
        f" {before} posts before, {after} after."
    )
