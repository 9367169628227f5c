"""Runs vectorbt on the published workload, in an environment of its own: one round for each line it is given.

``PYTHON vectorbt_worker.py BENCH_FOLDER``, PYTHON being that of the environment. Prints ``ready VERSION`` once it is
compiled; then for ``round`` the seconds of one, for ``trades FILE`` writes the trade list of all sets and prints how
many.
Nothing of the product is imported here.
"""

import sys
import time

sys.path.insert(0, sys.argv[1])

import bars_params
import eng_vbt
import numpy as np
import vectorbt


def main() -> None:
    """Serves rounds until its input ends."""
    table = bars_params.params(1000, "rand")
    eng_vbt.flexible(*bars_params.dataset("small"), table[:20])
    bars = bars_params.dataset("h1")
    print("ready", vectorbt.__version__, flush=True)
    for line in sys.stdin:
        order, _, path = line.strip().partition(" ")
        start = time.perf_counter()
        _, trades = eng_vbt.flexible(*bars, table)
        seconds = time.perf_counter() - start
        if order == "trades":
            np.save(path, np.column_stack(trades).astype(np.int64))
            print(len(trades[0]), flush=True)
        else:
            print(seconds, flush=True)


main()
