"""Indicators of a plan, protected: a figure stands only where everything it is made of may be told.

Numerators and denominators are tables of their own. Where two indicators share one (revenue under two numerators, each
over the units that answered both) their difference tells on the units in between: later tables are protected together
with the earlier ones, as vintages are.

Reads   the canonical frame (`luban.rollup.frame`), a plan; writes nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.norms.plans import Definition, Population, TargetPlan, Term
from luban.rollup.moments import measures
from luban.rollup.protect.attack import Exposure, attack
from luban.rollup.protect.release import Loss, Release
from luban.rollup.protect.rules import Rules
from luban.rollup.protect.suppress import suppress
from luban.rollup.protect.table import UNKNOWN, Key, Table, tabulate
from luban.rollup.protect.vintages import changes, since
from luban.rollup.protect.words import REASONS
from luban.understand.quality.data import Floats

__all__ = ["Protected", "protect_indicators"]

_FIGURES = ("value", "low", "high", "numerator", "denominator", "base", "level")
_STEP = 0.05
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
    minimum     so many units stand behind a figure at least
    open        indicators of public units (households of a region), told as they are
    unknown     dimension → nodes of units that it is not known of: `-`, `CN/-`, `C-`
    """

    dimensions: tuple[str, ...]
    judged: Mapping[tuple[Any, ...], str]
    losses: Mapping[tuple[str, int], Loss]
    exposures: tuple[Exposure, ...]
    bases: Mapping[str, tuple[int, ...]]
    roots: Mapping[str, str]
    minimum: int
    open: frozenset[str]
    unknown: Mapping[str, frozenset[str]]

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

        What share the units left out have is told in steps of 5 %, not where they are fewer than `minimum`: it would
        tell their denominator.
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
        known = any(row.get(name) is not None for name in _FIGURES)
        why = self._why(row) if known else ""
        made = dict(row)
        if why:
            made |= {name: None for name in _FIGURES if name in row} | {"reason": _WITHHELD.format(why=why)}
        share = row.get("excluded_share")
        if share is not None:
            left = (row.get("excluded") or 0) - (row.get("excluded_unknown") or 0)
            made["excluded_share"] = None if why or 0 < left < self.minimum else round(share / _STEP) * _STEP
        return made

    def _why(self, row: Mapping[str, Any]) -> str:
        """`reason` of a row. Of units without an industry the row's is "", as of all: both then have to be told."""
        nodes = []
        if row.get("variant") and row["indicator"] not in self.open:
            return _NOT_JUDGED
        for name in self.dimensions:
            text = row.get(name) or ""
            below = text + ("/" if name == "region" and text else "") + UNKNOWN
            nodes.append((text, below) if below in self.unknown.get(name, ()) else (text,))
        for place in product(*nodes):
            if why := self.reason(row["indicator"], row["year"], **dict(zip(self.dimensions, place, strict=True))):
                return why
        return ""


def protect_indicators(
    frame: nw.LazyFrame[Any], plan: TargetPlan, *, only: Sequence[str] = (), years: Sequence[int] = (),
    by: Sequence[str] = ("region", "industry"), depth: Mapping[str, int] | None = None, rules: Rules | None = None,
) -> Protected:  # fmt: skip
    """Find out which figures of a plan's indicators may be told, from the total down to `depth` along `by`.

    frame   canonical; units of level "region" (households) are public and not touched
    depth   steps of a region's path, digits of an industry; as deep as the data go by default, as `indicators` does
    only    indicators; all by default. Others are not judged, nor are other readings (variants): they are not told
    years   these and the base years of their indicators; all by default
    Every year is by itself; `since` protects a revision against what was told before.
    Example protect_indicators(frame, plan, by=("region",)).points(indicators(frame, plan, by=("region",)))
    """
    dimensions = tuple(dict.fromkeys(("region", "industry", *by)))
    wanted = [one for one in measures(plan, only) if one.definition.population.level == "enterprise"]
    elements = sorted({term.element for one in wanted for term in _terms(one.definition)})
    names = ["unit", "level", "year", "above_scale", "weight", *dimensions, *elements]
    taken = list(dict.fromkeys(names))
    rows = frame.select(taken).collect("pyarrow").sort(taken).to_native()
    columns = {name: _array(rows[name], name) for name in rows.column_names}
    deep = _depth(columns, by, depth or {})
    judged: dict[tuple[Any, ...], str] = {}
    losses: dict[tuple[str, int], Loss] = {}
    exposed: list[Exposure] = []
    bases = _bases(plan)
    asked = {*years, *(base for one in wanted for base in bases.get(one.indicator, ()))} if years else ()
    for year in sorted(set(columns["year"].tolist()) & set(asked or columns["year"].tolist())):
        here = {name: column[columns["year"] == year] for name, column in columns.items()}
        desk = _Desk(here, dimensions, deep, rules or Rules())
        for one in wanted:
            for key, why in desk.judge(one.definition).items():
                at = (one.indicator, int(year), *key)
                judged[at] = judged.get(at, "") or why
        losses |= {(name, int(year)): release.loss for name, release in desk.last()}
        exposed += desk.exposed
    public = frozenset(plan.indicators) - {
        one.indicator for one in measures(plan) if one.definition.population.level == "enterprise"
    }
    return Protected(dimensions, judged, losses, tuple(exposed), bases, _root(columns, dimensions),
                     (rules or Rules()).minimum, public, _unknown(judged, dimensions, by))  # fmt: skip


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


