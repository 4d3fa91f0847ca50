"""What stands out, and that it is told once an episode."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import add, case_at, post

from walkback.analysis.alerts.collecting import budget_signal, failing_signal
from walkback.analysis.alerts.days import Days, read_recent
from walkback.analysis.alerts.episodes import to_tell, turn
from walkback.analysis.alerts.signals import Kind, Level, Signal
from walkback.analysis.alerts.stand_out import Thresholds, sentiment_signal, silence_signal, volume_signal
from walkback.analysis.coverage import read_coverage
from walkback.analysis.model import Bucket, Measures
from walkback.store import AlertRow, RunRow, Span, Store, Window

DAY = timedelta(days=1)
START = datetime(2023, 8, 1, tzinfo=UTC)
USUAL = Thresholds()


def bucket(day, posts, mean=0.0, *, observed=True, reach=0.08):
    """A day with so many posts of as many authors."""
    known = Measures(posts, posts, posts, mean, mean - reach, mean + reach, 0.0)
    return Bucket(START + day * DAY, START + (day + 1) * DAY, 1.0, observed, known)


def days(now, past=(90, 100, 110) * 7, **changes):
    """Three weeks of past, and a day."""
    return Days(
        bucket(len(past), now, **changes), tuple(bucket(day, posts) for day, posts in enumerate(past))
    )


@pytest.mark.parametrize(
    ("posts", "level"),
    [(100, Level.LOW), (120, Level.LOW), (150, Level.BETWEEN), (199, Level.BETWEEN), (201, Level.HIGH)],
)
def test_volume_stands_out_from_twice_the_usual(posts, level):
    """Here the forecast's 99.99% point is lower than that; below its 95% point an episode ends."""
    signal = volume_signal(days(posts), USUAL)
    assert signal.level is level
    assert signal.figures["usual"] == 100
    assert signal.figures["high"] == 200


def test_next_to_nothing_is_no_outcry():
    """Nine posts where none is usual are not worth waking anybody."""
    assert volume_signal(days(9, past=(0,) * 20), USUAL).level is not Level.HIGH
    assert volume_signal(days(12, past=(0,) * 20), USUAL).level is Level.HIGH


def test_a_past_outcry_does_not_hide_the_next():
    """The median hardly knows of it."""
    past = (100, 90, 110, 2_000, 1_500, 800) * 3 + (100, 105, 95) * 3
    assert volume_signal(days(1_500, past=past), USUAL).level is Level.HIGH


@pytest.mark.parametrize("signal", [volume_signal, sentiment_signal])
def test_too_little_past_or_an_unobserved_day_says_nothing(signal):
    """Neither begins an episode nor ends one."""
    assert signal(days(5_000, past=(100,) * 13), USUAL).level is Level.UNKNOWN
    assert signal(days(5_000, observed=False), USUAL).level is Level.UNKNOWN
    assert signal(None, USUAL).level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("mean", "level"), [(0.0, Level.LOW), (-0.09, Level.BETWEEN), (-0.3, Level.HIGH), (0.3, Level.LOW)]
)
def test_sentiment_stands_out_below_alone(mean, level):
    """By four standard errors and a tenth."""
    assert sentiment_signal(days(100, mean=mean, reach=0.08), USUAL).level is level


def test_a_mean_of_few_people_stands_out_for_nothing():
    """Under thirty scored posts or twenty authors."""
    assert sentiment_signal(days(29, mean=-0.9), USUAL).level is Level.UNKNOWN


def test_silence_is_told_of_what_is_usually_heard():
    """And of nothing else."""
    assert silence_signal("x", days(0)).level is Level.HIGH
    assert silence_signal("x", days(1)).level is Level.LOW
    assert silence_signal("x", days(0, past=(3,) * 20)).level is Level.BETWEEN
    assert silence_signal("x", days(0, observed=False)).level is Level.UNKNOWN


def run(outcome, cost=0.0, what="collect", origin="x"):
    """A run that has ended."""
    return RunRow(what, origin, START, START, 0, 0, 0, 0, outcome, 1, cost)


