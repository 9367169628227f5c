"""What every key says of itself, and the walk over all of them.

A section is a frozen struct; each of its fields is annotated with a ``Key``. From these annotations alone come the
checks at the edge, ``config explain``, the commented ``tradewind.toml`` and ``.env.example``.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from tradewind.app.settings.units import Reading, Unit

NOT_YET = "not part of this release: "


class Name(NamedTuple):
    """Another name of a key (a dotted path or an environment variable) and how a bare number is read under it."""

    name: str
    reading: Reading = Reading.NATIVE


class Key(msgspec.Struct, frozen=True):
    """``text`` is one sentence; ``source`` the requirement rows; ``reader`` the part that reads it.

    ``low`` and ``high`` are inclusive bounds in the key's unit; ``above`` an exclusive lower one. ``env`` lists
    environment variables beside ``TRADEWIND__SECTION__KEY``; ``also`` other dotted names. ``decides`` says whether the
    value can change a decision and so belongs to the configuration's hash.
    """

    text: str
    unit: Unit = Unit.NONE
    low: float | None = None
    high: float | None = None
    above: float | None = None
    source: str = ""
    reader: str = ""
    env: tuple[Name, ...] = ()
    also: tuple[Name, ...] = ()
    decides: bool = True
    whole: bool = False
    band: str = ""

    @property
    def range(self) -> str:
        """Bounds as people write them; empty where there are none."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        parts = [f"above {self.above:g}" if self.above is not None else ""]
        parts += [f"at least {self.low:g}" if self.low is not None else ""]
        parts += [f"at most {self.high:g}" if self.high is not None else ""]
        return ", ".join(part for part in parts if part)


class Setting(NamedTuple):
    """One key of the whole configuration."""

    path: str
    annotation: Any
    key: Key
    default: Any

    @property
    def variable(self) -> str:
        """Its environment variable: ``risk.max_drawdown`` is ``TRADEWIND__RISK__MAX_DRAWDOWN``."""
        return "TRADEWIND__" + self.path.upper().replace(".", "__")

    @property
    def choices(self) -> tuple[str, ...]:
        """Allowed words of a key that is a choice."""
        return tuple(str(choice) for choice in get_args(self.annotation)) if _is_literal(self.annotation) else ()

    @property
    def type_name(self) -> str:
        """The type as a person would say it."""
        if self.choices:
            return "choice"
        if self.key.whole:
            return "whole number"
        if get_origin(self.annotation) is tuple:
            return "list"
        if get_origin(self.annotation) is dict:
            return "table"
        kind = _without_none(self.annotation)
        return _TYPE_NAMES.get(getattr(kind, "__name__", ""), getattr(kind, "__name__", str(kind)))


_TYPE_NAMES = {"float": "number", "int": "whole number", "str": "text", "bool": "true or false", "Secret": "secret",
               "Distance": "distance"}  # fmt: skip


@functools.cache
def settings_of(struct: type[msgspec.Struct], prefix: str = "") -> tuple[Setting, ...]:
    """Every key below ``struct`` in the order it is written, depth first."""
    return tuple(_walk(struct, prefix))


@functools.cache
def fields_of(struct: type[msgspec.Struct]) -> tuple[tuple[str, Any, Key | None, Any], ...]:
    """``(name, annotation, key, default)`` of each field; a field without a key is a section."""
    return tuple(_fields(struct))


def _fields(struct: type[msgspec.Struct]) -> Iterator[tuple[str, Any, Key | None, Any]]:
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        annotation, key = hints[field.name], None
        if get_origin(annotation) is Annotated:
            annotation, *notes = get_args(annotation)
            key = next(note for note in notes if isinstance(note, Key))
        default = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        yield field.name, annotation, key, default


def _walk(struct: type[msgspec.Struct], prefix: str) -> Iterator[Setting]:
    for name, annotation, key, default in fields_of(struct):
        path = f"{prefix}.{name}" if prefix else name
        if key is None:
            yield from settings_of(annotation, path)
        else:
            yield Setting(path, annotation, key, default)


def _is_literal(annotation: Any) -> bool:
    return get_origin(annotation) is Literal


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is types.UnionType:
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation
