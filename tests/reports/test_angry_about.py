"""What people were angry about and how far to trust the scorer, in words and rows."""

from dataclasses import replace

from walkback.reports.themes import angry_about, concerns_table, telling_words
from walkback.reports.validity import corrected_table, trust

from . import builders


def test_the_busiest_phase_leads_and_the_usual_days_never_do():
    """Those most named there come first, each with its interval; what nobody names is left out."""
    given = builders.analysis()
    table = concerns_table(given)
    busy = replace(given.phases[0], posts_per_day=1e6)

    assert [row[0] for row in table.rows] == ["Privacy and surveillance", "Price and value"]
    assert table.rows[0][1] == "20% [10%, 23%]"
    assert angry_about(given) == angry_about(replace(given, phases=(busy, *given.phases[1:])))
    (sentence,) = angry_about(given)
    assert sentence.endswith(
        "20% [10%, 23%] name privacy and surveillance and 5% [2%, 8%] name price and value."
    )
    assert "baseline" not in sentence


def test_what_few_name_is_not_told():
    """Not even that they do."""
    given = builders.analysis()
    few = replace(given.concerns[0].phases[1].measures, authors=3)
    parts = tuple(replace(part, measures=few) for part in given.concerns[0].phases)
    hidden = replace(given, concerns=(replace(given.concerns[0], phases=parts),))

    assert set(concerns_table(hidden).rows[0][1:]) == {"fewer than 5 authors"}
    assert angry_about(hidden) == ("Too few posts name a concern to tell what people were angry about.",)
    assert angry_about(builders.empty()) == telling_words(builders.empty()) == ()


def test_a_case_without_labels_says_so():
    """Nothing is known of the scorer then."""
    assert "is not known" in trust(builders.empty())[0]
    assert corrected_table(builders.empty()).rows == ()


def test_labels_are_told_with_what_they_are_of():
    """How many, by how many, how often the scorer agrees; a phase with too few isn't corrected."""
    told = " ".join(trust(builders.analysis()))
    first, second = corrected_table(builders.analysis()).rows

    assert told.startswith("2 people labelled 240 posts without seeing a score.")
    assert "Of 208 answers on posts that are on topic the scorer's band agrees with 144 (69%)." in told
    assert "it finds 75%; of what it calls so people agree with 76%" in told
    assert "alpha between coders is 0.71" in told
    assert first == ("Baseline", "40", "10%", "20%", "25% [15%, 35%]", "0.10 [\N{MINUS SIGN}0.10, 0.30]")
    assert second[4:] == ("too few labels", "too few labels")
