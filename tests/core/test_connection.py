"""The file's lock with several at once: threads of a process, a fork of it, another process."""

import sys
from multiprocessing import get_context
from subprocess import PIPE, Popen, run

import pytest
from worlds import add, case_at, post

from walkback.store import Store
from walkback.store.connection import connect, frugal

WRITE = "import duckdb, sys; duckdb.connect(sys.argv[1])"


def is_kept_out(path):
    """Whether another process can't write."""
    return run([sys.executable, "-c", WRITE, path], capture_output=True, check=False).returncode != 0


@pytest.fixture
def path(tmp_path):
    """A store with a post."""
    case = case_at(tmp_path)
    add(case, [post()])
    return case.store_path


def test_a_reader_that_is_done_lets_no_writer_in_on_another(path):
    """Closing any descriptor of a file gives up all of the process's locks on it (POSIX)."""
    with connect(path, wait_s=0, read_only=True) as longer:
        with connect(path, wait_s=0, read_only=True):
            pass
        kept_out = is_kept_out(path)
        posts = longer.execute("SELECT count(*) FROM post").fetchall()

    assert (kept_out, posts) == (True, [(1,)])
    assert not is_kept_out(path)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_query_that_fails_leaves_nothing_behind(path, read_only):
    """The file is free, and the next one works."""
    with pytest.raises(ValueError, match="ours"):
        _fail(path, read_only=read_only)

    assert not is_kept_out(path)
    with connect(path, wait_s=0, read_only=read_only) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    assert names == []


def _fail(path, *, read_only):
    with connect(path, wait_s=0, read_only=read_only) as connection:
        connection.execute("CREATE TEMP TABLE left_behind AS SELECT 1")
        raise ValueError("ours")


def test_what_went_wrong_with_little_memory_is_what_is_told(path):
    """Not that a connection which is broken by then can't have more of it again."""

    def fail():
        with connect(path, wait_s=0, read_only=False) as connection, frugal(connection):
            connection.close()
            raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        fail()


def test_a_fork_opens_the_file_anew(path):
    """Threads don't come along into a fork, and what they held stays held there."""
    _count(path)
    child = get_context("fork").Process(target=_count, args=(path,))
    child.start()
    child.join(30)
    child.kill()

    assert child.exitcode == 0


def _count(path):
    """With all of its threads."""
    with connect(path, wait_s=1, read_only=True) as connection:
        connection.execute("SELECT sum(number) FROM range(5_000_000) AS counted(number)").fetchall()


COPY_AND_WAIT = """
import shutil, sys
from pathlib import Path
from walkback.store import Store
shutil.copyfile = lambda *_: (print("copying", flush=True), sys.stdin.readline())
Store(Path(sys.argv[1])).private_copy()
"""


def copying(path):
    """A process that is in the middle of copying the store, and the folder that it copies to."""
    before = set(path.parent.iterdir())
    child = Popen([sys.executable, "-c", COPY_AND_WAIT, path], stdin=PIPE, stdout=PIPE, text=True)
    assert child.stdout.readline() == "copying\n"
    (folder,) = set(path.parent.iterdir()) - before
    return child, folder


def test_what_a_killed_reader_was_copying_is_removed(path):
    """By the next one that copies, or writes: people's words are in it. What a living one copies stays."""
    other = path.parent / f".{path.name}.notes"
    other.mkdir()
    first, gone = copying(path)
    first.kill()
    first.communicate()
    left_behind = gone.exists()
    second, kept = copying(path)
    Store(path).private_copy().close()
    found = (gone.exists(), kept.exists(), other.exists())
    second.kill()
    second.communicate()
    Store(path).prepare()

    assert left_behind
    assert found == (False, True, True)
    assert not kept.exists()
