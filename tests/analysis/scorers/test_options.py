"""The options that lead away from vaderSentiment's numbers: off by default, named, and nothing else."""

import copy
import pickle
from datetime import date
from importlib.resources import files

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vader_texts import REFERENCE, handfuls, overlapping

from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.scorers.vader import Vader, load_words, policy_words
from walkback.case import Case
from walkback.errors import CaseError

POLICY = policy_words()
NAMES = ("negative", "neutral", "positive", "compound")


def column_of(scorer, texts):
    """The four numbers of each text, from a column."""
    table = scorer.score(pa.chunked_array([pa.array(texts, pa.string())]))
    return list(zip(*(table[name].to_pylist() for name in NAMES), strict=True))


def case_with(folder, **scorer):
    """A case with a `[scorer]` table."""
    return Case.model_validate(
        {
            "title": "T",
            "timezone": "UTC",
            "start": date(2023, 8, 1),
            "query": {"any": ["zoom"]},
            "scorer": scorer,
            "path": folder / "c.toml",
        }
    )


def words_in(folder, content):
    """A file of words."""
    path = folder / "mine.tsv"
    path.write_text(content, encoding="utf-8")
    return path


def test_without_options_nothing_is_changed(tmp_path):
    """The name and version of vaderSentiment itself."""
    scorer = scorer_for(case_with(tmp_path))

    assert (scorer.name, scorer.version) == ("vader", "3.3.2")


def test_options_are_named_in_the_version(tmp_path):
    """Scores are kept under name and version, so that no two ways of scoring are ever mixed."""
    content = "zoomer\t1.0\tmine\n"
    words_in(tmp_path, content)
    asked = [
        {"curly_apostrophes": True},
        {"lexicon": "policy"},
        {"lexicon": "mine.tsv"},
        {"lexicon": "mine.tsv", "curly_apostrophes": True},
    ]
    scorers = [scorer_for(case_with(tmp_path, **options)) for options in asked]
    named = [(scorer.name, scorer.version) for scorer in scorers]
    words_in(tmp_path, content.replace("1.0", "1.1"))
    other = scorer_for(case_with(tmp_path, lexicon="mine.tsv")).version

    assert named[0] == ("vader", "3.3.2+curly")
    assert named[1] == ("vader+policy", f"3.3.2+{POLICY.digest}")
    assert named[2][0] == "vader+mine"
    assert named[3][1] == f"{named[2][1]}+curly"
    assert other != named[2][1]


@pytest.mark.parametrize("text", ["I don\u2019t love it", "CAN\u2019T be happy", "isn\u2019t great, is it"])
def test_a_curly_apostrophe_negates_when_asked(text):
    """As its twin on a typewriter does; and by default, as in vaderSentiment, it does not."""
    curly = Vader(curly_apostrophes=True)
    straight = text.replace("\u2019", "'")

    assert curly.score_text(text) == Vader().score_text(straight)
    assert Vader().score_text(text).compound > 0 > curly.score_text(text).compound
    assert column_of(curly, [text]) == [curly.score_text(text)]


@given(handfuls, st.booleans())
@settings(max_examples=40)
def test_words_of_a_field_are_to_the_rules_as_any_others(handful, curly):
    """The reference with the same words in its lexicon gives the same numbers."""
    reference = copy.copy(REFERENCE)
    reference.lexicon = POLICY.over(REFERENCE.lexicon)
    words = [word for word, _ in POLICY.valences]
    spiced = [f"{text} {word}" for text, word in zip(overlapping(handful), words, strict=False)]
    scorer = Vader(POLICY, curly_apostrophes=curly)
    pairs = (("n\u2019t", "n't"), ("N\u2019T", "N'T"), ("N\u2019t", "N't"), ("n\u2019T", "n'T"))
    expected = []
    for text in spiced:
        for crooked, straight in pairs if curly else ():
            text = text.replace(crooked, straight)  # noqa: PLW2901
        said = reference.polarity_scores(text)
        expected.append((said["neg"], said["neu"], said["pos"], said["compound"]))

    assert [scorer.score_text(text) for text in spiced] == expected
    assert column_of(scorer, spiced) == expected


def test_every_policy_word_has_its_source():
    """Either the valence of a near synonym in vaderSentiment's lexicon, or taken out as a clause's word."""
    lines = files("walkback.analysis.scorers.vader").joinpath("policy.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]

    assert len(rows) == len(POLICY.valences) > 50
    for word, valence, source in rows:
        kind, _, like = source.partition(" ")
        if kind == "as":
            assert REFERENCE.lexicon[like] == float(valence), word
            assert word not in REFERENCE.lexicon, word
        else:
            assert (kind, float(valence)) == ("clause", 0), word


def test_a_faulty_file_of_words_is_told_all_at_once(tmp_path):
    """Each line that no rule could use, and why."""
    path = words_in(
        tmp_path,
        "# mine\n\nfine\t-1.5\tok\nvery\t1.0\nDon't\t1\ntwo words\t1\nhigh\t9\nfine\t2\n"
        "nothing\n(sad)\t1\nfiner\t1.25\nunheardof\t0\ndon't\t1\nnan\tnan\n",
    )

    with pytest.raises(CaseError) as caught:
        load_words(path)

    told = {fault.split(",")[1].split(":")[0].strip() for fault in caught.value.faults}
    assert told == {f"line {number}" for number in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)}
    assert all(str(path) in fault for fault in caught.value.faults)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\t1", b"", b"# nothing\n"])
def test_a_missing_or_empty_file_of_words_is_told(tmp_path, content):
    """With what to give in its place."""
    if content is not None:
        (tmp_path / "mine.tsv").write_bytes(content)

    with pytest.raises(CaseError, match="Give a"):
        scorer_for(case_with(tmp_path, lexicon="mine.tsv"))


def test_another_process_scores_the_same():
    """A scorer travels to workers with its options."""
    scorer = Vader(POLICY, curly_apostrophes=True)
    there = pickle.loads(pickle.dumps(scorer))  # noqa: S301  # our own

    assert (there.name, there.version) == (scorer.name, scorer.version)
    assert there.score_text("isn\u2019t spyware") == scorer.score_text("isn\u2019t spyware")
