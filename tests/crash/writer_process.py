"""A writer to be killed: ``python -m tests.crash.writer_process DATABASE SEED`` prints what was acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.fakes.session_script import START, session
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.store import Store

LENGTH = 200_000  # bars; more than any number of kills gets through


def main() -> None:
    """Goes on where the database ends, in batches of one to five entries."""
    path, seed = Path(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(seed)
    with Store.open(path, START) as store:
        for number, (event, outputs) in enumerate(session(LENGTH), start=1):
            if number <= store.journal.head.seq:
                continue
            store.journal.append(event, encode_outputs(outputs))
            if rng.random() < 0.4:
                store.journal.commit()
                sys.stdout.write(f"{store.journal.head.seq}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
