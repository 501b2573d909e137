"""`pilot.toml`: what a pilot is, its money and its levers, as they stand in its folder.

    [pilot]                 title, category, currency, unit
    [meanings]              metric of TARGETS → what it is in this pilot
    [money], [crew], …      figures of the plant, one a line, each with its source behind it
    [[lever]]               id, name, field, text, capital, invest, life, yearly, needs

Reads   a file    Writes  nothing
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from luban.core.errors import ConfigError
from luban.pilot.plan import FIELDS, TARGETS, Lever

__all__ = ["Written", "read_pilot"]

T = TypeVar("T")

_TYPES: Mapping[str, tuple[type, ...]] = {
    "float": (int, float), "int": (int,), "str": (str,), "bool": (bool,), "tuple[str, ...]": (list,),
    "tuple[float, ...]": (list,),
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What stands in a pilot's file.

    path      of the file;  levers  in the order of the file, capital ones last
    meanings  metric of TARGETS → what it is in this pilot
    rest      the other tables as they are; `fill` reads them
    """

    path: Path
    title: str
    category: str
    currency: str
    unit: str
    levers: tuple[Lever, ...]
    meanings: Mapping[str, str]
    rest: Mapping[str, Any]

    def fill(self, table: str, kind: type[T]) -> T:
        """A table as a dataclass: each key must be one of its fields, each field without a default must be there.

        Raises  ConfigError with the place of what is missing, unknown or of another type
        """
        return _filled(kind, self.rest.get(table, {}), f"{self.path.name} [{table}]")

    def each(self, table: str, kind: type[T]) -> tuple[T, ...]:
        """An array of tables, `[[table]]`, each as a dataclass. Raises ConfigError where there is none."""
        found = self.rest.get(table)
        if not isinstance(found, list) or not found:
            raise ConfigError(f"[[{table}]] is missing", where=str(self.path.name), expected="one or more")
        return tuple(_filled(kind, one, f"{self.path.name} [[{table}]] {i}") for i, one in enumerate(found, 1))


def read_pilot(folder: Path) -> Written:
    """Reads the `pilot.toml` of a folder.

    Raises   ConfigError no such file, no TOML, a lever that is no lever
    Example  read_pilot(Path("examples/c3_pumps")).levers[0].id
    """
    path = folder / "pilot.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("no file of a pilot", where=str(path), hint="luban pilot list shows the pilots") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("not TOML", where=str(path), came=str(error)) from error
    head = data.pop("pilot", {})
    told: dict[str, str] = {}
    for key in ("title", "category", "currency", "unit"):
        if not isinstance(head, dict) or not isinstance(head.get(key), str):
            raise ConfigError(f"{key} is missing", where=f"{path.name} [pilot]", expected="words")
        told[key] = head[key]
    meanings = data.pop("meanings", {})
    if not isinstance(meanings, dict) or set(meanings) - set(TARGETS):
        raise ConfigError("no such metric", where=f"{path.name} [meanings]", expected=", ".join(TARGETS))
    levers = [_lever(one, f"{path.name} [[lever]] {i}") for i, one in enumerate(data.pop("lever", []), 1)]
    names = [one.id for one in levers]
    if not levers or len(set(names)) < len(names):
        raise ConfigError("levers, each of its own id", where=path.name, came=", ".join(names) or "none")
    levers.sort(key=lambda one: one.capital)
    return Written(path, **told, levers=tuple(levers), meanings=meanings, rest=data)


def _lever(given: Any, where: str) -> Lever:
    one = _filled(Lever, given, where)
    if one.field not in FIELDS:
        raise ConfigError("no such field of action", came=one.field, expected=", ".join(FIELDS), where=where)
    if not (one.invest >= 0 and one.life > 0 and one.yearly >= 0):
        raise ConfigError("money of a lever is 0 or more, its life above 0", where=where)
    return one


def _filled(kind: type[T], given: Any, where: str) -> T:
    if not isinstance(given, dict):
        raise ConfigError("a table was expected", where=where)
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for key in given:
        if key not in known:
            raise ConfigError("no such key", came=key, expected=", ".join(known), where=where)
    found: dict[str, Any] = {}
    for name, one in known.items():
        if name not in given:
            if one.default is MISSING and one.default_factory is MISSING:
                raise ConfigError(f"{name} is missing", where=where)
            continue
        value, types = given[name], _TYPES[str(one.type)]
        fine = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        if not fine or (isinstance(value, float) and not math.isfinite(value)):
            raise ConfigError(f"{name} is no {one.type}", came=repr(value), where=where)
        found[name] = tuple(value) if isinstance(value, list) else float(value) if one.type == "float" else value
    return kind(**found)
