import json
from dataclasses import replace
from datetime import UTC

import pytest

from walkback.analysis.model import Estimate, Measures
from walkback.reports.document import render_json, to_document

from . import builders

CONTRACT = [
    "schema",
    "case",
    "title",
    "synthetic",
    "generated_at",
    "scorer.name",
    "scorer.version",
    "grid.every",
    "grid.timezone",
    "grid.start",
    "grid.end",
    "sources",
    "totals.posts",
    "totals.authors",
    "totals.scored",
    "totals.unscorable",
    "totals.near_duplicates",
    "totals.by_source",
    "coverage[].source",
    "coverage[].start",
    "coverage[].end",
    "coverage[].status",
    "coverage[].how",
    "events[].at",
    "events[].kind",
    "events[].label",
    "events[].url",
    "series[].start",
    "series[].observed",
    "series[].observed_share",
    "series[].posts",
    "series[].authors",
    "series[].scored",
    "series[].mean_compound",
    "series[].ci_low",
    "series[].ci_high",
    "series[].negative_share",
    "series_by_source",
    "measures_by_source",
    "phases[].name",
    "phases[].start",
    "phases[].end",
    "phases[].observed_days",
    "phases[].posts",
    "phases[].authors",
    "phases[].posts_per_day",
    "phases[].mean_compound",
    "phases[].ci_low",
    "phases[].ci_high",
    "phases[].negative_share",
    "shape.baseline_posts_per_day",
    "shape.onset",
    "shape.peak.start",
    "shape.peak.posts",
    "shape.amplification",
    "shape.doubling_time_hours",
    "shape.doubling_time_hours_ci",
    "shape.hours_to_peak",
    "shape.half_life_days.before_reversal",
    "shape.half_life_days.after_reversal",
    "shape.excess_posts",
    "shape.excess_posts_ci",
    "shape.excess_posts_before_reversal",
    "shape.excess_posts_before_reversal_ci",
    "shape.excess_posts_after_reversal",
    "shape.excess_posts_after_reversal_ci",
    "shape.sentiment_drop",
    "shape.sentiment_drop_ci",
    "shape.sentiment_recovered_share",
    "shape.sentiment_recovered_share_ci",
    "shape.notes",
    "changepoints[].at",
    "changepoints[].outcome",
    "effects[].event",
    "effects[].at",
    "effects[].outcome",
    "effects[].measure",
    "effects[].estimate",
    "effects[].ci_low",
    "effects[].ci_high",
    "effects[].p",
    "effects[].method",
    "effects[].n_before",
    "effects[].n_after",
    "verdict.word",
    "verdict.volume",
    "verdict.sentiment",
    "verdict.sentence",
    "verdict.reasons",
    "checks[].name",
    "checks[].title",
    "checks[].passed",
    "checks[].text",
    "checks[].figures",
    "counterfactual.event",
    "counterfactual.series[].start",
    "counterfactual.series[].posts_low",
    "counterfactual.series[].posts_high",
    "counterfactual.series[].mean_compound",
    "origins[].what",
    "origins[].finished_at",
    "origins[].posts",
    "origins[].duplicates",
    "origins[].quarantined",
    "origins[].refused",
    "change.before.start",
    "change.before.observed",
    "change.before.observed_share",
    "change.before.posts",
    "change.before.authors",
    "change.before.scored",
    "change.before.mean_compound",
    "change.before.ci_low",
    "change.before.ci_high",
    "change.before.negative_share",
    "change.now.start",
    "change.now.observed",
    "change.now.observed_share",
    "change.now.posts",
    "change.now.authors",
    "change.now.scored",
    "change.now.mean_compound",
    "change.now.ci_low",
    "change.now.ci_high",
    "change.now.negative_share",
    "change.by_source",
    "change.mean_difference",
    "change.mean_difference_ci",
    "quotes[].phase",
    "quotes[].source",
    "quotes[].created_at",
    "quotes[].text",
    "quotes[].compound",
    "concerns[].name",
    "concerns[].title",
    "concerns[].phases[].phase",
    "concerns[].phases[].looked_at",
    "concerns[].phases[].one_in",
    "concerns[].phases[].share",
    "concerns[].phases[].share_ci_low",
    "concerns[].phases[].share_ci_high",
    "concerns[].phases[].posts",
    "concerns[].phases[].authors",
    "concerns[].phases[].scored",
    "concerns[].phases[].mean_compound",
    "concerns[].phases[].ci_low",
    "concerns[].phases[].ci_high",
    "concerns[].phases[].negative_share",
    "words[].phase",
    "words[].looked_at",
    "words[].words[].words",
    "words[].words[].authors",
    "words[].words[].z",
    "words[].words[].log_odds",
    "words[].words[].ci_low",
    "words[].words[].ci_high",
    "voices.gini",
    "voices.loudest_1_percent_share",
    "voices.once_share",
    "voices.copies[].posts",
    "voices.copies[].authors",
    "voices.copies[].sources",
    "voices.copies[].first_at",
    "voices.copies[].last_at",
    "voices.copies[].text",
    "voices.young_accounts[].phase",
    "voices.young_accounts[].posts",
    "voices.young_accounts[].share",
    "voices.young_accounts[].share_ci_low",
    "voices.young_accounts[].share_ci_high",
    "validity.labelled_posts",
    "validity.coders",
    "validity.krippendorff_alpha",
    "validity.confusion",
    "validity.phases[].phase",
    "validity.phases[].posts",
    "validity.phases[].off_topic_share",
    "validity.phases[].raw_negative_share",
    "validity.phases[].negative_share.value",
    "validity.phases[].negative_share.ci_low",
    "validity.phases[].negative_share.ci_high",
    "validity.phases[].mean_label.value",
    "validity.phases[].mean_label.ci_low",
    "validity.phases[].mean_label.ci_high",
]
# Keys of these are names.
OPEN = {
    "totals.by_source",
    "series_by_source",
    "measures_by_source",
    "checks[].figures",
    "change.by_source",
}


