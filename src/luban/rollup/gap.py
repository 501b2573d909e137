"""What drove a change: structure against intensity, industry by industry, with nothing left over.

A ratio of sums, such as energy per value added, moves because the shares of the groups move (structure) and because
each group's own ratio moves (intensity). The logarithmic mean Divisia index splits the change into both without a rest,
by difference or by factor, and the groups' parts add up, so that industries sum to divisions and regions to the nation.
Shift-share does the same where a value is zero or negative.

Reads   sums of numerator and denominator by group, two years    Writes  nothing
Source  B. W. Ang, Energy Policy 33 (2005) 867-871, doi 10.1016/j.enpol.2003.10.010 (LMDI-I, both forms);
        B. W. Ang, N. Liu, Energy Policy 35 (2007) 238-246, doi 10.1016/j.enpol.2005.11.001 (zeros: the limit);
        S. Fabricant, Employment in Manufacturing 1899-1939 (1942) (shift-share, with the mean of both years as weights)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from luban.core.errors import InputError

if TYPE_CHECKING:
    import narwhals as nw

    from luban.norms.plans import Indicator, Milestone

__all__ = ["Cell", "Decomposition", "burden", "cells_of", "contributions", "decompose", "lmdi", "required_level"]

_FACTORS = ("structure", "intensity")


@dataclass(frozen=True, slots=True)
class Cell:
    """One group in one year: what is summed above and below the line."""

    group: str
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A change, and what makes it.

    start, end  the whole in both years
    total       end - start, or end / start
    effects     by factor: they add up (additive) or multiply (multiplicative) to the total
    groups      by group and factor; additive: they add up to `effects`; multiplicative: they multiply
    starts      by group, its part of the whole at the start
    form        additive or multiplicative
    method      LMDI-I or shift-share
    notes       what a reader must know
    """

    start: float
    end: float
    total: float
    effects: Mapping[str, float]
    groups: Mapping[str, Mapping[str, float]]
    starts: Mapping[str, float]
    form: str
    method: str
    notes: tuple[str, ...] = ()

    def of_group(self, group: str) -> float:
        """A group's part in all: sum, or product, of its effects."""
        parts = self.groups[group].values()
        return sum(parts) if self.form == "additive" else math.prod(parts)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def lmdi(
    start: Mapping[str, Sequence[float]],
    end: Mapping[str, Sequence[float]],
    factors: Sequence[str] = _FACTORS,
    form: str = "additive",
) -> Decomposition:
    """Split the change of a sum of products: V = Σ over groups of x₁ · x₂ · …

    start, end  by group, one value a factor, ≥ 0; a group that is missing in a year is zero there
    factors     names, e.g. activity, structure, intensity
    form        additive: effects sum to V₁ - V₀; multiplicative: they multiply to V₁ / V₀
    Zeros       are the limit of ever smaller values: what came from nothing is due to the factors that were nothing, in
                equal parts
    Raises      InputError for a negative value, for values that are not one a factor, for a whole that is zero where a
                factor is asked for

    Example     lmdi({"a": (10, 2)}, {"a": (12, 2)}, ("activity", "intensity")).effects  # activity 4, intensity 0
    """
    if form not in ("additive", "multiplicative"):
        raise InputError("no such form", came=form, expected="additive, multiplicative")
    names = tuple(dict.fromkeys((*start, *end)))
    none = (0.0,) * len(factors)
    before = {name: _factors(name, start.get(name, none), factors) for name in names}
    after = {name: _factors(name, end.get(name, none), factors) for name in names}
    v0 = {name: math.prod(before[name]) for name in names}
    v1 = {name: math.prod(after[name]) for name in names}
    whole0, whole1 = math.fsum(v0.values()), math.fsum(v1.values())
    parts = {name: _parts(before[name], after[name], v0[name], v1[name]) for name in names}
    if form == "multiplicative":
        if not (whole0 > 0 and whole1 > 0):
            raise InputError("a factor needs a whole above zero in both years", came=f"{whole0:g}, {whole1:g}",
                             hint="ask for the additive form")  # fmt: skip
        mean = _log_mean(whole0, whole1)
        parts = {name: tuple(math.exp(one / mean) for one in own) for name, own in parts.items()}
    effects = {
        factor: (math.fsum if form == "additive" else math.prod)(parts[name][at] for name in names)
        for at, factor in enumerate(factors)
    }
    groups = {name: dict(zip(factors, parts[name], strict=True)) for name in names}
    total = whole1 - whole0 if form == "additive" else whole1 / whole0
    return Decomposition(whole0, whole1, total, effects, groups, v0, form, "LMDI-I")


