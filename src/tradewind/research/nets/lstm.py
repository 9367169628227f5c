"""Long short-term memory (Hochreiter and Schmidhuber 1997); reads the last hidden state."""

from __future__ import annotations

from torch import nn

from tradewind.research.nets.net import Net
from tradewind.research.nets.recurrent import SPACE, Recurrent, RecurrentOptions


def lstm(length: int, width: int, options: RecurrentOptions) -> Recurrent:
    """A net for windows of any ``length``."""
    return Recurrent(nn.LSTM, width, options)


SIZES = {"3x128": RecurrentOptions(hidden=128, layers=3, dropout=0.0)}
NET = Net("lstm", RecurrentOptions, lstm, 2e-3, SIZES, SPACE)
