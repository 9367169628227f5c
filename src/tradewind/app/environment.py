"""The one reader (and, for few switches, writer) of the process environment; everything else is handed the mapping."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from typing import Final

SELDOM: Final = 50_000
"""Objects made between two looks for cycles. Libraries make half a million that stay, and a look at all of them for
every 700, and once more when the process ends, is a third of what a short verb takes.
"""


def process_environment() -> Mapping[str, str]:
    """A copy of the environment as it is now."""
    return dict(os.environ)


def refuse_validation_plugins() -> None:
    """Keeps pydantic from loading plug-ins that other packages registered.

    What a configuration means must not depend on what else is installed; looking for them also costs 60 ms a start.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def collect_seldom() -> None:
    """Looks for cycles among objects every ``SELDOM`` new ones: hardly anything here is part of one."""
    gc.set_threshold(SELDOM)


def limit_threads() -> None:
    """One thread for every numerical library that is loaded after this: a worker process has one processor."""
    libraries = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
    os.environ.update({f"{library}_NUM_THREADS": "1" for library in libraries} | {"POLARS_MAX_THREADS": "1"})
