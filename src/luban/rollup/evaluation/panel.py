"""Units over periods, and the act that is judged on them.

Reads   the long frame that rolling up gives, or a table of unit, period, value    Writes  nothing
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from luban.core.errors import ConfigError, InputError
from luban.understand.quality.data import Floats
from luban.understand.quality.read.columns import read_columns

__all__ = ["METHODS", "Panel", "Policy", "panel_of", "read_panel", "read_policies", "usable_policies"]

Method = Literal["auto", "synthetic", "differences", "interrupted"]

METHODS: Final[Mapping[str, str]] = {
    "auto": "by what there is: many units acted on, few, or none to compare with",
    "synthetic": "against a mixture of units where nobody acted (synthetic control)",
    "differences": "change of the units acted on against that of the others (difference in differences)",
    "interrupted": "against its own course before the act (interrupted time series)",
}
"""How an act may be judged."""

_NAMES: Final = {
    "unit": ("unit", "region", "economy", "地区", "单位", "지역"),
    "period": ("period", "year", "时期", "年份", "연도"),
    "value": ("value", "值", "数值", "값"),
    "indicator": ("indicator", "id", "指标", "지표"),
}


@dataclass(frozen=True, eq=False)
class Panel:
    """Values of one indicator.

    units    names of the rows;  periods  whole numbers that rise evenly: years, or running numbers of months
    values   units × periods [unit]; NaN: not known
    """

    indicator: str
    unit: str
    units: tuple[str, ...]
    periods: tuple[int, ...]
    values: Floats

    def rows(self) -> list[tuple[str, int, float | None]]:
        """(unit, period, value) of every cell, in order; None: not known."""
        return [
            (name, period, float(value) if math.isfinite(value) else None)
            for name, course in zip(self.units, self.values, strict=True)
            for period, value in zip(self.periods, course, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Policy:
    """An act on some units from a period on.

    indicator   that it was to move;  wish  1: up is better, -1: down is better
    treated     units acted on;  since  first period in which the act is in effect
    until       last period judged; None: all there is
    method      one of METHODS
    season      periods of a round, e.g. 4 quarters; 0: none. For `interrupted`
    spared      units that are no comparison, e.g. because something else happened there → why
    reference   where the act is written down

    Raises      InputError: no unit, an unknown method
    """

    id: str
    name: str
    indicator: str
    treated: tuple[str, ...]
    since: int
    until: int | None = None
    wish: int = 1
    method: Method = "auto"
    season: int = 0
    level: float = 0.95
    spared: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError("no such method", came=self.method, expected=", ".join(METHODS), where=self.id)
        if not self.treated or self.wish not in (1, -1) or not 0.5 < self.level < 1:
            came = f"{list(self.treated)}, {self.wish}, {self.level}"
            expected = "one or more units; 1 or -1; above 0.5, below 1"
            raise InputError("which units, which way is better, how sure?", came=came, expected=expected, where=self.id)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, the book and a bundle."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return found | {"treated": list(self.treated), "spared": dict(self.spared)}


def panel_of(cells: Iterable[tuple[str, int, float | None]], *, indicator: str = "", unit: str = "") -> Panel:
    """A panel from (unit, period, value) in any order; periods between the first and the last are all in it.

    Raises   InputError: no cell, a cell twice
    Example  panel_of([("A", 2015, 1.0), ("A", 2017, 2.0)]).periods == (2015, 2016, 2017)
    """
    known: dict[tuple[str, int], float] = {}
    for name, period, value in cells:
        if (name, period) in known:
            raise InputError("a unit has two values in one period", came=f"{name}, {period}", where=indicator,
                             hint="one indicator and one level of the tree at a time")  # fmt: skip
        known[name, period] = math.nan if value is None else float(value)
    if not known:
        raise InputError("no value at all", where=indicator)
    units = tuple(sorted({name for name, _ in known}))
    years = [period for _, period in known]
    periods = tuple(range(min(years), max(years) + 1))
    values = np.array([[known.get((name, period), math.nan) for period in periods] for name in units])
    return Panel(indicator, unit, units, periods, values)


def read_panel(path: Path, *, indicator: str = "", unit: str = "") -> Panel:
    """A panel from a CSV, Excel or Parquet file with columns unit, period (or year), value and perhaps indicator.

    Raises   InputError with file and row: no such column, no such indicator, a period that is no whole number
    """
    table = read_columns(path)
    own = {one: next((n for n in table.names if n.strip().casefold() in some), "") for one, some in _NAMES.items()}
    missing = [one for one in ("unit", "period", "value") if not own[one]]
    if missing:
        raise InputError("columns are missing: " + ", ".join(missing), came=", ".join(table.names),
                         expected="unit, period, value", where=table.source)  # fmt: skip
    kinds = table.text(own["indicator"]) if own["indicator"] else ("",) * len(table)
    named = sorted(set(kinds))
    if not indicator and len(named) > 1:
        raise InputError("which indicator?", came=", ".join(named), where="--indicator")
    if indicator and own["indicator"] and indicator not in named:
        raise InputError("no such indicator in the file", came=indicator, expected=", ".join(named), where=table.source)
    names, periods, values = table.text(own["unit"]), table.numbers(own["period"]), table.numbers(own["value"])
    cells: list[tuple[str, int, float | None]] = []
    for row in range(len(table)):
        if own["indicator"] and indicator and kinds[row] != indicator:
            continue
        period, value = float(periods.values[row]), float(values.values[row])
        if not period.is_integer():  # NaN is no whole number either
            raise InputError("not a period", came=table.text(own["period"])[row], expected="a whole number, e.g. 2018",
                             where=table.place(row, own["period"]))  # fmt: skip
        cells.append((names[row].strip(), int(period), value if math.isfinite(value) else None))
    return panel_of(cells, indicator=indicator or (named[0] if len(named) == 1 else ""), unit=unit)


def read_policies(path: Path) -> tuple[Policy, ...]:
    """The acts of an `evaluation.toml`: one `[[policy]]` each, keys as the fields of `Policy`.

    Raises   ConfigError with file, table and key
    """
    found, faults = usable_policies(path)
    if faults:
        raise faults[0]
    return found


def usable_policies(path: Path) -> tuple[tuple[Policy, ...], tuple[ConfigError, ...]]:
    """(acts of an `evaluation.toml` that can be read, what is wrong with the others)."""
    try:
        given = _tables(path)
    except ConfigError as error:
        return (), (error,)
    found: dict[str, Policy] = {}
    faults = []
    for at, one in enumerate(given, 1):
        where = f"{path.name} [[policy]] {at}"
        try:
            own = _policy(one, where)
        except ConfigError as error:
            faults.append(error)
            continue
        if own.id in found:
            faults.append(ConfigError("two acts of one id", came=own.id, where=where))
        else:
            found[own.id] = own
    return tuple(found.values()), tuple(faults)


def _tables(path: Path) -> list[Any]:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError("no file of acts to judge", came=str(error), where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("not TOML", came=str(error), where=str(path)) from None
    given = data.get("policy", [])
    if not isinstance(given, list) or not given:
        raise ConfigError("no [[policy]]", where=str(path), expected="id, name, indicator, treated, since")
    return given


_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "treated": list, "since": int, "until": int, "wish": int, "season": int, "level": (int, float), "spared": dict,
}  # fmt: skip


def _policy(given: Any, where: str) -> Policy:
    known = {one.name for one in fields(Policy)}
    if not isinstance(given, dict):
        raise ConfigError("a table was expected", came=repr(given), where=where)
    for key, value in given.items():
        if key not in known:
            raise ConfigError("no such key", came=key, expected=", ".join(sorted(known)), where=where)
        kind = _KINDS.get(key, str)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ConfigError(f"{key} is of another kind", came=repr(value), where=where)
    for key in ("id", "name", "indicator", "treated", "since"):
        if key not in given:
            raise ConfigError(f"{key} is missing", where=where)
    treated: Sequence[Any] = given["treated"]
    try:
        return Policy(**{**given, "treated": tuple(map(str, treated))})
    except InputError as error:
        raise ConfigError(str(error), where=where) from None
