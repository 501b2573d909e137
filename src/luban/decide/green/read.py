"""Projects of green processes from a TOML file: `[[project]]` with its family, its money and its quantities."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from luban.core.errors import ConfigError, InputError
from luban.decide.green.flue import FlueGas
from luban.decide.green.heat import WasteHeat, WastePressure
from luban.decide.green.material import Slag, Substitution
from luban.decide.green.metals import HeavyMetals
from luban.decide.green.process import Money, Process, Project
from luban.decide.green.water import WaterReuse

__all__ = ["KINDS", "projects_of", "read_projects"]

KINDS: Final[Mapping[str, type[Process]]] = {
    "waste heat": WasteHeat, "waste pressure": WastePressure, "water reuse": WaterReuse, "heavy metals": HeavyMetals,
    "substitution": Substitution, "slag": Slag, "flue gas": FlueGas,
}  # fmt: skip
"""What a project may be, and its quantities; waste pressure is of the family of waste heat."""

_MONEY = ("invest", "running", "life", "rate")


def read_projects(path: Path) -> tuple[Project, ...]:
    """The projects of a TOML file. Raises ConfigError with the project and the field."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("the projects cannot be read", came=str(error), where=str(path)) from None
    return projects_of(data, str(path))


def projects_of(data: Mapping[str, Any], where: str) -> tuple[Project, ...]:
    """The projects of a TOML document."""
    tables = data.get("project")
    if not isinstance(tables, list) or not tables:
        raise ConfigError("no project in the file", where=where, expected="[[project]] tables")
    return tuple(_project(table, f"{where} [[project]] {at}") for at, table in enumerate(tables, 1))


def _project(table: Any, where: str) -> Project:
    if not isinstance(table, Mapping):
        raise ConfigError("not a table", came=repr(table), where=where)
    kind = str(table.get("kind", ""))
    if kind not in KINDS:
        raise ConfigError("no such kind of project", came=kind or "none", expected=", ".join(KINDS), where=where)
    names = {one.name: one.default for one in fields(KINDS[kind])}  # type: ignore[arg-type]
    given = {name: value for name, value in table.items() if name not in {"kind", "name", "spread", *_MONEY}}
    if unknown := sorted(set(given) - set(names)):
        raise ConfigError(f"{kind} has no such quantity", came=unknown[0], expected=", ".join(names), where=where)
    lacking = [name for name, default in names.items() if default is MISSING and name not in given]
    if "invest" not in table:
        lacking.append("invest")
    if lacking:
        raise ConfigError("something is missing", came=f"no {', '.join(lacking)}", where=where)
    numbers = {name: value for name, value in table.items() if name not in {"kind", "name"}}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError("not a number", came=repr(value), where=f"{where} {name}")
    try:
        money = Money(**{name: float(table[name]) for name in _MONEY if name in table})
        process = KINDS[kind](**given)
        process.checked()
        process.run()
        return Project(str(table.get("name", kind)), process, money, float(table.get("spread", 0.2)))
    except InputError as error:
        place = f"{where} {error.where}".strip()
        raise ConfigError(error.message, came=error.came, expected=error.expected, where=place) from None
