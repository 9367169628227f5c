"""Sentiment of financial text by words and a few rules, without a model file.

A movement counts with the quantity it moves: ``profit rose`` is good, ``costs rose`` bad, ``loss narrowed`` good again
(Malo et al. 2014); general word lists get that wrong (Loughran and McDonald 2011). Negation turns what follows within
three words by -0.74, adverbs of degree add or take 0.293, what stands before ``but`` counts half and what follows it
half as much again (Hutto and Gilbert 2014, VADER). Two sums that are compared (``to EUR 13 mn from EUR 8 mn``) are a
movement. The sum ``s`` becomes ``s / sqrt(s^2 + 4)``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.features.lexicon_words import (
    BAD,
    DOWN,
    FINE,
    GOOD,
    GRIM,
    NEGATIONS,
    STRONGER,
    UP,
    WEAKER,
    WORK,
)

NAME: Final = "lexicon-1"
"""Raise the number with any change of words or rules: what was scored before is then another scale."""

ALPHA: Final = 4.0
LONGEST: Final = 4_000
_TOKEN: Final = re.compile(r"n't|[a-z]+(?:['\u2019-][a-z]+)*|\d[\d.,]*")
_TORN: Final = re.compile(r"(\d) ([.,]\d)")
_PIECE: Final = re.compile(r"[.!?;](?=\s|$)|\n")
_BUT: Final = re.compile(r"\bbut\b|\bhowever\b")
_SUM: Final = re.compile(
    r"(?:(?P<money>eur|euro|usd|gbp|sek|nok|dkk|chf|rub|[$€£])\s?)?(?P<figure>\d[\d,]*(?:\.\d+)?)"
    r"\s?(?P<unit>%|pct|percent|mn|mln|million|m|bn|billion|tonnes|pieces|people)?(?=[\s,.;)]|$)"
)
_COMPARED: Final = re.compile(
    r"\b(?:from|compared|versus|vs|against|earlier|corresponding|previous|ago|year-on-year|than)\b"
)
_INTO: Final = re.compile(
    r"\b(?:slipped|swung|swings|turned|fell|plunged|slumped|sank|returned|moved)\s(?:back\s)?(?:in)?to (?:an? |the )?"
    r"(?:(?:net|operating|pretax|pre-tax|quarterly|annual)\s)*(?P<what>loss|losses|profit|profits|black|red)\b"
)
_SCALE: Final = {"bn": 1e9, "billion": 1e9, "mn": 1e6, "mln": 1e6, "million": 1e6, "m": 1e6, "pct": 1.0, "percent": 1.0}
_BEFORE, _AFTER = 12, 4
_ALONE: Final = 0.5
_COMPARISON: Final = 1.5
_PROFITS: Final = frozenset(("profit", "profits", "earnings", "income", "result"))
_LOSSES: Final = frozenset(("loss", "losses", "red"))


class _Stems(NamedTuple):
    """Words with their weights: whole ones, and beginnings."""

    whole: dict[str, float]
    begins: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, words: dict[str, float]) -> _Stems:
        begins = tuple((word[:-1], weight) for word, weight in words.items() if word.endswith("*"))
        return cls({word: weight for word, weight in words.items() if not word.endswith("*")}, begins)

    def weight(self, word: str) -> float:
        """Its weight, 0 where it is unknown."""
        found = self.whole.get(word)
        if found is not None:
            return found
        return next((weight for begin, weight in self.begins if word.startswith(begin)), 0.0)


_UP, _DOWN, _TONE = (
    _Stems.of(UP),
    _Stems.of(DOWN),
    _Stems.of({**FINE, **{word: -weight for word, weight in GRIM.items()}}),
)


class LexiconScorer:
    """Implements ``ports.text_scorer.TextScorer`` with words and rules; deterministic, no state."""

    @property
    def name(self) -> str:
        """Version of the words and rules."""
        return NAME

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """-1 to 1 for each text; of a text above 4,000 characters its beginning."""
        return np.array([valence(text) for text in texts], dtype=np.float64)


def valence(text: str) -> float:
    """The score of one text, -1 to 1; 0 where no word is known."""
    total = 0.0
    plain = _TORN.sub(r"\1\2", text[:LONGEST].lower().replace("\u2019", "'")).replace("share capital", "capital")
    for piece in _PIECE.split(plain):
        before, *after = _BUT.split(piece, maxsplit=1)
        if after and after[0].strip():
            total += 0.5 * _of_piece(before) + 1.5 * _of_piece(after[0])
        else:
            total += _of_piece(piece)
    return round(total / math.sqrt(total * total + ALPHA), 6) if total else 0.0


def _of_piece(piece: str) -> float:
    """Sum of what the words of a sentence, or of one side of ``but``, say."""
    words = _TOKEN.findall(piece)
    turned = _turned(piece)
    if turned:
        return _COMPARISON * turned
    polarity = [1.0 if word in GOOD else -1.0 if word in BAD else 0.0 for word in words]
    total = 0.0
    for place, word in enumerate(words):
        said = _said(words, polarity, place, word)
        if said:
            total += _modified(words, place, said)
    return total + _compared(piece)


def _said(words: list[str], polarity: list[float], place: int, word: str) -> float:
    """What one word says by itself, or with the quantity that it moves."""
    movement = _UP.weight(word) or -_DOWN.weight(word)
    if movement and not polarity[place]:
        moved = _quantity(polarity, place)
        if not moved and movement < 0.0 and any(one in WORK for one in words[max(0, place - 3) : place + 5]):
            return movement
        return movement * moved if moved else _ALONE * movement
    return _TONE.weight(word)


def _quantity(polarity: list[float], place: int) -> float:
    """+1 or -1 for the good or bad quantity nearest to a movement, 0 where there is none."""
    for away in range(1, _BEFORE + 1):
        before, after = place - away, place + away
        if before >= 0 and polarity[before]:
            return polarity[before]
        if away <= _AFTER and after < len(polarity) and polarity[after]:
            return polarity[after]
    return 0.0


def _modified(words: list[str], place: int, said: float) -> float:
    """``said`` with the degree and the negation that stand beside it."""
    around = words[max(0, place - 2) : place] + words[place + 1 : place + 2]
    degree = sum(word in STRONGER for word in around) - sum(word in WEAKER for word in around)
    said += math.copysign(0.293, said) * degree
    negated = any(word in NEGATIONS for word in words[max(0, place - 3) : place])
    return -0.74 * said if negated else said


def _compared(piece: str) -> float:
    """What two figures of one unit say that are held against each other."""
    figures = [one for one in _SUM.finditer(piece) if one["money"] or one["unit"]]
    for first, second in pairwise(figures):
        between = piece[first.end() : second.start()]
        ascending = re.search(r"\bfrom\s+(?:\w+\s+){0,3}$", piece[: first.start()]) and re.search(r"\bto\b", between)
        if not (ascending or _COMPARED.search(between)) or _unit(first) != _unit(second):
            continue
        head = _TOKEN.findall(piece[: first.start()])
        moved = next((1.0 if word in GOOD else -1.0 for word in reversed(head) if word in GOOD or word in BAD), 0.0)
        a, b = _figure(first), _figure(second)
        now, then = (b, a) if ascending else (a, b)
        return _COMPARISON * moved * ((now > then) - (now < then))
    return 0.0


def _turned(piece: str) -> float:
    """A profit that is held against a loss or came of one (+1), or the other way round (-1)."""
    into = _INTO.search(piece)
    if into:
        return -1.0 if into["what"] in _LOSSES else 1.0
    held = _COMPARED.search(piece)
    if held is None:
        return 0.0
    head, tail = set(_TOKEN.findall(piece[: held.start()])), set(_TOKEN.findall(piece[held.end() :]))
    if _PROFITS & head and not _LOSSES & head and _LOSSES & tail and not _PROFITS & tail:
        return 1.0
    return -1.0 if _LOSSES & head and not _PROFITS & head and _PROFITS & tail else 0.0


def _unit(found: re.Match[str]) -> tuple[str, bool]:
    percent = (found["unit"] or "") in ("%", "pct", "percent")
    return found["money"] or "", percent


def _figure(found: re.Match[str]) -> float:
    return float(found["figure"].replace(",", "")) * _SCALE.get(found["unit"] or "", 1.0)
