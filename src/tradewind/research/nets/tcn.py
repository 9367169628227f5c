"""Temporal convolutional network (Bai, Kolter and Koltun 2018): dilated causal convolutions with residuals."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from tradewind.features.rule_space import choice, real
from tradewind.research.nets.net import RATES, Net, Options, Size


class TcnOptions(Options, frozen=True, kw_only=True):
    """``channels`` in each of ``layers``; layer j looks back ``2 * 2^j`` steps more."""

    channels: Size = 32
    layers: Size = 5
    dropout: float = 0.2


class Tcn(nn.Module):
    """Kernel 3, dilation doubled layer by layer: five layers see 63 steps."""

    def __init__(self, length: int, width: int, options: TcnOptions) -> None:
        super().__init__()
        self.drop = nn.Dropout1d(options.dropout)
        self.enter = nn.Conv1d(width, options.channels, 1)
        self.layers = nn.ModuleList(
            nn.Conv1d(options.channels, options.channels, 3, dilation=2**j, padding=2 * 2**j)
            for j in range(options.layers)
        )
        self.readout = nn.Linear(options.channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Log odds, ``(n,)``."""
        state = self.drop(self.enter(x.transpose(1, 2)))
        for layer in self.layers:
            state = state + functional.relu(layer(state)[..., : state.shape[-1]])  # what sticks out lies in the future
        found: torch.Tensor = self.readout(self.drop(state[..., -1:]).squeeze(-1)).squeeze(-1)
        return found


SPACE = {
    "channels": choice(16, 24, 32, 48, 64), "layers": choice(3, 4, 5), "dropout": real(0.0, 0.5, 0.1), "rate": RATES,
}  # fmt: skip
NET = Net("tcn", TcnOptions, Tcn, 2e-3, {"64": TcnOptions(channels=64)}, SPACE)
