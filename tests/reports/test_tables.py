import csv
import io
import re
from dataclasses import replace

import pytest

from walkback.reports.tables import COLUMNS, coverage_runs, gaps, mean_runs, phases_table, series_csv

from . import builders


def rows(analysis):
    """The CSV read back."""
    return list(csv.DictReader(io.StringIO(series_csv(analysis))))


def test_one_row_a_bucket_all_sources_first():
    """42 days of the whole and of each of three sources."""
    given = rows(builders.analysis())

    assert list(COLUMNS) == list(given[0])
    assert list(dict.fromkeys(row["source"] for row in given)) == ["all", "hackernews", "reddit", "mastodon"]
    assert len(given) == 4 * 42
    assert given[0]["start"] == "2023-07-24T00:00:00-04:00"


def test_unobserved_cells_are_empty():
    """A gap has no zero in it."""
    gap = next(row for row in rows(builders.analysis()) if row["observed"] == "false")

    assert {""} == {gap[column] for column in COLUMNS[5:]}


def test_small_cells_are_empty():
    """A bucket of fewer than five authors shows no sentiment; a source of three isn't there."""
    given = rows(builders.small())

    assert "mastodon" not in {row["source"] for row in given}
    few = [row for row in rows(builders.analysis("hour")) if row["authors"] in {"1", "2", "3", "4"}]
    assert few
    assert {""} == {row["mean_compound"] for row in few}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d"])
def test_formulas_are_defused(start):
    """A source's name that a spreadsheet would run has an apostrophe before it."""
    given = builders.analysis()
    part = replace(given.by_source[0], source=f"{start}cmd|' /C calc'!A0")
    names = {row["source"] for row in rows(replace(given, by_source=(part,)))}

    assert {"all", f"'{start}cmd|' /C calc'!A0"} == names


def test_negative_numbers_stay_numbers():
    """A negative mean has no apostrophe."""
    assert min(float(row["mean_compound"] or 0) for row in rows(builders.analysis())) < 0


def test_gaps_are_as_long_as_can_be():
    """Three days without observation are one gap."""
    assert [(builders.at(17), builders.at(20))] == gaps(builders.analysis().series)


def test_the_line_breaks_at_gaps():
    """A gap makes two runs of means."""
    assert [len(run) for run in mean_runs(builders.analysis().series, 5)] == [24, 15]


def test_neighbouring_windows_are_joined():
    """Windows of one source and outcome become one; others stay apart."""
    given = builders.analysis()
    first = given.coverage[0]
    halves = (replace(first, end=builders.at(1)), replace(first, start=builders.at(1)))

    assert (first,) == tuple(coverage_runs(replace(given, coverage=halves)))
    assert len(given.coverage) == len(coverage_runs(given))


def test_phases_are_rows_of_words():
    """A phase is a row with its last day named, its mean with the interval, a share in percent."""
    table = phases_table(builders.analysis())
    last = table.rows[-1]

    assert len(table.heads) == len(last)
    assert last[:2] == ("After reversal", "11 Aug to 3 Sep 2023")
    assert re.fullmatch(r".?0\.\d\d \[.?0\.\d\d, .?0\.\d\d\]", last[4])
    assert last[5].endswith("%")


def test_a_phase_of_few_authors_has_no_figure():
    """Every figure of a phase of three authors is withheld."""
    assert {"fewer than 5 authors"} == set(phases_table(builders.small()).rows[1][2:])
