"""Compiles kernel bodies, or leaves them plain where numba is absent.

Kernel bodies are ordinary functions: a small bundle without numba runs the very same code, only slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

try:
    import numba
except ImportError:  # the serverless bundle carries no compiler
    HAS_COMPILER = False
else:
    HAS_COMPILER = True

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(body: Kernel) -> Kernel:
    """``body`` compiled with strict IEEE arithmetic and an on-disk cache; ``body`` itself where there is no numba."""
    if not HAS_COMPILER:
        return body
    return cast("Kernel", numba.njit(cache=True, fastmath=False)(body))
