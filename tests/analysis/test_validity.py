"""People's labels against the scorer: agreement, confusion, and estimates that the labels correct."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from tests.analysis.test_analyze import analysis_of
from tests.worlds import NOW, add, case_at, post

from walkback.analysis.model import ScorerId
from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.analysis.validity import agreement, corrected_mean
from walkback.store import LabelRow, Store, Window

TEXTS = {"negative": "zoom is awful", "neutral": "zoom is a program", "positive": "zoom is great"}
BANDS = (-0.05, 0.05)


def said(coder, values):
    """A coder's labels of posts in a row."""
    return [LabelRow(0, "x", str(at), coder, value, 0.0) for at, value in enumerate(values)]


def test_alpha_is_krippendorffs():
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, example A: ten units, 0.095."""
    names = ("negative", "positive")
    first = [names[int(value)] for value in "0100000010"]
    second = [names[int(value)] for value in "1110010000"]

    assert agreement(said("a", first) + said("b", second)) == pytest.approx(0.095, abs=0.0005)
    assert agreement(said("a", first)) is None
    assert agreement(said("a", ["neutral"] * 3) + said("b", ["neutral"] * 3)) == 1.0


def world(luck, *, quality, off_topic, posts=3_000):
    """Labels (-1, 0, 1), on topic or not, and scores that follow the labels more or less, and lean to 1."""
    labels = luck.choice([-1.0, 0.0, 1.0], posts, p=[0.5, 0.3, 0.2])
    scores = np.clip(quality * labels + 0.2 + luck.normal(0, 0.35, posts), -1, 1)
    return labels, (luck.random(posts) >= off_topic).astype(float), scores


@pytest.mark.parametrize("quality", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("off_topic", [0.0, 0.2])
@pytest.mark.parametrize("n", [40, 150])
def test_the_interval_holds_the_truth_however_wrong_the_scorer(quality, off_topic, n):
    """In at least 93 of a hundred samples, though the scores lean to one side; good ones make it narrow."""
    luck = np.random.default_rng([int(quality * 10), int(off_topic * 10), n])
    labels, on_topic, scores = world(luck, quality=quality, off_topic=off_topic)
    labels = (labels + 1) / 2
    truth = labels[on_topic > 0].mean()
    held, widths, classical, samples = 0, [], [], 2_000
    for _ in range(samples):
        drawn = luck.choice(len(labels), n, replace=False)
        found = corrected_mean(
            labels[drawn], on_topic[drawn], scores[drawn], scores.mean(), scores.var(), len(labels)
        )
        held += found.ci_low <= truth <= found.ci_high
        widths.append(found.ci_high - found.ci_low)
        kept = labels[drawn][on_topic[drawn] > 0]
        classical.append(2 * 1.96 * kept.std(ddof=1) / np.sqrt(len(kept)))

    assert held / samples > 0.93
    if quality == 0.9:
        assert np.mean(widths) < 0.7 * np.mean(classical)
    assert np.mean(widths) < 1.12 * np.mean(classical)  # never much wider than the labels alone


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_that_are_all_alike_leave_a_doubt(label):
    """Of forty, one in eleven may still be otherwise; and scores that missed nothing may miss the next."""
    alike, scores = np.full(40, label), np.linspace(0, 1, 40)
    every = corrected_mean(alike, np.ones(40), scores, 0.5, 0.08, 3_000)
    matched = np.repeat([0.0, 1.0], 20)
    both = corrected_mean(matched, np.ones(40), matched, 0.5, 0.25, 3_000)

    assert every.value == label
    assert every.ci_high - every.ci_low == pytest.approx(0.093, abs=0.001)
    assert both.ci_high - both.ci_low > 0.08


def scored_case(folder, **changes):
    """A hundred posts an hour apart: half negative, three in ten neutral, two positive; one author each."""
    case = case_at(folder, **changes)
    letters = {"n": "negative", "u": "neutral", "p": "positive"}
    kinds = [letters[letter] for letter in "nunpnununp"]
    posts = [
        post(
            id=str(at),
            source="x" if at % 4 else "reddit",
            author=f"{at:032x}",
            text=f"{TEXTS[kinds[at % 10]]} {'abcdefghij'[at // 10]}{'abcdefghij'[at % 10]}",
            created_at=post().created_at + timedelta(hours=at),
        )
        for at in range(100)
    ]
    add(case, posts)
    score_pending(case, Store(case.store_path), Vader(), scored=lambda *_: None)
    return case


def drawn(case, most, edges=None):
    """The posts to ask about."""
    scorer = ScorerId(Vader().name, Vader().version)
    start, end = case.window(NOW)
    window = Window(case.name, case.query.hash, start, end, scorer.name, scorer.version)
    with Store(case.store_path).snapshot() as snapshot:
        return snapshot.draw_for_labels(window, edges or [start, end], most=most, bands=BANDS)


def kind(text):
    """Which of the three texts it is."""
    return next(name for name, words in TEXTS.items() if text.startswith(words))


def test_posts_are_drawn_as_they_are_spread_however_early_one_stops(tmp_path):
    """Of each source and band as many as it has; the same ones every time; none twice."""
    case = scored_case(tmp_path)
    half = drawn(case, 40)

    assert [post.id for post in half] == [post.id for post in drawn(case, 100)[:40]]
    assert len({(post.source, post.id) for post in half}) == 40
    for early in (10, 20, 40):
        counts = Counter(kind(post.text) for post in half[:early])
        assert abs(counts["negative"] / early - 0.5) <= 0.11
        assert abs(counts["positive"] / early - 0.2) <= 0.11


def test_every_phase_is_asked_about(tmp_path):
    """In turn, so that stopping early leaves none out."""
    case = scored_case(tmp_path)
    start, end = case.window(NOW)
    middle = post().created_at + timedelta(hours=80)

    assert Counter(one.phase for one in drawn(case, 15, [start, middle, end])[:20]) == {0: 10, 1: 10}


def test_labels_correct_what_the_scorer_says(tmp_path):
    """A quarter of what sounds negative isn't: the corrected share is that of the labels."""
    case = scored_case(tmp_path)
    store = Store(case.store_path)
    negative = 0
    for one in drawn(case, 100):
        value = kind(one.text)
        negative += value == "negative"
        if value == "negative" and negative % 4 == 0:
            value = "neutral"
        store.keep_label(case, (one.source, one.id), "ann", value, NOW)
    known = analysis_of(case).validity
    (phase,) = known.phases

    assert (known.posts, known.coders, known.agreement) == (100, ("ann",), None)
    assert phase.raw_negative_share == 0.5
    assert phase.negative_share.ci_low < phase.negative_share.value < 0.45
    assert phase.negative_share.value == pytest.approx(known.confusion[0][0] / 100)
    assert sum(map(sum, known.confusion)) == 100


def test_too_few_labels_correct_nothing(tmp_path):
    """It is said how many there are."""
    case = scored_case(tmp_path)
    for one in drawn(case, 19):
        Store(case.store_path).keep_label(case, (one.source, one.id), "ann", "negative", NOW)
    (phase,) = analysis_of(case).validity.phases

    assert (phase.posts, phase.negative_share, phase.mean_label) == (19, None, None)


def test_a_label_can_be_changed_and_taken_back_and_goes_with_its_words(tmp_path):
    """A deletion, or other words under the same id, make it a label of nothing."""
    case = scored_case(tmp_path)
    store = Store(case.store_path)
    for number, value in zip("11235", ("negative", "positive", *["neutral"] * 3), strict=True):
        store.keep_label(case, ("x", number), "ann", value, NOW)
    store.keep_label(case, ("x", "2"), "ann", None, NOW)
    later = post().fetched_at + timedelta(days=1)
    gone = post(id="5", text="", text_state="deleted", fetched_at=later)
    add(case, [post(id="3", text="zoom, edited", fetched_at=later), gone])

    assert store.labelled(case, "ann") == {("x", "1")}
    assert store.faults() == []
