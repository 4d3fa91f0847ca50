"""The analysis as JSON: the contract of `walkback analyze --json` and of `report.json`, schema 1.

Keys may be added but never renamed. Moments of the grid, the series and the shape are in the case's
time zone with their offset; all others are in UTC, ending in Z. What isn't known is null.
"""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from walkback.analysis.model import (
    Analysis,
    Bucket,
    Change,
    CheckResult,
    Concern,
    CoverageSpan,
    Effect,
    Estimate,
    Grid,
    Measures,
    Origin,
    Phase,
    PhaseWords,
    Quote,
    Range,
    Series,
    Shape,
    Share,
    Totals,
    Validity,
    Verdict,
    Voices,
)
from walkback.case import Case, Event

SCHEMA: Final = 1


def to_document(analysis: Analysis) -> dict[str, Any]:
    """The contract's document, keys in the contract's order, made of plain JSON values."""
    case, zone = analysis.case, analysis.case.zone
    return {
        "schema": SCHEMA,
        "case": case.name,
        "title": case.title,
        "synthetic": case.synthetic,
        "generated_at": _utc(analysis.generated_at),
        "scorer": {"name": analysis.scorer.name, "version": analysis.scorer.version},
        "grid": _grid(analysis.series.grid, zone),
        "sources": sorted(analysis.totals.by_source),
        "totals": _totals(analysis.totals),
        "coverage": [_coverage(span) for span in analysis.coverage],
        "events": [_event(moment, event) for moment, event in case.timeline()],
        "series": _series(analysis.series, zone),
        "series_by_source": {str(part.source): _series(part, zone) for part in analysis.by_source},
        "measures_by_source": {str(part.source): _measures(part.whole) for part in analysis.by_source},
        "phases": [_phase(phase) for phase in analysis.phases],
        "shape": _shape(analysis.shape, zone),
        "changepoints": [
            {"at": _local(moment, zone), "outcome": "volume"} for moment in analysis.changepoints
        ],
        "effects": [_effect(effect) for effect in analysis.effects],
        "verdict": _verdict(analysis.verdict),
        "checks": [_check(check) for check in analysis.checks],
        "counterfactual": _counterfactual(analysis, zone),
        "origins": [_origin(origin) for origin in analysis.origins],
        "change": _change(analysis.change, zone),
        "quotes": [_quote(quote) for quote in analysis.quotes],
        "concerns": [_concern(concern) for concern in analysis.concerns],
        "words": [_phase_words(each) for each in analysis.words],
        "voices": None if analysis.voices is None else _voices(analysis.voices, analysis.case),
        "validity": None if analysis.validity is None else _validity(analysis.validity),
    }


def render_json(analysis: Analysis) -> str:
    """The document as text, indented by two, in the contract's order, with a newline at its end."""
    return json.dumps(to_document(analysis), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat()


def _known(value: float | None) -> float | None:
    """JSON has neither NaN nor infinity: an end without a bound is not known."""
    return value if value is not None and math.isfinite(value) else None


def _grid(grid: Grid, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "every": grid.every,
        "timezone": grid.timezone,
        "start": _local(grid.start, zone),
        "end": _local(grid.end, zone),
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "posts": totals.posts,
        "authors": totals.authors,
        "scored": totals.scored,
        "unscorable": totals.unscorable,
        "near_duplicates": totals.near_duplicates,
        "by_source": dict(sorted(totals.by_source.items())),
    }


def _coverage(span: CoverageSpan) -> dict[str, Any]:
    return {
        "source": span.source,
        "start": _utc(span.start),
        "end": _utc(span.end),
        "status": span.status.value,
        "how": span.how,
    }


def _event(moment: datetime, event: Event) -> dict[str, Any]:
    url = None if event.url is None else str(event.url)
    return {"at": _utc(moment), "kind": event.kind.value, "label": event.label, "url": url}


def _series(series: Series, zone: ZoneInfo) -> list[dict[str, Any]]:
    return [_bucket(bucket, zone) for bucket in series.buckets]


def _bucket(bucket: Bucket, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "start": _local(bucket.start, zone),
        "observed": bucket.observed,
        "observed_share": bucket.observed_share,
        **_measures(bucket.measures),
    }


def _measures(known: Measures) -> dict[str, float | None]:
    return {"posts": known.posts, "authors": known.authors, "scored": known.scored, **_sentiment(known)}


def _sentiment(known: Measures) -> dict[str, float | None]:
    return {
        "mean_compound": _known(known.mean_compound),
        "ci_low": _known(known.ci_low),
        "ci_high": _known(known.ci_high),
        "negative_share": _known(known.negative_share),
    }


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "name": phase.name,
        "start": _utc(phase.start),
        "end": _utc(phase.end),
        "observed_days": phase.observed_days,
        "posts": phase.measures.posts,
        "authors": phase.measures.authors,
        "posts_per_day": _known(phase.posts_per_day),
        **_sentiment(phase.measures),
    }


