"""Walkback in a notebook: `walkback.open("zoom.toml")`, and several cases side by side.

Nothing here keeps the store open: every call opens it, reads, and closes it again, so that whoever collects
meanwhile is not kept waiting. Needs pandas: `pip install walkback[notebook]`.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, Self

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from walkback import frames
from walkback.analysis.analyze import subset_series, window_of
from walkback.analysis.comparison import Compared, compare
from walkback.analysis.model import Analysis
from walkback.analysis.themes.topics import Topic, find_topics
from walkback.case import Every
from walkback.commands.packages import opened
from walkback.commands.reporting import analysis_of
from walkback.commands.scoring import bring_up_to_date, scorer_of
from walkback.reports import charts, citation, words
from walkback.reports.charts.on_axes import draw_sentiment_on, draw_volume_on
from walkback.session import Session
from walkback.store import PrivateCopy, Subset
from walkback.terminal import Terminal

What = Literal["volume", "sentiment"]
Only = Literal["first of near-duplicates", "first of author and day", "established accounts"]
_SUBSETS: Final = {
    "first of near-duplicates": Subset.NO_NEAR_DUPLICATES,
    "first of author and day": Subset.ONE_AN_AUTHOR_AND_DAY,
    "established accounts": Subset.ESTABLISHED_ACCOUNTS,
}
_DRAW: Final = {"volume": draw_volume_on, "sentiment": draw_sentiment_on}


class OpenCase:
    """A case and what its store holds. Times of all frames are in the case's time zone."""

    def __init__(self, path: str | Path, *, wait_s: float = 60.0) -> None:
        """Read the case file, or open a package. Raises CaseError with everything that is wrong with it."""
        with ExitStack() as stack:
            session = Session(Terminal(quiet=True), wait_s)
            self._session, self.case = stack.enter_context(opened(session, Path(path)))
            self._package = stack.pop_all()  # a package's store is there for as long as we are
        self._analyses: dict[Every, Analysis] = {}
        self._copy: PrivateCopy | None = None

    def __repr__(self) -> str:
        """Title and file."""
        return f"<case {words.clean(self.case.title)!r}, {self.case.path}>"

    def posts(self) -> pd.DataFrame:
        """A row for each post of the window that matches the query, by time.

        `source` and `id` are its key, `author` a pseudonym, `text` has its mentions masked; `compound` lies
        between -1 and 1, `negative`, `neutral` and `positive` between 0 and 1, missing where there are no
        words; `likes` and so on are the latest counts. `terms` are the query's that it has. Raises
        NothingToDoError without a store.
        """
        bring_up_to_date(self._session, self.case)
        scorer = scorer_of(self._session, self.case)
        window = self.case.window(self._session.now())
        table = self._session.store(self.case).scored(self.case, window, scorer.name, scorer.version)
        return frames.posts(table, self.case.zone)

    def series(
        self, every: Every = "day", *, by_source: bool = False, only: Only | None = None
    ) -> pd.DataFrame:
        """A row for each hour, day or week of the window, without holes.

        `posts` counts every matching post; where `observed` is False that is no volume, and none is not
        zero. `mean_compound` with its 95% interval (`ci_low`, `ci_high`, clustered by author) and
        `negative_share` are over the `scored` ones. `source` is "all", or with `by_source` its name.
        `only`: of some of the posts, to see what hangs on the others.
        """
        if only is not None:
            bring_up_to_date(self._session, self.case)
            scorer, store = scorer_of(self._session, self.case), self._session.store(self.case)
            now = self._session.now()
            whole, *parts = subset_series(self.case, store, scorer, every, now, _SUBSETS[only])
            return frames.series(parts if by_source else [whole], self.case.zone)
        analysis = self.analysis(every)
        return frames.series(analysis.by_source if by_source else [analysis.series], self.case.zone)

    def phases(self) -> pd.DataFrame:
        """A row for each stretch between events: rate a day over the observed days, and the measures."""
        return frames.phases(self.analysis())

    def effects(self) -> pd.DataFrame:
        """A row for each event and outcome that could be tested, with interval, p and method."""
        return frames.effects(self.analysis())

    def events(self) -> pd.DataFrame:
        """A row for each event of the case file."""
        return frames.events(self.analysis())

    def coverage(self) -> pd.DataFrame:
        """A row for each stretch of each source that was asked for or imported, and how that ended."""
        return frames.coverage(self.analysis())

    def concerns(self) -> pd.DataFrame:
        """A row for each concern of the codebook and each phase.

        `share` of the `looked_at` posts with words that name it, with its 95% interval (Wilson's, clustered
        by author); the other columns are the measures of the posts that name it.
        """
        return frames.concerns(self.analysis())

    def telling_words(self) -> pd.DataFrame:
        """A row for each word, or pair of words, that sets a phase apart: log-odds (Monroe et al. 2008)."""
        return frames.telling_words(self.analysis())

    def young_accounts(self) -> pd.DataFrame:
        """A row for each phase: the share of posts by accounts younger than thirty days.

        With its 95% interval. `posts` tell how old their account was; the share is of those. Empty where
        none does.
        """
        return frames.young_accounts(self.analysis())

    def validity(self) -> pd.DataFrame:
        """A row for each phase: the scorer's share of negative posts, and what people's labels make of it.

        Empty where nobody has labelled: `walkback label`. `analysis().validity` has the confusion matrix.
        """
        return frames.validity(self.analysis())

    def topics(self) -> pd.DataFrame:
        """A row for each topic that the posts' own words make, the largest first; takes some seconds.

        `stability` in [0, 1]: below a half another start of the method does not find it again. `posts` and
        `share` are of up to 5,000 posts drawn by chance. Raises NothingToDoError with fewer than 100.
        """
        return frames.topics(self._topics)

    def topic_series(self) -> pd.DataFrame:
        """A row for each topic and day: how many of the drawn posts are of it, and their mean compound."""
        return frames.topic_series(self._topics, self.analysis().series.grid, self.case.zone)

    @cached_property
    def _topics(self) -> tuple[Topic, ...]:
        analysis = self.analysis()
        with self._session.store(self.case).snapshot() as snapshot:
            return find_topics(snapshot, window_of(analysis), analysis.series.grid.edges)

    def analysis(self, every: Every = "day") -> Analysis:
        """All of it, as the dataclass that the JSON document and the reports are made from.

        Made when it is first asked for and kept; `refresh` forgets it. Raises NothingToDoError where no
        post matches.
        """
        if every not in self._analyses:
            self._analyses[every] = analysis_of(self._session, self.case, every)
        return self._analyses[every]

    def methods(self) -> str:
        """A paragraph for a paper, with the figures of this analysis; `references` has what it cites."""
        return citation.methods(self.analysis())

    def references(self) -> str:
        """BibTeX of Walkback and of the methods that this analysis used."""
        return citation.references(self.analysis())

    def plot(self, what: What = "volume", every: Every = "day", *, ax: Axes | None = None) -> Axes:
        """Volume or sentiment over time, on axes of yours or on new ones."""
        return _DRAW[what](ax or _new_axes(), self.analysis(every))

    def timeline(self, every: Every = "day") -> Figure:
        """The report's own chart: volume and sentiment, phases, events, what was not observed."""
        return charts.timeline(self.analysis(every))

    def sql(self, query: str, **parameters: object) -> pd.DataFrame:
        """The rows of a DuckDB query on a private copy of the store, made at the first query.

        Parameters are named: `case.sql("FROM post WHERE source = $source", source="x")`. Times are in UTC.
        """
        if self._copy is None:
            self._copy = self._session.store(self.case).private_copy()
        frame: pd.DataFrame = self._copy.sql(query, parameters).to_pandas()
        return frame

    def refresh(self) -> Self:
        """Forget analyses and the private copy, so that what was collected since is seen."""
        self._analyses.clear()
        self.__dict__.pop("_topics", None)
        if self._copy is not None:
            self._copy.close()
            self._copy = None
        return self


