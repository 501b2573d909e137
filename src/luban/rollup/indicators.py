"""A plan's indicators by region, industry and size, each with its interval, coverage, and what was left out.

Reads   the canonical frame (`luban.rollup.frame`), a plan's definitions, price indices; writes nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from luban.core.errors import InputError
from luban.norms.plans import Definition, Indicator, TargetPlan
from luban.rollup.cells import Cells, Ratio, price_powers
from luban.rollup.deflators import Deflators
from luban.rollup.frame import canonical
from luban.rollup.interval import change_interval, mean_interval, ratio_interval, share_interval
from luban.rollup.moments import Cut, Measure, Scan, known_of, measures, moments, pairs, scan_frame, squares

__all__ = ["BY", "INDICATORS", "Summed", "base_of", "indicators", "summed"]

BY: Final = ("region", "industry", "size")
INDICATORS: Final = pa.schema(
    [
        ("indicator", pa.string()),
        ("variant", pa.string()),
        ("year", pa.int64()),
        *((name, pa.string()) for name in BY),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n", pa.int64()),
        ("population", pa.float64()),
        ("coverage", pa.float64()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
        ("excluded", pa.int64()),
        ("excluded_share", pa.float64()),
        ("excluded_unknown", pa.int64()),
        ("level", pa.float64()),
        ("base", pa.float64()),
        ("reason", pa.string()),
    ]
)
"""One row an indicator and cell.

value, low, high   in the indicator's unit; low and high are null where no interval can be told
n, population      units used, and units they stand for together with those left out (Σ weights)
coverage           used share of that population [1]
numerator, denominator  weighted totals that `level` is the ratio of
excluded           units of the population left out because an element is unknown
excluded_share     their share of the denominator (or of what `measure` names), of those whose share is known [1]
excluded_unknown   how many of them it is not known for
level, base        ratio × factor of the year and of the base year
reason             why there is no value; "" where there is one
"""
MARKS: Final = (60.0, 100.0)
"""Marks of an index at the low and the high anchor of a part."""
Floats = npt.NDArray[np.float64]
_INTERVALS: Final = {
    "ratio of sums": ratio_interval, "mean of rates": mean_interval, "share of units": share_interval,
}  # fmt: skip


def indicators(
    frame: nw.LazyFrame[Any],
    plan: TargetPlan,
    by: Sequence[str] = BY,
    depth: Mapping[str, int] | None = None,
    *,
    deflators: Deflators | None = None,
    only: Sequence[str] = (),
    years: Sequence[int] = (),
    variants: bool = False,
    measure: str = "",
    level: float = 0.95,
) -> nw.LazyFrame[Any]:
    """Indicators of every cell.

    frame      one row a unit and year; see `luban.rollup.frame.canonical`
    by         region, industry, size; those left out are taken together; () the whole
    depth      region: steps below the root; industry: digits; all where not said
    deflators  price indices; without them what is defined at constant prices is unknown
    only       these indicators
    years      these years; base years are read too
    variants   other readings of a definition as rows of their own
    measure    element that says how much excluded units matter; the denominator where not said
    level      of the intervals [1]
    Returns    a frame of `INDICATORS`: small, in memory, sorted; equal to the bit on every engine
    Raises     InputError: unknown indicator, element or dimension, a value that is not finite
    Example    indicators(frame, load_plan("mic2025"), by=("region",), depth={"region": 1}).collect("pyarrow")
    """
    unknown = [name for name in by if name not in BY]
    if unknown:
        raise InputError("no such dimension", came=", ".join(unknown), expected=", ".join(BY))
    if not 0 < level < 1:
        raise InputError("a level lies between 0 and 1", came=str(level), expected="e.g. 0.95")
    if measure:
        plan.element(measure)
    chosen = [plan.indicator(name) for name in only] or list(plan.indicators.values())
    wanted = measures(plan, only, variants=variants)
    rows = canonical(frame, plan)
    cut = Cut(tuple(by), (depth or {}).get("region"), (depth or {}).get("industry"))
    scan = scan_frame(rows, wanted, cut, measure) if years else None
    if years:
        bases = {base for one in chosen for year in years if (base := base_of(one, year)) is not None}
        rows = rows.filter(nw.col("year").is_in(sorted({*years, *bases})))
    found = summed(rows, plan, wanted, by, depth or {}, deflators, measure, scan)
    parts = [found.rows(one, variant, level) for one in chosen for variant in found.variants(one.id)]
    table = pa.concat_tables(parts) if parts else INDICATORS.empty_table()
    if years:
        table = table.filter(pa.array(np.isin(table["year"].to_numpy(), list(years))))
    answer: nw.LazyFrame[Any] = nw.from_native(table).lazy()
    return answer


def base_of(indicator: Indicator, year: int) -> int | None:
    """Year that a year's value is set against; None where the indicator is a level or the plan names none."""
    if indicator.kind == "level":
        return None
    if indicator.kind != "average growth":
        return indicator.base_year
    periods = [one.period for one in indicator.milestones if one.period is not None]
    return next((first - 1 for first, last in periods if first <= year <= last), None)


