"""What people were angry about: a codebook's words, shares with intervals, words that tell phases apart."""

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.test_analyze import analysis_of
from tests.worlds import add, case_at, post

from walkback.analysis.measures import share_of
from walkback.analysis.themes.codebook import codebook_of, read_codebook
from walkback.analysis.themes.phase_words import weigh
from walkback.analysis.themes.tokens import terms_of
from walkback.errors import CaseError
from walkback.store import Tally, ThemedPosts

BOOK = """
[consent]
title = "Consent"
source = "made up"
words = ["opt out", "didn't agree", "consent*", "größe"]
"""

FAULTY = """
[a]
title = ""
words = ["*"]
[B]
title = "B"
source = "b"
words = []
"""


def people(texts):
    """A post of each, by as many people, an hour apart."""
    start = post().created_at
    return [
        post(id=str(at), author=f"{at:032x}", created_at=start + timedelta(hours=at), text=f"zoom. {text}")
        for at, text in enumerate(texts)
    ]


def named(folder, text, codebook=BOOK):
    """Whether the codebook's one concern is named by a text."""
    (folder / "own.toml").write_text(codebook, "utf-8")
    case = case_at(folder, themes={"codebook": "own.toml"})
    add(case, people([text]))
    (concern,) = analysis_of(case).concerns
    return concern.phases[0].measures.posts == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Let me OPT OUT!", True),
        ("an opt-out, now", True),
        ("opt  \n out", True),
        ("they opt outside", False),
        ("co-opt out-of-date", True),  # a hyphen parts words
        ("I didn\u2019t agree", True),
        ("I didn't agree", True),
        ("nonconsensual", False),
        ("consented", True),
        ("GRÖSSE", False),
        ("die Größe.", True),
        ("vergrößern", False),
        ("", False),
    ],
)
def test_a_word_counts_as_a_whole_however_it_is_written(tmp_path, text, found):
    """In any case, with both apostrophes, with blanks or a hyphen, with any ending where a star stands."""
    assert named(tmp_path, text) is found


@given(st.text("aZéÑß9_+.*([{'\u2019\\|?$^ -", min_size=1, max_size=12))
def test_any_word_can_stand_in_a_codebook(word):
    """Whatever it has of a pattern's signs is no sign in it; a star is an ending."""
    if not any(letter.isalnum() for letter in word.partition("*")[0]):
        return
    quoted = word.replace("\\", "\\\\")
    (entry,) = read_codebook(f'[a]\ntitle = "A"\nsource = "b"\nwords = ["{quoted}"]', "own.toml")
    moment = datetime(2023, 8, 6, tzinfo=UTC)
    with duckdb.connect() as connection:
        text = f"So {word.replace('*', 'ing')}, then"
        connection.execute(
            "CREATE TABLE post AS SELECT 'x' AS source, '1' AS id, $text AS text", {"text": text}
        )
        connection.execute(
            """CREATE TABLE chosen AS SELECT 'x' AS source, '1' AS id, 1 AS cluster, true AS scorable,
            $moment::TIMESTAMPTZ AS created_at, 0.5::DECIMAL(5, 4) AS compound""",
            {"moment": moment},
        )
        edges = [moment, moment + timedelta(days=1)]
        posts = ThemedPosts(connection, "chosen", [entry.pattern], (edges[0], edges[1]), most=9)
        (tally,) = posts.shares(0, edges)

    assert (tally.posts, tally.sum_total) == (1, 10_000)


def test_every_fault_of_a_codebook_is_named(tmp_path):
    """With its place; a file that isn't there by name."""
    with pytest.raises(CaseError) as caught:
        read_codebook(FAULTY, "own.toml")
    told = str(caught.value).splitlines()

    assert [line.split(": ")[:2] for line in told] == [
        ["own.toml", place] for place in ("a.title", "a.source", "a.words.0", "B.[key]", "B.words")
    ]
    with pytest.raises(CaseError, match=r"themes\.codebook: .*gone\.toml can't be read"):
        codebook_of(case_at(tmp_path, themes={"codebook": "gone.toml"}))
    with pytest.raises(CaseError, match=r"own\.toml: no TOML"):
        read_codebook("[", "own.toml")


def test_a_share_is_of_the_posts_with_words_phase_by_phase(tmp_path):
    """Counted exactly; one post may name several concerns; who wrote much doesn't count as many."""
    case = case_at(tmp_path)
    texts = ["privacy!", "my privacy, and the price", "fine"] * 20
    add(case, [*people(texts), post(id="gone", text="", text_state="deleted")])
    found = {concern.name: concern.phases[0] for concern in analysis_of(case).concerns}

    assert len(found) == 8
    assert (found["privacy"].share.posts, found["privacy"].share.value) == (60, pytest.approx(2 / 3))
    assert found["price"].measures.posts == 20
    assert found["boycott"].share.value == 0.0
    assert 0 < found["boycott"].share.ci_high < 0.1


