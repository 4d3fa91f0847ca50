"""A lake analysed by an engine: the same figures, row for row, as a store that took the lake in."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.cli.command import walkback
from tests.lakes import case_file, lake_of, object_store
from tests.worlds import CASE, NOW, add, post

from walkback.analysis.analyze import estimate
from walkback.analysis.grid import build_grid
from walkback.analysis.model import ScorerId
from walkback.analysis.scorers.base import NEGATIVE_AT_MOST
from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.scoring import score_pending
from walkback.cluster.analyze import LakeAnalyst, scratch_in
from walkback.cluster.engine import Engine
from walkback.collectors.imports import ImportOptions
from walkback.collectors.lakes import import_lake
from walkback.collectors.sandbox.archives import write_archives, write_case
from walkback.collectors.sandbox.world import build_world
from walkback.errors import CaseError, EngineError, NothingToDoError
from walkback.post import ACCOUNT_AGES, Kind, TextState
from walkback.reports.document import to_document
from walkback.store import Span, Store, Subset, Window

# Clocks go back on 29 October 2023 in Berlin, in the case's first week.
WINTER = """
title = "Zoom"
timezone = "Europe/Berlin"
start = 2023-10-26
end = 2023-11-01
[query]
any = ["zoom"]
control = { any = ["webcam"] }
[[events]]
at = 2023-10-28T12:00:00Z
kind = "outcry"
label = "Noticed"
[[events]]
at = 2023-10-30
kind = "reversal"
label = "Taken back"
"""
START, END = datetime(2023, 10, 25, 22, tzinfo=UTC), datetime(2023, 10, 31, 23, tzinfo=UTC)
TEXTS = (
    "zoom is awful",
    "zoom is great!!! 😀",
    "I hate zoom and my webcam",
    "this webcam is fine",
    "nothing to see here",
    "ZOOM terms, really?",
    "🔥",
)


def analyst_of(lake, case):
    """Whoever analyses the lake."""
    door = Store(case.store_path).prepare()
    return LakeAnalyst(lake, Engine(None), scorer_for(case), door, scratch_in(lake.folder), lambda _: None)


def analysed(lake, case):
    """The engine's analysis."""
    return analyst_of(lake, case).estimate(case, "day", NOW)


def scored(case):
    """The scorer, after it scored what the case's store has."""
    scorer, store = scorer_for(case), Store(case.store_path)
    for topic in case.topics():
        store.match_pending(topic)
        score_pending(topic, store, scorer, scored=lambda *_: None)
    return ScorerId(scorer.name, scorer.version)


def imported(lake, case):
    """A case whose store takes the lake in."""
    import_lake(
        case,
        Store(case.store_path),
        lake.folder.place,
        ImportOptions(None, {}, None, None, None),
        now=NOW,
        progress=lambda _: None,
    )
    return case


def with_key_of(case, folder, text):
    """Another case, with the same pseudonym key."""
    folder.mkdir()
    (folder / "zoom.key").write_bytes(case.store_path.with_suffix(".key").read_bytes())
    return case_file(folder, text)


def rows(luck):
    """Rows out of few posts, so that stores have several rows of one."""
    return [row(luck) for _ in range(luck.randrange(150))]


def row(luck):
    """A post at any time around the case's window; what stores say of its time differs by a day at most."""
    number = luck.randrange(-3, 24)
    state = luck.choice([TextState.PRESENT, TextState.PRESENT, TextState.TRUNCATED, TextState.DELETED])
    return post(
        source=luck.choice(["x", "a/b"]),
        id=str(number),
        kind=luck.choice([Kind.POST, Kind.REPOST]),
        author=luck.choice([None, "a" * 32, "b" * 32, "c" * 32]),
        created_at=START + timedelta(hours=7 * number, seconds=luck.randrange(-20 * 3_600, 20 * 3_600)),
        text=luck.choice(TEXTS) if state is not TextState.DELETED else "",
        text_state=state,
        fetched_at=NOW - timedelta(days=luck.randrange(3)),
        account_days=luck.choice([None, *ACCOUNT_AGES]),
    )


def covered(gaps):
    """All the time but for some hours."""
    spans = [Span(source, START, END, "complete") for source in ("x", "a/b")]
    return spans + [
        Span("x", START + timedelta(hours=hour), START + timedelta(hours=hour + 5), "erased") for hour in gaps
    ]


