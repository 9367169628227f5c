"""Compiles kernel bodies, or leaves them plain where numba is absent.

Kernel bodies are ordinary functions: a small bundle without numba runs the very same code, only slower. Arithmetic is
strict IEEE and never reordered. A kernel must exclude division by zero itself: plain Python would raise where compiled
code gives infinity.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

try:
    import numba
except ImportError:  # the serverless bundle carries no compiler
    HAS_COMPILER = False
else:
    HAS_COMPILER = not getattr(numba.config, "DISABLE_JIT", False)

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Array = TypeVar("Array")

_PACKAGE: Final = __name__.rpartition(".")[0]
_IMPORT: Final = re.compile(rf"^ *from {re.escape(_PACKAGE)}(?:\.(\w+))? import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def compiled(body: Kernel) -> Kernel:
    """``body`` compiled, with a cache on disk; ``body`` itself where there is no numba."""
    return _compiled(body, released=False)


def released(body: Kernel) -> Kernel:
    """As ``compiled``, and other threads run meanwhile: for a kernel that works long on arrays of its own."""
    return _compiled(body, released=True)


def _compiled(body: Kernel, *, released: bool) -> Kernel:
    if not HAS_COMPILER:
        return body
    kernel: Any = numba.njit(cache=True, fastmath=False, error_model="numpy", nogil=released)(body)
    # numba's cache looks at this file only and would go on serving old code after a change in a kernel that it calls
    source = Path(str(sys.modules[body.__module__].__file__))
    if source.parent == Path(__file__).parent:
        file = kernel._cache._cache_file
        file._source_stamp = _stamp(source)
        file._load_index = _forgiving(file._load_index)
    return cast("Kernel", kernel)


def _forgiving(load: Callable[[], dict[Any, Any]]) -> Callable[[], dict[Any, Any]]:
    """``load``, where an index that names a class of an earlier version counts as none: the stamp it carries, which
    would say that it is old, can be read only after the classes.
    """

    def loaded() -> dict[Any, Any]:
        try:
            return load()
        except (AttributeError, ImportError):
            return {}

    return loaded


def cache_folder() -> Path:
    """Where compiled kernels are kept: the folder the compiler was told with its own setting, else beside this file."""
    told = str(getattr(numba.config, "CACHE_DIR", "")) if HAS_COMPILER else ""
    return Path(told) if told else Path(__file__).parent


def inlined(body: Kernel) -> Kernel:
    """``body`` written out where it is called, for a kernel with one caller: quicker to run and to compile."""
    if not HAS_COMPILER:
        return body
    return cast("Kernel", numba.njit(inline="always", fastmath=False, error_model="numpy")(body))


def source_stamp(source: Path) -> str:
    """sha256 over a kernel module and the kernel modules it imports, directly or not; changes when any of them does."""
    digest = hashlib.sha256()
    for path in sorted(_sources(source)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


_stamp: Final = cache(source_stamp)


@cache
def _sources(source: Path) -> frozenset[Path]:
    found = {source}
    for module, names in _IMPORT.findall(source.read_text(encoding="utf-8")):
        stems = [module] if module else [name.split()[0] for name in names.strip("()\n ").split(",") if name.strip()]
        for stem in stems:
            imported = source.with_name(f"{stem}.py")
            if imported.exists() and imported not in found:
                found |= _sources(imported)
    return frozenset(found)


def _borrowed_by_compiler() -> Any:
    """The compiled form of ``borrowed``: the array's struct without its owner, so that counting does nothing."""
    from numba.core import cgutils  # loaded with the compiler only
    from numba.extending import intrinsic
    from numba.np.arrayobj import make_array

    struct_of: Any = make_array  # numba's own code carries no types
    null: Any = cgutils.get_null_value

    @intrinsic
    def borrow(_typing: Any, array: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            view = struct_of(signature.args[0])(context, builder, arguments[0])
            view.meminfo = null(view.meminfo.type)
            return view._getvalue()

        return array(array), code

    return borrow


def _borrowed_plainly(array: Array) -> Array:
    return array


borrowed: Final = _borrowed_by_compiler() if HAS_COMPILER else _borrowed_plainly
"""``array`` without reference counting, for a kernel that calls kernels thousands of times with the same array.

Counting costs two atomic operations a call, five times the work of an average. Sound because the caller of the kernel
holds the array for as long as the kernel runs; never return or store a borrowed array.
"""