def paths(value, at=""):
    """Every path to a value, lists by their first entry."""
    if at not in OPEN and isinstance(value, dict):
        return [path for key, each in value.items() for path in paths(each, f"{at}.{key}".lstrip("."))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return paths(value[0], f"{at}[]")
    return [at]


def test_the_contract_is_kept():
    """Exactly the contract's keys, in its order."""
    assert paths(to_document(builders.analysis())) == CONTRACT


def test_each_source_has_its_whole():
    """A source's measures over the window stand beside its buckets, under its name."""
    given = builders.analysis()
    part = replace(given.by_source[0], whole=Measures(1_234, 321, 1_200, -0.2, None, None, 0.62))

    assert to_document(replace(given, by_source=(part,)))["measures_by_source"] == {
        "hackernews": {
            "posts": 1_234,
            "authors": 321,
            "scored": 1_200,
            "mean_compound": -0.2,
            "ci_low": None,
            "ci_high": None,
            "negative_share": 0.62,
        }
    }


@pytest.mark.parametrize("world", builders.WORLDS)
def test_json_says_the_same(world):
    """The text parses back to the document, in every world."""
    analysis = builders.WORLDS[world]()

    assert to_document(analysis) == json.loads(render_json(analysis))


def test_what_is_not_known_is_null():
    """Keys stay when nothing is known."""
    shape = to_document(builders.empty())["shape"]

    assert shape["peak"] == {"start": None, "posts": None}
    assert shape["doubling_time_hours"] is shape["doubling_time_hours_ci"] is None
    assert shape["half_life_days"] == {"before_reversal": None, "after_reversal": None}


def test_an_end_without_bound_is_null():
    """JSON has no infinity."""
    given = builders.analysis()
    shape = replace(given.shape, doubling_time_hours=Estimate(9.0, 4.0, float("inf")))

    assert to_document(replace(given, shape=shape))["shape"]["doubling_time_hours_ci"] == [4.0, None]


def test_series_start_in_the_zone_of_the_case():
    """A bucket starts at local midnight with its offset; events and stamps end in Z."""
    document = to_document(builders.analysis())

    assert "2023-07-24T00:00:00-04:00" == document["series"][0]["start"] == document["grid"]["start"]
    assert document["shape"]["peak"]["start"] == "2023-08-07T00:00:00-04:00"
    assert document["generated_at"] == "2023-09-05T06:30:00Z"
    assert document["events"][0]["at"] == "2023-08-06T12:00:00Z"


def test_offsets_follow_the_clocks():
    """The other way of writing the same moment gives the same document."""
    given = builders.analysis()
    moved = replace(given, generated_at=given.generated_at.astimezone(builders.NEW_YORK))

    assert moved.generated_at.tzinfo is not UTC
    assert render_json(given) == render_json(moved)