def decompose(
    start: Sequence[Cell], end: Sequence[Cell], *, method: str = "lmdi", form: str = "additive", factor: float = 1.0
) -> Decomposition:
    """Split the change of a ratio of sums, Σ numerator / Σ denominator, into structure and intensity by group.

    method  lmdi; shift-share, additive only, for values that are zero or negative
    factor  of the definition, e.g. 100 for a share in %
    Raises  InputError for a group said twice, a whole without a denominator, a numerator where the denominator is zero
    """
    if method not in ("lmdi", "shift-share"):
        raise InputError("no such method", came=method, expected="lmdi, shift-share")
    known = _shares(start, factor), _shares(end, factor)
    both = {name: _both(known[0].get(name), known[1].get(name)) for name in dict.fromkeys((*known[0], *known[1]))}
    before, after = ({name: pair[at] for name, pair in both.items()} for at in (0, 1))
    if method == "lmdi":
        return lmdi(before, after, _FACTORS, form)
    if form != "additive":
        raise InputError("shift-share adds up, it does not multiply", came=form, expected="additive")
    groups = {
        name: {"structure": (s1 - s0) * (r0 + r1) / 2, "intensity": (r1 - r0) * (s0 + s1) / 2}
        for name, ((s0, r0), (s1, r1)) in both.items()
    }
    whole = [math.fsum(s * r for s, r in some.values()) for some in (before, after)]
    effects = {name: math.fsum(own[name] for own in groups.values()) for name in _FACTORS}
    starts = {name: share * ratio for name, (share, ratio) in before.items()}
    change = whole[1] - whole[0]
    return Decomposition(whole[0], whole[1], change, effects, groups, starts, "additive", "shift-share")


def burden(found: Decomposition, required: float) -> dict[str, float]:
    """By group, what is still missing of a required value, had every group moved by the same proportion of its start.

    required  what the whole has to be at the end [unit of the indicator]
    Each group was asked for its share of the required change, by its share of the whole at the start (its numerator
    over all denominators); what it gave is its part in the decomposition. The rest sums exactly to required - end.
    Raises InputError for the multiplicative form, and where the whole was zero
    """
    if found.form != "additive":
        raise InputError("a gap is shared out by differences", came=found.form, expected="additive")
    if found.start == 0:
        raise InputError("the whole was zero at the start: nothing can be shared out")
    asked = required - found.start
    return {name: asked * found.starts[name] / found.start - found.of_group(name) for name in found.groups}


def required_level(start: float, year: int, indicator: Indicator, milestone: Milestone) -> float | None:
    """The level behind an indicator that a milestone asks for; None where it cannot be told.

    start  the level of `year`: for a change, that has to be its base year
    """
    if milestone.value is None or indicator.kind == "level":
        return milestone.value
    if indicator.kind == "average growth":
        first = (milestone.period[0] if milestone.period else milestone.year) - 1
        return start * (1 + milestone.value / 100) ** (milestone.year - first) if year == first else None
    if year != indicator.base_year:
        return None
    return start * (1 - milestone.value / 100) if indicator.kind == "cut" else start + milestone.value


def cells_of(
    frame: nw.LazyFrame[Any] | Any, indicator: str, year: int, *, by: str = "industry", region: str | None = None
) -> tuple[Cell, ...]:
    """The groups of one indicator in one year, out of the long frame that `indicators` gives.

    by      industry, region or size: the column that names the groups
    region  only this region's rows, where groups are industries
    Groups without numerator or denominator are left out: see `contributions` for how that is said
    """
    rows = _rows(frame, indicator, year, by, region)
    return tuple(Cell(group, float(top), float(below)) for group, top, below in rows
                 if top is not None and below is not None)  # fmt: skip


