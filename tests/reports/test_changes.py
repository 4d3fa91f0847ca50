from dataclasses import replace

import pytest

from walkback.analysis.change import find_change
from walkback.analysis.model import Estimate, Measures
from walkback.reports.changes import change_table, changed

from . import builders


def world(now, before, **changes):
    """The Zoom-like case with other measures in its last two whole weeks."""
    given = builders.analysis()
    known = replace(
        given.change,
        now=replace(given.change.now, measures=now),
        before=replace(given.change.before, measures=before),
        **changes,
    )
    return replace(given, change=known)


def many(posts, mean=0.1):
    """Measures of so many posts."""
    return Measures(posts, max(5, posts // 2), posts, mean, mean - 0.05, mean + 0.05, 0.3)


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (300, 100, "brought 300 posts, 3.0 times the 100 of the week before."),
        (130, 100, "brought 130 posts, 30% more than the 100 of the week before."),
        (50, 100, "brought 50 posts, 50% fewer than the 100 of the week before."),
        (100, 100, "brought 100 posts, as many as the week before."),
    ],
)
def test_posts_are_told_against_the_week_before(now, before, told):
    """With both counts, in the words that fit."""
    assert changed(world(many(now), many(before)))[0].endswith(told)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            Estimate(0.2, 0.1, 0.3),
            "Mean sentiment rose by 0.20 [+0.10, +0.30], to +0.10, from 100 scored posts.",
        ),
        (Estimate(-0.2, -0.3, -0.1), "Mean sentiment fell by 0.20"),
        (Estimate(0.1, -0.1, 0.3), "Mean sentiment did not change beyond chance: by +0.10"),
        (None, "Too few people"),
    ],
)
def test_sentiment_is_told_with_its_interval(step, told):
    """A step is one only where its interval leaves zero out."""
    assert changed(world(many(100), many(100), mean_difference=step))[1].startswith(told)


def test_few_people_are_not_told_of():
    """Under the smallest cell neither sentence nor row has a figure."""
    few = Measures(77, 3, 77, -0.4444, -0.9, 0.1, 0.75)
    given = world(few, many(100))
    said = " ".join(changed(given)) + " ".join(change_table(given).rows[0])

    assert "77" not in said
    assert "0.44" not in said
    assert "fewer than 5 authors" in said


def test_a_week_that_was_not_observed_is_not_compared():
    """A count of half a week is no volume."""
    given = builders.analysis()
    part = replace(given.change.now, observed_share=0.6)
    said = changed(replace(given, change=replace(given.change, now=part)))[0]

    assert "60%" in said
    assert "too little to compare" in said
    assert "fewer" not in said


def test_without_two_whole_weeks_there_is_nothing_to_compare():
    """A window of a day, and one that begins and ends in mid-week."""
    short = builders.one_bucket().series
    assert find_change(short, ()) is None
    assert changed(builders.empty()) == (
        "The window holds no two whole weeks, Monday to Sunday, that could be compared.",
    )


def test_the_last_whole_week_counts_and_not_the_one_that_runs():
    """Of weeks that end on Sundays the last two are compared, and a week in progress is left out."""
    weeks = builders.weekly(builders.case(), None, 1.0)
    running = replace(
        weeks.buckets[-1], start=weeks.buckets[-1].end, end=weeks.buckets[-1].end + builders.DAY
    )
    change = find_change(replace(weeks, buckets=(*weeks.buckets, running)), ())

    assert (change.before, change.now) == weeks.buckets[-2:]
