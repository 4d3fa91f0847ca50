from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkback.analysis.grid import bucket_of, build_grid

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
]
START = datetime(2010, 1, 1, tzinfo=UTC)
instants = st.integers(0, 15 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def local_day(day, zone, every):
    """The grid of one calendar day."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    end = (start + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone))
    return build_grid(start.astimezone(UTC), end.astimezone(UTC), every, zone)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2023-03-12", "America/New_York", 23),
        ("2023-11-05", "America/New_York", 25),
        ("2023-03-26", "Europe/Berlin", 23),
        ("2023-10-29", "Europe/Berlin", 25),
        ("2023-08-06", "Asia/Kolkata", 24),
        ("2018-11-04", "America/Sao_Paulo", 23),  # that day had no midnight
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_say(day, zone, hours):
    """The spring change gives a 23-hour day, the autumn change one of 25 hours."""
    grid = local_day(day, zone, "hour")

    assert hours == len(grid.edges) - 1
    assert all(timedelta(hours=1) == later - sooner for sooner, later in pairwise(grid.edges))
    assert len(local_day(day, zone, "day").edges) == 2


def test_days_begin_at_local_midnight_on_both_sides_of_a_clock_change():
    """5 November 2023 in New York begins at 04:00 UTC, the next day at 05:00."""
    grid = build_grid(
        datetime(2023, 11, 5, 4, tzinfo=UTC), datetime(2023, 11, 7, 5, tzinfo=UTC), "day", ZONES[1]
    )

    assert [edge.hour for edge in grid.edges] == [4, 5, 5]


def test_weeks_begin_on_monday_and_the_window_cuts_the_first_and_the_last():
    """24 July 2023 is a Monday."""
    grid = build_grid(datetime(2023, 7, 26, tzinfo=UTC), datetime(2023, 8, 9, tzinfo=UTC), "week", "UTC")

    assert [edge.day for edge in grid.edges] == [26, 31, 7, 9]


@given(
    instants, st.integers(1, 60 * 24 * 20), st.sampled_from(["hour", "day", "week"]), st.sampled_from(ZONES)
)
def test_buckets_cover_the_window_without_hole_or_overlap(start, minutes, every, zone):
    """Edges ascend from the window's start to its end, and no bucket is longer than its name."""
    end = start + timedelta(minutes=minutes)
    grid = build_grid(start, end, every, zone)
    longest = {"hour": timedelta(hours=1), "day": timedelta(hours=25), "week": timedelta(days=7, hours=1)}

    assert (start, end) == (grid.start, grid.end)
    assert all(timedelta() < later - sooner <= longest[every] for sooner, later in pairwise(grid.edges))


@given(instants, st.integers(1, 60 * 24 * 20), st.integers(-100, 60 * 24 * 20), st.sampled_from(ZONES))
def test_a_moment_is_in_the_bucket_that_holds_it(start, minutes, offset, zone):
    """Half-open: a bucket's start is in it, its end is not."""
    grid = build_grid(start, start + timedelta(minutes=minutes), "day", zone)
    moment = start + timedelta(minutes=offset)
    bucket = bucket_of(grid, moment)

    if 0 <= offset < minutes:
        assert grid.edges[bucket] <= moment < grid.edges[bucket + 1]
    else:
        assert bucket is None
