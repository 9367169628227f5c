"""The edge: pydantic models made from the sections check what was written, all of it, before anything is built.

Quantities are brought to their unit first (``units.py``), so that their messages speak of the scale they were written
in; pydantic checks everything else. A faulty value is reported and replaced by its default, which lets the rules that
span several keys speak in the same answer.
"""

from __future__ import annotations

import difflib
import functools
import types
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, InstanceOf, ValidationError, create_model

from tradewind.app.settings.key import Key, Setting, fields_of
from tradewind.app.settings.secret import Secret
from tradewind.app.settings.sources import Given
from tradewind.app.settings.units import Distance, Unit, quantity
from tradewind.errors import Misconfigured
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import instrument_from
from tradewind.model.timeframe import Timeframe

Section = TypeVar("Section", bound=msgspec.Struct)


def checked(
    struct: type[Section], settings: Mapping[str, Setting], given: Mapping[str, Given]
) -> tuple[Section, dict[str, list[str]]]:
    """The struct built from the written values, and ``{path: faults}``; faulty keys hold their defaults."""
    values: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for path, written in given.items():
        try:
            values[path] = _measured(written, settings[path])
        except ValueError as fault:
            faults[path] = [f"{written.name} {fault}"]
    try:
        return _validated(struct, values), faults
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            path = _path_of(problem["loc"], settings)
            faults.setdefault(path, []).append(_sentence(problem, given[path], settings[path], path))
    sound = {path: value for path, value in values.items() if path not in faults}
    return _validated(struct, sound), faults


def _validated(struct: type[Section], values: Mapping[str, Any]) -> Section:
    tree = _nested(values)
    return _built(struct(), _written_model(struct, tree).model_validate(tree))


def _measured(written: Given, setting: Setting) -> Any:
    """Numbers in the key's unit and inside its bounds; everything else untouched."""
    kind = _number_type(setting)
    if kind is None:
        return written.value
    found = quantity(written.value, setting.key.unit, written.reading)
    amount = found.value if isinstance(found, Distance) else found
    _bound(amount, setting.key, written)
    if setting.annotation is not int and not setting.key.whole:
        return found
    if amount != int(amount):
        raise ValueError(f"must be a whole number, got {written.value}")
    return int(amount)


def _number_type(setting: Setting) -> Any:
    plain = [part for part in get_args(setting.annotation) or (setting.annotation,) if part is not type(None)]
    return plain[0] if plain[0] in (int, float, Distance) and get_origin(setting.annotation) is not tuple else None


def _bound(amount: float, key: Key, written: Given) -> None:
    inside = (
        (key.low is None or amount >= key.low)
        and (key.high is None or amount <= key.high)
        and (key.above is None or amount > key.above)
    )
    if inside:
        return
    wanted = f"between {key.low:g} and {key.high:g}" if key.low is not None and key.high is not None else key.range
    unit = f" {key.unit}" if key.unit not in (Unit.NONE, Unit.FRACTION) else ""
    raise ValueError(f"must be {wanted}{unit}, got {written.value}")


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *sections, name = path.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
        branch[name] = value
    return tree


def _written_model(struct: type[msgspec.Struct], tree: Mapping[str, Any]) -> type[BaseModel]:
    """A model of only those keys of a section that were written; building the models of all takes 0.1 s."""
    fields: dict[str, Any] = {}
    for name, annotation, _, _ in fields_of(struct):
        if name in tree:
            inner = _is_section(annotation)
            fields[name] = (_written_model(annotation, tree[name]) if inner else _edge_type(annotation), ...)
    return create_model(struct.__name__, __config__=_STRICT, **fields)


@functools.cache
def _element_model(struct: type[msgspec.Struct]) -> type[BaseModel]:
    """The model of an element of a list; a field without a default is required."""
    fields: dict[str, Any] = {}
    for name, annotation, _, default in fields_of(struct):
        fields[name] = (_edge_type(annotation), ... if default is msgspec.NODEFAULT else default)
    return create_model(struct.__name__, __config__=_STRICT, **fields)


