from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from walkback.collectors.collector import Due, Stretch, stretches_of
from walkback.collectors.windows import windows_to_ask

START = datetime(2023, 8, 1, tzinfo=UTC)


def at(hour):
    """So many hours after the start."""
    return START + timedelta(hours=hour)


spans = st.tuples(st.integers(-5, 35), st.integers(1, 20)).map(lambda s: Stretch(at(s[0]), at(s[0] + s[1])))


@given(st.lists(spans, max_size=6), st.integers(0, 3))
def test_every_hour_that_is_not_covered_is_asked_for(covered, overlap):
    """And of the covered ones no more than the overlap."""
    windows = windows_to_ask(Stretch(at(0), at(30)), covered, timedelta(hours=overlap))

    asked = {hour for hour in range(30) if any(w.start <= at(hour) < w.end for w in windows)}
    had = {hour for hour in range(30) if any(c.start <= at(hour) < c.end for c in covered)}
    assert asked >= set(range(30)) - had
    assert asked <= {hour - back for hour in set(range(30)) - had for back in range(overlap + 1)}
    assert windows == sorted(windows, key=lambda window: window.start, reverse=True)


def test_the_newest_is_asked_first_and_reaches_back_by_the_overlap():
    """What came late is in the overlap."""
    covered = [Stretch(at(2), at(10))]
    assert windows_to_ask(Stretch(at(0), at(12)), covered, timedelta(hours=1)) == [
        Stretch(at(9), at(12)),
        Stretch(at(0), at(2)),
    ]


@given(st.lists(st.integers(0, 200), max_size=20))
def test_stretches_hold_every_post_that_is_due(hours):
    """Whatever is apart by more than an hour is asked for by itself."""
    due = [Due(str(hour), at(hour)) for hour in hours]
    stretches = stretches_of(due)

    assert all(any(s.start <= post.created_at < s.end for s in stretches) for post in due)
    assert all(b.start - a.end > timedelta(hours=1) for a, b in pairwise(stretches))
