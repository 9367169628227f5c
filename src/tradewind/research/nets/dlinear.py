"""DLinear (Zeng et al. 2023): trend and remainder of every channel, one linear layer each."""

from __future__ import annotations

import torch
from torch import nn

from tradewind.features.rule_space import choice, real
from tradewind.research.nets.net import RATES, Net, Options, Size


class DLinearOptions(Options, frozen=True, kw_only=True):
    """``average`` steps make the trend."""

    average: Size = 25
    dropout: float = 0.1


class DLinear(nn.Module):
    """Linear in the window, so it may be exported as plain weights."""

    def __init__(self, length: int, width: int, options: DLinearOptions) -> None:
        super().__init__()
        self.drop = nn.Dropout(options.dropout)
        self.trend = nn.Linear(length * width, 1)
        self.rest = nn.Linear(length * width, 1, bias=False)
        nn.init.zeros_(self.trend.weight)
        nn.init.zeros_(self.rest.weight)
        steps = torch.arange(length)
        inside = (steps[:, None] >= steps[None, :]) & (steps[:, None] - steps[None, :] < options.average)
        self.register_buffer("smooth", inside.float() / inside.sum(dim=1, keepdim=True), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``; the trend at a step averages that step and those before it."""
        seen = self.drop(x)
        trend = torch.matmul(self.smooth, seen)
        found: torch.Tensor = self.trend(trend.flatten(1)) + self.rest((seen - trend).flatten(1))
        return found.squeeze(-1)


SPACE = {"average": choice(5, 9, 15, 25, 41), "dropout": real(0.0, 0.5, 0.1), "rate": RATES}
NET = Net("dlinear", DLinearOptions, DLinear, 1e-3, space=SPACE)