_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct) and annotation not in _EDGE_TYPES


def _edge_type(annotation: Any) -> Any:
    if annotation in _EDGE_TYPES:
        return _EDGE_TYPES[annotation]
    origin = get_origin(annotation)
    if origin is tuple:
        element: Any = _edge_type(get_args(annotation)[0])
        return Annotated[tuple.__class_getitem__((element, ...)), BeforeValidator(_listed)]
    if origin is types.UnionType:
        parts = tuple(_edge_type(part) for part in get_args(annotation))
        return Union[parts]  # noqa: UP007  built from a list, which the | form cannot be
    return _element_model(annotation) if _is_section(annotation) else annotation


def _listed(value: Any) -> Any:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _secret(value: Any) -> Any:
    return Secret(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else value


def _timeframe(value: Any) -> Any:
    try:
        return Timeframe.parse(value) if isinstance(value, str) else value
    except Misconfigured as fault:
        raise ValueError(f"must be one of {fault.allowed}, got {value!r}") from None


def _instrument(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    try:
        return instrument_from(value)
    except Misconfigured as fault:
        raise ValueError(f"is wrong: {fault}") from None


_EDGE_TYPES: dict[Any, Any] = {
    str: Annotated[str, BeforeValidator(_text)],
    Secret: Annotated[InstanceOf[Secret], BeforeValidator(_secret)],
    Timeframe: Annotated[Timeframe, BeforeValidator(_timeframe)],
    Instrument: Annotated[InstanceOf[Instrument], BeforeValidator(_instrument)],
    Distance: InstanceOf[Distance],
}


def _built(section: Section, model: BaseModel) -> Section:
    """The section with its written keys replaced."""
    kinds = {name: annotation for name, annotation, _, _ in fields_of(type(section))}
    changes: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            value = _built(getattr(section, name), value)
        elif isinstance(value, tuple):
            value = tuple(_element(get_args(kinds[name])[0], item) for item in value)
        changes[name] = value
    return msgspec.structs.replace(section, **changes)


def _element(kind: Any, value: Any) -> Any:
    if not isinstance(value, BaseModel):
        return value
    return kind(**{name: getattr(value, name) for name in type(value).model_fields})


def _path_of(location: tuple[int | str, ...], settings: Mapping[str, Setting]) -> str:
    words = [str(part) for part in location]
    return next(path for end in range(len(words), 0, -1) if (path := ".".join(words[:end])) in settings)


def _sentence(problem: Mapping[str, Any], written: Given, setting: Setting, path: str) -> str:
    inner = problem["loc"][path.count(".") + 1 :]
    name = written.name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)
    got = "" if _hides(setting) else f", got {problem['input']!r}"
    if problem["input"] != problem["input"]:  # only NaN differs from itself
        return f"{name} must be a number{got}"
    match problem["type"]:
        case "value_error":
            return f"{name} {problem['ctx']['error']}"
        case "missing":
            return f"{name} is not set"
        case "extra_forbidden":
            near = difflib.get_close_matches(str(inner[-1]), _inner_names(setting), n=1)
            return f"{name} is unknown; " + (
                f"did you mean {near[0]}?" if near else f"allowed: {', '.join(_inner_names(setting))}"
            )
        case "literal_error":
            wanted = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            return f"{name} must be one of {wanted}{got}"
        case "bool_parsing" | "bool_type":
            return f"{name} must be true or false{got}"
        case "tuple_type":
            return f"{name} must be a list{got}"
        case _:
            said = str(problem["msg"])
            return f"{name} is wrong: {said[0].lower()}{said[1:]}{got}"


def _hides(setting: Setting) -> bool:
    return Secret in (setting.annotation, *get_args(setting.annotation))


def _inner_names(setting: Setting) -> list[str]:
    element = next((part for part in get_args(setting.annotation) if isinstance(part, type)), None)
    return (
        [name for name, *_ in fields_of(element)] if element is not None and issubclass(element, msgspec.Struct) else []
    )
