"""What a key of twin.toml may hold, read off its type, and the list of all keys that the reference page is made of."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from luban.twin.load.fields import Shown
from luban.twin.load.settings import TwinFile

__all__ = ["Setting", "is_optional", "list_settings", "plain_type", "shown_of", "table_of"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of twin.toml, for the reference page: `section` as it is written, type in words."""

    section: str
    about: str
    key: str
    type: str
    unit: str
    default: str
    description: str


def is_optional(field_: FieldInfo) -> bool:
    """Whether the key may be left out without a default of its own."""
    return type(None) in typing.get_args(field_.annotation)


def table_of(field_: FieldInfo) -> type[BaseModel] | None:
    """The table that a key holds, alone, in a list or not at all."""
    parts = (field_.annotation, *typing.get_args(field_.annotation))
    return next((part for part in parts if isinstance(part, type) and _is_table(part)), None)


def _is_table(part: Any) -> bool:
    return not isinstance(part, types.GenericAlias) and issubclass(part, BaseModel)


def plain_type(annotation: Any) -> type | None:
    """str, int, float, bool or list of a key; None where it holds a table."""
    if typing.get_origin(annotation) is typing.Annotated:
        return plain_type(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is typing.Literal:
        return str
    if typing.get_origin(annotation) is list:
        return None if _is_table_like(typing.get_args(annotation)[0]) else list
    if annotation in {str, int, float, bool}:
        return typing.cast("type", annotation)
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    if parts and typing.get_origin(annotation) is not dict:
        return plain_type(parts[0])
    return None if _is_table_like(annotation) or typing.get_origin(annotation) is dict else str


def _is_table_like(annotation: Any) -> bool:
    return isinstance(annotation, type) and _is_table(annotation)


def shown_of(field_: FieldInfo) -> Shown | None:
    """How a value with a unit is named, wherever in the annotation the mark stands."""
    waiting = [*field_.metadata, field_.annotation]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Shown):
            return part
        waiting += [*typing.get_args(part), *getattr(part, "__metadata__", ())]
    return None


def list_settings() -> list[Setting]:
    """Every key of twin.toml in the order of its sections: what the reference page is made of."""
    found: list[Setting] = [*_keys("", TwinFile, {key: TwinFile.model_fields[key] for key in ("tables", "serve")})]
    for name, annotated in TwinFile.model_fields.items():
        model = table_of(annotated)
        if model is not None:
            title = f"[[{name}]]" if typing.get_origin(annotated.annotation) is list else f"[{name}]"
            found += _keys(title, model, model.model_fields)
            for key, inner in model.model_fields.items():
                table = table_of(inner) or next(
                    (part for part in typing.get_args(inner.annotation) if _is_table_like(part)), None
                )
                if table is not None:
                    found += _keys(f"{key} of {title}", table, table.model_fields)
    return found


def _keys(title: str, model: type[BaseModel], fields: dict[str, FieldInfo]) -> Iterator[Setting]:
    about = " ".join((model.__doc__ or "").split())
    for key, own in fields.items():
        shown = shown_of(own)
        words = shown.words if shown else _words(own.annotation)
        if shown and typing.get_origin(own.annotation) is list:
            words = f"list of {words}"
        yield Setting(title, about, key, words, shown.unit if shown else "", _default(own), own.description or "")


def _words(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in parts)
    if origin is typing.Annotated:
        return _words(parts[0])
    if origin is list:
        return f"list of {_words(parts[0])}"
    if origin is dict:
        return f"table of {_words(parts[1])}"
    if origin in {typing.Union, types.UnionType}:
        return _words(next(part for part in parts if part is not type(None)))
    if _is_table_like(annotation):
        return "table"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(annotation, "text")


def _default(field_: FieldInfo) -> str:
    if field_.is_required():
        return "needed"
    value = field_.get_default(call_default_factory=True, validated_data={})
    if value is None or value == "" or value == [] or value == {}:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
