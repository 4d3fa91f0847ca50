import re
from datetime import UTC, date, datetime

import pytest

from walkback.case import EventKind, load_case, new_case_text
from walkback.errors import CaseError

GOOD = """
title = "Zoom"
timezone = "America/New_York"
start = 2023-07-24
end = 2023-09-04
[query]
any = ["zoom tos"]
[[events]]
at = 2023-08-11
kind = "reversal"
label = "Back"
[[events]]
at = 2023-08-06T12:00:00Z
kind = "outcry"
label = "Out"
"""


@pytest.fixture
def written(tmp_path):
    """Writes a case file and gives its path."""

    def write(text):
        path = tmp_path / "zoom.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_date_is_the_first_instant_of_the_day_in_the_cases_zone(written):
    """Midnight of 24 July in New York is 04:00 UTC."""
    case = load_case(written(GOOD))

    assert case.window(datetime(2024, 1, 1, tzinfo=UTC)) == (
        datetime(2023, 7, 24, 4, tzinfo=UTC),
        datetime(2023, 9, 4, 4, tzinfo=UTC),
    )


def test_events_come_in_the_order_of_time(written):
    """The file's order of events does not matter."""
    kinds = [event.kind for _, event in load_case(written(GOOD)).timeline()]

    assert kinds == [EventKind.OUTCRY, EventKind.REVERSAL]


def test_a_case_without_an_end_reaches_to_now(written):
    """A running case is analysed up to this moment."""
    case = load_case(written(GOOD.replace("end = 2023-09-04", "")))
    now = datetime(2023, 8, 1, tzinfo=UTC)

    assert case.window(now)[1] == now


def test_a_case_that_starts_in_the_future_is_refused(written):
    """There is nothing to see yet, and that is said."""
    case = load_case(written(GOOD.replace("end = 2023-09-04", "")))

    with pytest.raises(CaseError, match="in the future"):
        case.window(datetime(2023, 1, 1, tzinfo=UTC))


def test_the_store_lies_beside_the_case_file(written):
    """Its name is the case file's, unless the file says otherwise."""
    path = written(GOOD)

    assert load_case(path).store_path == path.parent / "zoom.duckdb"
    path.write_text('store = "all.duckdb"\n' + GOOD)
    assert load_case(path).store_path == path.parent / "all.duckdb"


def test_every_fault_is_told_at_once(written):
    """Nine faults, nine lines, each with file, key, value and remedy."""
    path = written(
        """
        titel = "x"
        timezone = "Europe/Berln"
        start = 2023-07-24T00:00:00
        [query]
        any = []
        [[events]]
        at = 2023-08-06
        kind = "reversl"
        label = ""
        [sources.x]
        max_cost = -1
        [sources.myspace]
        """
    )

    with pytest.raises(CaseError) as caught:
        load_case(path)

    told = caught.value.faults
    assert all(line.startswith(f"{path}: ") for line in told)
    expected = [
        r"title is missing. Add title = ",
        r'timezone = "Europe/Berln": .*did you mean "Europe/Berlin"',
        r"start = 2023-07-24 00:00:00: Add an offset",
        r"query.any is empty. Give at least one word",
        r'events\[1\].kind = "reversl" is not one of .*"reversal"',
        r"events\[1\].label is empty",
        r"sources.x.max_cost = -1 is not right. Input should be greater than 0",
        r"sources.myspace is not a key .*hackernews, reddit, x",
        r"titel is not a key .* Did you mean title\?",
    ]
    assert len(expected) == len(told)
    for pattern in expected:
        assert any(re.search(pattern, line) for line in told), pattern


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("end = 2023-07-01", "The window is empty. Give an end that is later"),
        ("end = 12", "Give a date such as"),
        ('path = "elsewhere"', "path is not a key"),
        ("end = ", "not TOML"),
        ("[alerts]\nnotify_env = 'https://secret'", "notify_env"),
    ],
)
def test_a_fault_names_its_key_and_a_remedy(written, wrong, told):
    """One fault at a time."""
    with pytest.raises(CaseError, match=re.escape(told)):
        load_case(written(GOOD.replace("end = 2023-09-04", wrong)))


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path):
    """The remedy is the command that writes one."""
    with pytest.raises(CaseError, match="walkback new"):
        load_case(tmp_path / "none.toml")


def test_the_new_case_file_is_right(written):
    """What `walkback new` writes needs no correction to be read."""
    case = load_case(written(new_case_text()))

    assert case.start == date(2023, 7, 24)


def test_the_querys_hash_follows_its_terms(written):
    """Another term, another hash; a comment or a title changes nothing."""
    first = load_case(written(GOOD)).query.hash

    assert load_case(written(GOOD.replace('"Zoom"', '"Other"'))).query.hash == first
    assert load_case(written(GOOD.replace("zoom tos", "zoom ai"))).query.hash != first
