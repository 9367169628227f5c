"""Gated recurrent unit (Cho et al. 2014); reads the last hidden state."""

from __future__ import annotations

import torch
from torch import nn

from tradewind.research.nets.net import Net, Options, Size


class GruOptions(Options, frozen=True, kw_only=True):
    """``hidden`` units in each of ``layers``."""

    hidden: Size = 32
    layers: Size = 1
    dropout: float = 0.3


class Gru(nn.Module):
    """Recurrent layers over the window, one linear readout of the last step."""

    def __init__(self, length: int, width: int, options: GruOptions) -> None:
        super().__init__()
        between = options.dropout if options.layers > 1 else 0.0
        self.drop = nn.Dropout(options.dropout)
        self.recurrent = nn.GRU(width, options.hidden, options.layers, batch_first=True, dropout=between)
        self.readout = nn.Linear(options.hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``."""
        hidden, _ = self.recurrent(self.drop(x))
        found: torch.Tensor = self.readout(self.drop(hidden[:, -1])).squeeze(-1)
        return found


NET = Net("gru", GruOptions, Gru, 3e-3, {"1x64": GruOptions(hidden=64)})
