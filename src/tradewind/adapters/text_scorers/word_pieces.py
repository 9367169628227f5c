"""Text as numbers of word pieces, greedily the longest first (Wu et al. 2016; the BERT convention of ``##``)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from tradewind.errors import Corrupt

_LONGEST_WORD: Final = 100
_SPLIT: Final = re.compile(r"\w+|[^\w\s]")
UNKNOWN, BEGIN, END, PAD = "[UNK]", "[CLS]", "[SEP]", "[PAD]"


class WordPieces:
    """``ids(text)`` under a vocabulary, one piece a line, its number the line; ``lower`` also strips accents.

    Raises:
        Corrupt: the vocabulary lacks one of the four marks, or names a piece twice.
    """

    def __init__(self, vocabulary: Sequence[str], *, lower: bool = True) -> None:
        self._number = {piece: number for number, piece in enumerate(vocabulary)}
        self._lower = lower
        missing = [mark for mark in (UNKNOWN, BEGIN, END, PAD) if mark not in self._number]
        if missing or len(self._number) != len(vocabulary):
            raise Corrupt(
                f"a vocabulary without {', '.join(missing)}" if missing else "a vocabulary with a piece twice",
                where="vocab.txt", allowed=f"one piece a line, {UNKNOWN} {BEGIN} {END} {PAD} among them",
            )  # fmt: skip

    def ids(self, text: str, longest: int) -> list[int]:
        """Numbers of ``[CLS]``, at most ``longest - 2`` pieces, ``[SEP]``."""
        plain = unicodedata.normalize("NFKD" if self._lower else "NFC", text)
        if self._lower:
            plain = "".join(one for one in plain.lower() if unicodedata.category(one) != "Mn")
        found: list[int] = []
        for word in _SPLIT.findall(plain):
            found += self._pieces(word)
            if len(found) >= longest - 2:
                break
        return [self._number[BEGIN], *found[: longest - 2], self._number[END]]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._number[UNKNOWN]]
        found, start = [], 0
        while start < len(word):
            head = "##" if start else ""
            end = next((end for end in range(len(word), start, -1) if head + word[start:end] in self._number), 0)
            if not end:
                return [self._number[UNKNOWN]]
            found.append(self._number[head + word[start:end]])
            start = end
        return found
