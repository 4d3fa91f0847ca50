"""Who spoke: known coefficients, and copied words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.test_analyze import analysis_of
from tests.worlds import add, case_at, post

from walkback.analysis.voices import gini, loudest_share, once_share


def test_gini_is_the_textbooks():
    """1, 2, 3, 4, 5: 4/15; equal: 0; one of ten wrote all but nine of a hundred: 0.81."""
    assert gini([(number, 1) for number in range(1, 6)]) == pytest.approx(4 / 15)
    assert gini([(7, 30)]) == pytest.approx(0)
    assert gini([(1, 9), (91, 1)]) == pytest.approx(0.81)
    assert gini([]) is loudest_share([], 0.01) is once_share([]) is None


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_gini_is_half_the_mean_difference_over_the_mean(counts):
    """Its other definition: over all pairs of authors."""
    spread = [(number, counts.count(number)) for number in sorted(set(counts))]
    differences = sum(abs(one - other) for one in counts for other in counts)

    assert gini(spread) == pytest.approx(differences / (2 * len(counts) * sum(counts)), abs=1e-12)
    assert loudest_share(spread, 1.0) == 1.0
    assert loudest_share(spread, 0.01) == max(counts) / sum(counts)


def test_copied_words_are_found_with_how_many_and_when(tmp_path):
    """However they are cased, marked and linked; the first one's words stand for them."""
    case = case_at(tmp_path, report={"minimum_cell": 2})
    start = post().created_at
    texts = [
        "Zoom, stop it",
        "zoom stop IT!!",
        "zoom: stop it https://t.co/abc",
        "zoom is awful",
        "Zoom is fine",
    ]
    add(
        case,
        [
            post(id=str(at), author=f"{at // 2:032x}", text=text, created_at=start + timedelta(hours=at))
            for at, text in enumerate(texts)
        ],
    )
    voices = analysis_of(case).voices
    (copies,) = voices.copies

    assert (copies.posts, copies.authors, copies.sources, copies.text) == (3, 2, 1, "Zoom, stop it")
    assert copies.last_at - copies.first_at == timedelta(hours=2)
    assert voices.once_share == pytest.approx(1 / 3)
    assert analysis_of(case_at(tmp_path, report={"minimum_cell": 3})).voices.copies == ()


def test_young_accounts_are_counted_where_ages_are_told(tmp_path):
    """Of the posts that tell it, a phase each, with an interval clustered by author."""
    events = [{"at": datetime(2023, 8, 10, tzinfo=UTC), "kind": "outcry", "label": "Noticed"}]
    case = case_at(tmp_path, events=events)
    ages = {5: (365, None, 0), 15: (0, 7, 365)}  # of August: in thirds
    add(
        case,
        [
            post(
                id=f"{day}-{number}",
                author=f"{number:032x}",
                created_at=datetime(2023, 8, day, tzinfo=UTC),
                account_days=ages[day][number % 3],
            )
            for day in ages
            for number in range(60)
        ],
    )
    before, after = analysis_of(case).voices.young

    assert (before.phase, before.share.posts, before.share.value) == ("baseline", 40, 0.5)
    assert (after.phase, after.share.posts, after.share.value) == ("outcry", 60, pytest.approx(2 / 3))
    assert before.share.ci_high - before.share.ci_low == pytest.approx(0.3, abs=0.03)
    assert analysis_of(case_at(tmp_path, start=datetime(2023, 8, 5, tzinfo=UTC))).voices.young


def test_without_ages_nothing_is_said_of_them(tmp_path):
    """Not that nobody is young."""
    case = case_at(tmp_path)
    add(case, [post(id=str(number)) for number in range(20)])

    assert analysis_of(case).voices.young == ()