@settings(max_examples=4, deadline=None, phases=[Phase.generate])  # shrinking takes minutes
@given(st.randoms(use_true_random=True))
def test_any_posts_give_the_same_sums(tmp_path_factory, luck):
    """Two stores in one lake with rows of the same posts, clocks that change, gaps, a control topic."""
    batches, gaps = [rows(luck), rows(luck)], [luck.randrange(140) for _ in range(luck.randrange(3))]
    folder = tmp_path_factory.mktemp("lakes")
    (folder / "0").mkdir()
    first = case_file(folder / "0", WINTER)
    add(first, [post(id="0", created_at=START, fetched_at=NOW - timedelta(days=9)), *batches[0]])
    add(first, [], coverage=covered(gaps))
    second = with_key_of(first, folder / "1", WINTER)
    add(second, batches[1])
    lake = lake_of(first, folder / "lake")
    lake_of(second, folder / "lake")
    together = imported(lake, with_key_of(first, folder / "2", WINTER))
    scorer = scored(together)

    with Store(together.store_path).snapshot() as snapshot:
        known = everything_of(together, snapshot, Store(together.store_path), scorer)
    with analyst_of(lake, together).counted(first, NOW) as (counting, records):
        found = everything_of(first, counting, records, scorer)

    assert found == known
    assert known["posts"].posts > 0 or not any(batches)


