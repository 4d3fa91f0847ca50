"""A transformer's folder: a tiny model made here, through the code that loads real ones."""

import json
import pickle
from datetime import timedelta

import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.cli.command import walkback
from tests.worlds import NOW, add, case_at, post
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from walkback.analysis.analyze import analyze
from walkback.analysis.model import ScorerId
from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.scorers.transformer import Transformer
from walkback.analysis.scoring import score_pending
from walkback.errors import CaseError
from walkback.store import Store

WORDS = {"<pad>": 1, "<unk>": 0, "awful": 2, "great": 3, "zoom": 4, "@user": 5, "http": 6}
# What each word adds to positive, negative, neutral: not in our order; the padding would add much.
MEANINGS = np.array(
    [[0, 0, 1], [50, -50, 0], [-2, 3, 0], [4, -1, 0], [0, 0, 0.5], [0, 0.25, 0], [0.125, 0, 0]], np.float32
)
LABELS = {"0": "Positive", "1": "Negative", "2": "Neutral"}


def model_in(folder, *, labels=LABELS, positions=514, meanings=MEANINGS):
    """A model that adds up what its words mean, in a folder as Optimum exports one."""
    folder.mkdir(exist_ok=True)
    shape = ["texts", "tokens"]
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["meanings", "input_ids"], ["each"]),
            helper.make_node("Cast", ["attention_mask"], ["kept"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["kept", "last"], ["mask"]),
            helper.make_node("Mul", ["each", "mask"], ["said"]),
            helper.make_node("ReduceSum", ["said", "tokens_axis"], ["logits"], keepdims=0),
        ],
        "tiny",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])],
        [
            numpy_helper.from_array(meanings, "meanings"),
            numpy_helper.from_array(np.array([-1]), "last"),
            numpy_helper.from_array(np.array([1]), "tokens_axis"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="<unk>"))  # noqa: S106  # no password
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"id2label": labels, "max_position_embeddings": positions, "pad_token_id": 1}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def scores_of(scorer, texts):
    """Compound, negative, neutral, positive of each text."""
    table = scorer.score(pa.chunked_array([pa.array(texts, pa.string())]))
    names = ("compound", "negative", "neutral", "positive")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def by_hand(*words):
    """The softmax of what the words mean, written out."""
    positive, negative, neutral = np.exp(sum(MEANINGS[WORDS[word]].astype(float) for word in words))
    every = positive + negative + neutral
    shares = [negative / every, neutral / every, positive / every]
    return (round((positive - negative) / every, 4), *(round(share, 3) for share in shares))


def test_scores_are_the_softmax_of_the_heads_classes(tmp_path):
    """In our order, whatever the head's is; texts of other lengths beside it change nothing."""
    scorer = Transformer(model_in(tmp_path / "tiny"))
    texts = ["zoom awful", "great", "zoom zoom zoom zoom great", "zoom awful", "", "unheard"]

    assert scores_of(scorer, texts) == [
        by_hand("zoom", "awful"),
        by_hand("great"),
        by_hand("zoom", "zoom", "zoom", "zoom", "great"),
        by_hand("zoom", "awful"),
        (0.0, 0.333, 0.333, 0.333),
        by_hand("<unk>"),
    ]
    assert scores_of(scorer, []) == []
    assert scorer.score(pa.chunked_array([], pa.string())).num_rows == 0


def test_many_texts_are_scored_as_each_alone(tmp_path):
    """Several times as many as go together, of many lengths."""
    scorer = Transformer(model_in(tmp_path / "tiny"))
    luck = np.random.default_rng(5)
    texts = [" ".join(luck.choice(list(WORDS), luck.integers(1, 30))) for _ in range(300)]

    assert scores_of(scorer, texts) == [scores_of(scorer, [text])[0] for text in texts]


def test_mentions_and_links_are_what_the_model_knows(tmp_path):
    """As cardiffnlp's were trained; our own masks are mentions."""
    scorer = Transformer(model_in(tmp_path / "tiny"))

    assert scores_of(scorer, ["@u_0123456789 great https://example.org/a?b"]) == [
        by_hand("@user", "great", "http")
    ]


