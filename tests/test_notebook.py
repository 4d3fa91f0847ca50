"""Walkback in a notebook: tidy frames that say what the analysis says, and a store that nobody keeps."""

import re
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from tests.worlds import CASE, add, case_at, post

import walkback
from walkback.errors import CaseError, NothingToDoError
from walkback.post import Engagement, TextState
from walkback.store import Span, Store

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2023, 7, 25, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_windows():
    """Figures are drawn and shown to nobody."""
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture
def path(tmp_path):
    """A case file with a store of three hundred posts."""
    file = tmp_path / "zoom.toml"
    file.write_text(CASE)
    case = case_at(tmp_path, timezone="Europe/Berlin")
    posts = [
        post(
            id=str(number),
            source="x" if number % 3 else "reddit",
            author=f"{number % 40:032x}",
            created_at=START + timedelta(hours=2 * number),
            text="" if number % 50 == 7 else f"zoom is {'awful' if number % 2 else 'great'}, {number}",
            text_state=TextState.DELETED if number % 50 == 7 else TextState.PRESENT,
            engagement=Engagement(likes=number),
        )
        for number in range(300)
    ]
    spans = [Span(source, START, START + timedelta(days=25), "complete") for source in ("x", "reddit")]
    add(case, posts, coverage=spans)
    return file


def test_a_row_for_each_post(path):
    """With its score and latest counts; times in the case's zone; deleted words have no score."""
    posts = walkback.open(path).posts()

    assert (
        posts[["source", "id"]].drop_duplicates().shape[0] == len(posts) == 294
    )  # the empty ones don't match
    assert str(posts["created_at"].dt.tz) == "Europe/Berlin"
    assert posts["created_at"].is_monotonic_increasing
    assert posts.loc[posts["text_state"] == "present", "compound"].between(-1, 1).all()
    assert posts["likes"].sum() == sum(number for number in range(300) if number % 50 != 7)


def test_frames_say_what_the_analysis_says(path):
    """The same figures, tidy; buckets of a source add up to all."""
    case = walkback.open(path)
    series, by_source = case.series(), case.series(by_source=True)
    analysis = case.analysis()

    assert series["posts"].sum() == analysis.totals.posts == by_source["posts"].sum()
    assert list(series["mean_compound"].dropna()) == [
        bucket.measures.mean_compound
        for bucket in analysis.series.buckets
        if bucket.measures.mean_compound is not None
    ]
    assert list(case.phases()["name"]) == [phase.name for phase in analysis.phases]
    assert list(case.events()["kind"]) == ["outcry", "reversal"]
    assert set(case.coverage()["status"]) == {"complete"}
    assert (series["start"].dt.tz, len(case.series("hour"))) == (BERLIN, 31 * 24)
    assert set(case.effects()["outcome"]) <= {"volume", "sentiment"}


def test_a_query_runs_on_a_copy_that_blocks_nobody(path):
    """Whoever collects may write meanwhile; a refresh sees what was written, and the copy is gone."""
    case = walkback.open(path)
    before = case.sql("SELECT count(*) AS n FROM post WHERE source = $source", source="x")
    store = Store(path.with_suffix(".duckdb"), wait_s=0.0)
    run = store.start_run(case.case, "import", "b.jsonl", START)
    store.finish_run(run, refused=0, outcome="done", now=START)

    assert before["n"].tolist() == [200]
    assert case.sql("SELECT count(*) AS n FROM run")["n"].tolist() == [1]
    assert case.refresh().sql("SELECT count(*) AS n FROM run")["n"].tolist() == [2]
    assert sorted(file.name for file in path.parent.iterdir()) == ["zoom.duckdb", "zoom.key", "zoom.toml"]


@pytest.mark.parametrize("what", ["volume", "sentiment"])
def test_plots_take_axes_and_give_them_back(path, what):
    """Volume from zero, sentiment on its whole scale, all of the window."""
    case = walkback.open(path)
    _, mine = plt.subplots()
    drawn = case.plot(what, ax=mine)

    assert drawn is mine
    assert case.plot(what) is not mine
    assert drawn.get_ylim()[0] == (0 if what == "volume" else -1)
    assert [text.get_text() for text in drawn.texts] == ["outcry", "reversal"]
    assert case.timeline().get_size_inches()[0] > 5


def test_cases_stand_side_by_side(path, tmp_path):
    """The quickest walk-back first; what can't be told is missing, not zero."""
    slow = tmp_path / "slow.toml"
    slow.write_text('store = "zoom.duckdb"\n' + CASE.replace("2023-08-11", "2023-08-20"))
    cases = walkback.cases([slow, path])
    table = cases.table()

    assert list(table["case"]) == ["zoom", "slow"]
    assert list(table["hours_to_reversal"]) == [5 * 24, 14 * 24]
    assert set(table["verdict"]) == {"inconclusive"}
    assert pd.isna(table["volume"]).all()
    assert len(cases.plot()) == len(cases) == 2