@pytest.mark.parametrize(
    ("outcomes", "level"),
    [
        (["done"], Level.LOW),
        (["done", "failed: a", "failed: b"], Level.BETWEEN),
        (["failed: a", "failed: b", "failed: c"], Level.HIGH),
        (["failed: a", "failed: b", "failed: c", "done"], Level.LOW),
        (["failed: a", "stopped: budget", "failed: b", "failed: c"], Level.BETWEEN),
        ([], Level.UNKNOWN),
    ],
)
def test_a_source_fails_after_three_in_a_row(outcomes, level):
    """One that did its work ends that."""
    runs = [run("failed: other", origin="reddit"), *map(run, outcomes)]
    assert failing_signal("x", runs).level is level


@pytest.mark.parametrize(
    ("outcome", "cost", "level"),
    [
        ("done", 4.0, Level.HIGH),
        ("done", 3.1, Level.BETWEEN),
        ("done", 1, Level.LOW),
        ("stopped: x", 1, Level.HIGH),
    ],
)
def test_money_is_nearly_spent_from_four_fifths_on(outcome, cost, level):
    """Of what a run may cost."""
    assert budget_signal("x", [run(outcome, cost)], 5.0, 0.8).level is level
    assert budget_signal("x", [run(outcome, cost)], None, 0.8).level is Level.UNKNOWN


@given(st.lists(st.sampled_from(list(Level)), max_size=30))
def test_an_episode_begins_at_high_and_ends_at_low(levels):
    """Whatever comes in between: it begins once, and not again until it was low."""
    episodes, opened, since_low = [], 0, True
    for number, level in enumerate(levels):
        now = START + number * DAY
        change = turn(episodes, [Signal(Kind.VOLUME, level)])
        episodes = [replace(one, closed_at=now) if one in change.closed else one for one in episodes]
        episodes += [AlertRow(one.kind, one.subject, now, None, None, "") for one in change.opened]
        expected = level is Level.HIGH and since_low
        opened += expected
        since_low = (since_low and not expected) or level is Level.LOW
        assert len(episodes) == opened
        assert sum(one.is_open for one in episodes) <= 1


def verdict(word, day, *, closed=None, told=None):
    """An episode of a verdict."""
    at = [None if each is None else START + each * DAY for each in (closed, told)]
    return AlertRow(Kind.VERDICT, word, START + day * DAY, *at, "now")


def test_a_verdict_is_told_when_it_has_held_for_a_day():
    """And is another than the one told last."""
    first = verdict("inconclusive", 0, told=0, closed=3)
    new = verdict("calmed", 3)
    assert to_tell([first, new], START + 3.5 * DAY) == []
    assert to_tell([first, new], START + 4 * DAY) == [new]
    assert to_tell([first, replace(new, closed_at=START + 3.2 * DAY)], START + 9 * DAY) == []
    assert to_tell([first, verdict("inconclusive", 3.3)], START + 9 * DAY) == []


def test_the_days_of_a_store_end_with_the_last_covered_hour(tmp_path):
    """A source that nobody asked in the last 24 hours counts nowhere."""
    case = case_at(tmp_path)
    made = [
        post(
            id=f"{source}{number}",
            source=source,
            created_at=START + number * DAY / 4,
            author=f"{number:032x}",
        )
        for source in ("x", "reddit")
        for number in range(80)
    ]
    spans = [
        Span("x", START, START + 20 * DAY, "complete"),
        Span("reddit", START, START + 18 * DAY, "complete"),
    ]
    add(case, made, coverage=spans)
    store = Store(case.store_path)
    window = Window(case.name, case.query.hash, *case.window(START + 30 * DAY), "vader", "1")
    with store.snapshot() as snapshot:
        recent = read_recent(snapshot, window, read_coverage(store, case), START + 30 * DAY)

    assert recent.sources() == ["x"]
    known = recent.days(["x"])
    assert (known.now.start, known.now.end) == (START + 19 * DAY, START + 20 * DAY)
    assert {one.measures.posts for one in (*known.past, known.now)} == {4}
    assert len(known.past) == 19
    assert len(recent.days(["x"], before=START + 17 * DAY).past) == 16
    assert len(recent.days(["x"], before=START + 9 * DAY).past) == 19  # too few were quiet
