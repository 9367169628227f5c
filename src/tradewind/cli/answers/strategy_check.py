"""``tradewind strategy check``: whether strategy families keep what every family must."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tradewind.app.config import load_config
from tradewind.app.own_strategies import families_of, family_in
from tradewind.cli.contract import Report, table
from tradewind.research.family_check import faults_of


def check_answer(config: Path | None, files: Sequence[Path], seed: int) -> Report:
    """Examines the families in ``files``, or all there are."""
    families = [family_in(path) for path in files] or list(families_of(load_config(config)).values())
    found = {one.name: faults_of(one, np.random.default_rng(seed)) for one in families}
    faulty = sum(map(bool, found.values()))
    rows = [(name, fault) for name, faults in found.items() for fault in faults or ("nothing found",)]
    verdict = f"{len(found)} families examined on SIMULATED bars, {faulty} with faults"
    document = {
        "simulated": True,
        "seed": seed,
        "families": [{"family": name, "faults": list(faults)} for name, faults in found.items()],
    }
    note = "Nothing wrong with a family is no proof that it earns anything."
    return Report(document, human=[table(verdict, ["family", "fault"], rows, note=note)], exit_code=4 if faulty else 0)
