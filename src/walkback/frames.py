"""Tidy frames: a row for what is counted, a column for what is known of it; times in the case's time zone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from walkback.analysis.model import (
    Analysis,
    CoverageSpan,
    Effect,
    Estimate,
    Grid,
    Measures,
    Series,
    WordWeight,
)
from walkback.analysis.themes.topics import Topic


def posts(table: pa.Table, zone: ZoneInfo) -> pd.DataFrame:
    """A row for each post; see `OpenCase.posts`."""
    frame: pd.DataFrame = table.to_pandas()
    for name in ("created_at", "edited_at", "first_seen_at", "fetched_at"):
        frame[name] = frame[name].dt.tz_convert(zone)
    return frame


def series(lines: Iterable[Series], zone: ZoneInfo) -> pd.DataFrame:
    """A row for each bucket of each series; see `OpenCase.series`."""
    rows = [
        {
            "source": line.source or "all",
            "start": bucket.start,
            "end": bucket.end,
            "observed_share": bucket.observed_share,
            "observed": bucket.observed,
            **_measures(bucket.measures),
        }
        for line in lines
        for bucket in line.buckets
    ]
    return _frame(rows, ("start", "end"), zone)


def phases(analysis: Analysis) -> pd.DataFrame:
    """A row for each phase; see `OpenCase.phases`."""
    rows = [
        {
            "name": phase.name,
            "start": phase.start,
            "end": phase.end,
            "observed_days": phase.observed_days,
            "posts_per_day": phase.posts_per_day,
            **_measures(phase.measures),
        }
        for phase in analysis.phases
    ]
    return _frame(rows, ("start", "end"), analysis.case.zone)


def effects(analysis: Analysis) -> pd.DataFrame:
    """A row for each effect; see `OpenCase.effects`."""
    rows = [asdict(effect) for effect in analysis.effects]
    return _frame(rows, ("at",), analysis.case.zone, _names(Effect))


def events(analysis: Analysis) -> pd.DataFrame:
    """A row for each event of the case; see `OpenCase.events`."""
    rows = [
        {"at": at, "kind": event.kind.value, "label": event.label, "url": event.url and str(event.url)}
        for at, event in analysis.case.timeline()
    ]
    return _frame(rows, ("at",), analysis.case.zone, ["at", "kind", "label", "url"])


def coverage(analysis: Analysis) -> pd.DataFrame:
    """A row for each stretch that was asked for or imported; see `OpenCase.coverage`."""
    rows = [{**asdict(span), "status": span.status.value} for span in analysis.coverage]
    return _frame(rows, ("start", "end"), analysis.case.zone, _names(CoverageSpan))


def concerns(analysis: Analysis) -> pd.DataFrame:
    """A row for each concern and phase; see `OpenCase.concerns`."""
    rows = [
        {
            "concern": concern.title,
            "phase": part.phase,
            "looked_at": part.share.posts,
            "share": part.share.value,
            "share_ci_low": part.share.ci_low,
            "share_ci_high": part.share.ci_high,
            **_measures(part.measures),
        }
        for concern in analysis.concerns
        for part in concern.phases
    ]
    return pd.DataFrame(rows)


def telling_words(analysis: Analysis) -> pd.DataFrame:
    """A row for each word that sets a phase apart; see `OpenCase.telling_words`."""
    rows = [{"phase": each.phase, **asdict(weight)} for each in analysis.words for weight in each.words]
    return pd.DataFrame(rows, columns=["phase", *_names(WordWeight)])


def young_accounts(analysis: Analysis) -> pd.DataFrame:
    """A row for each phase; see `OpenCase.young_accounts`."""
    known = () if analysis.voices is None else analysis.voices.young
    rows = [
        {
            "phase": part.phase,
            "posts": part.share.posts,
            "share": part.share.value,
            "share_ci_low": part.share.ci_low,
            "share_ci_high": part.share.ci_high,
        }
        for part in known
    ]
    return pd.DataFrame(rows)


def validity(analysis: Analysis) -> pd.DataFrame:
    """A row for each phase; see `OpenCase.validity`."""
    known = analysis.validity
    rows = [
        {
            "phase": each.phase,
            "labelled": each.posts,
            "off_topic_share": each.off_topic_share,
            "raw_negative_share": each.raw_negative_share,
            **_estimate("negative_share", each.negative_share),
            **_estimate("mean_label", each.mean_label),
        }
        for each in (() if known is None else known.phases)
    ]
    return pd.DataFrame(rows)


def topics(found: Sequence[Topic]) -> pd.DataFrame:
    """A row for each topic; see `OpenCase.topics`."""
    rows = [asdict(topic) for topic in found]
    return pd.DataFrame(rows, columns=[name for name in _names(Topic) if name != "by_bucket"])


def topic_series(found: Sequence[Topic], grid: Grid, zone: ZoneInfo) -> pd.DataFrame:
    """A row for each topic and bucket; see `OpenCase.topic_series`."""
    rows = [
        {"topic": topic.label, "start": start, "posts": posts, "mean_compound": mean}
        for topic in found
        for start, posts, mean in zip(grid.edges[:-1], topic.by_bucket, topic.mean_by_bucket, strict=True)
    ]
    return _frame(rows, ("start",), zone)


def _estimate(name: str, known: Estimate | None) -> dict[str, float | None]:
    if known is None:
        return {name: None, f"{name}_ci_low": None, f"{name}_ci_high": None}
    return {name: known.value, f"{name}_ci_low": known.ci_low, f"{name}_ci_high": known.ci_high}


def _measures(known: Measures) -> dict[str, Any]:
    return asdict(known)


def _names(kind: type[Effect | CoverageSpan | WordWeight | Topic]) -> list[str]:
    return [each.name for each in fields(kind)]


def _frame(
    rows: Sequence[Mapping[str, Any]],
    times: Sequence[str],
    zone: ZoneInfo,
    columns: list[str] | None = None,
) -> pd.DataFrame:
    """`columns`: for frames that may have no row."""
    frame = pd.DataFrame(rows, columns=columns)
    for name in times:
        moments: list[datetime] = [row[name] for row in rows]
        frame[name] = pd.to_datetime(pd.Series(moments, dtype="datetime64[us, UTC]")).dt.tz_convert(zone)
    return frame
