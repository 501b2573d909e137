"""Figures that others have reported, beside those we computed: source, doubt, and where two of them disagree.

Reads   a file of reports (indicator, year, value, unit, comparable, statement, url)    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from luban.core.errors import InputError
from luban.rollup.points import Point
from luban.rollup.signals import Signal
from luban.understand.quality.read import Columns, read_columns

if TYPE_CHECKING:
    from luban.norms.plans import Indicator, TargetPlan

__all__ = ["COMPARABLE", "Beside", "Report", "beside", "conflicts", "populations", "read_reports", "reported_points"]

COMPARABLE: Final = ("yes", "partly", "no", "conflict")
"""How far a report counts what the plan counts."""

_NEEDED = ("indicator", "year", "value")


@dataclass(frozen=True, slots=True)
class Report:
    """One figure as somebody reported it.

    comparable  one of `COMPARABLE`: whether it counts what the plan counts; "" where nobody judged it
    statement   what was said, in the source's words
    source      where it was read
    population  who was counted, where that is not the plan's population; "" otherwise
    """

    indicator: str
    year: int
    value: float
    unit: str = ""
    comparable: str = ""
    statement: str = ""
    source: str = ""
    population: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """A reported figure and ours of the same year.

    computed  ours, None where there is none
    gap       reported less computed [unit]
    doubts    why they need not mean the same
    """

    report: Report
    computed: float | None
    gap: float | None
    doubts: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        own = {name: getattr(self.report, name) for name in self.report.__dataclass_fields__}
        return own | {"computed": self.computed, "gap": self.gap, "doubts": list(self.doubts)}


def read_reports(path: Path, words: Mapping[str, Sequence[str]] | None = None) -> tuple[Report, ...]:
    """The reports of a CSV, Excel or Parquet file, in its order.

    words  population → words that name it in a statement; the plan's own population is left out
    Raises InputError with file and row
    """
    table = read_columns(path)
    own = {name: _column(table, name) for name in (*_NEEDED, "unit", "comparable", "statement", "url", "source")}
    missing = [name for name in _NEEDED if not own[name]]
    if missing:
        raise InputError("columns are missing: " + ", ".join(missing), came=", ".join(table.names),
                         expected=", ".join(_NEEDED), where=table.source)  # fmt: skip
    texts = {name: table.text(column) if column else ("",) * len(table) for name, column in own.items()}
    values, years = table.numbers(own["value"]).values, table.numbers(own["year"]).values
    found = []
    for row in range(len(table)):
        year, value = float(years[row]), float(values[row])
        if not (year.is_integer() and math.isfinite(value)):  # NaN is no whole number either
            came = f"{texts['year'][row]}, {texts['value'][row]}"
            raise InputError("not a number", came=came, where=table.place(row), expected="a year and a value")
        comparable = texts["comparable"][row].strip()
        if comparable and comparable not in COMPARABLE:
            raise InputError("no such word", came=comparable, expected=", ".join(COMPARABLE),
                             where=table.place(row, own["comparable"]))  # fmt: skip
        statement = texts["statement"][row]
        found.append(
            Report(texts["indicator"][row].strip(), int(year), value, texts["unit"][row], comparable, statement,
                   texts["url"][row] or texts["source"][row], _named(statement, words or {}))
        )  # fmt: skip
    return tuple(found)


def conflicts(reports: Iterable[Report], tolerance: float = 0.0) -> tuple[Signal, ...]:
    """Two values or more for one indicator and year, farther apart than `tolerance` [unit].

    Changes against different years are different figures.
    """
    cells: dict[tuple[str, int, tuple[int, ...]], list[Report]] = {}
    for one in reports:
        cells.setdefault((one.indicator, one.year, _years(one.unit)), []).append(one)
    found = []
    for (indicator, year, _), own in sorted(cells.items()):
        values = [one.value for one in own]
        if max(values) - min(values) <= tolerance:
            continue
        said = " / ".join(f"{value:g}" for value in sorted(set(values), reverse=True))
        evidence = {f"{one.value:g}": one.source or one.statement for one in own}
        found.append(Signal("conflict", year, f"sources give {said} for {year}", evidence, "doubt", indicator))
    return tuple(found)


def populations(reports: Iterable[Report]) -> tuple[Signal, ...]:
    """Reports that count another population than the plan does."""
    return tuple(
        Signal("population", one.year, f"{one.year}: another population than the plan's: {one.population}",
               {"population": one.population, "source": one.source}, "doubt", one.indicator)
        for one in reports
        if one.population
    )  # fmt: skip


def beside(
    reports: Sequence[Report],
    computed: Mapping[str, Sequence[Point]],
    plan: TargetPlan | None = None,
    *,
    nearby: Collection[str] = (),
) -> tuple[Beside, ...]:
    """Each report with our own value of that indicator and year.

    computed  series by id of the indicator, in the plan's own quantity
    plan      tells whether an indicator is the plan's
    nearby    indicators whose series is only near the plan's: a public proxy
    """
    disputed = {(one.place, one.year) for one in conflicts(reports)}
    found = []
    for one in reports:
        own = next((point.value for point in computed.get(one.indicator, ()) if point.year == one.year), None)
        doubts = []
        if (one.indicator, one.year) in disputed:
            doubts.append("another source gives another value")
        if one.population:
            doubts.append(f"another population: {one.population}")
        if one.comparable == "partly" and not one.population:
            doubts.append("not quite what the plan counts")
        if one.comparable == "no":
            doubts.append("not what the plan counts")
        elsewhere = _base(one.unit, one.indicator, plan)
        if elsewhere:
            doubts.append(f"counted from another year: {one.unit}")
        if own is not None and one.indicator in nearby:
            doubts.append("computed from a public series that is only near the indicator")
        gap = None if own is None or elsewhere else one.value - own
        found.append(Beside(one, own, gap, tuple(doubts)))
    return tuple(found)


def reported_points(reports: Iterable[Report], plan: TargetPlan) -> dict[str, tuple[Point, ...]]:
    """Series of the plan's indicators out of reports: those that count what the plan counts, from the plan's base year.

    Where sources give two values for a year, the less favourable one stands, with both as its ends: a status that holds
    at both ends holds whoever is right. Reports on another population, base year or definition are left out.
    """
    usable = [one for one in reports if one.indicator in plan.indicators and one.comparable in ("yes", "conflict", "")]
    usable = [one for one in usable if not one.population and not _base(one.unit, one.indicator, plan)]
    cells: dict[str, dict[int, list[Report]]] = {}
    for one in usable:
        cells.setdefault(one.indicator, {}).setdefault(one.year, []).append(one)
    return {name: tuple(_one(own[year], plan.indicators[name]) for year in sorted(own)) for name, own in cells.items()}


def _one(own: Sequence[Report], indicator: Indicator) -> Point:
    values = sorted({one.value for one in own})
    source = " / ".join(dict.fromkeys(one.source for one in own))
    if len(values) == 1:
        return Point(own[0].year, values[0], source=source)
    worse = values[-1] if indicator.kind == "level" and indicator.direction == "down" else values[0]
    return Point(own[0].year, worse, values[0], values[-1], source=source)


def _base(unit: str, indicator: str, plan: TargetPlan | None) -> bool:
    """Whether the unit names a base year that is not the plan's: "% cut vs 2020"."""
    if plan is None or indicator not in plan.indicators:
        return False
    years = _years(unit)
    base = plan.indicators[indicator].base_year
    return bool(years) and base is not None and base not in years


def _years(unit: str) -> tuple[int, ...]:
    """The years that a unit names: those that a change is counted from."""
    return tuple(int(word) for word in unit.replace(",", " ").split() if word.isdigit() and len(word) == 4)


def _named(statement: str, words: Mapping[str, Sequence[str]]) -> str:
    return next((name for name, own in words.items() if any(word in statement for word in own)), "")


def _column(table: Columns, name: str) -> str:
    return next((one for one in table.names if one.strip().casefold() == name), "")
