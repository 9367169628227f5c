"""Compiles kernel bodies, or leaves them plain where numba is absent.

Kernel bodies are ordinary functions: a small bundle without numba runs the very same code, only slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

try:
    from numba import njit
except ImportError:  # the serverless bundle carries no compiler
    njit = None

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(body: Kernel) -> Kernel:
    """``body`` compiled with strict IEEE arithmetic and an on-disk cache; ``body`` itself where there is no numba."""
    if njit is None:
        return body
    return cast("Kernel", njit(cache=True, fastmath=False)(body))
