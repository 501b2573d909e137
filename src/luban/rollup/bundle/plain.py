"""Dataclasses as JSON and back: what a field's type says decides how it is read.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from luban.core.errors import InputError

__all__ = ["from_plain", "to_plain"]


def to_plain(value: Any) -> Any:
    """A value as JSON holds it; an unknown number is null.

    Example  to_plain(date(2016, 1, 1)) == "2016-01-01"
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else value


def from_plain(kind: Any, value: Any) -> Any:
    """A value as its type says. Raises InputError where it is not of that type, or a field is missing or unknown.

    Example  from_plain(tuple[int, ...], [1, 2]) == (1, 2)
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value)
    if origin in (typing.Union, types.UnionType):
        return _one_of(inner, value)
    if origin is tuple and isinstance(value, list):
        each = [inner[0]] * len(value) if len(inner) == 2 and inner[1] is Ellipsis else list(inner)
        if len(each) == len(value):
            return tuple(from_plain(one, own) for one, own in zip(each, value, strict=True))
    elif origin is not None and isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {str(name): from_plain(inner[1], one) for name, one in value.items()}
    elif origin is typing.Literal and value in inner:
        return value
    elif kind is float and (value is None or (isinstance(value, int | float) and not isinstance(value, bool))):
        return math.nan if value is None else float(value)
    elif kind is date and isinstance(value, str):
        return date.fromisoformat(value)
    elif kind is Any or (isinstance(kind, type) and isinstance(value, kind)):
        return value
    raise InputError("a value of another kind", came=repr(value)[:80], expected=str(kind))


def _object(kind: type, value: Any) -> Any:
    known = {one.name for one in fields(kind)}
    if not isinstance(value, Mapping) or set(value) != known:
        came = ", ".join(sorted(set(value) ^ known)) if isinstance(value, Mapping) else repr(value)[:80]
        raise InputError("fields that do not fit", came=came, expected=kind.__name__)
    hints = typing.get_type_hints(kind)
    return kind(**{name: from_plain(hints[name], own) for name, own in value.items()})


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    for one in kinds:
        try:
            return from_plain(one, value)
        except InputError:
            continue
    raise InputError("a value of another kind", came=repr(value)[:80], expected=" or ".join(map(str, kinds)))
