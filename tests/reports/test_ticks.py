from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from walkback.reports.charts import date_ticks


@pytest.mark.parametrize(
    ("end", "first", "second"),
    [
        (datetime(2023, 1, 2, 3, tzinfo=UTC), "1 Jan\n2023", "03:00"),
        (datetime(2023, 1, 9, 5, tzinfo=UTC), "1 Jan\n2023", "2 Jan"),
        (datetime(2023, 2, 12, 5, tzinfo=UTC), "2 Jan\n2023", "9 Jan"),
        (datetime(2023, 7, 1, 5, tzinfo=UTC), "Jan\n2023", "Feb"),
        (datetime(2031, 1, 1, 5, tzinfo=UTC), "2023", "2024"),
    ],
)
def test_ticks_fit_the_span(end, first, second):
    """From hours to years, ticks stand at round local times, at most nine."""
    ticks = date_ticks(datetime(2023, 1, 1, 5, tzinfo=UTC), end, ZoneInfo("America/New_York"), 9)

    assert [first, second] == [label for _, label in ticks[:2]]
    assert len(ticks) <= 9


def test_the_year_is_told_when_it_changes():
    """The first tick and the first of a new year carry the year."""
    start, end = datetime(2022, 11, 1, tzinfo=UTC), datetime(2023, 4, 1, tzinfo=UTC)
    labels = [label for _, label in date_ticks(start, end, ZoneInfo("UTC"), 9)]

    assert labels == ["Nov\n2022", "Dec", "Jan\n2023", "Feb", "Mar"]
