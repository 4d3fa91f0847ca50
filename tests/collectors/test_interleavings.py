"""Any interleaving of pages, failures, kills and resumes ends in the store of a quiet run."""

import shutil
from functools import cache
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collectors.sandboxes import SOURCES, gather, sandbox, stored, zoom

from walkback.collectors.sandbox.platforms.faults import Fault

OVERCOME = (
    Fault.SERVER_ERROR,
    Fault.RATE_LIMITED,
    Fault.HTML,
    Fault.CUT_OFF,
    Fault.NO_ANSWER,
    Fault.RESET,
    Fault.DUPLICATES,
)
FAILS = (Fault.BAD_CREDENTIALS, Fault.CLOSED_TIER, Fault.MONTHLY_CAP, Fault.REJECTED_QUERY)
COLUMNS = ("source", "id", "created_at", "text", "kind", "parent_id")


class Killed(BaseException):
    """The process ends here."""


@cache
def quiet(source):
    """A case that was collected without disturbance: its pseudonyms' key and its store."""
    case = zoom(mkdtemp())
    with sandbox().running() as platforms:
        assert not gather(case, platforms, source)[source].trouble
    return case, stored(case, *COLUMNS)


def step():
    """A failure that comes after some requests, so often; and after how many pages the run is killed."""
    fault = st.sampled_from(OVERCOME)
    passing = st.tuples(fault, st.integers(0, 8), st.integers(1, 4))
    lasting = st.tuples(st.sampled_from((*OVERCOME, *FAILS)), st.integers(0, 8), st.just(99))
    return st.tuples(st.lists(passing | lasting, max_size=3), st.none() | st.integers(1, 6))


def attempt(case, source, faults, pages):
    """A run that may fail or be killed."""
    left = pages

    def progress(_):
        nonlocal left
        left = left and left - 1
        if left == 0:
            raise Killed

    with sandbox().running() as platforms:
        for fault, skip, times in faults:
            platforms.faults.plan(fault, source, skip=skip, times=times)
        try:
            gather(case, platforms, source, progress=progress)
        except Killed:
            return


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=3)
@given(steps=st.lists(step(), min_size=1, max_size=3))
def test_disturbed_runs_end_with_the_store_of_a_quiet_one(source, steps, tmp_path_factory):
    """No post twice, none missing."""
    calm, expected = quiet(source)
    folder = tmp_path_factory.mktemp(source)
    case = zoom(folder)
    shutil.copy(calm.path.with_suffix(".key"), case.path.with_suffix(".key"))
    for faults, pages in steps:
        attempt(case, source, faults, pages)
    with sandbox().running() as platforms:
        done = gather(case, platforms, source)

    assert done[source].trouble is None
    assert stored(case, *COLUMNS) == expected