class _Desk:
    """The tables of one year, in the order in which they go out."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], by: Key, depth: Mapping[str, int], rules: Rules) -> None:
        self.columns, self.by, self.depth, self.rules = columns, by, depth, rules
        self.out: dict[str, list[tuple[NDArray[np.bool_], nw.DataFrame[Any], Release]]] = {}
        self.exposed: list[Exposure] = []

    def judge(self, definition: Definition) -> dict[Key, str]:
        """Why each cell of a definition may not be told; "" where it may."""
        top, below = _sum(self.columns, definition.numerator), _sum(self.columns, definition.denominator)
        inside = _inside(self.columns, definition.population) & np.isfinite(top)
        figures = {_name(definition.numerator): top}
        share = definition.form in ("mean of rates", "share of units")
        if definition.denominator:
            inside &= np.isfinite(below)
            if definition.form == "mean of rates":
                inside &= below > 0
                name = f"{_name(definition.numerator)} / {_name(definition.denominator)}"
                figures = {name: np.divide(top, below, out=np.full(top.size, np.nan), where=below > 0)}
            else:
                figures |= {_name(definition.denominator): below}
        elif definition.form == "share of units":
            figures = {f"share of {_name(definition.numerator)}": (top != 0).astype(np.float64)}
        found: dict[Key, str] = {}
        for name, values in figures.items():
            if not inside.any():
                continue
            release = self._release(name, values, inside, share=share, sample=definition.population.sample)
            for key, state in zip(release.table.keys, release.states, strict=True):
                found[key] = found.get(key, "") or ("" if state == "published" else release.reason(key))
        return found

    def last(self) -> list[tuple[str, Release]]:
        """The release of each quantity."""
        return [(name, some[-1][2]) for name, some in self.out.items()]

    def _release(
        self, name: str, values: Floats, inside: NDArray[np.bool_], *, share: bool, sample: bool
    ) -> Release:  # fmt: skip
        earlier = self.out.setdefault(name, [])
        for mask, _, release in earlier:
            if np.array_equal(mask, inside):
                return release
        weight = self.columns["weight"]
        weight = weight if sample or not np.isnan(weight).any() else np.ones(weight.size)
        frame = nw.from_native(pa.table(
            {"unit": self.columns["unit"][inside], "figure": values[inside], "weight": weight[inside],
             **{one: self.columns[one][inside] for one in self.by}},
        ), eager_only=True)  # fmt: skip
        rules = self.rules
        if share:
            rules = replace(rules, dominance=None, zeros=False, p=rules.p if name[:6] != "share " else None)
        table: Table = tabulate(frame, "figure", by=self.by, depth=self.depth, rules=rules, name=name,
                                ceiling=1.0 if share and values[inside].max() <= 1 else np.inf)  # fmt: skip
        if earlier:
            before = [
                (release, changes(old, frame, "figure", by=self.by, depth=self.depth, rules=rules))
                for _, old, release in earlier
            ]
            made = since(before, table)
            release, seen = made.release, made.joint
        else:
            release = seen = suppress(table)
        self.exposed += attack(seen) if release.unprotected else ()
        earlier.append((inside, frame, release))
        return release


def _terms(definition: Definition) -> tuple[Term, ...]:
    return (*definition.numerator, *definition.denominator)


def _name(terms: Sequence[Term]) -> str:
    signed = [("+ " if term.sign > 0 else "- ") + term.element for term in terms]
    return " ".join(signed).removeprefix("+ ")


def _sum(columns: Mapping[str, NDArray[Any]], terms: Sequence[Term]) -> Floats:
    total = np.zeros(columns["unit"].size)
    for term in terms:
        total = total + term.sign * columns[term.element]
    return total


def _inside(columns: Mapping[str, NDArray[Any]], population: Population) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = columns["level"] == population.level
    if population.above_scale is not None:
        inside = inside & (columns["above_scale"] == (1.0 if population.above_scale else 0.0))
    if population.industries:
        codes = columns["industry"].astype(str)
        inside = inside & np.logical_or.reduce([np.char.startswith(codes, one) for one in population.industries])
    if population.sample:
        inside = inside & ~np.isnan(columns["weight"])
    return inside


def _array(column: pa.ChunkedArray, name: str) -> NDArray[Any]:
    if pa.types.is_boolean(column.type) or pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    if name == "year":
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.array([one or "" for one in column.to_pylist()], dtype=object)
