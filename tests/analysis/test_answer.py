"""From a store that holds an outcry with a known truth to the answer."""

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from outcries import END, EVENTS, OUTCRY, REVERSAL, START, Outcry, analysis_of, hold

from walkback.analysis.model import Word
from walkback.store import Span

CALMED = Outcry(factor=0.25, angry=(0.3, 0.9, 0.4))


def effect(analysis, outcome):
    """The last event's effect on an outcome, None where it has none."""
    return next((each for each in reversed(analysis.effects) if each.outcome == outcome), None)


def check(analysis, name):
    """A check by name."""
    return next(each for each in analysis.checks if each.name == name)


@pytest.fixture(scope="module")
def calmed(tmp_path_factory):
    """A reversal that took three quarters of the excess and most of the anger away."""
    return analysis_of(hold(tmp_path_factory.mktemp("calmed"), CALMED.posts()))


def test_a_reversal_that_worked_is_told(calmed):
    """Both intervals hold the truth, and the sentence has the numbers."""
    volume, sentiment = effect(calmed, "volume"), effect(calmed, "sentiment")

    assert calmed.verdict.word is Word.CALMED
    assert volume.ci_low < 0.25 < volume.ci_high < 1
    assert 0 < sentiment.ci_low < sentiment.estimate
    assert (volume.measure, sentiment.measure) == ("rate_ratio", "mean_difference")
    assert f"Pushback fell to {volume.estimate:.0%} [" in calmed.verdict.sentence
    assert volume.n_before > volume.n_after > 0


def test_a_reversal_that_did_nothing_is_not_called_calmed(tmp_path):
    """Posts fall by themselves; the answer doesn't take that for an effect."""
    analysis = analysis_of(hold(tmp_path, Outcry().posts()))
    volume = effect(analysis, "volume")

    assert analysis.verdict.word in {Word.INCONCLUSIVE, Word.NOT_CALMED}
    assert volume.ci_low < 1 < volume.ci_high


def test_a_reversal_that_angered_is_told(tmp_path):
    """More posts than fading predicts, and angrier ones: worsened."""
    worse = Outcry(factor=2.5, angry=(0.2, 0.6, 0.95))
    analysis = analysis_of(hold(tmp_path, worse.posts()))

    assert analysis.verdict.word is Word.WORSENED
    assert "rose to" in analysis.verdict.sentence


def test_a_capped_source_gives_no_volume_but_sentiment(tmp_path):
    """Where a source cut off its answers, its counts are no volume; what it gave still has a tone."""
    cut = Span("x", OUTCRY, OUTCRY + timedelta(hours=6), "saturated", how="asked")
    spans = [Span("x", START, OUTCRY, "complete"), cut, Span("x", cut.end, END, "complete")]
    analysis = analysis_of(hold(tmp_path, CALMED.posts(), coverage=spans))

    assert effect(analysis, "volume") is None
    assert effect(analysis, "sentiment").ci_low > 0
    assert analysis.verdict.volume is Word.INCONCLUSIVE
    assert analysis.verdict.sentiment in {Word.CALMED, Word.PARTLY}


def test_a_capped_source_beside_a_whole_one_is_left_out_of_volume(tmp_path, calmed):
    """The other source's volume is enough, not a post of the capped one counts, and that is said."""
    cut = Span("reddit", OUTCRY, END, "truncated", how="asked")
    spans = [Span("x", START, END, "complete"), Span("reddit", START, OUTCRY, "complete"), cut]
    both = hold(tmp_path, CALMED.posts(), CALMED.posts("reddit"), coverage=spans)
    analysis = analysis_of(both)

    assert effect(analysis, "volume") == effect(calmed, "volume")
    assert "volume leaves out reddit, cut off at the source's limit" in analysis.verdict.reasons


def test_a_gap_is_missing_and_never_zero(tmp_path, calmed):
    """Half a day without observation after the reversal moves the estimate by little, not to zero."""
    dark = (REVERSAL + timedelta(hours=24), REVERSAL + timedelta(hours=36))
    posts = [each for each in CALMED.posts() if not dark[0] <= each.created_at < dark[1]]
    spans = [Span("x", START, dark[0], "complete"), Span("x", dark[1], END, "complete")]
    gappy = effect(analysis_of(hold(tmp_path, posts, coverage=spans)), "volume")
    whole = effect(calmed, "volume")

    assert abs(math.log(gappy.estimate / whole.estimate)) < 0.35
    assert gappy.n_after < whole.n_after


