"""One exchange of ccxt without the hundred others: its packages import every exchange there is, 100 MiB of classes.

A package is put in place without its ``__init__`` having run; names are looked up in its modules as they are asked for.
A name that is found nowhere runs the package's own ``__init__`` after all, so nothing is missing, only later.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Final

_PACKAGES: Final = ("ccxt", "ccxt.async_support", "ccxt.pro")


class _Unread(ModuleType):
    """A package whose ``__init__`` has not run yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for place in (f"{self.__name__}.{name}", f"{self.__name__}.base.{name.lower()}"):
            if _is_there(place):
                module = import_module(place)
                return getattr(module, name, module)
        errors = import_module("ccxt.base.errors")
        if hasattr(errors, name):
            return getattr(errors, name)
        return self._read(name)

    def __setattr__(self, name: str, value: object) -> None:
        """A class takes the place of the module of its name, as in the package's own ``__init__``."""
        super().__setattr__(name, vars(value).get(name, value) if isinstance(value, ModuleType) else value)

    def _read(self, name: str) -> Any:
        """The name after the package's own ``__init__``; it becomes an ordinary module."""
        spec = self.__spec__
        assert spec is not None
        assert spec.loader is not None
        self.__class__ = ModuleType  # type: ignore[assignment]  # a module may become another kind of module
        spec.loader.exec_module(self)
        return getattr(self, name)


def _is_there(place: str) -> bool:
    try:
        return find_spec(place) is not None
    except ModuleNotFoundError:  # its package is not
        return False


def exchange_class(name: str) -> type[Any] | None:
    """The class of ``ccxt.pro`` called ``name``; ``None`` where there is none."""
    for package in _PACKAGES:
        if package not in sys.modules:
            _put(package)
    found = getattr(import_module("ccxt.pro"), name, None)
    return found if isinstance(found, type) else None


def _put(package: str) -> None:
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"no module named {package!r}", name=package)
    sys.modules[package] = module = _unread(spec)
    parent, _, own = package.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)


def _unread(spec: ModuleSpec) -> _Unread:
    module = module_from_spec(spec)  # made, not run
    module.__class__ = _Unread
    assert isinstance(module, _Unread)
    return module
