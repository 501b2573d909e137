"""Moments folded into cells: totals, prices and variances of every region, industry and size by year.

Reads   the tables of `luban.rollup.moments`; writes nothing
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from luban.norms.plans import Definition
from luban.rollup.deflators import Deflators
from luban.rollup.moments import Cut, Measure

__all__ = ["Cells", "Ratio", "price_powers"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[Any]


@dataclass(frozen=True)
class Ratio:
    """Σ w·x / Σ w·y of every cell, with what belongs to it.

    x, y        weighted totals
    n           units used
    weight      units that they stand for
    of, of_weight  units of the population, and what they stand for
    known, known_n  Σ w·y over units of the population whose y is known, and how many those are
    variance    of x / y; nan where it cannot be told; 0 where every unit was asked
    degrees     degrees of freedom of the variance
    unpriced    cells in which a price index is missing
    """

    x: Floats
    y: Floats
    n: Ints
    weight: Floats
    of: Ints
    of_weight: Floats
    known: Floats
    known_n: Ints
    variance: Floats
    degrees: Floats
    sampled: npt.NDArray[np.bool_]
    unpriced: npt.NDArray[np.bool_]

    @property
    def value(self) -> Floats:
        """The ratio; nan where y is not above zero."""
        return _over(self.x, self.y)


class Cells:
    """The cells that occur.

    first   table of `moments`
    second  table of `squares`, or None
    third   table of `pairs`, or None
    keys    column → its value for each cell: year and those of the cut, industry cut to its digits
    """

    def __init__(
        self, first: pa.Table, second: pa.Table | None, third: pa.Table | None, cut: Cut, deflators: Deflators | None
    ) -> None:
        self.cut, self.deflators = cut, deflators
        self.first = _sorted(first, cut.keys)
        self.second = None if second is None else _sorted(second, [*cut.keys, "stratum"])
        self.third = None if third is None else _sorted(third, [*cut.keys, "base", "stratum"])
        self.by = tuple(name for name in ("region", "industry", "size", "unit") if name in cut.by)
        columns = self._columns(self.first)
        self.cell, kept = _codes(columns)
        self.keys = {name: column[kept] for name, column in columns.items()}
        self.size = len(kept)
        own = [self.keys[name] for name in self.by]
        self.domain = _codes(dict(zip(self.by, own, strict=True)))[0] if own else (
            np.zeros(self.size, np.int64)
        )  # fmt: skip
        self.cell2 = self._cells_of(self.second)
        self.cell3 = self._cells_of(self.third)
        self.strata: dict[tuple[int, str], int] = {}
        if self.second is not None:
            named = zip(_ints(self.second, "year").tolist(), _texts(self.second, "stratum"), strict=True)
            self.stratum = np.array([self.strata.setdefault(one, len(self.strata)) for one in named], np.int64)

    def _columns(self, table: pa.Table) -> dict[str, Texts]:
        """Keys of the cells, year last so that a domain's years lie together."""
        found: dict[str, Texts] = {name: _texts(table, name) for name in self.by}
        if "industry" in found and self.cut.industry is not None:
            end = self.cut.industry + 1
            names, at = np.unique(found["industry"], return_inverse=True)
            found["industry"] = np.array([one[:end] for one in names], object)[at]
        return {**found, "year": _ints(table, "year")}

    def _cells_of(self, table: pa.Table | None) -> Ints:
        """The cell of each row of another table."""
        if table is None:
            return np.zeros(0, np.int64)
        place = {key: at for at, key in enumerate(zip(*self.keys.values(), strict=True))}
        return np.array([place[key] for key in zip(*self._columns(table).values(), strict=True)], np.int64)

    def at_year(self, year: int) -> Ints:
        """For every cell the cell of the same domain in a year; -1 where there is none."""
        place = np.full(int(self.domain.max(initial=-1)) + 1, -1, np.int64)
        there = np.flatnonzero(self.keys["year"] == year)
        place[self.domain[there]] = there
        return place[self.domain]

    def sum(self, name: str) -> Floats:
        """A moment of every cell; 0 where the table has none."""
        if name not in self.first.column_names:
            return np.zeros(self.size)
        return _add(self.cell, _floats(self.first, name), self.size)

    def ratio(
        self, at: int, measure: Measure, group: int, known: str, base: int | None, money: Callable[[str], bool]
    ) -> Ratio:
        """A measure's ratio in every cell.

        at, group  its number and its population's in the moments
        known      its moment of known denominators
        base       year whose prices hold; None: current prices
        money      whether an element is an amount of money
        """
        definition = measure.definition
        of = self.sum(f"p{group}_n").astype(np.int64)
        of_weight = self.sum(f"p{group}_w") if f"p{group}_w" in self.first.column_names else of.astype(np.float64)
        powers = price_powers(definition, money)
        factor, missing = self._prices(self.first, base)
        names = self.first.column_names

        def total(name: str, power: int) -> Floats:
            values = _floats(self.first, name)
            return _add(self.cell, values / factor**power if power else values, self.size)

        n = self.sum(f"m{at}_n").astype(np.int64)
        weight = self.sum(f"m{at}_w") if f"m{at}_w" in names else n.astype(np.float64)
        x = total(f"m{at}_x", powers[0]) if f"m{at}_x" in names else np.zeros(self.size)
        y = total(f"m{at}_y", powers[1]) if f"m{at}_y" in names else weight
        told = (total(known, powers[1]), self.sum(known[:-1] + "l").astype(np.int64)) if known else (weight, n)
        used = _floats(self.first, f"m{at}_n") > 0 if f"m{at}_n" in names else np.zeros(len(missing), bool)
        unpriced = missing & used if any(powers) else np.zeros(len(missing), bool)
        variance, degrees, sampled = self._variance(at, x, y, base, powers)
        return Ratio(
            x, y, n, weight, of, of_weight, *told, variance, degrees, sampled,
            _add(self.cell, unpriced, self.size) > 0,
        )  # fmt: skip

    def _prices(self, table: pa.Table, base: int | None) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Price level of each row against the base year, and where it is missing."""
        if base is None:
            return np.ones(table.num_rows), np.zeros(table.num_rows, bool)
        if self.deflators is None:
            return np.ones(table.num_rows), np.ones(table.num_rows, bool)
        years, names = _ints(table, "year"), _texts(table, "industry")
        codes, at = _codes({"industry": names, "year": years})
        levels = [self.deflators.factor(names[one], int(years[one]), base) for one in at]
        found = np.array([np.nan if one is None else one for one in levels])[codes]
        return np.where(np.isnan(found), 1.0, found), np.isnan(found)

    def _variance(
        self, at: int, x: Floats, y: Floats, base: int | None, powers: tuple[int, int]
    ) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
        """Variance of x / y by linearisation within strata, with the finite population correction.

        Source   Särndal, Swensson, Wretman: Model Assisted Survey Sampling (1992), 5.5 and 5.8: a domain's units of
                 other domains count as zeros in their stratum
        """
        none = np.zeros(self.size), np.zeros(self.size), np.zeros(self.size, bool)
        if self.second is None or f"m{at}_xx" not in self.second.column_names:
            return none
        table = self.second
        factor, _ = self._prices(table, base)
        fx, fy = factor ** powers[0], factor ** powers[1]
        n = _floats(table, f"m{at}_n")
        n_h, all_h = self._strata(at)
        ratio = np.nan_to_num(_over(x, y))
        r = ratio[self.cell2]
        s1 = _floats(table, f"m{at}_x") / fx - r * _floats(table, f"m{at}_y") / fy
        s2 = (
            _floats(table, f"m{at}_xx") / fx**2
            - 2 * r * _floats(table, f"m{at}_xy") / (fx * fy)
            + r**2 * _floats(table, f"m{at}_yy") / fy**2
        )
        both, kept = _codes({"cell": self.cell2, "stratum": self.stratum})
        cell, stratum = self.cell2[kept], self.stratum[kept]
        s1, s2, own = (_add(both, values, len(kept)) for values in (s1, s2, n))
        size, whole = n_h[stratum], all_h[stratum]
        left = np.clip(1 - np.divide(size, whole, out=np.ones(len(size)), where=whole > 0), 0, 1)
        spread = np.clip(s2 - np.divide(s1**2, size, out=np.zeros(len(size)), where=size > 0), 0, None)
        scale = np.divide(left * size, size - 1, out=np.full(len(size), np.nan), where=size > 1)
        part = np.where((own > 0) & (left > 1e-12), scale * spread, 0.0)
        asked = (own > 0) & (left > 1e-12)
        variance = _add(cell, part, self.size)
        variance = np.divide(variance, y**2, out=np.full(self.size, np.nan), where=y != 0)
        degrees = _add(cell, np.where(asked, own, 0), self.size) - _add(cell, asked, self.size)
        return variance, np.maximum(degrees, 1), _add(cell, asked, self.size) > 0

    def _strata(self, at: int) -> tuple[Floats, Floats]:
        """Units used and units of the population of each stratum and year."""
        if self.second is None:
            return np.zeros(0), np.zeros(0)
        n, whole = (_add(self.stratum, _floats(self.second, f"m{at}_{name}"), len(self.strata)) for name in "np")
        return n, whole

    def covariance(self, at: int, base: int, prices: int | None, powers: tuple[int, int], now: Ratio) -> Floats:
        """Covariance of a cell's ratio with its own of the base year: a panel's units stand in both.

        Of n and m units asked in the two years, c in both, of N: sums over the c units, times 1 − n·m / (c·N).
        Source   Särndal, Swensson, Wretman: Model Assisted Survey Sampling (1992), 9.9
        """
        none = np.zeros(self.size)
        table = self.third
        if table is None or f"m{at}_xu" not in table.column_names:
            return none
        kept = np.flatnonzero(_ints(table, "base") == base)
        if not len(kept):
            return none
        table, cell = table.take(kept), self.cell3[kept]
        before = self.at_year(base)[cell]
        factor, _ = self._prices(table, prices)
        fx, fy = factor ** powers[0], factor ** powers[1]
        value = np.nan_to_num(now.value)
        r, q = value[cell], value[before]
        col = {name: _floats(table, f"m{at}_{name}") for name in ("n", "x", "y", "u", "v", "xu", "xv", "yu", "yv")}
        product = (col["xu"] - q * col["xv"]) / fx - r * (col["yu"] - q * col["yv"]) / fy
        own, old = col["x"] / fx - r * col["y"] / fy, col["u"] - q * col["v"]
        years, strata = _ints(table, "year").tolist(), _texts(table, "stratum")
        here = np.array([self.strata[year, one] for year, one in zip(years, strata, strict=True)], np.int64)
        there = np.array([self.strata[base, one] for one in strata], np.int64)
        both, first = _codes({"cell": cell, "stratum": here})
        product, own, old = (_add(both, values, len(first)) for values in (product, own, old))
        common = _add(here, col["n"], len(self.strata))[here[first]]
        n_h, all_h = self._strata(at)
        n, m, whole = n_h[here[first]], n_h[there[first]], all_h[here[first]]
        left = 1 - n * m / np.maximum(common * whole, 1)
        scale = np.where(common > 1, left * common / np.maximum(common - 1, 1), 0.0)
        total = _add(cell[first], scale * (product - own * old / np.maximum(common, 1)), self.size)
        old_y = np.where(self.at_year(base) >= 0, now.y[self.at_year(base)], np.nan)
        return np.nan_to_num(total / (now.y * old_y))


def price_powers(definition: Definition, money: Callable[[str], bool]) -> tuple[int, int]:
    """Powers of the price level that x and y of a definition are divided by."""
    up, down = (bool(terms) and money(terms[0].element) for terms in (definition.numerator, definition.denominator))
    return (int(up) - int(down), 0) if definition.form == "mean of rates" else (int(up), int(down))


def _add(at: Ints, values: Any, size: int) -> Floats:
    """Values added up by their places."""
    return np.asarray(np.bincount(at, values, size), np.float64)


def _over(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.divide(x, y, out=np.full(len(x), np.nan), where=y > 0), np.float64)


def _sorted(table: pa.Table, keys: list[str]) -> pa.Table:
    """In the order of its keys, so that what follows does not depend on an engine's."""
    return table.sort_by([(name, "ascending") for name in keys])


def _texts(table: pa.Table, name: str) -> Texts:
    if name not in table.column_names:
        return np.full(table.num_rows, "", object)
    return np.asarray(table[name].cast(pa.string()).fill_null("").to_pylist(), object)


def _ints(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].cast(pa.int64()).to_numpy())


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).fill_null(0.0).to_numpy())


def _codes(columns: dict[str, Any]) -> tuple[Ints, Ints]:
    """A number for each combination of the columns, in their order, and the first row of each."""
    code: Any = None
    for values in columns.values():
        names, at = np.unique(values, return_inverse=True)
        code = at if code is None else np.unique(code * len(names) + at, return_inverse=True)[1]
    if code is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    _, first, at = np.unique(code, return_index=True, return_inverse=True)
    return at.astype(np.int64), first.astype(np.int64)
