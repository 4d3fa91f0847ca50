"""A transformer with a head of three classes, from a folder on this machine; nothing is ever downloaded.

Needs `pip install 'walkback[transformer]'`: onnxruntime and tokenizers.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from walkback.errors import CaseError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

MODEL: Final = "model.onnx"
TOKENIZER: Final = "tokenizer.json"
CONFIG: Final = "config.json"
_CLASSES: Final = ("negative", "neutral", "positive")
# What cardiffnlp's older heads call them: model card of cardiffnlp/twitter-roberta-base-sentiment.
_UNNAMED: Final = {"label_0": "negative", "label_1": "neutral", "label_2": "positive"}
_TOGETHER: Final = 32  # texts; more take memory, fewer time
_MOST_TOKENS: Final = 512
_MENTION: Final = re.compile(r"(?<!\S)@\S+")
_LINK: Final = re.compile(r"(?<!\S)http\S*")

_Floats = npt.NDArray[np.float64]


class Transformer:
    """Shares are the classes' probabilities; compound is the positive less the negative one.

    The folder is as Optimum exports it: `model.onnx`, `tokenizer.json` and a `config.json` whose `id2label`
    has negative, neutral and positive, or LABEL_0 to LABEL_2 in that order. Mentions become "@user" and links
    "http", as in the texts that cardiffnlp's models were trained on (Barbieri et al. 2020, arXiv 2010.12421).
    A text beyond 512 tokens is cut there. The version is a digest of the files.
    """

    batch = 256

    def __init__(self, folder: Path) -> None:
        """Look at the files; they are loaded with the first texts. Raises CaseError where one is missing."""
        missing = [name for name in (MODEL, TOKENIZER, CONFIG) if not (folder / name).is_file()]
        if missing:
            raise CaseError(
                f"{folder}: no {', no '.join(missing)} there. Give [scorer] model a folder as "
                "`optimum-cli export onnx` writes it: see docs/scorers.md"
            )
        self.name = folder.resolve().name
        self.version = _digest(folder)
        self._folder = folder

    def score(self, texts: "pa.ChunkedArray[Any]") -> pa.Table:
        """See `Scorer`. Raises CaseError where the model can't be loaded or has other classes."""
        said = texts.combine_chunks().dictionary_encode()
        different = [_plain(str(text)) for text in said.dictionary]
        shares = _loaded(self._folder, self.version).shares(different)[
            said.indices.to_numpy(zero_copy_only=False)
        ]
        rounded = dict(zip(_CLASSES, np.round(shares, 3).T, strict=True))
        return pa.table({"compound": np.round(shares[:, 2] - shares[:, 0], 4), **rounded})


class _Loaded(NamedTuple):
    """A model in memory. `order` is where it has the three classes, `padding` is a token's number."""

    session: "InferenceSession"
    tokenizer: "Tokenizer"
    order: tuple[int, ...]
    padding: int

    def shares(self, texts: list[str]) -> _Floats:
        """A row a text, a column a class."""
        encoded = self.tokenizer.encode_batch(texts)
        found = np.empty((len(texts), len(_CLASSES)))
        # Texts of a length go together: padding is work for nothing.
        by_length = np.argsort([len(each.ids) for each in encoded], kind="stable")
        for first in range(0, len(texts), _TOGETHER):
            places = by_length[first : first + _TOGETHER]
            found[places] = self._shares([encoded[place] for place in places])
        return found

    def _shares(self, encoded: "list[Encoding]") -> _Floats:
        longest = max(len(each.ids) for each in encoded)
        for each in encoded:
            each.pad(longest, pad_id=self.padding)
        columns = {
            "input_ids": [each.ids for each in encoded],
            "attention_mask": [each.attention_mask for each in encoded],
            "token_type_ids": [each.type_ids for each in encoded],
        }
        asked = {one.name: np.array(columns[one.name], np.int64) for one in self.session.get_inputs()}
        logits = np.asarray(self.session.run(None, asked)[0], np.float64)[:, list(self.order)]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@lru_cache(maxsize=1)
def _loaded(folder: Path, version: str) -> _Loaded:  # noqa: ARG001  # other files, another model
    try:
        import onnxruntime  # noqa: PLC0415  # an extra, and slow to load
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ImportError as error:
        raise CaseError(
            f"[scorer] model: {error.name} is not installed. Run: pip install 'walkback[transformer]'"
        ) from error
    config = _config(folder / CONFIG)
    order = _order(config, folder / CONFIG)
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        session = onnxruntime.InferenceSession(folder / MODEL, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise CaseError(f"{folder}: can't be loaded ({error}). Export the model anew") from error
    # RoBERTa counts positions from two on.
    positions = config.get("max_position_embeddings")
    most = min(_MOST_TOKENS, positions - 2) if isinstance(positions, int) else _MOST_TOKENS
    tokenizer.enable_truncation(max(most, 1))
    tokenizer.no_padding()  # a batch is padded to its longest, not to what the export was
    return _Loaded(session, tokenizer, order, int(config.get("pad_token_id") or 0))


def _config(path: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CaseError(f"{path}: can't be read ({error}). Export the model anew") from error
    if not isinstance(config, dict):
        raise CaseError(f"{path}: is not a model's. Export the model anew")
    return config


def _order(config: Mapping[str, Any], path: Path) -> tuple[int, ...]:
    """Where the head has negative, neutral and positive."""
    try:
        labels = {int(at): str(label).lower() for at, label in config.get("id2label", {}).items()}
    except (ValueError, AttributeError) as error:
        raise CaseError(
            f"{path}: id2label is no table of numbers and names. Export the model anew"
        ) from error
    places = {_UNNAMED.get(label, label): at for at, label in labels.items()}
    if set(places) != set(_CLASSES) or len(labels) != len(_CLASSES):
        raise CaseError(
            f"{path}: its classes are {', '.join(labels.values()) or 'not named'}. "
            "Use a model whose id2label has negative, neutral and positive"
        )
    return tuple(places[name] for name in _CLASSES)


def _plain(text: str) -> str:
    return _LINK.sub("http", _MENTION.sub("@user", text))


def _digest(folder: Path) -> str:
    """8 hex digits of the files, weights kept aside (`model.onnx_data`) among them."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob(f"{MODEL}*"), folder / TOKENIZER, folder / CONFIG]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:8]