def summed(
    rows: nw.LazyFrame[Any],
    plan: TargetPlan,
    wanted: Sequence[Measure],
    by: Sequence[str],
    depth: Mapping[str, int],
    deflators: Deflators | None,
    measure: str = "",
    scan: Scan | None = None,
) -> Summed:
    """Sums of a canonical frame by cell.

    scan  of the whole frame where `rows` are a part of it: parts then add up to the whole to the bit
    """
    constant = any(one.definition.prices == "constant" for one in wanted)
    digits = deflators.digits if deflators is not None and constant else -1
    cut = Cut(tuple(by), depth.get("region"), depth.get("industry"), digits)
    scan = scan or scan_frame(rows, wanted, cut, measure)
    first = moments(rows, wanted, cut, scan, measure).collect("pyarrow").to_native()
    second = squares(rows, wanted, cut, scan)
    changes = {at: one for at, one in enumerate(wanted) if plan.indicator(one.indicator).kind != "level"}
    bases = sorted({base for one in changes.values() for base in _bases(plan.indicator(one.indicator))})
    third = pairs(rows, wanted, tuple(changes), bases, cut, scan)
    tables = [None if one is None else one.collect("pyarrow").to_native() for one in (second, third)]
    return Summed(plan, tuple(wanted), Cells(first, tables[0], tables[1], cut, deflators), scan, measure)


def _bases(indicator: Indicator) -> set[int]:
    """Years that values of an indicator are set against."""
    periods = {one.period[0] - 1 for one in indicator.milestones if one.period is not None}
    own = set() if indicator.base_year is None else {indicator.base_year}
    return own | (periods if indicator.kind == "average growth" else set())


