"""Patches of the window through one shared layer, then a small perceptron: cheap, and a warm start pays."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from tradewind.errors import Misconfigured
from tradewind.features.rule_space import choice, real
from tradewind.research.nets.dropout import ByteDropout
from tradewind.research.nets.net import RATES, Net, Options, Size


class PatchOptions(Options, frozen=True, kw_only=True):
    """``patch`` steps share a layer of ``embedding`` units; ``hidden`` units read all patches."""

    patch: Size = 10
    embedding: Size = 48
    hidden: Size = 96
    dropout: float = 0.5


class PatchMlp(nn.Module):
    """As PatchTST cuts a series (Nie et al. 2023), without its attention."""

    def __init__(self, length: int, width: int, options: PatchOptions) -> None:
        super().__init__()
        if length % options.patch:
            raise Misconfigured(f"windows of {length} in patches of {options.patch}", allowed="a patch that divides it")
        self.patches = length // options.patch
        self.drop = ByteDropout(options.dropout)
        self.embed = nn.Linear(width * options.patch, options.embedding)
        self.hidden = nn.Linear(self.patches * options.embedding, options.hidden)
        self.readout = nn.Linear(options.hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``."""
        state = functional.gelu(self.embed(self.drop(x).reshape(x.shape[0], self.patches, -1)))
        state = functional.gelu(self.hidden(self.drop(state.reshape(x.shape[0], -1))))
        found: torch.Tensor = self.readout(self.drop(state)).squeeze(-1)
        return found


SPACE = {
    "embedding": choice(16, 32, 48, 64, 96), "hidden": choice(32, 64, 96, 128, 192), "dropout": real(0.1, 0.6, 0.1),
    "rate": RATES,
}  # fmt: skip
NET = Net("patch_mlp", PatchOptions, PatchMlp, 1e-3, space=SPACE)
