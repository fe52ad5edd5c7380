"""Config dataclasses to JSON's plain values and back, by their type hints.

A field that may be one of several dataclasses tells which by the class's name, as its "kind";
without it the first is meant. A field may be read under the older name in its metadata, FORMERLY.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
FORMERLY, KIND = "formerly", "kind"


def to_plain(value: Any) -> Any:
    """Dataclasses become objects, tuples and sets become lists, enums their values."""
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: _tagged(hints[name], part) for name, part in parts.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(to_plain(each) for each in value)
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    return value


def _tagged(hint: Any, value: Any) -> Any:
    plain = to_plain(value)
    return {KIND: type(value).__name__, **plain} if type(value) in _choices(hint) else plain


def _choices(hint: Any) -> tuple[type, ...]:
    """The dataclasses that a union offers."""
    offered = get_args(hint) if get_origin(hint) is UnionType else ()
    return tuple(each for each in offered if isinstance(each, type) and is_dataclass(each))


def from_plain(kind: type[T], plain: Mapping[str, Any]) -> T:
    """The inverse, for the dataclass `kind`; what is absent keeps its default.

    Raises `ValueError` for a name that `kind` does not have and for a value that does not fit.
    """
    hints, names = get_type_hints(kind), _names(kind)
    unknown = plain.keys() - names.keys()
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    read = {
        names[name]: _read_field(names[name], hints[names[name]], value)
        for name, value in plain.items()
    }
    try:
        return kind(**read)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from error


def _names(kind: Any) -> dict[str, str]:
    """The field's own name by every name that it is read under."""
    older = {f.metadata[FORMERLY]: f.name for f in fields(kind) if FORMERLY in f.metadata}
    return older | {f.name: f.name for f in fields(kind)}


def _read_field(name: str, hint: Any, value: Any) -> Any:
    try:
        return _read(hint, value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from error


def _read(hint: Any, value: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        each = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_read(h, v) for h, v in zip(each, value, strict=True))
    if origin is UnionType and NoneType in arguments:
        (other,) = (each for each in arguments if each is not NoneType)
        return None if value is None else _read(other, value)
    if choices := _choices(hint):
        return _read_choice(choices, dict(value))
    if origin in (frozenset, set):
        return frozenset(_read(arguments[0], v) for v in value)
    if isinstance(hint, type) and is_dataclass(hint):
        return from_plain(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and not isinstance(value, hint):
        raise ValueError(f"{value!r} is not {hint.__name__}")
    return value


def _read_choice(choices: tuple[type, ...], plain: dict[str, Any]) -> Any:
    kinds = {each.__name__: each for each in choices}
    name = plain.pop(KIND, choices[0].__name__)
    if name not in kinds:
        raise ValueError(f"{name!r} is none of {', '.join(kinds)}")
    return from_plain(kinds[name], plain)
