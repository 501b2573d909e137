"""Dated data: TOML in which every value has a unit, the day it starts to hold, and a reference.

A file states `unit`, `start` and `reference` once at its top; an entry may state its own. An entry
that ends up without one of the three does not load: a number nobody can trace is worse than none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from luban.core.errors import ConfigError

__all__ = ["Dated", "entries", "read"]


@dataclass(frozen=True, slots=True)
class Dated:
    """Where a value comes from.

    unit       unit of the value; '1' for a ratio or a word
    start      first day on which it holds
    reference  standard, edition and clause, or 'own convention' with its reason
    """

    unit: str
    start: date
    reference: str


def read(name: str) -> dict[str, Any]:
    """One data file of this package, by its path within it."""
    return tomllib.loads(files("luban.norms").joinpath(*name.split("/")).read_text("utf-8"))


def entries(data: Mapping[str, Any], kind: str, where: str) -> Iterator[tuple[str, dict[str, Any], Dated]]:
    """(id, entry, provenance) of each `[kind.id]` table. Raises ConfigError where one of the three is missing."""
    tables = data.get(kind, {})
    if not isinstance(tables, Mapping):
        raise ConfigError("not a table", came=repr(tables), where=f"{where} [{kind}]", expected=f"[{kind}.ID]")
    for name, entry in tables.items():
        if not isinstance(entry, Mapping):
            raise ConfigError("not a table", came=repr(entry), where=f"{where} [{kind}.{name}]")
        given = {key: entry.get(key, data.get(key)) for key in ("unit", "start", "reference")}
        missing = [key for key, value in given.items() if not value]
        if missing:
            raise ConfigError(
                f"a norm without {' and '.join(missing)}",
                came=f"[{kind}.{name}]",
                where=where,
                expected="unit, start (a date) and reference on every value, or once at the top of the file",
            )
        if type(given["start"]) is not date:
            raise ConfigError(
                "start is not a date",
                came=repr(given["start"]),
                where=f"{where} [{kind}.{name}]",
                expected="a TOML date, e.g. 2014-01-15",
            )
        yield name, dict(entry), Dated(str(given["unit"]), given["start"], str(given["reference"]))
