"""docs/reference/schedule.md from the settings of schedule.toml and the columns of a planner's tables."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from luban.decide.schedule.given.columns import SHEETS
from luban.decide.schedule.given.settings import ScheduleFile
from luban.twin.load.shape import shown_of
from reference_plant import default_of, table

__all__ = ["schedule_page"]

HEAD = """\
# Tables of a schedule

`luban schedule` reads a plant folder with an optional `schedule.toml`, or tables alone: one CSV file of operations, a
folder of CSV files, or a workbook with a sheet for each table. The keys of schedule.toml are the columns of the tables.
How to begin: [from Excel or a plant folder to a schedule](../how-to/schedule-orders.md).

Durations carry their unit: `90 min`, `1 h 30 min`, or a number below a title like `time [min]`. Times are ISO 8601;
without an offset they are wall clock of the plant's or the settings' time zone, and a date alone is its first moment.
Machines and pools in one cell are parted by `|`, with their own time or number behind `=`.
"""


def schedule_page() -> str:
    """docs/reference/schedule.md."""
    lines = [HEAD, "## schedule.toml", ""]
    for name, own in ScheduleFile.model_fields.items():
        models = [part for part in (own.annotation, *typing.get_args(own.annotation)) if _is_model(part)]
        listed = typing.get_origin(own.annotation) is list
        if models:
            lines += _section(f"[[{name}]]" if listed else f"[{name}]", models[0])
        else:
            lines += [f"### [{name}]", "", own.description or "", ""]
    lines += ["## CSV files and sheets", "", "Titles may also be Chinese or Korean; order and case do not matter.", ""]
    lines += table(
        ("sheet or file", "like", "also called"),
        (
            (f"`{sheet.name}`", "below" if name in _OWN else f"`[{name}]`", ", ".join(sheet.others))
            for name, sheet in SHEETS.items()
        ),
    )
    for name in _OWN:
        lines += _section(SHEETS[name].name, SHEETS[name].model)
    return "\n".join(lines)


_OWN = ("operation", "calendar")
"""Tables that schedule.toml does not have: a plant has its routing and its calendars."""


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield from (f"### {title}", "", (model.__doc__ or "").strip(), "")
    fields = sorted(model.model_fields.items(), key=lambda item: not item[1].is_required())
    yield from table(
        ("key", "type", "default", "meaning"),
        (
            (f"`{name}`", _type(own), default_of(own).replace("`None`", ""), own.description or "")
            for name, own in fields
        ),
    )


def _type(field: FieldInfo) -> str:
    shown = shown_of(field)
    if shown is not None:
        return f"{shown.words} [{shown.unit}]" if shown.unit and shown.words != "duration" else shown.words
    words = {str: "text", float: "number", int: "whole number", bool: "true or false"}
    parts = [part for part in (field.annotation, *typing.get_args(field.annotation)) if part in words]
    return words[parts[0]] if parts else "text"
