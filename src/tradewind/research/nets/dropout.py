"""Dropout whose random numbers cost little: eight of them from one draw of the generator."""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

LEVELS: Final = 256
"""Shares that a byte can tell apart."""


class ByteDropout(nn.Module):
    """``x * kept / share`` in training, ``x`` otherwise (Srivastava et al. 2014).

    ``share`` is ``1 - p`` rounded to a 256th, and it is what is divided by, so the mean stays. ``torch.nn.Dropout``
    draws a double for each number; on a window of 60 x 32 that was nearly half of a step of the default net.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.kept = max(1, round((1.0 - p) * LEVELS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As ``x``, of any shape, by the generator of its device."""
        if not self.training or self.kept == LEVELS:
            return x
        words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device).random_(-(2**63), None)
        drawn = words.view(torch.uint8)[: x.numel()].view(x.shape)
        return x * (drawn < self.kept).to(x.dtype).mul_(LEVELS / self.kept)
