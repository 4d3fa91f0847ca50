"""The figures behind the chart that a reader can ask: a day or a week at a time, source by source."""

import json
from datetime import datetime
from typing import Any

from walkback.analysis.model import Analysis, Bucket, Series
from walkback.reports import words


def explorer_data(analysis: Analysis) -> str:
    """JSON for the page's script, safe inside its element. No post's words are in it.

    A row of a series: posts, authors, scored posts, mean compound, its interval's ends, negative share,
    whether observed. Times are seconds from the window's start, names of buckets are local.
    """
    data = {
        "grids": [_grid(analysis, series, parts) for series, parts in _grids(analysis)],
        "length": (analysis.series.grid.end - analysis.series.grid.start).total_seconds(),
        "events": [
            {"at": _seconds(analysis, moment), "label": words.shorten(event.label, 120)}
            for moment, event in analysis.case.timeline()
            if analysis.series.grid.start <= moment < analysis.series.grid.end
        ],
    }
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _grids(analysis: Analysis) -> list[tuple[Series, tuple[Series, ...]]]:
    grids = [(analysis.series, analysis.by_source)]
    if analysis.weekly and analysis.series.grid.every != "week":
        grids.append((analysis.weekly[0], analysis.weekly[1:]))
    return grids


def _grid(analysis: Analysis, whole: Series, parts: tuple[Series, ...]) -> dict[str, Any]:
    shown = [part for part in parts if words.hidden_source(analysis, part) is None]
    return {
        "every": whole.grid.every,
        "edges": [_seconds(analysis, edge) for edge in whole.grid.edges],
        "names": [words.bucket(bucket, whole.grid.every, analysis.case.zone) for bucket in whole.buckets],
        "all": _rows(analysis, whole),
        # Where a source may not be shown, the others must not be told apart either: it would be what is left.
        "sources": [
            {"name": words.shorten(part.source or "", 30), "rows": _rows(analysis, part)} for part in shown
        ]
        if len(shown) == len(parts)
        else [],
    }


def _rows(analysis: Analysis, series: Series) -> list[list[float | None]]:
    return [_row(analysis, bucket) for bucket in series.buckets]


def _row(analysis: Analysis, bucket: Bucket) -> list[float | None]:
    known = bucket.measures
    counts: list[float | None] = [known.posts, known.authors, known.scored]
    means = [known.mean_compound, known.ci_low, known.ci_high, known.negative_share]
    if words.hides(analysis, known):
        means = [None] * 4
    return [*counts, *(None if mean is None else round(mean, 4) for mean in means), int(bucket.observed)]


def _seconds(analysis: Analysis, moment: datetime) -> float:
    return (moment - analysis.series.grid.start).total_seconds()
