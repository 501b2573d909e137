"""A plant folder as read: every sound entry with its place, and the complaints met on the way."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ValidationError

from luban.core.errors import InputError
from luban.core.ids import check_path
from luban.plant import settings
from luban.plant.complaint import Complaint, Place, did_you_mean
from luban.plant.lines import Lines, Path as KeyPath
from luban.plant.tables import Row, Tables, read_tables

__all__ = ["FILE", "Draft", "Entry", "explain", "parse_toml", "read_draft", "read_text"]

FILE = "plant.toml"
_SECTIONS: dict[str, type[BaseModel]] = {
    "calendar": settings.CalendarTable,
    "equipment": settings.EquipmentTable,
    "signal": settings.SignalTable,
    "source": settings.SourceTable,
    "retrofit": settings.RetrofitTable,
    "actuator": settings.ActuatorTable,
    "lever": settings.LeverTable,
}
_M = TypeVar("_M", bound=BaseModel)
_EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "text, not empty",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list in [ ]",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "too_long": "at most {max_length} entries",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "greater_than": "above {gt}",
    "greater_than_equal": "{ge} or above",
    "less_than_equal": "{le} or below",
    "literal_error": "{expected}",
}


@dataclass(frozen=True, slots=True)
class Entry(Generic[_M]):
    """One table of plant.toml with the way to its lines."""

    table: _M
    path: KeyPath
    lines: Lines

    def at(self, *keys: str | int) -> Place:
        """Place of a key within the table, or of the table."""
        return Place(FILE, self.lines.line((*self.path, *keys)))


@dataclass(slots=True)
class Draft:
    """What was read. Ids of entries that did not pass are known too, so that one fault is one complaint."""

    plant: Entry[settings.PlantTable] | None = None
    kpi: Entry[settings.KpiTable] | None = None
    cost: Entry[settings.CostTable] | None = None
    energy: Entry[settings.EnergyTable] | None = None
    rollup: Entry[settings.RollupTable] | None = None
    calendars: list[Entry[settings.CalendarTable]] = field(default_factory=list)
    equipment: list[Entry[settings.EquipmentTable]] = field(default_factory=list)
    signals: list[Entry[settings.SignalTable]] = field(default_factory=list)
    sources: list[Entry[settings.SourceTable]] = field(default_factory=list)
    retrofits: list[Entry[settings.RetrofitTable]] = field(default_factory=list)
    actuators: list[Entry[settings.ActuatorTable]] = field(default_factory=list)
    levers: list[Entry[settings.LeverTable]] = field(default_factory=list)
    tables: Tables = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    complaints: list[Complaint] = field(default_factory=list)
    named: dict[str, set[str]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)

    def rows(self, table: str) -> list[Row]:
        """The sound rows of a table."""
        return [row for row in self.tables.get(table, ()) if row.sound]


def read_draft(folder: Path) -> Draft:
    """Read plant.toml and the tables of a folder; never raises for what it finds there."""
    draft = Draft()
    path = folder / FILE
    if not path.is_file():
        hint = f"`luban init {folder}` makes one" if not folder.exists() else "name the folder that holds plant.toml"
        draft.complaints.append(Complaint(Place(FILE), "", "no plant here", str(folder), f"a folder with {FILE}", hint))
        return draft
    draft.files.append(path)
    text = read_text(path, draft.complaints)
    data = parse_toml(text, FILE, draft.complaints) if text is not None else None
    if text is None or data is None:
        return draft
    _sections(data, Lines(text), draft)
    _zone(draft)
    draft.tables, complaints, files = read_tables(folder, draft.zone)
    draft.complaints += complaints
    draft.files += files
    return draft


def read_text(path: Path, complaints: list[Complaint]) -> str | None:
    """The text of a TOML file; None and a complaint where it is not UTF-8."""
    content = path.read_bytes()
    try:
        # TOML takes \r\n and \n alike, but Python's reader refuses a lone mark at the start.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        complaints.append(
            Complaint(
                Place(path.name, line),
                "",
                "not UTF-8",
                repr(content[error.start : error.end]),
                "UTF-8 text",
                "save the file as UTF-8",
            )
        )
        return None


def parse_toml(text: str, file: str, complaints: list[Complaint]) -> dict[str, Any] | None:
    """What a TOML text says; None and a complaint with its line where it is broken."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r" \(at line (\d+), column (\d+)\)", message)
        line, column = (int(match[1]), int(match[2])) if match else (text.rstrip("\n").count("\n") + 1, 0)
        lines = text.splitlines()
        came = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        complaints.append(
            Complaint(
                Place(file, line, column),
                "",
                "broken TOML: " + re.sub(r" \(at .*\)", "", message),
                came,
                'key = value, text in "quotes", tables as [name] or [[name]]',
            )
        )
        return None


