"""twin.toml and its tables as read: every sound entry with its place, and the complaints met on the way."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from luban.core.errors import InputError
from luban.plant.complaint import Complaint, Place, did_you_mean
from luban.plant.draft import explain, parse_toml, read_text
from luban.plant.lines import Lines
from luban.plant.tables import Grid, read_grid
from luban.twin.load.fields import UNREADABLE
from luban.twin.load.settings import TwinFile
from luban.twin.load.shape import is_optional, plain_type, shown_of, table_of

__all__ = ["FILE", "Told", "TwinDraft", "read_twin"]

FILE = "twin.toml"
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Told(Generic[_M]):
    """One table of the twin's settings; `at` finds the place of a key."""

    table: _M
    at: Callable[..., Place]

    def says(self, key: str) -> bool:
        """Whether the key was written, not only a default."""
        return key in self.table.model_fields_set

    def complaint(self, key: str, message: str, came: object = "", expected: str = "", hint: str = "") -> Complaint:
        """A complaint about that key."""
        return Complaint(self.at(key), key, message, str(came), expected, hint)


@dataclass(slots=True)
class TwinDraft:
    """What was read; `lists` and `single` hold the tables by section."""

    lists: dict[str, list[Told[Any]]] = field(default_factory=dict)
    single: dict[str, Told[Any]] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    @property
    def found(self) -> bool:
        """Whether the plant has a twin.toml."""
        return bool(self.files)


def read_twin(folder: Path) -> TwinDraft:
    """Read twin.toml and its tables; never raises for what it finds there. Without the file all is default."""
    draft = TwinDraft()
    path = folder / FILE
    data: dict[str, Any] = {}
    lines = Lines("")
    if path.is_file():
        draft.files.append(path)
        text = read_text(path, draft.complaints)
        parsed = parse_toml(text, FILE, draft.complaints) if text is not None else None
        if text is not None and parsed is not None:
            data, lines = parsed, Lines(text)
    _unknown(data, lines, draft)
    sheets = _named_tables(data, lines, draft)
    for name, annotated in TwinFile.model_fields.items():
        model = table_of(annotated)
        if model is None:
            continue
        if typing.get_origin(annotated.annotation) is list:
            draft.lists[name] = list(_listed(name, model, data.get(name, []), lines, draft))
            if name in sheets:
                draft.lists[name] += _tabled(folder, name, model, *sheets[name], draft)
        elif name in data or not is_optional(annotated):
            at = _placer(lines, (name,))
            entry = _entry(data.get(name, {}), model, at, draft)
            draft.single[name] = entry or Told(model.model_construct(), at)
    return draft


def _unknown(data: dict[str, Any], lines: Lines, draft: TwinDraft) -> None:
    known = TwinFile.model_fields
    for key in data:
        if key not in known:
            hint = did_you_mean(key, known)
            place = Place(FILE, lines.line((key,)))
            draft.complaints.append(Complaint(place, key, "unknown key", key, ", ".join(known), hint))


def _named_tables(data: dict[str, Any], lines: Lines, draft: TwinDraft) -> dict[str, tuple[str, Place]]:
    """Section → (file, place where it is named)."""
    found: dict[str, tuple[str, Place]] = {}
    lists = [name for name, own in TwinFile.model_fields.items() if typing.get_origin(own.annotation) is list]
    raw = data.get("tables", {})
    for name, file in (raw if isinstance(raw, dict) else {"tables": raw}).items():
        place = Place(FILE, lines.line(("tables", name)))
        if name not in lists:
            hint = did_you_mean(name, lists)
            draft.complaints.append(Complaint(place, name, "no list of that name", name, ", ".join(lists), hint))
        elif not isinstance(file, str):
            draft.complaints.append(Complaint(place, name, "not acceptable", repr(file), "the name of a file"))
        else:
            found[name] = (file, place)
    return found


def _listed(name: str, model: type[_M], raw: Any, lines: Lines, draft: TwinDraft) -> Iterator[Told[_M]]:
    if not isinstance(raw, list):
        place = Place(FILE, lines.line((name,)))
        draft.complaints.append(Complaint(place, name, "one table where a list is meant", f"[{name}]", f"[[{name}]]"))
        return
    for index, own in enumerate(raw):
        entry = _entry(own, model, _placer(lines, (name, index)), draft)
        if entry is not None:
            yield entry


def _placer(lines: Lines, path: tuple[str | int, ...]) -> Callable[..., Place]:
    return lambda *keys: Place(FILE, lines.line((*path, *keys)))


def _tabled(folder: Path, name: str, model: type[_M], file: str, named: Place, draft: TwinDraft) -> Iterator[Told[_M]]:
    """Entries from a CSV file or sheet: the columns are the keys, an empty cell is a key not given."""
    book, _, sheet = file.partition("#")
    path = folder / book
    if not path.is_file():
        draft.complaints.append(Complaint(named, name, "no such file", file, f"a file in {folder.name}"))
        return
    draft.files.append(path)
    grid = read_grid(path, sheet, draft.complaints)
    if grid is None or not grid.rows:
        return
    line, cells = grid.rows[0]
    header = [str(cell or "").strip() for cell in cells]
    for position, key in enumerate(header, start=1):
        if key and key not in model.model_fields:
            hint = did_you_mean(key, model.model_fields)
            place = grid.place(line, position)
            draft.complaints.append(Complaint(place, key, "unknown column", key, ", ".join(model.model_fields), hint))
    for number, row in grid.rows[1:]:
        entry = _row(grid, number, row, header, model, draft)
        if entry is not None:
            yield entry


def _row(
    grid: Grid, number: int, row: Iterable[Any], header: list[str], model: type[_M], draft: TwinDraft
) -> Told[_M] | None:
    raw: dict[str, Any] = {}

    def at(*keys: str | int) -> Place:
        known = keys[:1] and keys[0] in header
        return grid.place(number, header.index(str(keys[0])) + 1) if known else grid.place(number)

    for key, cell in zip(header, row, strict=False):
        if key not in model.model_fields or cell is None or str(cell).strip() == "":
            continue
        try:
            raw[key] = _cell(cell, model.model_fields[key])
        except InputError as error:
            draft.complaints.append(Complaint(at(key), key, error.message, error.came, error.expected))
            return None
    return _entry(raw, model, at, draft)


def _cell(cell: Any, field_: FieldInfo) -> Any:
    """A cell as TOML would have said it."""
    text = str(cell).strip()
    kind = plain_type(field_.annotation)
    if kind is list:
        return text.replace(";", " ").split()
    if kind is bool:
        if text.lower() not in {"true", "false", "yes", "no"}:
            raise InputError("not acceptable", came=text, expected="true or false")
        return text.lower() in {"true", "yes"}
    if kind in {int, float} and shown_of(field_) is None:
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            raise InputError("not a number", came=text, expected="a number") from None
    if kind is None:
        raise InputError("a table does not fit into a cell", came=text, expected=f"[[…]] in {FILE}")
    return cell if isinstance(cell, int | float) and shown_of(field_) is not None else text


def _entry(raw: Any, model: type[_M], at: Callable[..., Place], draft: TwinDraft) -> Told[_M] | None:
    try:
        return Told(model.model_validate(raw), at)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = at(*detail["loc"])
            context = detail.get("ctx", {})
            if detail["type"] == UNREADABLE:
                name = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
                draft.complaints.append(
                    Complaint(place, name, context["said"], context["came"], context["expected"], context["hint"])
                )
            else:
                draft.complaints.append(explain(dict(detail), model, place))
        return None