def _shape(shape: Shape, zone: ZoneInfo) -> dict[str, Any]:
    peak = shape.peak
    return {
        "baseline_posts_per_day": _known(shape.baseline_posts_per_day),
        "onset": _local(shape.onset, zone),
        "peak": {"start": _local(peak.start if peak else None, zone), "posts": peak.posts if peak else None},
        "amplification": _known(shape.amplification),
        **_estimate("doubling_time_hours", shape.doubling_time_hours),
        "hours_to_peak": _known(shape.hours_to_peak),
        "half_life_days": {
            "before_reversal": _range(shape.half_life_days_before),
            "after_reversal": _range(shape.half_life_days_after),
        },
        **_estimate("excess_posts", shape.excess_posts),
        **_estimate("excess_posts_before_reversal", shape.excess_posts_before),
        **_estimate("excess_posts_after_reversal", shape.excess_posts_after),
        **_estimate("sentiment_drop", shape.sentiment_drop),
        **_estimate("sentiment_recovered_share", shape.sentiment_recovered_share),
        "notes": list(shape.notes),
    }


def _estimate(key: str, estimate: Estimate | None) -> dict[str, Any]:
    if estimate is None:
        return {key: None, f"{key}_ci": None}
    return {key: _known(estimate.value), f"{key}_ci": [_known(estimate.ci_low), _known(estimate.ci_high)]}


def _range(known: Range | None) -> list[float | None] | None:
    return None if known is None else [_known(known.low), _known(known.high)]


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "title": check.title,
        "passed": check.passed,
        "text": check.text,
        "figures": {name: _known(value) for name, value in check.figures},
    }


def _counterfactual(analysis: Analysis, zone: ZoneInfo) -> dict[str, Any] | None:
    """What would have come without the event: a row for each bucket of the series, in its order."""
    known = analysis.counterfactual
    if known is None:
        return None
    rows = zip(analysis.series.buckets, known.posts_low, known.posts_high, known.mean_compound, strict=True)
    return {
        "event": _utc(known.event),
        "series": [
            {
                "start": _local(bucket.start, zone),
                "posts_low": _known(low),
                "posts_high": _known(high),
                "mean_compound": _known(mean),
            }
            for bucket, low, high, mean in rows
        ],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "event": effect.event,
        "at": _utc(effect.at),
        "outcome": effect.outcome,
        "measure": effect.measure,
        "estimate": _known(effect.estimate),
        "ci_low": _known(effect.ci_low),
        "ci_high": _known(effect.ci_high),
        "p": _known(effect.p),
        "method": effect.method,
        "n_before": effect.n_before,
        "n_after": effect.n_after,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "word": verdict.word.value,
        "volume": verdict.volume.value,
        "sentiment": verdict.sentiment.value,
        "sentence": verdict.sentence,
        "reasons": list(verdict.reasons),
    }


def _change(change: Change | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "before": _bucket(change.before, zone),
        "now": _bucket(change.now, zone),
        "by_source": {
            source: {"before": _bucket(before, zone), "now": _bucket(now, zone)}
            for source, before, now in change.by_source
        },
        **_estimate("mean_difference", change.mean_difference),
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "phase": quote.phase,
        "source": quote.source,
        "created_at": _utc(quote.created_at),
        "text": quote.text,
        "compound": quote.compound,
    }


def _concern(concern: Concern) -> dict[str, Any]:
    return {
        "name": concern.name,
        "title": concern.title,
        "phases": [
            {
                "phase": part.phase,
                "looked_at": part.share.posts,
                "one_in": part.share.every,
                **_share(part.share),
                **_measures(part.measures),
            }
            for part in concern.phases
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    return {"share": share.value, "share_ci_low": share.ci_low, "share_ci_high": share.ci_high}


def _voices(known: Voices, case: Case) -> dict[str, Any]:
    quoted = case.report.quotes != "none"
    return {
        "gini": known.gini,
        "loudest_1_percent_share": known.loudest_share,
        "once_share": known.once_share,
        "copies": [
            {
                "posts": each.posts,
                "authors": each.authors,
                "sources": each.sources,
                "first_at": _utc(each.first_at),
                "last_at": _utc(each.last_at),
                "text": each.text if quoted else None,
            }
            for each in known.copies
        ],
        "young_accounts": [
            {"phase": each.phase, "posts": each.share.posts, **_share(each.share)} for each in known.young
        ],
    }


def _validity(known: Validity) -> dict[str, Any]:
    return {
        "labelled_posts": known.posts,
        "coders": len(known.coders),
        "krippendorff_alpha": known.agreement,
        "confusion": [list(row) for row in known.confusion],
        "phases": [asdict(each) for each in known.phases],
    }


def _phase_words(each: PhaseWords) -> dict[str, Any]:
    return {
        "phase": each.phase,
        "looked_at": each.posts,
        "words": [asdict(weight) for weight in each.words],
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "what": origin.what,
        "finished_at": None if origin.finished_at is None else _utc(origin.finished_at),
        "posts": origin.posts,
        "duplicates": origin.duplicates,
        "quarantined": origin.quarantined,
        "refused": origin.refused,
    }
