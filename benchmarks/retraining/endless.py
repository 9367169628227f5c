"""Trains the default net over and over until it is ended: what a service has beside it while it relearns."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tradewind.research.fit_plan import FitPlan, Samples
from tradewind.research.nets import net
from tradewind.research.nets.fitting import fit

WINDOWS, LENGTH, WIDTH = 4_821, 60, 32


def main() -> None:
    """Writes the number of whole fits into the file named first."""
    count, generator, done = Path(sys.argv[1]), np.random.default_rng(1), 0
    windows = generator.standard_normal((WINDOWS, LENGTH, WIDTH)).astype(np.float32)
    up = (windows[:, -5:, 0].mean(axis=1) + generator.standard_normal(WINDOWS) > 0.0).astype(np.float32)
    samples = Samples(windows, up, np.ones(WINDOWS, np.float32))
    chosen = net("patch_mlp")
    while True:
        fit(chosen, chosen.options(), samples, samples, FitPlan(epochs=1 if not done else 10, patience=50, seed=done))
        done += 1
        count.write_text(str(done), "utf-8")
