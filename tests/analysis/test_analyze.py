from datetime import UTC, datetime, timedelta

import pytest
from worlds import NOW, add, case_at, post

from walkback.analysis.analyze import analyze
from walkback.analysis.model import ScorerId, Word
from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.errors import NothingToDoError
from walkback.matching import Matcher
from walkback.post import TextState
from walkback.store import Page, Span, Store, page_table

EVENTS = [
    {"at": datetime(2023, 8, 6, tzinfo=UTC), "kind": "outcry", "label": "Out"},
    {"at": datetime(2023, 8, 11, tzinfo=UTC), "kind": "reversal", "label": "Back"},
]
WINDOW = {"start": datetime(2023, 8, 1, tzinfo=UTC), "end": datetime(2023, 8, 16, tzinfo=UTC)}
COUNTS = [5, 4, 6, 5, 5, 20, 45, 30, 20, 15, 10, 8, 7, 6, 5]


@pytest.fixture
def case(tmp_path):
    """Fifteen days with an outcry on the sixth; calm words before it, angry ones after."""
    case = case_at(tmp_path, events=EVENTS, **WINDOW)
    batch = [
        post(
            id=f"{day}-{number}",
            author=f"{number:032x}",
            created_at=WINDOW["start"] + timedelta(days=day, hours=number % 24),
            text=f"zoom is {'great' if day < 5 else 'awful'} number {day} {number}",
        )
        for day, count in enumerate(COUNTS)
        for number in range(count)
    ]
    gone = post(id="gone", author=None, text="", text_state=TextState.DELETED)
    span = Span("x", WINDOW["start"], WINDOW["end"], "complete")
    add(case, [*batch, gone, post(id="off", text="nothing of interest")], coverage=[span])
    return case


def analysis_of(case, every="day"):
    """The analysis with VADER's scores."""
    scorer = Vader()
    store = Store(case.store_path)
    score_pending(case, store, scorer, scored=lambda *_: None)
    return analyze(case, store, ScorerId(scorer.name, scorer.version), every, NOW)


def test_the_whole_way_from_the_store_to_the_verdict(case):
    """Counts, phases, shape and the honest answer."""
    got = analysis_of(case)

    assert got.totals.posts == got.totals.scored == sum(COUNTS)
    assert got.totals.by_source == {"x": sum(COUNTS)}
    assert [bucket.measures.posts for bucket in got.series.buckets] == COUNTS
    assert [(phase.name, phase.measures.posts, phase.posts_per_day) for phase in got.phases] == [
        ("baseline", 25, 5.0),
        ("outcry", 130, 26.0),
        ("after reversal", 36, 7.2),
    ]
    assert got.phases[0].measures.mean_compound > 0 > got.phases[1].measures.mean_compound
    assert (got.shape.onset, got.shape.peak.posts, got.shape.amplification) == (EVENTS[0]["at"], 45, 9.0)
    assert got.shape.sentiment_drop.value > 1
    assert got.verdict.word is Word.INCONCLUSIVE
    assert got.verdict.reasons == (
        "volume can't be tested: fewer than 7 days before the outcry were observed",
        # 5 a day before, over the four days from the 12th on, against the 26 posts that came
        (
            "sentiment can't be tested: 77% of the posts after the event would have come without the outcry, "
            "so that their mean says little of the policy; narrow [query] to the policy"
        ),
    )
    assert [origin.what for origin in got.origins] == ["import a.jsonl"]


def test_the_same_store_gives_the_same_analysis(case):
    """Every field, on every run."""
    assert analysis_of(case) == analysis_of(case)


@pytest.mark.parametrize("every", ["hour", "week"])
def test_the_shape_does_not_depend_on_the_grid(case, every):
    """Another grid draws another chart; the outcry is the same."""
    assert analysis_of(case, every).shape == analysis_of(case).shape
    assert analysis_of(case, every).phases == analysis_of(case).phases


def test_a_deleted_post_is_counted_but_not_scored(tmp_path):
    """Its words are gone; that it was there is not."""
    case = case_at(tmp_path, query={"any": ["*"]}, events=EVENTS, **WINDOW)
    add(case, [post(), post(id="2", text="", text_state=TextState.DELETED), post(id="3")])
    totals = analysis_of(case).totals

    assert (totals.posts, totals.scored, totals.unscorable, totals.near_duplicates) == (3, 2, 1, 1)


def test_a_case_without_reversal_or_baseline_says_so(tmp_path):
    """Nothing to hold the pushback against is a reason, not a guess."""
    late = {**EVENTS[1], "at": WINDOW["end"]}
    case = case_at(tmp_path, events=[{**EVENTS[0], "at": WINDOW["start"]}, late], **WINDOW)
    add(case, [post()], coverage=[Span("x", WINDOW["start"], WINDOW["end"], "complete")])
    verdict = analysis_of(case).verdict

    assert verdict.word is Word.INCONCLUSIVE
    assert verdict.sentence.startswith("There is no reversal")
    assert verdict.reasons == (
        "there is no reversal in the window",
        "nothing was observed before the first event, so there is no baseline",
    )


def test_posts_a_day_are_counted_over_observed_time_alone(tmp_path):
    """Half a day observed with ten posts is twenty a day; posts outside what was observed don't count."""
    case = case_at(tmp_path, **WINDOW)
    start = WINDOW["start"]
    seen = [post(id=str(at), created_at=start + timedelta(hours=at)) for at in range(10)]
    add(case, [*seen, post(id="late")], coverage=[Span("x", start, start + timedelta(hours=12), "complete")])
    (phase,) = analysis_of(case).phases

    assert (phase.observed_days, phase.posts_per_day, phase.measures.posts) == (0.5, 20.0, 11)


def test_nothing_that_matches_is_told(tmp_path):
    """What, where, what to do; exit code 4."""
    case = case_at(tmp_path, **WINDOW)
    add(case, [post(text="something else")])

    with pytest.raises(NothingToDoError, match="no stored post matches the query") as caught:
        analysis_of(case)
    assert caught.value.exit_code == 4


def test_what_a_killed_run_brought_is_told_and_steps_that_bring_nothing_are_not(case):
    """Its posts are in the store, as finished as any; only it never came to its end."""
    store = Store(case.store_path)
    killed = store.start_run(case, "collect", "x", NOW + timedelta(minutes=1))
    more = Page(page_table([post(id="more", text="zoom again")], Matcher(case.query, store.prepare())))
    store.add_pages(case, killed, [more], now=NOW, written=lambda _: None)
    again = store.start_run(case, "collect", "x", NOW + timedelta(hours=1))
    store.finish_run(again, refused=0, outcome="done", now=NOW + timedelta(hours=1))
    step = store.start_run(case, "report", "walkback run", NOW)
    store.finish_run(step, refused=0, outcome="done", now=NOW)

    origins = analysis_of(case).origins

    assert [(one.what, one.posts, one.finished_at) for one in origins[1:]] == [("collect x", 1, None)]