def everything_of(case, counting, records, scorer):
    """All sums that an analysis asks for, on every grid, and what was covered."""
    window = Window(case.name, case.query.hash, START, END, scorer.name, scorer.version)
    control = case.control()
    whole = [START, END]
    return {
        "posts": counting.case_counts(window),
        "young": counting.young(window, whole),
        **{
            every: counting.tallies(
                window, build_grid(START, END, every, case.timezone).edges, negative=NEGATIVE_AT_MOST
            )
            for every in ("hour", "day", "week")
        },
        **{subset: counting.hour_tallies(window, case.timezone, subset=subset) for subset in Subset},
        "control": counting.hour_tallies(
            replace(window, case=control.name, query_hash=control.query.hash), case.timezone
        ),
        "covered": set(records.coverage(case)),
        "control covered": set(records.coverage(control)),
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The synthetic Zoom case in a store, and its lake."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "here").mkdir()
    write_case(folder / "here")
    archives = write_archives(build_world(), folder / "here")
    walkback("import", "zoom.toml", *(path.name for path in archives), folder=folder / "here")
    walkback("export", "zoom.toml", "../lake", "--partitioned", folder=folder / "here")
    return folder


def test_the_demo_gives_the_same_page(demo):
    """Every figure of the JSON, from the command line; what people said is not in it."""
    there = walkback("analyze", "lake", "--engine", "daft", "--json", folder=demo)
    here = walkback("analyze", "zoom.toml", "--json", folder=demo / "here")

    found, known = (json.loads(done.stdout) for done in (there, here))
    not_from_a_lake = {"quotes", "concerns", "words", "voices", "validity", "origins", "generated_at"}
    assert {name for name in known if found[name] != known[name]} == not_from_a_lake - {"validity"}
    assert found["totals"]["posts"] > 4_000
    assert [origin["what"] for origin in found["origins"]] == ["import lake"]
    assert not list((demo / "lake/_scratch").glob("*"))


def test_an_object_store_is_analysed_and_left_as_it_was(monkeypatch, tmp_path):
    """S3 on loopback, scratch in the lake."""
    case = case_file(tmp_path, WINTER)
    add(case, rows(Random(1)))  # noqa: S311  # seeded on purpose
    with object_store(monkeypatch) as bucket:
        lake = lake_of(case, f"{bucket}/lake")
        before = lake.folder.files()
        done = walkback("analyze", f"{bucket}/lake", "--engine", "daft", "--json", folder=tmp_path)
        after = lake.folder.files()

    assert done.returncode == 0, done.stderr
    scorer = scored(case)
    known = to_document(estimate(case, Store(case.store_path), scorer, "day", NOW))
    assert known["totals"] == json.loads(done.stdout)["totals"]
    assert after == before


@pytest.fixture
def small(tmp_path):
    """A lake of one post."""
    case = case_file(tmp_path, CASE)
    add(case, [post()])
    return case, lake_of(case, tmp_path / "lake")


def test_a_report_of_a_lake_says_what_it_leaves_out(small):
    """It goes beside us; of a week it is as it was known at its end."""
    folder = small[0].path.parent
    asked = ("report", "lake", "--engine", "daft", "--format", "md", "--week", "2023-W31")

    done = walkback(*asked, folder=folder)

    assert done.returncode == 0, done.stderr
    page = (folder / "zoom-report-2023-W31/report.md").read_text()
    assert "none is quoted here" in page
    assert "31 Jul to 6 Aug 2023" in page


def test_without_an_engine_a_lake_is_told_to_be_one(small):
    """And what goes with an engine alone, what is no lake, and an engine that is none."""
    folder = small[0].path.parent

    def said(*arguments):
        done = walkback("analyze", *arguments, folder=folder)
        assert done.returncode in {1, 2}
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "is a lake. Analyze it by --engine daft" in said("lake")
    assert "go with --engine daft" in said("zoom.toml", "--ray", "127.0.0.1:1")
    assert "is no lake" in said("zoom.toml", "--engine", "daft")
    assert "--engine spark: is not known" in said("lake", "--engine", "spark")
    assert "neither a file nor a case" in said("lake", "--engine", "daft", "--case", "other")


WITHOUT_DAFT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "daft" else find(name, *more)
sys.modules["daft"] = None
from walkback.cli import main
main()
"""


def test_nobody_sees_the_engine_who_has_none(small):
    """`--help` says nothing of it; who asks for it all the same is told what to install."""

    def said(*arguments):
        command = [sys.executable, "-c", WITHOUT_DAFT, "analyze", *arguments]
        return subprocess.run(command, cwd=small[0].path.parent, capture_output=True, text=True, check=False)

    shown, asked = said("--help"), said("lake", "--engine", "daft")

    assert shown.returncode == 0
    assert not any(option in shown.stdout for option in ("--engine", "--ray", "--scratch", "--case"))
    assert asked.returncode == 1
    assert asked.stderr == "--engine daft needs Daft. Run: pip install 'walkback[cluster]'\n"


def test_which_case_has_to_be_said_where_a_lake_has_two(small):
    """By its name; a case file elsewhere does as well."""
    case, lake = small
    lake.folder.write("cases/other/other.toml", CASE.replace("Zoom", "Other").encode())

    unsaid = walkback("analyze", "lake", "--engine", "daft", folder=case.path.parent)
    named = walkback("analyze", "lake", "--engine", "daft", "--case", "other", folder=case.path.parent)
    by_file = walkback("analyze", "lake", "--engine", "daft", "--case", "zoom.toml", folder=case.path.parent)

    assert "has cases other, zoom. Say by --case which it is" in unsaid.stderr
    assert named.stdout.startswith("Other")
    assert by_file.stdout.startswith("Zoom")


def test_a_lakes_case_reads_nothing_of_ours(small):
    """A lexicon that it names lies in the lake, or is refused."""
    case, lake = small
    (case.path.parent / "mine.tsv").write_text("zoom\t-4.0\n")
    text = CASE.replace("[query]", '[scorer]\nlexicon = "../mine.tsv"\n[query]')
    lake.folder.write("cases/zoom/zoom.toml", text.encode())

    done = walkback("analyze", "lake", "--engine", "daft", folder=case.path.parent)

    assert done.returncode == 2
    assert "../mine.tsv lies in another folder" in done.stderr


def test_accounts_are_found_by_the_key_that_masked_them(small, tmp_path):
    """Without it the query can't be asked, and that is said."""
    case, lake = small
    text = CASE.replace('any = ["zoom"]', 'any = ["@zoom_us"]')
    add(case, [post(id="2", text="look, " + "@" + Store(case.store_path).door().mention("zoom_us"))])
    lake_of(case, tmp_path / "lake")
    with_key_of(case, tmp_path / "asking", text)
    (tmp_path / "elsewhere").mkdir()
    stranger = case_file(tmp_path / "elsewhere", text)

    found = walkback(
        "analyze", "lake", "--engine", "daft", "--case", "asking/zoom.toml", "--json", folder=tmp_path
    )
    lost = walkback("analyze", "lake", "--engine", "daft", "--case", str(stranger.path), folder=tmp_path)

    assert json.loads(found.stdout)["totals"]["posts"] == 1
    assert lost.returncode == 2
    assert "@zoom_us is masked in the lake" in lost.stderr
    assert not stranger.store_path.with_suffix(".key").exists()
    assert lake.key is not None


def test_a_file_that_can_not_be_read_is_named(small):
    """A part of the posts would be a wrong answer; and scratch is gone all the same."""
    case, lake = small
    [file] = (case.path.parent / "lake/posts").rglob("*.parquet")
    content = file.read_bytes()
    file.write_bytes(content[:-50])

    with pytest.raises(EngineError, match=r"\.parquet"):
        analysed(lake, case)
    file.write_bytes(content)
    pq.write_table(pq.read_table(file).drop_columns(["rank"]), file)
    with pytest.raises(EngineError, match="no column rank"):
        analysed(lake, case)

    assert not list((case.path.parent / "lake/_scratch").glob("*"))


def test_a_window_without_posts_is_nothing_to_do(small, tmp_path):
    """Whether the lake has no file of it, none that matches, or no row at all."""
    case, lake = small
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    early = case_file(tmp_path / "1", CASE.replace("2023-0", "2013-0"))
    other = case_file(tmp_path / "2", CASE.replace('"zoom"', '"teams"'))

    with pytest.raises(NothingToDoError, match="no posts of the case's window"):
        analysed(lake, early)
    with pytest.raises(NothingToDoError, match="no stored post matches"):
        analysed(lake, other)
    [file] = (case.path.parent / "lake/posts").rglob("*.parquet")
    pq.write_table(pq.read_table(file, partitioning=None).slice(0, 0), file)
    with pytest.raises(NothingToDoError, match="no stored post matches"):
        analysed(lake, case)


def test_a_lake_that_is_not_whole_is_not_analysed(small):
    """Days of it are missing."""
    case, lake = small
    lake.folder.write("unfinished/1234", b"")

    with pytest.raises(CaseError, match="not written to the end"):
        analysed(lake, case)