def test_the_case_without_reversal_has_a_state(tmp_path):
    """Fading by itself, with figures; the word stays inconclusive."""
    analysis = analysis_of(hold(tmp_path, Outcry().posts(), events=EVENTS[:1]))

    assert analysis.verdict.word is Word.INCONCLUSIVE
    assert "The pushback is fading by itself: the last two whole days brought" in analysis.verdict.sentence
    assert analysis.counterfactual is None
    assert analysis.checks == ()


def test_an_outcry_at_its_peak_is_still_building(tmp_path):
    """The busiest day is one of the last two: nothing fades yet."""
    case = hold(tmp_path, Outcry().posts(), events=EVENTS[:1], end=OUTCRY + timedelta(days=2, hours=12))

    assert "still building" in analysis_of(case).verdict.sentence


def test_a_reversal_within_a_day_of_the_peak_is_not_tested(tmp_path):
    """There is no fading yet to hold it against, and that is said."""
    soon = {**EVENTS[1], "at": datetime(2023, 8, 7, 12, tzinfo=UTC)}
    verdict = analysis_of(hold(tmp_path, Outcry().posts(), events=(EVENTS[0], soon))).verdict

    assert verdict.word is Word.INCONCLUSIVE
    assert any("within a day of the peak" in reason for reason in verdict.reasons)


def test_a_reversal_without_an_outcry_before_it_is_not_tested(tmp_path):
    """Without a dated outcry, nothing says where the usual volume ends."""
    verdict = analysis_of(hold(tmp_path, Outcry().posts(), events=EVENTS[1:])).verdict

    assert verdict.word is Word.INCONCLUSIVE
    assert any("names no change or outcry before the reversal" in reason for reason in verdict.reasons)


def test_concessions_are_told_beside_the_reversal(tmp_path):
    """One near the peak is not tested; the fading before the reversal contains it."""
    concession = {"at": datetime(2023, 8, 7, 15, tzinfo=UTC), "kind": "concession", "label": "A promise"}
    analysis = analysis_of(hold(tmp_path, CALMED.posts(), events=(EVENTS[0], concession, EVENTS[1])))

    assert analysis.verdict.word is Word.CALMED
    assert any("concession of 'A promise' was not tested" in reason for reason in analysis.verdict.reasons)
    assert "the fading before the reversal already contains what a concession did" in analysis.verdict.reasons


def test_a_second_outcry_ends_the_window_of_the_reversal(tmp_path):
    """What follows the policy's return is not counted for the reversal."""
    back = {"at": REVERSAL + timedelta(hours=20), "kind": "change", "label": "It comes back"}
    verdict = analysis_of(hold(tmp_path, CALMED.posts(), events=(*EVENTS, back))).verdict

    assert verdict.word is Word.INCONCLUSIVE
    assert any("fewer than 24 observed hours" in reason for reason in verdict.reasons)


def test_the_reversal_of_a_reversal_is_judged_by_the_last(tmp_path):
    """Two reversals, two tests; the verdict is on the last one."""
    later = {"at": REVERSAL + timedelta(days=9), "kind": "reversal", "label": "For good"}
    back = {"at": REVERSAL + timedelta(days=5), "kind": "change", "label": "It comes back"}
    analysis = analysis_of(hold(tmp_path, CALMED.posts(), events=(*EVENTS, back, later)))

    assert {each.at for each in analysis.effects if each.outcome == "volume"} == {REVERSAL}
    assert any(
        "the reversal of 'It is taken back' on its own: volume down" in r for r in analysis.verdict.reasons
    )
    assert analysis.verdict.word is Word.INCONCLUSIVE


def test_posts_with_dates_alone_are_read_by_the_day(tmp_path):
    """Midnights are no hours: bins of a day, the reversal's own day dropped."""
    dated = [each._replace(created_at=each.created_at.replace(hour=0, minute=0)) for each in CALMED.posts()]
    volume = effect(analysis_of(hold(tmp_path, dated)), "volume")

    assert "24 h bins" in volume.method
    assert volume.ci_low < 0.25 < volume.ci_high


