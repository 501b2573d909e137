"""A series of an indicator: one value a year, with its interval, its source and who was counted.

Reads   a file of values, or the long frame that rolling up gives    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luban.core.errors import InputError
from luban.understand.quality.read.columns import Columns, read_columns

if TYPE_CHECKING:
    from luban.norms.plans import Indicator

__all__ = ["Point", "levels", "measured", "ordered", "points_of", "reaches", "read_points"]

_NAMES = {
    "indicator": ("indicator", "id", "指标", "지표"),
    "year": ("year", "年份", "年", "연도"),
    "value": ("value", "值", "数值", "값"),
    "low": ("low", "下限", "하한"),
    "high": ("high", "上限", "상한"),
    "source": ("source", "url", "来源", "출처"),
    "population": ("population", "总体", "모집단"),
}
_NEEDED = ("indicator", "year", "value")


@dataclass(frozen=True, slots=True)
class Point:
    """The value of one year.

    value       in the indicator's own unit
    low, high   95 % interval, nan where there is none
    n           units that answered, 0 where it is not said
    source      where it was read
    population  who was counted, in the source's words
    """

    year: int
    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    source: str = ""
    population: str = ""


def reaches(value: float, target: float, sign: int = 1) -> bool:
    """Whether a computed value is at or beyond its target; a last bit that rounding took makes no miss.

    sign     1: more is better; -1: less is
    Example  reaches(100 * (1 - 8 / 10), 20.0), though it is 19.999999999999996
    """
    return sign * (value - target) >= 0 or math.isclose(value, target, rel_tol=1e-9, abs_tol=1e-12)


def ordered(points: Iterable[Point], *, where: str = "") -> tuple[Point, ...]:
    """The series by year. Raises InputError for a year said twice and for a value that is no number."""
    found: dict[int, Point] = {}
    for one in points:
        if not math.isfinite(one.value):
            raise InputError("a value that is no number", came=str(one.value), where=where or str(one.year),
                             hint="leave an unknown year out")  # fmt: skip
        if one.year in found:
            raise InputError("one year has two values", came=f"{one.year}: {found[one.year].value:g}, {one.value:g}",
                             expected="one value a year", where=where,
                             hint="put conflicting reports into a file of reports")  # fmt: skip
        found[one.year] = one
    return tuple(found[year] for year in sorted(found))


def points_of(
    frame: Any, indicator: str, *, region: str | None = None, industry: str | None = None, size: str | None = None
) -> tuple[Point, ...]:
    """The series of one indicator out of the long frame that `indicators` gives; unknown years are left out.

    Other readings of a definition than the plan's own are left out too.

    frame                   anything narwhals reads, lazy or not
    region, industry, size  the cell; None takes the rows as they are (an InputError names a year with two of them)
    """
    import narwhals as nw

    lazy = nw.from_native(frame, pass_through=False).lazy() if not isinstance(frame, nw.LazyFrame) else frame
    names = lazy.collect_schema().names()
    kept = lazy.filter(nw.col("indicator") == indicator, ~nw.col("value").is_null())
    if "variant" in names:
        kept = kept.filter(nw.col("variant") == "")
    for name, wanted in (("region", region), ("industry", industry), ("size", size)):
        if wanted is not None and name in names:
            kept = kept.filter(nw.col(name) == wanted)
    wanted_columns = [name for name in ("year", "value", "low", "high", "n") if name in names]
    rows = kept.select(wanted_columns).collect().iter_rows(named=True)
    return ordered((_point(row) for row in rows), where=indicator)


def read_points(path: Path, sheet: str = "") -> dict[str, tuple[Point, ...]]:
    """Series by indicator out of a CSV, Excel or Parquet file: indicator, year, value[, low, high, source, population].

    An empty value is an unknown year. Raises InputError with file and row.
    """
    table = read_columns(path, sheet)
    own = {name: _column(table, wanted) for name, wanted in _NAMES.items()}
    missing = [name for name in _NEEDED if not own[name]]
    if missing:
        raise InputError("columns are missing: " + ", ".join(missing), came=", ".join(table.names),
                         expected=", ".join(_NEEDED), where=table.source)  # fmt: skip
    texts = {name: table.text(column) if column else ("",) * len(table) for name, column in own.items()}
    numbers = {name: table.numbers(own[name]) for name in ("year", "value", "low", "high") if own[name]}
    series: dict[str, list[Point]] = {}
    for row in range(len(table)):
        if not texts["value"][row].strip():
            continue
        found = {name: float(some.values[row]) for name, some in numbers.items()}
        for name in ("year", "value"):
            if not math.isfinite(found[name]) or (name == "year" and found[name] != int(found[name])):
                raise InputError("not a year" if name == "year" else "not a number", came=texts[name][row],
                                 where=table.place(row, own[name]))  # fmt: skip
        point = Point(int(found["year"]), found["value"], found.get("low", math.nan), found.get("high", math.nan),
                      source=texts["source"][row], population=texts["population"][row])  # fmt: skip
        series.setdefault(texts["indicator"][row].strip(), []).append(point)
    return {name: ordered(points, where=f"{table.source}, {name}") for name, points in series.items()}


def levels(points: Sequence[Point], indicator: Indicator) -> tuple[Point, ...]:
    """The series behind an indicator that is a change: 100 in its base year, or points above it.

    A cut of 18 % is a level of 82. Average growth is chained into an index, 100 in the year before the first period;
    a period whose base year is unknown begins no chain, and its years are left out. Plain levels stay as they are.
    """
    if indicator.kind == "cut":
        return tuple(_changed(one, lambda value: 100 - value) for one in points)
    if indicator.kind != "average growth":
        return tuple(points)
    chained: dict[int, Point] = {}
    for first, last in _periods(indicator):
        inside = [one for one in points if first <= one.year <= last]
        base = chained.get(first - 1, Point(first - 1, 100.0))
        if not inside or (chained and first - 1 not in chained):
            continue
        chained[first - 1] = base
        for one in inside:
            chained[one.year] = _changed(one, partial(_grown, base.value, one.year - first + 1))
    return tuple(chained[year] for year in sorted(chained))


def measured(some: Sequence[Point], indicator: Indicator) -> tuple[Point, ...]:
    """Plain levels as the indicator counts them: cut in %, change in points, average growth in % a year.

    Raises InputError where the base year is not among the levels: nothing can be counted from it.
    Example  levels 1.00 (2015) and 0.82 (2020) of a cut against 2015 → 0 and 18
    """
    by_year = {one.year: one for one in some}
    if indicator.kind == "level":
        return tuple(some)
    if indicator.kind == "average growth":
        found: dict[int, Point] = {}
        for first, last in _periods(indicator):
            base = by_year.get(first - 1)
            if base is None or not base.value > 0:
                continue
            for one in some:
                if first <= one.year <= last and one.value > 0:
                    found[one.year] = _changed(one, partial(_growth, base.value, one.year - first + 1))
        return tuple(found[year] for year in sorted(found))
    base_year = indicator.base_year
    if base_year is None or base_year not in by_year:
        raise InputError("the base year is missing", came=", ".join(map(str, by_year)), expected=str(base_year),
                         where=indicator.id)  # fmt: skip
    level = by_year[base_year].value
    if indicator.kind == "change in points":
        return tuple(_changed(one, lambda value: value - level) for one in some)
    if not level > 0:
        raise InputError("a cut is counted from a level above zero", came=f"{level:g}", where=indicator.id)
    return tuple(_changed(one, lambda value: 100 * (1 - value / level)) for one in some)


def _periods(indicator: Indicator) -> list[tuple[int, int]]:
    return sorted({one.period for one in indicator.milestones if one.period})


def _grown(base: float, years: int, rate: float) -> float:
    return float(base * (1 + rate / 100) ** years)


def _growth(base: float, years: int, value: float) -> float:
    return 100 * (float(max(value / base, 0.0) ** (1 / years)) - 1)


def _changed(one: Point, by: Callable[[float], float]) -> Point:
    """The point on another scale; the interval turns round where the scale does."""
    known = math.isfinite(one.low) and math.isfinite(one.high)
    low, high = sorted((by(one.low), by(one.high))) if known else (math.nan, math.nan)
    return replace(one, value=by(one.value), low=low, high=high)


def _point(row: Mapping[str, Any]) -> Point:
    return Point(int(row["year"]), float(row["value"]), _or_nan(row.get("low")), _or_nan(row.get("high")),
                 int(row.get("n") or 0))  # fmt: skip


def _or_nan(value: Any) -> float:
    return math.nan if value is None else float(value)


def _column(table: Columns, wanted: Sequence[str]) -> str:
    return next((name for name in table.names if name.strip().casefold() in wanted), "")