def test_what_is_wrong_is_told(path, tmp_path, monkeypatch):
    """A case file that isn't right, a store that isn't there, a library that wasn't installed."""
    (tmp_path / "wrong.toml").write_text("title = 1")
    with pytest.raises(CaseError, match="timezone is missing"):
        walkback.open(tmp_path / "wrong.toml")
    path.with_suffix(".duckdb").unlink()
    with pytest.raises(NothingToDoError, match="no store yet"):
        walkback.open(path).posts()
    monkeypatch.delitem(sys.modules, "walkback.notebook")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'walkback\[notebook\]'"):
        walkback.open(path)


def test_what_they_were_angry_about_is_a_frame(path):
    """The analysis' own figures, a row for each concern and phase."""
    case = walkback.open(path)
    frame = case.concerns()
    first = case.analysis().concerns[0]

    assert len(frame) == 8 * 3
    assert frame.iloc[1].to_dict()["posts"] == first.phases[1].measures.posts
    assert list(case.telling_words().columns)[:3] == ["phase", "words", "authors"]
    assert case.validity().empty


TALK = {
    "price": "the subscription price went up and the refund never came",
    "privacy": "my private calls train a model without my consent",
    "leaving": "goodbye, our school moved over to another program",
}


def test_a_paper_can_say_what_was_done(path):
    """With the figures of the analysis; every key that is cited is in the references, and no other."""
    case = walkback.open(path)
    text, references = case.methods(), case.references()
    keys = set(re.findall(r"@\w+\{(\w+),", references)) - {"walkback"}

    assert f"We analysed {case.analysis().totals.posts} posts by 80 authors from reddit and x" in text
    assert set(re.findall(r"\[(\w+)\]", text)) == keys
    assert "hutto2014vader" in keys
    assert references.count("{") == references.count("}")


def test_topics_are_found_and_found_again(tmp_path):
    """Three ways to talk that share no word: three topics, each found by other starts, its posts by day."""
    posts = []
    for number in range(240):
        words = list(TALK.values())[number % 3].split()[number % 4 :]
        own = f"{'abcdefghij'[number // 24] * 3} {'klmnopqrst'[number % 10] * 4}"
        posts.append(
            post(
                id=str(number),
                author=f"{number:032x}",
                text=f"zoom: {' '.join(words)} {own}",
                created_at=START + timedelta(hours=2 * number),
            )
        )
    case = walkback.open(case_of(tmp_path, posts))
    topics, series = case.topics(), case.topic_series()
    found = {name for name, text in TALK.items() for top in topics.words if {*text.split()} & {*top}}

    assert len(topics) == 3
    assert found == set(TALK)
    assert topics.posts.sum() == series.posts.sum() == 240
    assert series.mean_compound.notna().tolist() == (series.posts > 0).tolist()
    assert topics.posts.between(60, 100).all()
    assert (topics.stability > 0.6).all()
    assert series.start.dt.tz == BERLIN


def test_a_series_may_be_of_some_posts(tmp_path):
    """Without copies, without who writes a lot, without the young: each leaves out what it says."""
    words = "abcdefghij"
    posts = [
        post(
            id=str(at),
            author=f"{at // 3:032x}",
            text="zoom: sign the petition" if at % 2 else f"zoom is {words[at // 10]}{words[at % 10]}",
            created_at=START + timedelta(days=1 + at // 30, minutes=at),
            account_days=(0, 30, None)[at % 3],
        )
        for at in range(90)
    ]
    case = walkback.open(case_of(tmp_path, posts))

    def counted(**asked):
        return case.series(**asked).posts.tolist()[1:4]

    assert counted() == [30, 30, 30]
    assert counted(only="first of near-duplicates") == [16, 15, 15]
    assert counted(only="first of author and day") == [10, 10, 10]
    assert counted(only="established accounts") == [20, 20, 20]
    assert case.series(by_source=True, only="established accounts").source.unique().tolist() == ["x"]


def test_few_posts_have_no_topics(tmp_path):
    """It is told how many it takes."""
    case = case_of(tmp_path, [post(id=str(at), text=f"zoom {at} is a program for calls") for at in range(10)])

    with pytest.raises(NothingToDoError, match="too few for topics"):
        walkback.open(case).topics()


def case_of(folder, posts):
    """A case file with a store of these posts."""
    (folder / "zoom.toml").write_text(CASE)
    add(case_at(folder, timezone="Europe/Berlin"), posts)
    return folder / "zoom.toml"
