"""Tables of periods to the warnings: utilisation by industry, counts by cell.

Reads   a table as it was read    Writes  nothing
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.rollup.glut import FALSE_ALARMS, overcapacity
from luban.rollup.outbreak import outbreaks
from luban.rollup.signals import Signal
from luban.understand.quality.data import Floats
from luban.understand.quality.read import Columns

__all__ = ["Watched", "watch_counts", "watch_industries"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen.

    periods  names, in their order
    judged   series that were looked at
    skipped  place → why it was not
    false_alarms  share of runs without any cause that give an alarm all the same, at most [1]
    each     it is that of each series by itself, not of all together
    """

    signals: tuple[Signal, ...]
    periods: tuple[str, ...]
    judged: int
    skipped: Mapping[str, str]
    false_alarms: float
    each: bool = False

    @property
    def together(self) -> float:
        """Share of runs without any cause in which one series or more gives an alarm, at most [1] (Boole)."""
        return min(1.0, self.judged * self.false_alarms) if self.each else self.false_alarms

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {
            "signals": [one.as_dict() | {"when": self.periods[one.period]} for one in self.signals],
            "periods": list(self.periods), "judged": self.judged, "skipped": dict(self.skipped),
            "false_alarms": self.false_alarms, "false_alarms_of": "each series" if self.each else "all series",
            "false_alarms_together": self.together,
        }  # fmt: skip


def watch_industries(table: Columns, *, baseline: int | None = None, season: int = 0) -> Watched:
    """Overcapacity by industry, out of the columns period, industry, utilisation[, stock, price].

    Periods are ordered by their names, numbers in them by size: 2024Q1, 2024-3 before 2024-10.
    An industry that cannot be judged is named with the reason.
    Raises InputError: a column is missing, a period twice, nothing that can be judged
    """
    names = [name for name in ("utilisation", "stock", "price") if _has(table, name)]
    places, periods, cubes = _cube(table, "industry", names)
    signals: list[Signal] = []
    skipped: dict[str, str] = {}
    for at, place in enumerate(places):
        own = {name: cubes[name][at] for name in names}
        more = {name: own[name] for name in names[1:] if np.isfinite(own[name]).any()}
        try:
            signals += overcapacity(own["utilisation"], **more, industry=place, baseline=baseline, season=season)
        except InputError as error:
            skipped[place] = error.message
    return Watched(tuple(sorted(signals, key=lambda one: (one.period, one.place))), periods, len(places) - len(skipped),
                   skipped, FALSE_ALARMS, each=True)  # fmt: skip


def watch_counts(table: Columns, *, window: int = 24, false_alarms: float = 0.05) -> Watched:
    """Quality by cell, out of the columns period, cell, count[, exposure]; a row that is missing is unknown, no zero.

    Raises InputError as `outbreaks`
    """
    names = ["count", *(["exposure"] if _has(table, "exposure") else [])]
    places, periods, cubes = _cube(table, "cell", names)
    exposure = cubes.get("exposure")
    counts = cubes["count"]
    if exposure is not None:
        counts = np.where(np.isfinite(exposure), counts, np.nan)
        exposure = np.where(np.isfinite(exposure), exposure, 0.0)
    start = max(len(periods) - 12, 12)
    signals = outbreaks(counts, exposure, places, start=start, window=window, false_alarms=false_alarms)
    return Watched(signals, periods, len(places), {}, false_alarms)


def _has(table: Columns, name: str) -> bool:
    return any(one.strip().casefold() == name for one in table.names)


def _cube(table: Columns, place: str, names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, Floats]]:
    """Places × periods by column; nan where nothing is known."""
    where = table.text(place) if _has(table, place) else ("",) * len(table)
    when = table.text("period")
    places, periods = tuple(sorted(set(where))), tuple(sorted(set(when), key=_natural))
    rows = {name: number for number, name in enumerate(places)}
    columns = {name: number for number, name in enumerate(periods)}
    cubes = {name: np.full((len(places), len(periods)), np.nan) for name in names}
    seen: set[tuple[str, str]] = set()
    values = {name: table.numbers(name).values for name in names}
    for row, key in enumerate(zip(where, when, strict=True)):
        if key in seen:
            raise InputError("a period stands there twice", came=" ".join(key).strip(), where=table.place(row))
        seen.add(key)
        for name in names:
            cubes[name][rows[key[0]], columns[key[1]]] = values[name][row]
    return places, periods, cubes


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Numbers by their size, the rest as text."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name