class OpenCases(Sequence[OpenCase]):
    """Several cases side by side."""

    def __init__(self, paths: Iterable[str | Path]) -> None:
        """Read the case files. Raises CaseError."""
        self._cases = [OpenCase(path) for path in paths]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._cases)

    def __getitem__(self, index: Any) -> Any:
        """One of them, or some."""
        return self._cases[index]

    @cached_property
    def _compared(self) -> list[Compared]:
        return [compare(each.analysis()) for each in self._cases]

    def table(self) -> pd.DataFrame:
        """The league table: a row for each case, the quickest walk-back first.

        `hours_to_reversal` is from the case file's events. `volume` and `sentiment` are the effects of the
        reversal, each with its interval at 99 and 96%; missing where it could not be tested. Half-lives are
        ranges over the shapes of fading, in days.
        """
        frame = pd.DataFrame([_row(each) for each in self._compared])
        return frame.sort_values("hours_to_reversal", na_position="last", ignore_index=True)

    def plot(self, what: What = "volume", every: Every = "day") -> list[Axes]:
        """Small multiples: a chart for each case, one below the other."""
        figure, axes = plt.subplots(
            len(self), 1, figsize=(9, 2.6 * len(self)), layout="constrained", squeeze=False
        )
        figure.align_ylabels()
        return [each.plot(what, every, ax=ax) for each, ax in zip(self._cases, axes[:, 0], strict=True)]


def open_case(path: str | Path, *, wait_s: float = 60.0) -> OpenCase:
    """A case, by its file. Raises CaseError."""
    return OpenCase(path, wait_s=wait_s)


def open_cases(paths: Iterable[str | Path]) -> OpenCases:
    """Cases, by their files. Raises CaseError."""
    return OpenCases(paths)


def _new_axes() -> Axes:
    _, axes = plt.subplots(figsize=(9, 3.2), layout="constrained")
    return axes


def _row(each: Compared) -> dict[str, Any]:
    row = asdict(each)
    for name in ("volume", "sentiment"):
        effect = row.pop(name)
        row[name] = None if effect is None else effect["estimate"]
        for bound in ("ci_low", "ci_high"):
            row[f"{name}_{bound}"] = None if effect is None else effect[bound]
    for name in ("half_life_days_before", "half_life_days_after"):
        known = row.pop(name)
        row[f"{name}_low"] = None if known is None else known["low"]
        row[f"{name}_high"] = None if known is None else known["high"]
    return row