def tally(names, sizes):
    """The tally of authors who name it `names` times in `sizes` posts."""
    totals = [10_000 * each for each in names]
    return Tally(
        bucket=0,
        source="x",
        posts=sum(sizes),
        authors=len(sizes),
        scored=sum(sizes),
        negative=0,
        scored_authors=len(sizes),
        sum_total=sum(totals),
        sum_total_squared=sum(each**2 for each in totals),
        sum_total_n=sum(total * n for total, n in zip(totals, sizes, strict=True)),
        sum_n_squared=sum(n**2 for n in sizes),
    )


@pytest.mark.parametrize("share", [0.02, 0.2, 0.6])
@pytest.mark.parametrize("authors", [30, 300])
def test_the_interval_of_a_share_holds_the_truth(share, authors):
    """In at least 93 of a hundred worlds, where people differ and write one post or many."""
    luck = random.Random(f"{share}{authors}")  # noqa: S311  # seeded on purpose
    held, worlds = 0, 600
    for _ in range(worlds):
        sizes = [1 + int(luck.paretovariate(2.0) - 1) for _ in range(authors)]
        likings = [luck.betavariate(4 * share, 4 * (1 - share)) for _ in sizes]
        names = [sum(luck.random() < p for _ in range(n)) for p, n in zip(likings, sizes, strict=True)]
        found = share_of([tally(names, sizes)])
        held += found.ci_low <= share <= found.ci_high

    assert held / worlds > 0.93


def test_the_weights_are_those_of_the_paper():
    """Monroe, Colaresi and Quinn 2008, equations 16, 20 and 22, worked out here once more."""
    here, there = Counter(ai=60, terms=30, hello=10), Counter(ai=20, terms=40, hello=140)
    (weight,) = [each for each in weigh(here, there, 5) if each.words == "ai"]
    prior = 500 * 80 / 300
    first = math.log((60 + prior) / (100 + 500 - 60 - prior))
    second = math.log((20 + prior) / (200 + 500 - 20 - prior))
    error = math.sqrt(1 / (60 + prior) + 1 / (20 + prior))

    assert weight.log_odds == pytest.approx(first - second)
    assert weight.z == pytest.approx((first - second) / error)
    assert (weight.ci_low, weight.ci_high) == pytest.approx(
        (first - second - 1.96 * error, first - second + 1.96 * error)
    )


def test_where_nothing_differs_nothing_is_told_apart():
    """Of words drawn alike for two phases hardly one is said to differ: z of three is one in 740."""
    luck = random.Random(7)  # noqa: S311  # seeded on purpose
    words = [f"word{at}" for at in range(400)]
    odds = [1 / (at + 5) for at in range(400)]
    told = tried = 0
    for _ in range(20):
        phases = [Counter(luck.choices(words, odds, k=8_000)) for _ in range(2)]
        tried += sum(1 for count in phases[0].values() if count >= 5)
        told += len(weigh(*phases, 5))

    assert told / tried < 0.003


def test_words_are_peoples_not_posts(tmp_path):
    """One who says it a hundred times is one; what fewer than five say isn't shown."""
    event = {"at": post().created_at + timedelta(hours=50), "kind": "outcry", "label": "It"}
    case = case_at(tmp_path, events=[event])
    # None is a near-duplicate of another.
    others = ["".join(chr(97 + int(digit)) for digit in str(at)) for at in range(200, 350)]
    said = ["the weather is nice"] * 50 + ["they broke a promise"] * 50
    loud = [post(id=f"l{at}", author="f" * 32, text=f"zoom spam {other}") for at, other in enumerate(others)]
    add(case, [*people([f"{what} {other}" for what, other in zip(said, others, strict=False)]), *loud])
    before, after = analysis_of(case).words

    assert "promise" in " ".join(weight.words for weight in after.words)
    assert "spam" not in " ".join(weight.words for weight in before.words)
    assert all(weight.authors >= 5 for weight in (*before.words, *after.words))


def test_terms_are_words_and_neighbours():
    """No stop words, links, mentions or marks; stop words part neighbours."""
    assert terms_of("The NEW terms, @user_1 of https://zoom.us/terms service! We don\u2019t care") == {
        "new",
        "terms",
        "new terms",
        "service",
        "care",
    }