def test_few_posts_are_inconclusive_in_plain_words(tmp_path):
    """Two dozen posts say nothing, and the reason is a number."""
    quiet = Outcry(usual=0.05, peak=0.6)
    verdict = analysis_of(hold(tmp_path, quiet.posts())).verdict

    assert verdict.word is Word.INCONCLUSIVE
    assert any("fewer than 100" in reason for reason in verdict.reasons)


def test_a_query_that_finds_the_usual_chatter_gives_no_sentiment(tmp_path):
    """Whose mean recovers because the angry went home is no finding; volume can still be told."""
    broad = Outcry(usual=12, peak=60, factor=0.25, angry=(0.2, 0.9, 0.3))
    analysis = analysis_of(hold(tmp_path, broad.posts()))

    assert effect(analysis, "sentiment") is None
    assert any("would have come without the outcry" in reason for reason in analysis.verdict.reasons)


def test_splitting_a_source_in_two_changes_nothing_but_the_check(tmp_path, calmed):
    """The same posts under two names have the same effects; now a second source can be asked."""
    posts = [
        each._replace(source="reddit") if index % 2 else each for index, each in enumerate(CALMED.posts())
    ]
    split = analysis_of(hold(tmp_path, posts))

    assert split.effects == calmed.effects
    assert split.verdict.word is calmed.verdict.word
    assert check(calmed, "second_source").passed is None
    assert check(split, "second_source").passed is True


def test_the_order_of_posts_and_their_zone_change_nothing(tmp_path, calmed):
    """Posts arrive in any order; the case's clock moves hours of the day alone."""
    shuffled = list(reversed(CALMED.posts()))

    assert analysis_of(hold(tmp_path, shuffled)).effects == calmed.effects


def test_the_whole_story_may_happen_at_another_time(tmp_path, calmed):
    """Four weeks later, to the minute, it is the same story."""
    weeks = timedelta(weeks=4)
    posts = [
        each._replace(created_at=each.created_at + weeks, fetched_at=each.fetched_at + weeks)
        for each in CALMED.posts()
    ]
    events = tuple({**event, "at": event["at"] + weeks} for event in EVENTS)
    spans = [Span("x", START + weeks, END + weeks, "complete")]
    moved = analysis_of(
        hold(tmp_path, posts, coverage=spans, events=events, start=START + weeks, end=END + weeks)
    )

    assert [replace(each, at=each.at - weeks) for each in moved.effects] == list(calmed.effects)
    assert moved.verdict.word is calmed.verdict.word


def test_an_unobserved_month_before_changes_nothing(tmp_path, calmed):
    """Time in which nobody looked says nothing."""
    longer = analysis_of(hold(tmp_path, CALMED.posts(), start=START - timedelta(days=30)))

    assert longer.effects == calmed.effects


def test_repeats_of_one_text_do_not_carry_the_finding(tmp_path):
    """A campaign of the same words before the reversal: without it the finding turns, and the word goes."""
    outcry = Outcry(factor=1.0, angry=(0.3, 0.6, 0.6), peak=25.0)
    luck = Outcry(usual=0, peak=30, half_life_days=30, seed=9)
    campaign = [
        each._replace(id=f"c{each.id}", text="zoom is awful, sign the petition now")
        for each in luck.posts()
        if each.created_at < REVERSAL
    ]
    analysis = analysis_of(hold(tmp_path, outcry.posts(), campaign))

    assert check(analysis, "near_duplicates").passed is False
    assert analysis.verdict.word is Word.INCONCLUSIVE
    assert analysis.verdict.reasons[0].startswith("a check failed")


def test_accounts_made_for_the_day_do_not_carry_the_finding(tmp_path, calmed):
    """Without those that were new the finding turns, and the word goes; old ones change nothing."""
    outcry = Outcry(factor=1.0, angry=(0.3, 0.6, 0.6), peak=25.0)
    luck = Outcry(usual=0, peak=30, half_life_days=30, seed=9)
    new = [
        each._replace(id=f"n{each.id}", account_days=0) for each in luck.posts() if each.created_at < REVERSAL
    ]
    (tmp_path / "new").mkdir()
    (tmp_path / "old").mkdir()
    analysis = analysis_of(hold(tmp_path / "new", outcry.posts(), new))
    old = analysis_of(hold(tmp_path / "old", [each._replace(account_days=365) for each in CALMED.posts()]))

    assert check(analysis, "established_accounts").passed is False
    assert analysis.verdict.word is Word.INCONCLUSIVE
    assert check(old, "established_accounts").passed is True
    assert check(calmed, "established_accounts").passed is None
    assert old.effects == calmed.effects


