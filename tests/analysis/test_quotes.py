from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from worlds import NOW, add, case_at, post

from walkback.analysis.analyze import analyze
from walkback.analysis.model import ScorerId
from walkback.analysis.quotes import A_PHASE, central
from walkback.analysis.scorers.vader import Vader
from walkback.analysis.scoring import score_pending
from walkback.store import Store

START = datetime(2023, 8, 2, 12, tzinfo=UTC)
SAYINGS = [
    "Zoom took my consent for granted and that is what makes me angry today",
    "The consent that Zoom wants for training is not a consent at all, I am angry",
    "Zoom should ask for consent before any training on what my customers say",
]


def analysis_of(folder, posts, **report):
    """The analysis of a case of these posts, scored."""
    case = case_at(folder, query={"any": ["zoom"]}, report=report)
    store, scorer = Store(case.store_path), Vader()
    add(case, posts)
    score_pending(case, store, scorer, scored=lambda *_: None)
    return analyze(case, store, ScorerId(scorer.name, scorer.version), "day", NOW)


def crowd(count, saying=None):
    """Posts of as many authors, each in words of its own."""
    return [
        post(
            id=f"p{number}",
            author=f"a{number}",
            created_at=START + timedelta(minutes=number),
            text=saying or f"{SAYINGS[number % 3]}, case number {number * 7919}",
        )
        for number in range(count)
    ]


def test_a_phase_is_quoted_by_posts_of_different_people(tmp_path):
    """Three posts of three authors, with their scores and sources; all are posts that are there."""
    posts = crowd(30)
    quotes = analysis_of(tmp_path, posts).quotes

    assert len(quotes) == A_PHASE
    assert {quote.text for quote in quotes} <= {each.text for each in posts}
    assert len({quote.text for quote in quotes}) == A_PHASE
    assert all(-1 <= quote.compound <= 1 for quote in quotes)


def test_the_loud_author_is_quoted_once(tmp_path):
    """Twenty posts of one author next to ten of others fill one place, not three."""
    loud = [each._replace(author="a0") if int(each.id[1:]) < 20 else each for each in crowd(30)]
    texts = {each.text for each in loud if each.author == "a0"}

    assert sum(quote.text in texts for quote in analysis_of(tmp_path, loud).quotes) <= 1


def test_copies_stand_for_one(tmp_path):
    """A thousand copies of a text are one post to choose from: too few to stand for others."""
    assert (
        analysis_of(tmp_path, crowd(40, saying="Zoom must go, everybody copies these very words")).quotes
        == ()
    )


def test_nobody_is_quoted_where_few_wrote_or_a_case_says_so(tmp_path):
    """Under the smallest cell, and with quotes = "none"."""
    few = [each._replace(author=f"a{number % 4}") for number, each in enumerate(crowd(30))]

    assert analysis_of(tmp_path / "few", few).quotes == ()
    assert analysis_of(tmp_path / "none", crowd(30), quotes="none").quotes == ()


def test_the_same_store_gives_the_same_quotes(tmp_path):
    """However the posts came in."""
    one = analysis_of(tmp_path / "one", crowd(50)).quotes
    other = analysis_of(tmp_path / "other", crowd(50)[::-1]).quotes

    assert one == other


@given(st.lists(st.text(max_size=30), max_size=12))
def test_every_text_has_one_place(texts):
    """Central posts are told in some order, each once, or none at all where there are no words."""
    order = list(central(texts))

    assert sorted(order) in ([], list(range(len(texts))))


def test_what_all_say_is_central_and_what_one_says_is_not():
    """The stray post comes last."""
    texts = [
        "the clause on consent is wrong",
        "consent to the clause was wrong",
        "wrong clause, no consent",
        "lunch?",
    ]

    assert list(central(texts))[-1] == 3
