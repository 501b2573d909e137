"""What if: a named set of changes to a model, each by one lever of a real plant.

`setup = 0.8`, `cap = 40`, `rule.machining/mills = ["setup", "edd"]`. The changed model draws the same random numbers
as before wherever nothing was changed, so two scenarios meet the same chances.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.core.errors import ConfigError, InputError
from luban.plant.complaint import did_you_mean
from luban.twin.levers import LEVERS, Change
from luban.twin.model import Model

__all__ = ["FILE", "Scenario", "read_scenarios"]

FILE = "scenarios.toml"
"""Beside twin.toml: one table a scenario, named by it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes under one name.

    Example  >>> Scenario.of("night", {"people.setters": "+1", "setup": 0.8}).apply(model)
    """

    name: str
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, name: str, settings: Mapping[str, Any], where: str = "") -> Scenario:
        """From settings as TOML gives them; `rule = {mills = …}` and `rule.mills = …` are the same.

        Raises  InputError for a lever that there is not, or a value that is none
        """
        return cls(name, tuple(_change(key, value, where) for key, value in _flat(settings)))

    @classmethod
    def parse(cls, texts: Sequence[str], name: str = "") -> Scenario:
        """From `key=value` texts of a command line; they name it where nothing else does. Raises InputError."""
        settings: dict[str, str] = {}
        for text in texts:
            key, equals, value = text.partition("=")
            if not equals:
                raise InputError("not a change", came=repr(text), expected="key=value, for example cap=40")
            settings[key.strip()] = value.strip()
        return cls.of(name or ", ".join(texts), settings)

    def apply(self, model: Model, levels: Mapping[str, float] | None = None) -> Model:
        """The changed model.

        levels  other levels of demand by name [orders a working day], for `demand = "high"`
        Raises  InputError where the model has nothing of that name, or cannot be changed so
        """
        for change in self.changes:
            try:
                model = LEVERS[change.lever].apply(model, change, levels or {})
            except InputError as error:
                error.where = error.where or f"scenario {self.name}: {change}"
                raise
        return model


def read_scenarios(path: Path) -> dict[str, Scenario]:
    """The scenarios of a file by name, in its order. Raises ConfigError."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError("no such file", came=path.name, where=str(path.parent)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("not TOML", came=str(error), where=path.name) from None
    found = {}
    for name, table in tables.items():
        where = f"{path.name}: {name}"
        if not isinstance(table, dict):
            expected = f'a table a scenario: ["fewer setups"] and below it {name} = …'
            raise ConfigError("a change without a scenario", came=name, expected=expected, where=path.name)
        try:
            found[name] = Scenario.of(name, table, where)
        except InputError as error:
            raise ConfigError(
                error.message, came=error.came, expected=error.expected, where=where, hint=error.hint
            ) from None
    return found


# ---- reading


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        name = f"{before}.{key}" if before else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, list | tuple):
            yield name, ", ".join(str(part) for part in value)
        else:
            yield name, f"{value:g}" if isinstance(value, float) else str(value)


def _change(key: str, value: str, where: str) -> Change:
    lever, _, subject = key.partition(".")
    known = LEVERS.get(lever)
    if known is None:
        hint = did_you_mean(lever, LEVERS)
        raise InputError("no such lever", came=repr(lever), expected=", ".join(LEVERS), where=where, hint=hint)
    if known.of and not subject and not known.every:
        raise InputError(f"which {known.of}?", came=key, expected=f"{lever}.{known.of.upper()} = {value}", where=where)
    if subject and not known.of:
        raise InputError(f"{lever} is about the whole plant", came=key, expected=f"{lever} = …", where=where)
    return Change(lever, subject, value)
