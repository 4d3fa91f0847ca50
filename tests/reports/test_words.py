from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from walkback.analysis.model import Estimate
from walkback.reports import words
from walkback.reports.limits import limits

from . import builders

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("expected", "value", "decimals"),
    [
        ("1,234,567", 1_234_567, 0),
        ("\u22120.05", -0.05, 2),
        ("0.00", -0.001, 2),
        ("not known", None, 2),
        ("not known", float("nan"), 2),
    ],
)
def test_numbers(expected, value, decimals):
    """Thousands separators, a real minus, no minus before zero, words for the unknown."""
    assert expected == words.number(value, decimals)


@pytest.mark.parametrize(
    ("expected", "value"), [("31", 31.2), ("3.3", 3.33), ("3", 3.0), ("not known", None), ("0", 0.0)]
)
def test_rates(expected, value):
    """A decimal below ten, none above."""
    assert expected == words.rate(value)


def test_intervals():
    """A value with its interval; open ends say so; no interval, no brackets."""
    assert words.interval(0.12, 0.05, 0.19) == "0.12 [0.05, 0.19]"
    assert words.interval(9, 4, float("inf"), 1) == "9.0 [4.0, no limit]"
    assert words.interval(0.12, None, None) == "0.12"
    assert words.interval(None, None, None) == "not known"


def test_shares():
    """Whole percents; what rounds to nothing is not nothing."""
    assert [words.share(v) for v in (0.43, 0.001, 0.0, None)] == ["43%", "under 1%", "0%", "not known"]


def test_dates_are_in_the_zone_of_the_case():
    """Late evening in UTC is the next day in Berlin; midnight needs no clock."""
    late = datetime(2023, 8, 6, 22, 30, tzinfo=UTC)

    assert words.day(late, BERLIN) == "7 Aug 2023"
    assert words.when(late, BERLIN) == "7 Aug 2023, 00:30 CEST"
    assert words.when(late.replace(minute=0), BERLIN) == "7 Aug 2023"


def test_zones_without_a_name_show_their_offset():
    """A zone whose abbreviation is a number is shown as UTC and that number."""
    noon = datetime(2023, 8, 6, 12, tzinfo=UTC)

    assert words.abbreviation(noon, ZoneInfo("America/Sao_Paulo")) == "UTC\u221203"


def test_spans_name_their_last_day():
    """A half-open span of days ends on the day before its end."""
    assert (
        words.span(builders.at(24, month=7), builders.at(4, month=9), builders.NEW_YORK)
        == "24 Jul to 3 Sep 2023"
    )
    assert words.span(builders.at(8), builders.at(9), builders.NEW_YORK) == "8 Aug 2023"


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u200b", "\u00ad", "\x07", "\ufeff", "\ud800"])
def test_invisible_controls_are_made_visible(letter):
    """No control that deceives the eye gets through; a line break becomes a space."""
    assert words.clean(f"a{letter}b\nc") == "a\ufffdb c"


def test_honest_letters_stay():
    """Emoji families, Persian joiners and accents are left alone."""
    text = (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 e\u0301"
    )

    assert text == words.clean(text)


def test_long_strings_are_shortened():
    """At most so many characters, the last an ellipsis, also of 40,000."""
    assert words.shorten("abcdefgh", 5) == "abcd…"
    assert words.shorten("abcde", 5) == "abcde"
    assert len(words.shorten("A" * 40_000, 20)) == 20


def test_the_answer_is_the_verdict():
    """The word first, then the given sentence."""
    given = builders.analysis()

    assert f"Inconclusive. {given.verdict.sentence}" == words.answer(given)


def test_the_rise_in_one_sentence():
    """From the baseline to the peak, with its day and the ratio."""
    assert (
        words.build_up(builders.analysis())[0]
        == "Posts rose from 31 a day to a peak of 536 posts on 7 Aug 2023, 17 times the baseline."
    )


@pytest.mark.parametrize(("every", "where"), [("hour", "in the hour from"), ("week", "in the week of")])
def test_the_peak_names_its_bucket(every, where):
    """An hour's peak isn't told as a day's."""
    assert where in words.peak(builders.analysis(every))


def test_a_rise_of_sentiment_is_not_called_a_fall():
    """A negative drop is told as a rise."""
    given = builders.analysis()
    shape = replace(given.shape, sentiment_drop=Estimate(-0.1, -0.2, 0.05))
    told = words.build_up(replace(given, shape=shape))

    rise = f"0.10 [{words.MINUS}0.05, 0.20] on a scale from {words.MINUS}1 to +1."
    assert f"Mean sentiment did not fall: it rose by {rise}" in told


def test_nothing_known_is_said_plainly():
    """An empty case has a sentence, its note, and no figure."""
    assert words.build_up(builders.empty()) == (
        "No post of this case was found in the window.",
        "Nothing was observed.",
    )


def test_coverage_is_told():
    """How many days were seen, and that a gap is no zero."""
    told = " ".join(words.coverage(builders.analysis()))

    assert "37.7 of 42 days were observed" in told
    assert "reddit had more posts than it gave out" in told
    assert "not the same as no posts" in words.coverage(builders.empty())[0]
    assert words.coverage(builders.silent()) == ("All 42 days of the window were observed.",)


def test_limits_hold_only_where_they_hold():
    """An empty case has no word on VADER, archives or fading; the full one has."""
    full, bare = " ".join(limits(builders.analysis())), " ".join(limits(builders.empty()))

    for said in ("VADER", "archives", "fades", "made up", "Near-duplicates"):
        assert said in full
        assert said not in bare


def test_one_source_is_a_limit():
    """A single source is named as a limit."""
    assert any("one source" in limit for limit in limits(builders.one_source()))
    assert not any("one source" in limit for limit in limits(builders.analysis()))


def test_alt_text_tells_the_chart():
    """Axes, peak, phases, events and gaps, in less than a thousand letters."""
    told = words.alt_text(builders.analysis())

    for said in (
        "Synthetic posts.",
        "536",
        "Outcry: mean sentiment",
        "6 Aug 2023, A blog post",
        "3 of 42 days not observed",
    ):
        assert said in told
    assert len(told) < 1_000


def test_alt_text_hides_small_cells():
    """A phase of three authors has no mean in the words either."""
    assert "0.44" not in words.alt_text(builders.small())


@pytest.mark.parametrize("world", builders.WORLDS)
def test_every_world_can_be_told(world):
    """No analysis makes the words fail, and none of them shows a bare None or nan."""
    given = builders.WORLDS[world]()
    told = [words.answer(given), *words.build_up(given), *words.coverage(given), *limits(given)]
    told += [words.alt_text(given), words.alt_text_by_source(given), words.caption(given)]

    assert all(told)
    assert not [line for line in told if "None" in line or "nan" in line.split()]


@pytest.mark.parametrize(("authors", "expected"), [(4, "fewer than 5 authors"), (5, None)])
def test_a_source_of_few_authors_is_hidden(authors, expected):
    """The authors of the whole window decide, each counted once, whatever the buckets hold."""
    given = builders.analysis()
    part = given.by_source[0]
    part = replace(part, whole=replace(part.whole, authors=authors))

    assert expected == words.hidden_source(given, part)
