"""A transformer that classifies text, as an ONNX file beside its vocabulary, by onnxruntime on one thread."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.text_scorers.word_pieces import WordPieces
from tradewind.errors import Corrupt, Unavailable
from tradewind.predictors.onnx_model import first_answer, onnx_session

LARGEST: Final = 1 << 30
_INPUTS: Final = frozenset(("input_ids", "attention_mask", "token_type_ids"))


class TextModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``scorer.json``: the labels of the outputs in their order, how long a text may be, what the vocabulary folds.

    ``sha256`` is that of ``model.onnx``; with it, a file that was replaced is refused.
    """

    labels: tuple[str, ...]
    sha256: str
    longest: int = 128
    lower: bool = True


class OnnxTextScorer:
    """Implements ``ports.text_scorer.TextScorer``: probability of ``positive`` less that of ``negative``.

    The graph reads ``input_ids`` and, where it has them, ``attention_mask`` and ``token_type_ids`` (int64, ``(1, n)``),
    and answers with logits ``(1, labels)``.

    Raises:
        Corrupt: it reads or answers something else, or the labels lack one of the two.
    """

    def __init__(self, data: bytes, pieces: WordPieces, card: TextModelCard) -> None:
        if not {"positive", "negative"} <= set(card.labels) or not 3 <= card.longest <= 4096:
            raise Corrupt(
                f"labels {', '.join(card.labels)}, {card.longest} pieces", where="scorer.json",
                allowed="positive and negative among the labels, 3 to 4096 pieces",
            )  # fmt: skip
        self.name: Final = f"onnx-{hashlib.sha256(data).hexdigest()[:12]}"
        self._session: Any = onnx_session(data)
        self._inputs = [one.name for one in self._session.get_inputs()]
        if "input_ids" not in self._inputs or not set(self._inputs) <= _INPUTS:
            raise Corrupt(f"inputs {', '.join(self._inputs)}", where="model.onnx", allowed=", ".join(sorted(_INPUTS)))
        self._pieces = pieces
        self._card = card
        self._good, self._bad = card.labels.index("positive"), card.labels.index("negative")
        self._one("probe")

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Of each text alone, so that company changes no bit; empty texts are 0."""
        return np.array([self._one(text) if text.strip() else 0.0 for text in texts], dtype=np.float64)

    def _one(self, text: str) -> float:
        ids = np.array([self._pieces.ids(text, self._card.longest)], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        answer = first_answer(self._session, {name: given[name] for name in self._inputs})
        logits = np.asarray(answer, dtype=np.float64).reshape(-1)
        if logits.size != len(self._card.labels) or not np.isfinite(logits).all():
            raise Corrupt(
                f"an answer of {logits.size} numbers, {int(np.isfinite(logits).sum())} of them finite",
                where="model.onnx", allowed=f"{len(self._card.labels)} finite logits",
            )  # fmt: skip
        odds = np.exp(logits - logits.max())
        share = odds / odds.sum()
        return round(float(share[self._good] - share[self._bad]), 6)


def read_text_model(folder: Path) -> OnnxTextScorer:
    """The text model of a folder: ``model.onnx``, ``vocab.txt``, ``scorer.json``.

    Raises:
        Unavailable: a file is not there.
        Corrupt: one of them is not what it must be, or the model is not the one its card names.
    """
    try:
        data = (folder / "model.onnx").read_bytes()
        words = (folder / "vocab.txt").read_bytes()
        about = (folder / "scorer.json").read_bytes()
    except OSError as error:
        raise Unavailable(
            f"no text model ({error.strerror or error})", where=str(folder),
            allowed="model.onnx, vocab.txt, scorer.json",
            next_step="correct sentiment.model, or leave it empty for the lexicon",
        ) from error  # fmt: skip
    try:
        card = msgspec.json.decode(about, type=TextModelCard)
        vocabulary = words.decode("utf-8").splitlines()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Corrupt(f"unreadable ({error})", where=str(folder)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != card.sha256 or len(data) > LARGEST:
        raise Corrupt(
            f"model.onnx has hash {found[:12]}, its card names {card.sha256[:12]}", where=str(folder),
            next_step="put the file back that the card was written for",
        )  # fmt: skip
    return OnnxTextScorer(data, WordPieces(vocabulary, lower=card.lower), card)
