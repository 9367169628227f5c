"""Finds the plug-ins of a folder: every public module, sorted by name, each offering one named object.

A plug-in module holds exactly one public object under the attribute asked for (``STRATEGY``, ``FILTER``, ...). Names
are unique; order is the sorted module name, so that iteration never depends on the file system.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from tradewind.errors import Misconfigured


def modules_of(package: ModuleType) -> tuple[ModuleType, ...]:
    """Imported public modules of ``package``, sorted by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    return tuple(importlib.import_module(f"{package.__name__}.{name}") for name in names)


def plugins_of(package: ModuleType, attribute: str) -> dict[str, Any]:
    """``{plugin.name: plugin}`` for every module of ``package`` that defines ``attribute``.

    Raises:
        Misconfigured: two modules offer the same name.
    """
    found: dict[str, Any] = {}
    for module in modules_of(package):
        plugin = getattr(module, attribute, None)
        if plugin is None:
            continue
        if plugin.name in found:
            raise Misconfigured(
                f"two plug-ins are called {plugin.name!r}",
                where=module.__name__,
                allowed="unique names",
                next_step="rename one of them",
            )
        found[plugin.name] = plugin
    return found
