from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from walkback.analysis.coverage import observed_shares, observed_stretches
from walkback.analysis.model import CoverageSpan, CoverageStatus

START = datetime(2023, 8, 1, tzinfo=UTC)


def at(hours):
    """So many hours after the start."""
    return START + timedelta(hours=hours)


def span(source, low, high, status=CoverageStatus.COMPLETE):
    """A covered stretch, in hours."""
    return CoverageSpan(source, at(low), at(high), status, "archive")


def test_all_sources_have_to_be_covered():
    """What one source did not see is not observed for all of them together."""
    coverage = [span("x", 0, 10), span("reddit", 4, 8), span("reddit", 7, 12)]

    assert [(at(4), at(10))] == observed_stretches(coverage, ["x", "reddit"])
    assert [(at(4), at(12))] == observed_stretches(coverage, ["reddit"])
    assert observed_stretches(coverage, ["x", "hackernews"]) == []
    assert observed_stretches([], []) == []


def test_what_ended_badly_is_not_observed():
    """A saturated or truncated stretch has posts, but its count is no volume."""
    for status in (CoverageStatus.SATURATED, CoverageStatus.TRUNCATED, CoverageStatus.GAP):
        assert observed_stretches([span("x", 0, 1, status)], ["x"]) == []


def test_shares_of_buckets():
    """Half covered is 0.5, whichever half."""
    edges = [at(0), at(2), at(4), at(6)]

    assert observed_shares(edges, [(at(1), at(3)), (at(3), at(4))]) == [0.5, 1.0, 0.0]


spans = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8)), max_size=6)


@given(spans, spans)
def test_every_hour_is_observed_if_and_only_if_every_source_covers_it(one, other):
    """Held against the definition, hour by hour."""
    coverage = [span("x", low, low + length) for low, length in one]
    coverage += [span("reddit", low, low + length) for low, length in other]
    shares = observed_shares([at(hour) for hour in range(31)], observed_stretches(coverage, ["x", "reddit"]))

    def covered(stretches, hour):
        return any(low <= hour < low + length for low, length in stretches)

    assert [float(covered(one, hour) and covered(other, hour)) for hour in range(30)] == shares
