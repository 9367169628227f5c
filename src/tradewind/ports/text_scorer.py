"""What says how good or bad a text is for what it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TextScorer(Protocol):
    """A model of sentiment. Texts are data: nothing in them is obeyed, whatever they say.

    ``name`` names the model and its version: scores of two names are not to be mixed.
    """

    @property
    def name(self) -> str:
        """Model and version, e.g. ``lexicon-1``."""
        ...

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """-1 (bad) to 1 (good) for each text, ``(n,)``, each as if asked alone; 0 where it says nothing."""
        ...
