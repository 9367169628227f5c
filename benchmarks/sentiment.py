"""How often sentiment scores agree with people: the Financial PhraseBank, by class, against base rates and baselines.

``python -m benchmarks.sentiment --json [--shared FOLDER] [--model FOLDER] [--dev]``. Sentences whose SHA-256 is even
were looked at while the lexicon was written; the figures are of the odd ones, which were not. ``--model`` measures an
ONNX text model instead. Beside it: the commoner class; the same words counted without rules; and a bag of words
(multinomial naive Bayes, Laplace 1) that learned the labels of the even part, which the lexicon never did.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from tradewind.adapters.text_scorers.onnx_text import read_text_model
from tradewind.features.lexicon import LexiconScorer
from tradewind.features.lexicon_words import BAD, DOWN, FINE, GRIM, UP
from tradewind.ports.text_scorer import TextScorer
from tradewind.validation.significance import wilson

CLASSES = ("positive", "neutral", "negative")
THRESHOLD = 0.3
"""A score beyond it is positive or negative: more than a movement without a quantity says; chosen on the even part."""
MOST = 10**9
FILE = "data/news/financial_phrasebank.parquet"

Labelled = list[tuple[str, str]]


def sentences(path: Path) -> tuple[Labelled, Labelled]:
    """``(label, text)`` of the even and of the odd part."""
    import polars as pl

    rows = [(label, text) for label, text in pl.read_parquet(path).iter_rows()][:MOST]
    odd = [int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 for _, text in rows]
    return [row for row, last in zip(rows, odd, strict=True) if not last], [
        row for row, last in zip(rows, odd, strict=True) if last
    ]


def judged(labels: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    """Accuracy with Wilson's 95% interval, and precision, recall and F1 of each class with its number."""
    n = len(labels)
    right = sum(one == two for one, two in zip(labels, said, strict=True))
    low, high = wilson(right, n) or (None, None)
    classes = {}
    for name in CLASSES:
        hits = sum(one == two == name for one, two in zip(labels, said, strict=True))
        precision, recall = hits / max(said.count(name), 1), hits / max(labels.count(name), 1)
        f1 = 2.0 * precision * recall / (precision + recall) if hits else 0.0
        classes[name] = {"n": labels.count(name), "precision": precision, "recall": recall, "f1": f1}
    macro = math.fsum(one["f1"] for one in classes.values()) / len(CLASSES)
    return {"n": n, "accuracy": right / n, "low": low, "high": high, "macro_f1": macro, "classes": classes}


def named(score: float) -> str:
    """The class of a score."""
    return "positive" if score > THRESHOLD else "negative" if score < -THRESHOLD else "neutral"


def counted(text: str) -> str:
    """The same words without rules: which kind is the commoner one."""
    words = re.findall(r"[a-z'-]+", text.lower())
    good = sum(word in UP or word in FINE for word in words)
    bad = sum(word in DOWN or word in GRIM or word in BAD for word in words)
    return "positive" if good > bad else "negative" if bad > good else "neutral"


def bag_of_words(learned: Labelled, texts: Sequence[str]) -> list[str]:
    """Naive Bayes over words, with the frequencies of the classes as prior."""
    counts = {name: Counter[str]() for name in CLASSES}
    for label, text in learned:
        counts[label].update(re.findall(r"[a-z]+", text.lower()))
    size = len(set().union(*counts.values())) + 1
    totals = {name: sum(one.values()) for name, one in counts.items()}
    prior = Counter(label for label, _ in learned)

    def best(text: str) -> str:
        words = re.findall(r"[a-z]+", text.lower())
        odds = {
            name: math.log(max(prior[name], 1)) + math.fsum(
                math.log((counts[name][word] + 1) / (totals[name] + size)) for word in words
            )
            for name in CLASSES
        }  # fmt: skip
        return max(CLASSES, key=lambda name: odds[name])

    return [best(text) for text in texts]


def measured(scorer: TextScorer, learned: Labelled, asked: Labelled) -> dict[str, Any]:
    """The figures of a scorer and of its baselines on ``asked``."""
    labels, texts = [label for label, _ in asked], [text for _, text in asked]
    begun = time.process_time()
    scores = scorer.scores(texts).tolist()
    taken = time.process_time() - begun
    commonest = Counter(labels).most_common(1)[0][0]
    return {
        "scorer": scorer.name,
        "us_per_text": 1e6 * taken / len(texts),
        "scored": judged(labels, [named(score) for score in scores]),
        "base_rate": judged(labels, [commonest] * len(labels)),
        "words_counted": judged(labels, [counted(text) for text in texts]),
        "bag_of_words": judged(labels, bag_of_words(learned, texts)),
    }


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="JSON is all there is; kept for sameness")
    parser.add_argument("--shared", type=Path, help="folder with data/news; default: ../shared")
    parser.add_argument("--model", type=Path, help="folder of an ONNX text model")
    parser.add_argument("--dev", action="store_true", help="measure the part the lexicon was written on")
    given = parser.parse_args()
    beside = [folder / "shared" for folder in Path(__file__).resolve().parents]
    places = [given.shared] if given.shared else [folder for folder in beside if (folder / FILE).is_file()]
    document: dict[str, Any] = {"machine": machine(), "threshold": THRESHOLD, "part": "even" if given.dev else "odd"}
    if not places:
        print(json.dumps({**document, "note": f"no {FILE} beside the checkout: name its folder with --shared"}))
        return
    even, odd = sentences(places[0] / FILE)
    scorer: TextScorer = read_text_model(given.model) if given.model else LexiconScorer()
    document |= measured(scorer, odd if given.dev else even, even if given.dev else odd)
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
