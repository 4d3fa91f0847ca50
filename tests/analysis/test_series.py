from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import posts
from worlds import NOW, add, case_at, post

from walkback.analysis.grid import bucket_of, build_grid
from walkback.analysis.model import CoverageSpan, CoverageStatus
from walkback.analysis.rates import ObservedCounts, cut_points
from walkback.analysis.series import Counts, build_series, build_series_by_source
from walkback.store import Store, Window


def tallies(case, edges):
    """The tallies of a case's store between edges, scored by nobody."""
    window = Window(case.name, case.query.hash, *case.window(NOW), "none", "0")
    with Store(case.store_path).snapshot() as snapshot:
        return snapshot.tallies(window, edges, negative=-0.05)


def counts(case, coverage):
    """What a case's series are made of."""
    cuts = cut_points(case.window(NOW), coverage)
    return Counts(tallies(case, case.window(NOW)), ObservedCounts(cuts, tallies(case, cuts), coverage))


ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(st.lists(posts(), max_size=12), ZONES, st.sampled_from(["hour", "day", "week"]))
@settings(max_examples=16)
def test_every_post_of_the_window_is_in_one_bucket(tmp_path_factory, batch, zone, every):
    """The sum over buckets is the posts in the window, and each lies where the grid says."""
    case = case_at(tmp_path_factory.mktemp("s"), query={"any": ["*"]}, timezone=zone)
    add(case, batch)
    start, end = case.window(NOW)
    grid = build_grid(start, end, every, zone)
    stored = Store(case.store_path).matching(case).to_pylist()
    series = build_series(grid, tallies(case, grid.edges), counts(case, ()))
    counted = [bucket.measures.posts for bucket in series.buckets]

    assert sum(counted) == series.whole.posts == sum(start <= row["created_at"] < end for row in stored)
    for row in stored:
        at = bucket_of(grid, row["created_at"])
        assert at is None or counted[at] > 0


def test_an_edge_belongs_to_the_bucket_that_it_begins(tmp_path):
    """On the hour or in it, two in one hour, days apart; a microsecond before it is the bucket before."""
    start = datetime(2023, 8, 6, tzinfo=UTC)
    edges = [start + timedelta(minutes=minutes) for minutes in (0, 60, 75, 90, 150, 2_880, 2_890)]
    case = case_at(tmp_path, start=start, end=edges[-1])
    moments = [at - timedelta(microseconds=back) for at in edges for back in (0, 1)]
    add(case, [post(id=str(number), created_at=at) for number, at in enumerate(moments)])

    assert [(tally.bucket, tally.posts) for tally in tallies(case, edges)] == [(n, 2) for n in range(6)]
    assert [tally.posts for tally in tallies(case, [edges[1], edges[4]])] == [6]


def test_a_posts_bucket_is_that_of_its_local_day(tmp_path):
    """23:30 in New York on 6 August is 7 August in UTC; the grid is New York's."""
    case = case_at(tmp_path, timezone="America/New_York", start=datetime(2023, 8, 6, 4, tzinfo=UTC))
    add(case, [post(created_at=datetime(2023, 8, 7, 3, 30, tzinfo=UTC))])
    grid = build_grid(*case.window(NOW), "day", "America/New_York")

    assert [tally.bucket for tally in tallies(case, grid.edges)] == [0]


def test_sources_have_their_own_series_and_gaps(tmp_path):
    """What one source did not see is a gap of the whole, not of the other source."""
    case = case_at(tmp_path, start=datetime(2023, 8, 6, tzinfo=UTC), end=datetime(2023, 8, 8, tzinfo=UTC))
    add(case, [post(), post(source="reddit", author="b" * 32)])
    start, end = case.window(NOW)
    coverage = (
        CoverageSpan("x", start, end, CoverageStatus.COMPLETE, "archive"),
        CoverageSpan("reddit", start, start + timedelta(days=1), CoverageStatus.COMPLETE, "archive"),
    )
    grid = build_grid(start, end, "day", "UTC")
    counted = tallies(case, grid.edges)
    whole = build_series(grid, counted, counts(case, coverage))
    reddit, x = build_series_by_source(grid, counted, counts(case, coverage))

    assert [(bucket.observed, bucket.measures.posts) for bucket in whole.buckets] == [(True, 2), (False, 0)]
    assert [bucket.observed for bucket in x.buckets] == [True, True]
    assert [bucket.observed for bucket in reddit.buckets] == [True, False]
    assert (whole.posts_per_day, x.posts_per_day, reddit.posts_per_day) == (2.0, 0.5, 1.0)
    assert [(x.source, x.whole.posts), (reddit.source, reddit.whole.posts)] == [("x", 1), ("reddit", 1)]