def contributions(
    frame: nw.LazyFrame[Any] | Any,
    indicator: str,
    start: int,
    end: int,
    *,
    by: str = "industry",
    method: str = "lmdi",
    factor: float = 1.0,
    region: str | None = None,
) -> Decomposition:
    """What moved an indicator between two years, by industry or region, out of the long frame of `indicators`.

    Groups that are known in one of the years only count as having come or gone, and are named in the notes.
    So are those that are known in neither: start and end are without them.
    """
    before, after = (cells_of(frame, indicator, year, by=by, region=region) for year in (start, end))
    for year, some in ((start, before), (end, after)):
        if not some:
            raise InputError("nothing is known of that year", came=str(year), where=indicator)
    found = decompose(before, after, method=method, factor=factor)
    apart = sorted({one.group for one in before} ^ {one.group for one in after})
    notes = [f"known in one of the two years only: {', '.join(apart)}"] if apart else []
    groups = {row[0] for year in (start, end) for row in _rows(frame, indicator, year, by, region)}
    if missing := sorted(groups - {one.group for one in (*before, *after)}):
        notes.append(f"left out, as numerator or denominator is not known: {', '.join(missing)}")
    return replace(found, notes=tuple(notes))


# ---------------------------------------------------------------------------------------------------- how


def _rows(
    frame: nw.LazyFrame[Any] | Any, indicator: str, year: int, by: str, region: str | None
) -> list[tuple[str, float | None, float | None]]:
    """(group, numerator, denominator), known or not."""
    import narwhals as nw

    lazy = frame if isinstance(frame, nw.LazyFrame) else nw.from_native(frame).lazy()
    some = lazy.filter(nw.col("indicator") == indicator, nw.col("year") == year)
    if region is not None:
        some = some.filter(nw.col("region") == region)
    rows = some.select(by, "numerator", "denominator").collect().iter_rows(named=True)
    return [(str(row[by]), row["numerator"], row["denominator"]) for row in rows]


def _factors(name: str, values: Sequence[float], factors: Sequence[str]) -> tuple[float, ...]:
    if len(values) != len(factors):
        raise InputError("one value a factor is needed", came=str(len(values)), expected=", ".join(factors), where=name)
    for value in values:
        if not (math.isfinite(value) and value >= 0):
            raise InputError("a logarithmic mean needs values of zero or more", came=f"{value:g}", where=name,
                             hint="take shift-share")  # fmt: skip
    return tuple(float(value) for value in values)


def _log_mean(a: float, b: float) -> float:
    """(a - b) / ln(a / b), the limit a where both are alike, 0 where one is zero."""
    if a == 0 or b == 0:
        return 0.0
    away = (a - b) / b
    return b * (1 + away / 2 - away**2 / 12) if abs(away) < 1e-6 else (a - b) / math.log(a / b)


def _parts(before: Sequence[float], after: Sequence[float], v0: float, v1: float) -> tuple[float, ...]:
    """Each factor's part in v1 - v0."""
    if v0 > 0 and v1 > 0:
        mean = _log_mean(v1, v0)
        return tuple(mean * math.log(b / a) for a, b in zip(before, after, strict=True))
    if v0 == v1:
        return (0.0,) * len(before)
    nothing = [value == 0 for value in (before if v0 == 0 else after)]
    return tuple((v1 - v0) / sum(nothing) if zero else 0.0 for zero in nothing)


def _shares(cells: Sequence[Cell], factor: float) -> dict[str, tuple[float, float]]:
    """By group, share of the denominators and own ratio."""
    whole = math.fsum(one.denominator for one in cells)
    if whole == 0:
        raise InputError("the denominators sum to zero: there is no ratio", came=f"{len(cells)} groups")
    found: dict[str, tuple[float, float]] = {}
    for one in cells:
        if one.group in found:
            raise InputError("a group stands there twice", came=one.group)
        if one.denominator == 0:
            if one.numerator != 0:
                raise InputError("a numerator without a denominator", came=f"{one.numerator:g} / 0", where=one.group)
            continue
        found[one.group] = (one.denominator / whole, factor * one.numerator / one.denominator)
    return found


def _both(
    before: tuple[float, float] | None, after: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """A group that came or went has no ratio of its own there: that of the other year is taken, its share is zero."""
    if before is None:
        return (0.0, (after or (0.0, 0.0))[1]), after or (0.0, 0.0)
    return before, after if after is not None else (0.0, before[1])