@dataclass(frozen=True)
class Summed:
    """The sums of all measures by cell, and the indicators made of them."""

    plan: TargetPlan
    wanted: tuple[Measure, ...]
    cells: Cells
    scan: Scan
    measure: str

    @cached_property
    def groups(self) -> dict[Any, int]:
        """Number of each population in the moments."""
        return {one: at for at, one in enumerate(dict.fromkeys(m.definition.population for m in self.wanted))}

    def variants(self, indicator: str) -> tuple[str, ...]:
        """Readings that were summed up."""
        return tuple(dict.fromkeys(one.variant for one in self.wanted if one.indicator == indicator))

    def ratio(self, at: int, base: int | None) -> Ratio:
        """A measure's ratio by cell, at the prices of `base` where its definition asks for constant ones."""
        one = self.wanted[at]
        prices = base if one.definition.prices == "constant" else None
        known = known_of(self.wanted, at) if one.is_ratio and not one.part else ""
        return self.cells.ratio(at, one, self.groups[one.definition.population], known, prices, self._money)

    def _shared(self, at: int, base: int, ratio: Ratio) -> Floats:
        """Covariance of a year's ratio with that of the base year."""
        definition = self.wanted[at].definition
        prices = base if definition.prices == "constant" else None
        return self.cells.covariance(at, base, prices, price_powers(definition, self._money), ratio)

    def _money(self, element: str) -> bool:
        return self.plan.element(element).money

    def importance(self, at: int) -> tuple[Floats, Floats]:
        """Importance of a measure's population, and of its units that were used."""
        group = self.groups[self.wanted[at].definition.population]
        return self.cells.sum(f"p{group}_v"), self.cells.sum(f"m{at}_v")

    def rows(self, indicator: Indicator, variant: str, level: float) -> pa.Table:
        """Rows of `INDICATORS` for one reading of an indicator."""
        own = [at for at, one in enumerate(self.wanted) if (one.indicator, one.variant) == (indicator.id, variant)]
        definition = indicator.definition.variants[variant] if variant else indicator.definition
        if definition.form == "index":
            made = self._index(definition, own[0], own[1:])
        else:
            made = self._plain(indicator, own[0], level)
        cells = self.cells
        there = np.flatnonzero(made.of > 0)
        data: dict[str, Any] = {
            "indicator": np.full(len(there), indicator.id, object), "variant": np.full(len(there), variant, object),
            "year": cells.keys["year"][there],
        }  # fmt: skip
        for name in BY:
            data[name] = cells.keys[name][there] if name in cells.keys else np.full(len(there), "", object)
        for name in INDICATORS.names[6:]:
            data[name] = getattr(made, "of_weight" if name == "population" else name)[there]
        arrays = {
            name: pa.array(values, INDICATORS.field(name).type, from_pandas=True) for name, values in data.items()
        }
        return pa.table(arrays, INDICATORS).sort_by([(name, "ascending") for name in ("year", *BY)])

    def _plain(self, indicator: Indicator, at: int, level: float) -> Made:
        definition, years = self.wanted[at].definition, self.cells.keys["year"]
        if indicator.kind == "level":
            base = indicator.base_year or int(min(years, default=0))
            ratio = self.ratio(at, base)
            made = self._made(at, definition, ratio)
            made.value = made.level.copy()
            low, high = _INTERVALS[definition.form](ratio, level)
            made.low, made.high = definition.factor * low, definition.factor * high
            if indicator.ceiling is not None:  # a rate is neither below nothing nor above all
                made.low, made.high = np.maximum(made.low, 0.0), np.minimum(made.high, indicator.ceiling)
            return made.settled()
        names, place = np.unique(years, return_inverse=True)
        bases = np.array([base_of(indicator, int(year)) or 0 for year in names], np.int64)[place]
        made = self._made(at, definition, self.ratio(at, None))
        for base in np.unique(bases):
            ratio = self.ratio(at, int(base) or None)
            part = self._made(at, definition, ratio)
            shared = self._shared(at, int(base), ratio)
            part.against(indicator, ratio, shared, self.cells, int(base), definition.factor, level)
            made = made.mixed(part, bases == base)
        return made.settled()

    def _made(self, at: int, definition: Definition, ratio: Ratio) -> Made:
        size = self.cells.size
        reason = np.full(size, "", object)
        reason[~(ratio.y > 0)] = "the denominator is not above zero"
        reason[ratio.n == 0] = "no unit told what it takes"
        if self.cells.deflators is None and definition.prices == "constant":
            reason[ratio.unpriced] = "no price indices: constant prices cannot be told"
        else:
            reason[ratio.unpriced] = "a price index is missing for an industry and year"
        excluded = ratio.of - ratio.n
        share = 1 - np.divide(ratio.weight, ratio.of_weight, out=np.ones(size), where=ratio.of_weight > 0)
        unknown = np.zeros(size, np.int64)
        if self.measure:
            whole, used = self.importance(at)
            share = 1 - np.divide(used, whole, out=np.full(size, np.nan), where=whole > 0)
        elif self.wanted[at].is_ratio and not self.wanted[at].part:
            share = 1 - np.divide(ratio.y, ratio.known, out=np.full(size, np.nan), where=ratio.known > 0)
            unknown = ratio.of - ratio.known_n
        nan = np.full(size, np.nan)
        return Made(
            value=nan.copy(), low=nan.copy(), high=nan.copy(), n=ratio.n, of=ratio.of, of_weight=ratio.of_weight,
            coverage=np.divide(ratio.weight, ratio.of_weight, out=nan.copy(), where=ratio.of_weight > 0),
            numerator=ratio.x, denominator=ratio.y, excluded=excluded,
            excluded_share=np.where(excluded == 0, 0.0, share), excluded_unknown=unknown,
            level=np.where(ratio.unpriced, np.nan, definition.factor * ratio.value), base=nan.copy(), reason=reason,
        )  # fmt: skip

    def _index(self, definition: Definition, at: int, own: Sequence[int]) -> Made:
        """Weighted marks of the parts; withheld where a part is unknown. Units: of the part that fewest told."""
        made = self._made(at, definition, self.ratio(at, None))
        made.coverage = np.full(self.cells.size, np.inf)
        size = self.cells.size
        none, marks = np.full(size, np.nan), np.zeros(size)
        made.numerator, made.denominator, made.reason = none.copy(), none.copy(), np.full(size, "", object)
        lacking: list[list[str]] = [[] for _ in range(size)]
        for part, one in zip(definition.parts, own, strict=True):
            ratio = self.ratio(one, None)
            value = self.wanted[one].definition.factor * ratio.value
            told = self._made(one, self.wanted[one].definition, ratio)
            fewer = ~((told.coverage >= made.coverage) | np.isnan(made.coverage))
            for name in ("n", "coverage", "excluded", "excluded_share"):
                setattr(made, name, np.where(fewer, getattr(told, name), getattr(made, name)))
            low, high = MARKS
            marks += part.weight * (low + (high - low) * np.clip((value - part.low) / (part.high - part.low), 0, 1))
            for cell in np.flatnonzero(np.isnan(value)):
                lacking[cell].append(part.id)
        made.value, made.level = marks, marks.copy()
        for cell in np.flatnonzero(np.isnan(marks)):
            made.reason[cell] = f"the index is not told, as parts are unknown: {', '.join(lacking[cell])}"
        return made


