"""Slips of the pen in a configuration, each of which must stop a start and say where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradewind.app.config import load_config
from tradewind.errors import Misconfigured

GOOD: Final = '[risk]\nrisk_per_trade = 0.01\nmin_stop = "15 pips"\n'
SLIPS: Final = (
    ("[risk\nrisk_per_trade = 0.01\n", "line"),
    ("[risk]\nrisk_per_trad = 0.01\n", "risk_per_trad"),
    ("[risk]\nrisk_per_trade = 1.0\n", "risk_per_trade"),
    ('[risk]\nmin_stop = "0.01"\n', "min_stop"),
    ('[risk]\nmin_stop = "lots"\n', "min_stop"),
    ("[risk]\nrisk_per_trade = nan\n", "risk_per_trade"),
    ('[risk]\nleverage = "high"\n', "leverage"),
    ("[orders]\nprotect_within = -2.0\n", "protect_within"),
    ("[telegrm]\nenabled = true\n", "telegrm"),
    ("risk_per_trade: 0.01\n", "line"),
)


def broken_slips(folder: Path, share: float) -> list[str]:
    """One slip in the file of a start: refused with its name, and the file as it was is taken again (INV-15)."""
    text, names = SLIPS[int(share * len(SLIPS))]
    path = folder / "tradewind.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load_config(path, environment={})
    except Misconfigured as refusal:
        said = " ".join((str(refusal), *refusal.faults))
        broken = [] if names in said else [f"INV-15 {text!r} was refused without a word of {names}"]
    else:
        broken = [f"INV-15 a start with {text!r} was not refused"]
    path.write_text(GOOD, encoding="utf-8")
    load_config(path, environment={})
    path.unlink()
    return broken