def _sections(data: dict[str, Any], lines: Lines, draft: Draft) -> None:
    for key in data:
        if key not in settings.PlantFile.model_fields:
            place = Place(FILE, lines.line((key,)))
            draft.complaints.append(
                Complaint(
                    place,
                    key,
                    "unknown key",
                    key,
                    ", ".join(settings.PlantFile.model_fields),
                    did_you_mean(key, settings.PlantFile.model_fields),
                )
            )
    if "plant" not in data:
        draft.complaints.append(
            Complaint(Place(FILE, 1), "plant", "missing table", expected="[plant] with id, name, time_zone")
        )
    draft.plant = _entry(data.get("plant"), settings.PlantTable, ("plant",), lines, draft)
    draft.kpi = _entry(data.get("kpi", {}), settings.KpiTable, ("kpi",), lines, draft)
    draft.cost = _entry(data.get("cost", {}), settings.CostTable, ("cost",), lines, draft)
    draft.energy = _entry(data.get("energy", {}), settings.EnergyTable, ("energy",), lines, draft)
    draft.rollup = _entry(data.get("rollup", {}), settings.RollupTable, ("rollup",), lines, draft)
    for section, model in _SECTIONS.items():
        raw = data.get(section, [])
        if not isinstance(raw, list):
            place = Place(FILE, lines.line((section,)))
            draft.complaints.append(
                Complaint(place, section, "one table where a list is meant", f"[{section}]", f"[[{section}]]")
            )
            continue
        draft.named[section] = {str(entry.get("id") or entry.get("path")) for entry in raw if isinstance(entry, dict)}
        found = [_entry(entry, model, (section, index), lines, draft) for index, entry in enumerate(raw)]
        target: list[Any] = getattr(draft, section if section == "equipment" else f"{section}s")
        target += [entry for entry in found if entry is not None]


def _entry(raw: Any, model: type[_M], path: KeyPath, lines: Lines, draft: Draft) -> Entry[_M] | None:
    if raw is None:
        return None
    try:
        return Entry(model.model_validate(raw), path, lines)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = Place(FILE, lines.line((*path, *detail["loc"])))
            draft.complaints.append(explain(dict(detail), model, place))
        return None


def explain(detail: dict[str, Any], model: type[BaseModel], place: Place) -> Complaint:
    """What pydantic found wrong with a table, in the plant's words."""
    loc = tuple(detail["loc"])
    field_name = ".".join(str(part) for part in loc if isinstance(part, str))
    fields = _fields_at(model, loc)
    if detail["type"] == "missing":
        description = fields[loc[-1]].description if loc[-1] in fields else ""
        return Complaint(place, field_name, "missing key", expected=f"{loc[-1]} = …  ({description})")
    if detail["type"] == "extra_forbidden":
        key = str(loc[-1])
        return Complaint(place, field_name, "unknown key", key, ", ".join(fields), did_you_mean(key, fields))
    expected = _EXPECTED.get(detail["type"], detail["msg"]).format(**detail.get("ctx", {}))
    came = repr(detail["input"])
    words = re.findall(r"'([^']*)'", expected) if detail["type"] == "literal_error" else []
    hint = did_you_mean(str(detail["input"]), words)
    return Complaint(place, field_name, "not acceptable", came if len(came) < 80 else came[:77] + "…", expected, hint)


def _fields_at(model: type[BaseModel], loc: tuple[Any, ...]) -> dict[str, Any]:
    """Fields of the table in which the last part of `loc` stands."""
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_within(model.model_fields[part].annotation) or model
    return dict(model.model_fields)


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in typing.get_args(annotation) if (found := _model_within(part))), None)


def _zone(draft: Draft) -> None:
    if draft.plant is None:
        return
    name, place = draft.plant.table.time_zone, draft.plant.at("time_zone")
    try:
        draft.zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        draft.complaints.append(
            Complaint(
                place,
                "time_zone",
                "unknown time zone",
                repr(name),
                "an IANA name, e.g. Asia/Shanghai",
                did_you_mean(name, available_timezones()),
            )
        )
    try:
        check_path(draft.plant.table.id)
    except InputError as error:
        draft.complaints.append(Complaint(draft.plant.at("id"), "id", error.message, error.came, error.expected))
