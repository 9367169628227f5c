"""Randomness is an argument."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Rng(Protocol):
    """Hands out independent seeded generators by name, so that adding a user of randomness moves no other."""

    def generator(self, name: str) -> np.random.Generator:
        """The generator of ``name``; the same name and seed give the same stream in every process."""
        ...