@dataclass
class Made:
    """Columns of `INDICATORS` in the order of the cells; `of` is how many units the population has."""

    value: Floats
    low: Floats
    high: Floats
    n: Any
    of: Any
    of_weight: Floats
    coverage: Floats
    numerator: Floats
    denominator: Floats
    excluded: Any
    excluded_share: Floats
    excluded_unknown: Any
    level: Floats
    base: Floats
    reason: Any

    def against(
        self, indicator: Indicator, ratio: Ratio, shared: Floats, cells: Cells, base: int, factor: float, level: float
    ) -> None:
        """The value set against that of the base year in the same cell."""
        years = cells.keys["year"]
        if not base:
            self.reason[self.reason == ""] = "the plan names no base year for it"
            return
        before = cells.at_year(base)
        there = before >= 0
        self.base[there] = self.level[before[there]]
        unpriced = np.zeros(len(years), bool)
        unpriced[there] = ratio.unpriced[before[there]]
        self.base[unpriced] = np.nan
        bare = self.reason == ""
        self.reason[bare & np.isnan(self.base)] = f"no value for the base year {base}"
        self.reason[bare & (years < base)] = "before the base year"
        now = factor**2 * ratio.variance
        then = np.full(len(years), np.nan)
        then[there] = now[before[there]]
        degrees = np.full(len(years), np.inf)
        degrees[there] = np.where(ratio.sampled[before[there]], ratio.degrees[before[there]], np.inf)
        degrees = np.minimum(degrees, np.where(ratio.sampled, ratio.degrees, np.inf))
        self.value, self.low, self.high = change_interval(
            indicator.kind, self.level, self.base, (now, then, factor**2 * shared), years - base, degrees, level
        )
        loose = ~ratio.sampled & (self.coverage < 1 - 1e-12)  # a census that is not whole, in either year
        loose[there] |= loose[before[there]]
        self.low[loose & (years != base)] = self.high[loose & (years != base)] = np.nan

    def mixed(self, other: Made, chosen: npt.NDArray[np.bool_]) -> Made:
        """These columns, with the other's where they are chosen."""
        for name in self.__dataclass_fields__:
            setattr(self, name, np.where(chosen, getattr(other, name), getattr(self, name)))
        return self

    def settled(self) -> Made:
        """Nothing is told beside a reason; where a census is not whole, how far off it may be is not known."""
        none = self.reason != ""
        self.reason[~none & np.isnan(self.value)] = "no value"
        none = self.reason != ""
        open_ended = (self.low == self.high) & (self.coverage < 1 - 1e-12)
        for name in ("value", "low", "high"):
            getattr(self, name)[none] = np.nan
        for name in ("low", "high"):
            getattr(self, name)[open_ended] = np.nan
        return self
