"""Transformer encoder (Vaswani et al. 2017) over the window; reads the last step."""

from __future__ import annotations

import torch
from torch import nn

from tradewind.errors import Misconfigured
from tradewind.features.rule_space import choice, real
from tradewind.research.nets.net import RATES, Net, Options, Size


class TransformerOptions(Options, frozen=True, kw_only=True):
    """``model_dim`` units in ``heads`` heads, ``layers`` deep."""

    model_dim: Size = 64
    heads: Size = 8
    layers: Size = 2
    dropout: float = 0.1


class Transformer(nn.Module):
    """Learned positions, normalisation first; several symbols may share it, its inputs are free of scale."""

    def __init__(self, length: int, width: int, options: TransformerOptions) -> None:
        super().__init__()
        if options.model_dim % options.heads:
            raise Misconfigured(
                f"{options.model_dim} units in {options.heads} heads", allowed="heads that divide the units"
            )
        layer = nn.TransformerEncoderLayer(
            options.model_dim, options.heads, 4 * options.model_dim, options.dropout, batch_first=True, norm_first=True
        )
        self.enter = nn.Linear(width, options.model_dim)
        self.place = nn.Parameter(torch.randn(1, length, options.model_dim) * 0.02)
        self.encoder = nn.TransformerEncoder(layer, options.layers, enable_nested_tensor=False)
        self.readout = nn.Linear(options.model_dim, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``."""
        found: torch.Tensor = self.readout(self.encoder(self.enter(x) + self.place)[:, -1]).squeeze(-1)
        return found


SPACE = {
    "model_dim": choice(32, 64, 96, 128), "heads": choice(2, 4, 8), "layers": choice(1, 2, 3),
    "dropout": real(0.0, 0.4, 0.1), "rate": RATES,
}  # fmt: skip
SIZES = {"256x8": TransformerOptions(model_dim=256, layers=4)}
NET = Net("transformer", TransformerOptions, Transformer, 5e-4, SIZES, SPACE)