def test_a_control_topic_that_moves_too_forbids_an_answer(tmp_path):
    """If the brand's other posts turned the same day, something else happened."""
    other = [
        each._replace(id=f"o{each.id}", text=each.text.replace("zoom is", "acme phones are"))
        for each in Outcry(usual=3, peak=10, factor=0.3, angry=(0.3, 0.9, 0.3), seed=11).posts()
    ]
    query = {"any": ["zoom"], "control": {"any": ["acme"]}}
    analysis = analysis_of(hold(tmp_path, CALMED.posts(), other, query=query))

    assert check(analysis, "control_topic").passed is False
    assert analysis.verdict.word is Word.INCONCLUSIVE


def test_a_control_topic_that_stays_put_supports_the_answer(tmp_path):
    """The brand's other posts went on as ever."""
    other = [
        each._replace(id=f"o{each.id}", text=each.text.replace("zoom is", "acme phones are"))
        for each in Outcry(usual=6, peak=0, angry=(0.3, 0.3, 0.3), seed=11).posts()
    ]
    query = {"any": ["zoom"], "control": {"any": ["acme"]}}
    analysis = analysis_of(hold(tmp_path, CALMED.posts(), other, query=query))

    assert check(analysis, "control_topic").passed is True
    assert analysis.verdict.word is Word.CALMED
    assert analysis.totals.posts == len(CALMED.posts())


def test_the_counterfactual_stands_on_the_grid(calmed):
    """From the peak to a week after the reversal; above what came after it, and wider with time."""
    faded, buckets = calmed.counterfactual, calmed.series.buckets
    drawn = [index for index, low in enumerate(faded.posts_low) if low is not None]
    after = [index for index in drawn if buckets[index].start > REVERSAL]
    widths = [faded.posts_high[index] / faded.posts_low[index] for index in after]

    assert buckets[drawn[-1]].end <= REVERSAL + timedelta(days=7)
    assert all(faded.posts_low[index] > buckets[index].measures.posts for index in after)
    assert widths[-1] > widths[0] > 1
    assert faded.mean_compound[after[0]] is not None


def test_the_shape_tells_both_sides_of_the_reversal(calmed):
    """Half-lives as ranges that hold the truth, excess on either side, the time to the peak."""
    shape = calmed.shape

    assert shape.half_life_days_before.low - 0.8 < 2.5 < shape.half_life_days_before.high + 0.8
    assert shape.excess_posts_before.value > shape.excess_posts_after.value > 0
    assert shape.excess_posts.value == pytest.approx(
        shape.excess_posts_before.value + shape.excess_posts_after.value
    )
    assert 0 < shape.hours_to_peak < 48
    assert shape.sentiment_recovered_share.ci_low > 0
    assert min(abs(moment - shape.onset) for moment in calmed.changepoints) <= timedelta(days=1)


def test_posts_and_time_zone_moved_together_change_nothing(tmp_path, calmed):
    """An outcry nine hours earlier, of people nine hours further east."""
    east = timedelta(hours=9)
    posts = [each._replace(created_at=each.created_at - east) for each in CALMED.posts()]
    moved = analysis_of(
        hold(
            tmp_path,
            posts,
            coverage=[Span("x", START - east, END - east, "complete")],
            timezone="Asia/Tokyo",
            start=START - east,
            end=END - east,
            events=tuple({**event, "at": event["at"] - east} for event in EVENTS),
        )
    )

    assert [replace(each, at=each.at + east) for each in moved.effects] == list(calmed.effects)
    assert moved.verdict == calmed.verdict


def test_the_order_of_posts_does_not_matter(tmp_path, calmed):
    """Shuffled, and in other pages."""
    posts = CALMED.posts()
    random.Random(3).shuffle(posts)  # noqa: S311  # seeded on purpose
    shuffled = analysis_of(hold(tmp_path, posts[:100], posts[100:1500], posts[1500:]))

    assert shuffled.effects == calmed.effects
    assert (shuffled.verdict, shuffled.checks) == (calmed.verdict, calmed.checks)
