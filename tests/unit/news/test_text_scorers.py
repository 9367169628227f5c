"""What scores text: words with rules, and a text model out of a file."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.onnx_bytes import sum_of_pieces
from tests.shared_data import shared
from tradewind.adapters.text_scorers.onnx_text import read_text_model
from tradewind.adapters.text_scorers.word_pieces import WordPieces
from tradewind.errors import Corrupt, Unavailable
from tradewind.features.lexicon import LexiconScorer, valence

GOOD = [
    "Profit rose to EUR 13 mn from EUR 9 mn",
    "Operating loss narrowed",
    "The company cut its costs",
    "Operating profit totalled EUR 5.8 mn, up from a loss of EUR 1.7 mn",
    "It swung to a net profit",
    "Bitcoin surges as institutional inflows increase",
    "Sales did not fall",
    "The firm lost money, but its outlook improved strongly",
]
BAD = [
    "Profit fell to EUR 9 mn from EUR 13 mn",
    "Operating loss widened",
    "Costs rose sharply",
    "The company slipped to a net loss from a profit of EUR 2 mn",
    "Staff will be reduced",
    "Exchange hacked, coins stolen",
    "Sales did not grow",
    "Revenue was EUR 3 mn compared to EUR 4 mn a year earlier",
]
WORDS = ("profit", "loss", "rose", "not", "but", "12", "mn", "EUR", "%", "from", "to")
NOTHING = ["", "The annual general meeting is on 4 May", "EUR 4,000", "\U0001f680\U0001f680", "x" * 9000]


def test_a_movement_counts_with_what_it_moves():
    """Rule: profit up and loss down are good, cost up is bad, negation turns, what follows but prevails."""
    assert [text for text in GOOD if valence(text) < 0.2] == []
    assert [text for text in BAD if valence(text) > -0.2] == []
    assert [valence(text) for text in NOTHING] == [0.0] * len(NOTHING)


def test_degree_and_negation_weigh_as_published():
    """Hutto and Gilbert 2014: a negation turns by -0.74, an adverb of degree adds 0.293."""

    def weight(text: str) -> float:
        score = valence(text)
        return math.copysign(2.0 * abs(score) / math.sqrt(1.0 - score * score), score)  # the sum behind the score

    assert weight("profit rose") == pytest.approx(1.0, abs=1e-4)
    assert weight("profit rose sharply") == pytest.approx(1.293, abs=1e-4)
    assert weight("profit rose slightly") == pytest.approx(0.707, abs=1e-4)
    assert weight("profit never rose") == pytest.approx(-0.74, abs=1e-4)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=400) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_every_text_has_a_score_within_bounds_and_the_same_one_again(text):
    (score,) = LexiconScorer().scores([text])
    assert -1.0 < score < 1.0
    assert LexiconScorer().scores(["other", text])[1] == score


def test_a_hostile_text_takes_no_longer_than_its_length():
    """Rule: what would make a careless pattern walk for hours ends, because nothing beyond 4,000 characters is read."""
    for text in ("1" * 10**6, "1," * 10**6, "from " * 10**6, "eur 1 mn from " * 10**5, "not " * 10**6):
        assert -1.0 <= valence(text) <= 1.0


def test_it_beats_the_base_rate_on_sentences_that_people_labelled():
    """The Financial PhraseBank part beside the checkout, its held-out sentences: `python -m benchmarks.sentiment`."""
    pl = pytest.importorskip("polars")
    frame = pl.read_parquet(shared("data/news/financial_phrasebank.parquet"))
    held = [row for row in frame.iter_rows() if int(hashlib.sha256(row[1].encode()).hexdigest(), 16) % 2]
    label = {1: "positive", 0: "neutral", -1: "negative"}
    right = [label[(s > 0.3) - (s < -0.3)] == row[0] for row in held for s in [valence(row[1])]]
    share = np.mean(right)
    assert len(held) > 2000
    assert share - 3.0 * math.sqrt(share * (1 - share) / len(held)) > 0.7 > np.mean([r[0] == "neutral" for r in held])


PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "gold", "up", "down", "rall", "##y", "."]
WEIGHTS = [[0.0, 0.0, 0.0]] * 5 + [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def model_in(folder: Path, *, data: bytes = b"", labels=("positive", "negative", "neutral"), pieces=PIECES, sha=""):
    data = data or sum_of_pieces(WEIGHTS)
    (folder / "model.onnx").write_bytes(data)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    about = {"labels": labels, "sha256": sha or hashlib.sha256(data).hexdigest(), "longest": 8}
    (folder / "scorer.json").write_text(json.dumps(about))
    return read_text_model(folder)


def test_a_text_model_gives_the_share_of_good_less_that_of_bad(tmp_path):
    scorer = model_in(tmp_path)
    top = math.exp(2.0)
    expected = (top - 1.0) / (top + 2.0)
    found = scorer.scores(["Gold up", "gold DOWN", "gold rally", "gold", "", "gold up down"])
    assert found == pytest.approx([expected, -expected, expected, 0.0, 0.0, 0.0], abs=1e-6)
    assert scorer.scores(["gold rally"])[0] == found[2]
    assert scorer.name == f"onnx-{hashlib.sha256(sum_of_pieces(WEIGHTS)).hexdigest()[:12]}"


def test_words_are_cut_into_the_longest_pieces_there_are():
    pieces = WordPieces(PIECES)
    assert pieces.ids("Rally. Gòld?", 16) == [2, 7, 8, 9, 4, 1, 3]
    assert pieces.ids("up " * 50, 8) == [2, 5, 5, 5, 5, 5, 5, 3]
    assert pieces.ids("x" * 101, 8) == [2, 1, 3]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"sha": "0" * 64}, Corrupt),
        ({"labels": ("good", "bad", "neutral")}, Corrupt),
        ({"labels": ("positive", "negative")}, Corrupt),
        ({"data": b"not a graph"}, Corrupt),
        ({"data": sum_of_pieces([[math.nan] * 3] * 10)}, Corrupt),
        ({"data": sum_of_pieces(WEIGHTS[:2])}, Corrupt),
        ({"pieces": PIECES[1:]}, Corrupt),
        ({"pieces": [*PIECES, "gold"]}, Corrupt),
    ],
)
def test_a_text_model_that_is_not_what_its_card_says_is_refused(tmp_path, change, kind):
    with pytest.raises(kind):
        model_in(tmp_path, **change)
    with pytest.raises(Unavailable):
        read_text_model(tmp_path / "nowhere")
