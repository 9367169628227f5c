"""Long short-term memory (Hochreiter and Schmidhuber 1997); reads the last hidden state."""

from __future__ import annotations

import torch
from torch import nn

from tradewind.research.nets.net import Net, Options, Size


class LstmOptions(Options, frozen=True, kw_only=True):
    """``hidden`` units in each of ``layers``."""

    hidden: Size = 64
    layers: Size = 1
    dropout: float = 0.3


class Lstm(nn.Module):
    """Recurrent layers over the window, one linear readout of the last step."""

    def __init__(self, length: int, width: int, options: LstmOptions) -> None:
        super().__init__()
        between = options.dropout if options.layers > 1 else 0.0
        self.drop = nn.Dropout(options.dropout)
        self.recurrent = nn.LSTM(width, options.hidden, options.layers, batch_first=True, dropout=between)
        self.readout = nn.Linear(options.hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``."""
        hidden, _ = self.recurrent(self.drop(x))
        found: torch.Tensor = self.readout(self.drop(hidden[:, -1])).squeeze(-1)
        return found


NET = Net("lstm", LstmOptions, Lstm, 2e-3, {"3x128": LstmOptions(hidden=128, layers=3, dropout=0.0)})
