"""Gated recurrent unit (Cho et al. 2014); reads the last hidden state."""

from __future__ import annotations

from torch import nn

from tradewind.research.nets.net import Net, Size
from tradewind.research.nets.recurrent import SPACE, Recurrent, RecurrentOptions


class GruOptions(RecurrentOptions, frozen=True, kw_only=True):
    """As many units as are enough for a few thousand samples."""

    hidden: Size = 32


def gru(length: int, width: int, options: GruOptions) -> Recurrent:
    """A net for windows of any ``length``."""
    return Recurrent(nn.GRU, width, options)


NET = Net("gru", GruOptions, gru, 3e-3, {"1x64": GruOptions(hidden=64)}, SPACE)
