"""Indicators of a plan, protected: a figure stands only where everything it is made of may be told.

Numerators and denominators are tables of their own, see `quantities`.

Reads   the canonical frame (`luban.rollup.frame`), a plan; writes nothing
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.norms.plans import Definition, TargetPlan, Term
from luban.rollup.deflators import Deflators
from luban.rollup.frame import LEVELS
from luban.rollup.indicators import base_of
from luban.rollup.moments import Measure, measures
from luban.rollup.protect.attack import Exposure
from luban.rollup.protect.quantities import Desk, Held, Prices, barred
from luban.rollup.protect.release import Loss
from luban.rollup.protect.rules import Rules
from luban.rollup.protect.table import UNKNOWN
from luban.rollup.protect.words import REASONS

__all__ = ["Protected", "protect_indicators"]

_FIGURES = ("value", "low", "high", "numerator", "denominator", "base", "level")
_WITHHELD = "withheld: {why}"
_NOT_JUDGED = REASONS["not judged"]


@dataclass(frozen=True, slots=True)
class Protected:
    """What may be told of a plan's indicators.

    dimensions  of the keys: region, industry, size
    judged      (indicator, year, *key) → why it is withheld, "" where it may be told
    losses      (quantity, year) → what withholding cost there
    exposures   what an attacker still gets too close to: () unless something cannot be protected
    bases       indicator → years whose level its other years are set against
    roots       node over everything in each dimension, as the keys have it
    open        indicators of public units (households of a region), told as they are
    unknown     dimension → nodes of units that it is not known of: `-`, `CN/-`, `C-`
    held        year → what goes out, beside what was out before
    """

    dimensions: tuple[str, ...]
    judged: Mapping[tuple[Any, ...], str]
    losses: Mapping[tuple[str, int], Loss]
    exposures: tuple[Exposure, ...]
    bases: Mapping[str, tuple[int, ...]]
    roots: Mapping[str, str]
    open: frozenset[str]
    unknown: Mapping[str, frozenset[str]]
    held: Mapping[int, tuple[Held, ...]]

    @property
    def withheld(self) -> dict[tuple[Any, ...], str]:
        """(indicator, year, *key) → why, of the figures that may not be told."""
        return {key: why for key, why in self.judged.items() if why}

    def reason(self, indicator: str, year: int, **nodes: str) -> str:
        """Why a figure is withheld; "" where it may be told.

        nodes    region, industry, size; what is left out means everything. A cell that was not judged is not told.
        Example  protected.reason("I01", 2020, region="CN/31", industry="C34")
        """
        key = tuple(nodes.get(name, "") or self.roots[name] for name in self.dimensions)
        if indicator in self.open:
            return ""
        for one in (year, *self.bases.get(indicator, ())):
            if why := self.judged.get((indicator, one, *key), _NOT_JUDGED if one == year else ""):
                return why
        return ""

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows of `luban.rollup.indicators` as they may go out: withheld figures are None and say why.

        What share the units left out have is not told where there are any: it tells their denominator.
        """
        return [self._told(row) for row in rows]

    def points(self, points: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """The frame of `luban.rollup.indicators` as it may go out, as `rows`."""
        given = points.collect("pyarrow").to_native()
        told: nw.LazyFrame[Any] = nw.from_native(
            pa.Table.from_pylist(self.rows(given.to_pylist()), given.schema)
        ).lazy()
        return told

    def _told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        why, made = self._why(row), dict(row)
        if why == _NOT_JUDGED and all(row.get(name) is None for name in _FIGURES):
            why = ""
        if why:
            made |= {name: None for name in _FIGURES if name in row} | {"reason": _WITHHELD.format(why=why)}
        if row["indicator"] not in self.open and (why or row.get("excluded")) and "excluded_share" in row:
            made["excluded_share"] = None
        return made

    def _why(self, row: Mapping[str, Any]) -> str:
        """`reason` of a row. Of units without an industry the row's is "", as of all: both then have to be told."""
        nodes = []
        if row.get("variant") and row["indicator"] not in self.open:
            return _NOT_JUDGED
        for name in self.dimensions:
            text = row.get(name) or ""
            below = text + ("/" if name == "region" and text else "") + UNKNOWN
            unknown = self.unknown.get(name, frozenset())
            apart = [below, *([UNKNOWN] if text and text == self.roots.get(name) else [])]  # units without a region
            nodes.append((text, *(one for one in apart if one in unknown)))
        for place in product(*nodes):
            named = dict(zip(self.dimensions, place, strict=True))
            if why := self.reason(row["indicator"], row["year"], **named):
                return why
            base = max((one for one in self.bases.get(row["indicator"], ()) if one < row["year"]), default=None)
            if base is not None and row.get("value") is not None and row["indicator"] not in self.open:
                key = tuple(named.get(name, "") or self.roots[name] for name in self.dimensions)
                if (row["indicator"], base, *key) not in self.judged:
                    return _NOT_JUDGED
        return ""


def protect_indicators(
    frame: nw.LazyFrame[Any], plan: TargetPlan, *, only: Sequence[str] = (), years: Sequence[int] = (),
    by: Sequence[str] = ("region", "industry"), depth: Mapping[str, int] | None = None, rules: Rules | None = None,
    deflators: Deflators | None = None, owners: Mapping[str, str] | None = None,
    out: Mapping[int, Sequence[Held]] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Protected:  # fmt: skip
    """Find out which figures of a plan's indicators may be told, from the total down to `depth` along `by`.

    frame      canonical; units of level "region" (households) are public and not touched
    depth      steps of a region's path, digits of an industry; as deep as the data go by default, as `indicators` does
    only       indicators; all by default. Others are not judged, nor are other readings (variants): they are not told
    years      these and the base years of their indicators; all by default
    deflators  with which amounts at constant prices are told, as given to `indicators`
    owners     unit → who is behind it: units of one owner are one
    out        year → what was told before and cannot be called back: it is protected together with that
    progress   told (years done, of how many)
    An indicator with a sum that other sums of the plan make up (a, b, then a + b) is not judged, so it is not told.
    Example    protect_indicators(frame, plan, by=("region",)).points(indicators(frame, plan, by=("region",)))
    """
    dimensions = tuple(dict.fromkeys(("region", "industry", *by)))
    wanted = [one for one in measures(plan, only) if one.definition.population.level == "enterprise"]
    shut = _barred(plan, wanted, out or {})
    wanted = [one for one in wanted if one.indicator not in shut]
    elements = sorted({term.element for one in wanted for term in _terms(one.definition)})
    names = ["unit", "level", "year", "above_scale", "weight", *dimensions, *elements]
    taken = list(dict.fromkeys(names))
    rows = frame.select(taken).collect("pyarrow").sort(taken).to_native()
    columns = {name: _array(rows[name], name) for name in rows.column_names}
    mixed = [one for one in LEVELS if np.isnan(columns["weight"][columns["level"] == one]).any()]
    columns["plain"] = np.where(np.isin(columns["level"].astype(str), mixed), 1.0, columns["weight"])
    columns["holder"] = np.array([(owners or {}).get(one) or one for one in columns["unit"]], dtype=object)
    offered = _depth(columns, by, depth or {})
    constant = any(one.definition.prices == "constant" for one in wanted)
    digits = deflators.digits if deflators is not None and constant else -1
    deep = offered | {"industry": max(offered["industry"], digits)}
    judged: dict[tuple[Any, ...], str] = {}
    losses: dict[tuple[str, int], Loss] = {}
    exposed: list[Exposure] = []
    held: dict[int, tuple[Held, ...]] = {}
    bases = _bases(plan)
    asked = {*years, *(base for one in wanted for base in bases.get(one.indicator, ()))} if years else ()
    all_years = sorted(set(columns["year"].tolist()) & set(asked or columns["year"].tolist()))
    first = int(min(columns["year"], default=0))
    for done, year in enumerate(all_years):
        here = {name: column[columns["year"] == year] for name, column in columns.items()}
        desk = Desk(here, dimensions, deep, rules or Rules(), offered=offered, out=(out or {}).get(year, ()),
                    money=lambda element: plan.element(element).money)  # fmt: skip
        known = {name for name in {one.indicator for one in wanted} if desk.answers(plan.indicator(name).definition)}
        for one in wanted:
            if one.indicator not in known:
                continue
            prices = [_prices(plan, one, year, first, deflators)]
            if prices[0] is not None and year in bases.get(one.indicator, ()):
                prices.append(None)  # later years are set against it at its own prices
            for some in prices:
                for key, why in desk.judge(one.definition, some).items():
                    at = (one.indicator, int(year), *key)
                    judged[at] = judged.get(at, "") or why
        held[year] = tuple(desk.made())
        losses |= {(one.name, int(year)): one.release.loss for one in held[year]}
        exposed += desk.exposed
        if progress is not None:
            progress(done + 1, len(all_years))
    public = frozenset(plan.indicators) - {
        one.indicator for one in measures(plan) if one.definition.population.level == "enterprise"
    }
    return Protected(dimensions, judged, losses, tuple(exposed), bases, _root(columns, dimensions), public,
                     _unknown(judged, dimensions, by), held)  # fmt: skip


def _barred(plan: TargetPlan, wanted: Sequence[Measure], out: Mapping[int, Sequence[Held]]) -> frozenset[str]:
    definitions = {one.indicator: (plan.indicator(one.indicator).definition,) for one in wanted}
    return barred(definitions, [one.name for some in out.values() for one in some])


def _prices(
    plan: TargetPlan, one: Measure, year: int, first: int, deflators: Deflators | None
) -> Prices | None:  # fmt: skip
    """Price levels of a year as `indicators` takes them; None where prices are current ones."""
    own = plan.indicator(one.indicator)
    base = (own.base_year or first) if own.kind == "level" else base_of(own, year)
    if one.part or one.definition.prices != "constant" or deflators is None or base is None:
        return None
    return lambda industry: deflators.factor(industry, year, base) or 1.0


def _depth(columns: Mapping[str, NDArray[Any]], by: Sequence[str], asked: Mapping[str, int]) -> dict[str, int]:
    """As deep as asked, else as deep as the data go; what is not cut by is not cut."""
    steps = max((one.count("/") for one in set(columns["region"].tolist())), default=0)
    digits = max((len(one) - 1 for one in set(columns["industry"].tolist())), default=0)
    deep = {"region": steps, "industry": digits, **asked}
    return {name: deep.get(name, 1) if name in by else 0 for name in dict.fromkeys((*deep, *by))}


def _root(columns: Mapping[str, NDArray[Any]], dimensions: Sequence[str]) -> dict[str, str]:
    heads = {str(one).split("/")[0] for one in columns["region"] if one}
    return dict.fromkeys(dimensions, "") | {"region": heads.pop() if len(heads) == 1 else ""}


def _unknown(
    judged: Mapping[tuple[Any, ...], str], dimensions: Sequence[str], by: Sequence[str]
) -> dict[str, frozenset[str]]:
    seen = zip(*(key[2:] for key in judged), strict=True)
    return {name: frozenset(node for node in nodes if node.endswith(UNKNOWN))
            for name, nodes in zip(dimensions, seen, strict=False) if name in by}  # fmt: skip


def _bases(plan: TargetPlan) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, one in plan.indicators.items():
        if one.kind == "average growth":
            found[name] = tuple(sorted({m.period[0] - 1 for m in one.milestones if m.period}))
        elif one.kind != "level" and one.base_year is not None:
            found[name] = (one.base_year,)
    return found


def _terms(definition: Definition) -> tuple[Term, ...]:
    return (*definition.numerator, *definition.denominator)


def _array(column: pa.ChunkedArray, name: str) -> NDArray[Any]:
    if pa.types.is_boolean(column.type) or pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    if name == "year":
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.array([one or "" for one in column.to_pylist()], dtype=object)