def test_a_long_text_is_cut_where_the_model_ends(tmp_path):
    """It has positions for three tokens here, as RoBERTa counts."""
    scorer = Transformer(model_in(tmp_path / "tiny", positions=5))

    assert scores_of(scorer, ["zoom zoom zoom great"]) == [by_hand("zoom", "zoom", "zoom")]


def test_older_heads_have_no_names(tmp_path):
    """LABEL_0, 1 and 2 are negative, neutral, positive in cardiffnlp's."""
    scorer = Transformer(model_in(tmp_path / "tiny", labels={str(at): f"LABEL_{at}" for at in range(3)}))
    (scores,) = scores_of(scorer, ["great"])

    assert scores[1] == by_hand("great")[3]  # its first class, which is positive in the other tests


def test_name_and_version_are_the_models(tmp_path):
    """Other weights, another version, in this process as well."""
    case = case_at(tmp_path, scorer={"model": "tiny"})
    model_in(tmp_path / "tiny")
    first = scorer_for(case)
    again = pickle.loads(pickle.dumps(first))  # noqa: S301  # what a worker process gets
    before = scores_of(first, ["zoom great"])
    model_in(tmp_path / "tiny", meanings=MEANINGS / 2)
    second = scorer_for(case)

    assert (first.name, len(first.version)) == ("tiny", 8)
    assert (again.name, again.version) == (first.name, first.version)
    assert second.version != first.version
    assert scores_of(second, ["zoom great"]) != before


def test_a_case_is_analysed_with_it(tmp_path):
    """Scores are kept under its name, in the store, and VADER's are none of them."""
    case = case_at(tmp_path, scorer={"model": "tiny"})
    scorer = Transformer(model_in(tmp_path / "tiny"))
    start = post().created_at
    add(
        case,
        [post(id=str(at), text="zoom great", created_at=start + timedelta(hours=at)) for at in range(600)],
    )
    heard = []
    assert score_pending(case, Store(case.store_path), scorer, scored=lambda *told: heard.append(told)) == 600
    found = analyze(case, Store(case.store_path), ScorerId(scorer.name, scorer.version), "day", NOW)

    assert heard == [(256, 600), (512, 600), (600, 600)]
    assert found.totals.scored == 600
    assert found.phases[0].measures.mean_compound == pytest.approx(by_hand("zoom", "great")[0])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer.json there"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"not a model"), "can't be loaded"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "can't be loaded"),
        (lambda folder: (folder / "config.json").write_text("{"), "can't be read"),
        (lambda folder: (folder / "config.json").write_text("[]"), "is not a model's"),
        (lambda folder: (folder / "config.json").write_text("{}"), "its classes are not named"),
        (lambda folder: (folder / "config.json").write_text('{"id2label": ["joy"]}'), "no table of numbers"),
        (
            lambda folder: (folder / "config.json").write_text('{"id2label": {"a": "joy"}}'),
            "no table of numbers",
        ),
        (
            lambda folder: model_in(folder, labels={"0": "joy", "1": "fear", "2": "rage"}),
            "are joy, fear, rage",
        ),
    ],
)
def test_a_faulty_folder_is_told(fault, told, tmp_path):
    """With its name, and what to do."""
    folder = model_in(tmp_path / "tiny")
    fault(folder)
    with pytest.raises(CaseError, match=told) as error:
        scores_of(Transformer(folder), ["zoom"])
    assert str(folder) in str(error.value)


def test_the_command_scores_with_it(tmp_path):
    """And a case that asks for both a model and a lexicon is told."""
    model_in(tmp_path / "tiny")
    case = tmp_path / "zoom.toml"
    walkback("new", case.name, folder=tmp_path)
    words = case.read_text().replace("acme", "zoom")
    case.write_text(words + '\n[scorer]\nmodel = "tiny"\n')
    rows = "".join(f"{at},2023-08-06T12:00:00Z,zoom terms are great\n" for at in range(3))
    (tmp_path / "posts.csv").write_text("id,created_at,text\n" + rows)
    done = walkback("import", case.name, "posts.csv", folder=tmp_path)
    shown = walkback("analyze", case.name, "--json", folder=tmp_path)
    case.write_text(words + '\n[scorer]\nmodel = "tiny"\nlexicon = "policy"\n')
    both = walkback("check", case.name, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(shown.stdout)["scorer"]["name"] == "tiny"
    assert (both.returncode, "takes VADER's place" in both.stderr) == (2, True)
