"""The file's lock with several at once: threads of a process, a fork of it, another process."""

import os
import sys
from multiprocessing import get_context
from subprocess import run

import pytest
from worlds import add, case_at, post

from walkback.store import Store
from walkback.store.connection import connect

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


def test_what_a_killed_reader_was_copying_is_removed(path):
    """By the next one that copies, or writes: people's words are in it. What a living one copies stays."""
    dead = run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    folders = [path.parent / f".{path.name}.{pid}.abc" for pid in (int(dead.stdout), os.getpid())]
    other = path.parent / f".{path.name}.notes"
    for folder in (*folders, other):
        folder.mkdir()
        (folder / path.name).write_bytes(path.read_bytes())
    Store(path).private_copy().close()
    left = [folder.exists() for folder in (*folders, other)]
    folders[0].mkdir()
    Store(path).prepare()

    assert left == [False, True, True]
    assert not folders[0].exists()
