"""The reference page of the connectors: settings from their models, proof from their quality cards."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from luban.connect import registry
from luban.connect.card import CRITERIA, Card, grade, read_card
from luban.core.time import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from reference_plant import table

__all__ = ["connectors_page"]

HEAD = """\
# Connectors

A source is one `[[source]]` of plant.toml: an `id`, a `type`, and the settings of its connector. A setting that the
connector does not have is refused with the line and a guess. Durations are text such as `250ms`, `2s`, `10min`.
`luban connect browse URL` shows what a peer offers; `luban connect test DIR` listens to every source and writes
nothing.

Every connector's collector does the same things: it supervises the driver, reconnects within 10 s by itself, keeps
what it heard on disk until the books have it, writes `alive` facts for the time in which the link was proved up and
a `gap` fact for the time in which it was not, and gives each value a quality code.

## What is proved

A quality card lies beside each driver; a test checks that every proof it names exists. **done** is proved by a named
test, **–** means that the wire cannot (the reason is on its section), **open** is not proved yet. Grades: bronze,
silver and gold need all criteria of their step.

"""

_DURATIONS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", MILLISECOND), ("us", 1))
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def connectors_page() -> str:
    """docs/reference/connectors.md."""
    cards = {kind: read_card(file) for kind in registry.types() if (file := registry.card_file(kind)).is_file()}
    lines = [HEAD]
    lines += table(
        ("criterion", "step", "asks", *(f"`{kind}`" for kind in cards)),
        (
            (f"`{name}`", rule.grade, rule.asks, *(_stands(card, name) for card in cards.values()))
            for name, rule in CRITERIA.items()
        ),
    )
    lines += table(
        ("", "speaks", "library", "can", "grade"),
        (
            (f"[`{kind}`](#{kind})", card.connector.standard, card.connector.library or "none", _can(kind), grade(card))
            for kind, card in cards.items()
        ),
    )
    for kind in registry.types():
        lines += _section(kind, cards.get(kind))
    return "\n".join(lines)


def _section(kind: str, card: Card | None) -> list[str]:
    model = registry.driver(kind).settings
    about = (
        f"{card.connector.title}. {card.connector.standard}." if card else "No quality card yet: nothing is claimed."
    )
    lines = [f"## {kind}", "", about, ""]
    fields = {name: field for name, field in model.model_fields.items() if name != "base"}
    lines += table(
        ("setting", "type", "default", "meaning"),
        ((f"`{name}`", _type(field), _default(field), field.description or "") for name, field in fields.items()),
    )
    if card is None:
        return lines
    lines += [f"- {note}" for note in card.connector.notes]
    for name, criterion in card.criteria.items():
        if criterion.status != "done":
            lines.append(f"- `{name}` is {criterion.status}: {criterion.why}")
    return [*lines, ""]


def _stands(card: Card, name: str) -> str:
    return {"done": "done", "exempt": "–", "open": "**open**"}[card.criteria[name].status]


def _can(kind: str) -> str:
    can = registry.driver(kind).capabilities
    words = {"browse": can.browse, "history": can.history, "write": can.write, "redelivery": can.redelivers}
    return ", ".join(word for word, claimed in words.items() if claimed)


def _is_duration(field: FieldInfo) -> bool:
    return any(isinstance(part, BeforeValidator) for part in field.metadata) and field.annotation is int


def _type(field: FieldInfo) -> str:
    return "duration" if _is_duration(field) else _words(field.annotation)


def _words(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in {tuple, list}:
        return f"list of {_words(inner[0])}"
    if origin is dict:
        return f"table of {_words(inner[1])}"
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_words(part) for part in inner if part is not type(None))
    if origin is typing.Annotated:
        return _words(inner[0])
    return _WORDS.get(annotation, str(annotation))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True, validated_data={})
    if _is_duration(field):
        size, name = next((size, name) for name, size in _DURATIONS if value % size == 0) if value else (1, "s")
        return f"`{value // size}{name}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | list):
        return ", ".join(f"`{part}`" for part in value)
    return "" if value in ("", None, {}) else f"`{value}`"
