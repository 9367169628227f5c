"""What the recurrent nets share: layers of one cell over the window, a linear readout of the last step."""

from __future__ import annotations

import torch
from torch import nn

from tradewind.features.rule_space import choice, real
from tradewind.research.nets.net import RATES, Options, Size


class RecurrentOptions(Options, frozen=True, kw_only=True):
    """``hidden`` units in each of ``layers``."""

    hidden: Size = 64
    layers: Size = 1
    dropout: float = 0.3


class Recurrent(nn.Module):
    """``cell`` is nn.LSTM or nn.GRU; inputs and the last state are left out at random in training."""

    def __init__(self, cell: type[nn.Module], width: int, options: RecurrentOptions) -> None:
        super().__init__()
        between = options.dropout if options.layers > 1 else 0.0
        self.drop = nn.Dropout(options.dropout)
        self.recurrent = cell(width, options.hidden, options.layers, batch_first=True, dropout=between)
        self.readout = nn.Linear(options.hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``."""
        hidden, _ = self.recurrent(self.drop(x))
        found: torch.Tensor = self.readout(self.drop(hidden[:, -1])).squeeze(-1)
        return found


SPACE = {
    "hidden": choice(16, 32, 64, 96, 128), "layers": choice(1, 2), "dropout": real(0.0, 0.5, 0.1), "rate": RATES,
}  # fmt: skip
