"""The sums that indicators are made of: additive over units, so that any tree of regions and industries adds up.

Reads   the canonical frame (`luban.rollup.frame`), definitions of a plan; writes nothing

Every definition becomes a ratio of two sums, Σ w·x / Σ w·y: a ratio of sums has x and y as they are, a mean of rates
x = rate and y = 1, a share of units x = 0 or 1 and y = 1. Terms are rounded to a binary grid so coarse that their sums
are exact in doubles, and so fine (2⁻⁵² of the whole) that no figure shows it: sums then do not depend on order, threads
or engine, and parts add up to their whole to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.norms.plans import Definition, Population, TargetPlan, Term
from luban.rollup.frame import LEVELS

__all__ = ["Cut", "Measure", "Scan", "known_of", "measures", "moments", "pairs", "scan_frame", "squares"]

_ROUND: Final = 1.5 * 2.0**52  # adding and taking away so many grid steps rounds to the grid, half to even


@dataclass(frozen=True, slots=True)
class Measure:
    """One definition to sum up.

    indicator   whose it is
    variant     "" the plan's own reading
    part        sub-indicator of an index; "" otherwise
    """

    indicator: str
    definition: Definition
    variant: str = ""
    part: str = ""

    @property
    def is_ratio(self) -> bool:
        """Its denominator is a sum of elements, not a number of units."""
        return self.definition.form == "ratio of sums" and bool(self.definition.denominator)


@dataclass(frozen=True, slots=True)
class Cut:
    """How fine the sums are.

    by        any of region, industry, size, unit
    region    steps below the root that are kept: 1 of "CN/31/3101" is "CN/31"; None all
    industry  digits that are kept: 2 of "C3421" is "C34"; None all
    prices    digits of industry that price indices need; -1 none
    """

    by: tuple[str, ...] = ()
    region: int | None = None
    industry: int | None = None
    prices: int = -1

    @property
    def keys(self) -> list[str]:
        """Columns of a cell, the year first."""
        industry = "industry" in self.by or self.prices >= 0
        return ["year", *(k for k in ("region", "size", "unit") if k in self.by), *(["industry"] if industry else [])]

    @property
    def digits(self) -> int | None:
        """Digits of industry to sum by: as many as the cut or the price indices need."""
        own = self.industry if "industry" in self.by else -1
        return None if own is None else max(own, self.prices)


@dataclass(frozen=True, slots=True)
class Scan:
    """What one look at the whole frame finds.

    mixed    levels with a census with a sample in it: some units have no weight
    sampled  some units stand for others, or belong to a stratum
    regions  paths that occur, where they are to be cut
    grids    column of a moment → what rounds its terms to their grid
    """

    mixed: tuple[str, ...]
    sampled: bool
    regions: tuple[str, ...] = ()
    grids: Mapping[str, float] = field(default_factory=dict)


def measures(plan: TargetPlan, only: Sequence[str] = (), *, variants: bool = False) -> tuple[Measure, ...]:
    """The definitions of a plan's indicators, of all or `only` some; with the other readings if asked for.

    Raises InputError for an indicator that the plan does not have.
    """
    found: list[Measure] = []
    for name in only or plan.indicators:
        definition = plan.indicator(name).definition
        readings = {"": definition} | (dict(definition.variants) if variants else {})
        for variant, reading in readings.items():
            found.append(Measure(name, reading, variant))
            found += [Measure(name, part.definition, variant, part.id) for part in reading.parts]
    return tuple(found)


# ---------------------------------------------------------------- a look at the whole


def scan_frame(frame: nw.LazyFrame[Any], wanted: Sequence[Measure], cut: Cut, importance: str = "") -> Scan:
    """One look at the frame: is it a sample, which regions, how large the sums may become.

    Raises InputError where a value is not finite.
    """
    weight, stratum = nw.col("weight"), nw.col("stratum")
    kind = frame.select(
        **{level: ((nw.col("level") == level) & weight.is_null()).any() for level in LEVELS},
        sampled=((weight != 1) | (stratum != "")).fill_null(False).any()
    ).collect("pyarrow").to_native().to_pylist()[0]  # fmt: skip
    stands_for = weight.fill_null(1.0) if kind["sampled"] else None
    sizes: dict[str, nw.Expr] = {"w": weight.abs()}
    for name in dict.fromkeys([*(n for one in wanted for n in _elements(one)), *([importance] if importance else [])]):
        sizes[f"e_{name}"] = _times(nw.col(name), stands_for).abs()
    for at, one in enumerate(wanted):
        if one.definition.form == "mean of rates":
            sizes[f"m{at}_x"] = _times(_pair(one)[0], stands_for).abs()
    sums = frame.select(**{name: term.sum() for name, term in sizes.items()})
    found = sums.collect("pyarrow").to_native().to_pylist()[0]
    paths: list[str] = []
    if "region" in cut.by and cut.region is not None:
        paths = frame.group_by("region").agg(n=nw.len()).collect("pyarrow").to_native()["region"].to_pylist()
    size = {name: _size(name.removeprefix("e_"), found[name]) for name in sizes}
    grids = {"w": _grid(size["w"]), "v": _grid(size.get(f"e_{importance}", 0.0))}
    for at, one in enumerate(wanted):
        form = one.definition.form
        grids[f"m{at}_x"] = grids[f"m{at}_y"] = grids["w"]
        if form == "mean of rates":
            grids[f"m{at}_x"] = _grid(size[f"m{at}_x"])
        elif form == "ratio of sums":
            grids[f"m{at}_x"] = _grid(sum(size[f"e_{term.element}"] for term in one.definition.numerator))
        if one.is_ratio:
            grids[f"m{at}_y"] = _grid(sum(size[f"e_{term.element}"] for term in one.definition.denominator))
    mixed = tuple(level for level in LEVELS if kind[level])
    return Scan(mixed, bool(kind["sampled"]), tuple(sorted(one or "" for one in paths)), grids)


def _elements(measure: Measure) -> list[str]:
    if measure.definition.form != "ratio of sums":
        return []
    return [term.element for term in (*measure.definition.numerator, *measure.definition.denominator)]


def _size(name: str, size: float | None) -> float:
    if size is not None and not math.isfinite(size):
        raise InputError(
            "a value is not finite", came=name, hint="luban indicators checks a file first and leaves such values out"
        )
    return size or 0.0


def _grid(size: float) -> float:
    """What rounds terms to 2⁻⁵² of the power of two above their sum when it is added and taken away again."""
    return math.ldexp(_ROUND, math.frexp(size * (1 + 1e-9))[1] - 52) if size else 0.0


# ---------------------------------------------------------------- terms of a unit


def _on(term: nw.Expr, grid: float) -> nw.Expr:
    """Rounded to a grid; 0 has none."""
    return term if grid == 0 else (term + grid) - grid


def _times(term: nw.Expr, weight: nw.Expr | None) -> nw.Expr:
    return term if weight is None else term * weight


def _pair(measure: Measure) -> tuple[nw.Expr, nw.Expr | None]:
    """The x and y of a unit; y None where it is 1."""
    definition = measure.definition
    top = _sum(definition.numerator)
    if definition.form == "share of units":
        return nw.when(top == 0).then(nw.lit(0.0)).when(~top.is_null()).then(nw.lit(1.0)), None
    if not definition.denominator:
        return top, None
    below = _sum(definition.denominator)
    if definition.form == "mean of rates":
        return top / nw.when(below > 0).then(below), None
    return top, below


def _sum(terms: Sequence[Term]) -> nw.Expr:
    total: nw.Expr | None = None
    for term in terms:
        own = nw.col(term.element)
        total = (own if term.sign > 0 else -own) if total is None else total + own if term.sign > 0 else total - own
    if total is None:
        raise InputError("a definition has no numerator", expected="elements that are added up")
    return total


def _weight(population: Population, scan: Scan) -> nw.Expr | None:
    """Weight of a unit in a population; None where every unit counts once."""
    return nw.col("weight") if scan.sampled and (population.sample or population.level not in scan.mixed) else None


def _terms(wanted: Sequence[Measure], scan: Scan) -> dict[str, nw.Expr]:
    """Weighted terms on their grids, each distinct one once; `_names` says which a measure takes."""
    found: dict[str, nw.Expr] = {}
    for at, measure in enumerate(wanted):
        if measure.definition.form == "index":
            continue
        weight = _weight(measure.definition.population, scan)
        names = _names(measure, at, weight is not None)
        for side, name, term in zip("xy", names, _pair(measure), strict=True):
            if term is not None and name not in found:
                found[name] = _on(_times(term, weight), scan.grids[f"m{at}_{side}"])
    return found


def _names(measure: Measure, at: int, weighted: bool) -> tuple[str, str]:
    """Columns of x and y: a single element's is shared by all measures that take it with the same weight."""
    definition, mark = measure.definition, "w" if weighted else ""
    if definition.form != "ratio of sums":
        return f"x{at}", ""
    x, y = (
        f"t{mark}_{terms[0].element}" if len(terms) == 1 and terms[0].sign > 0 else f"{side}{at}"
        for side, terms in (("x", definition.numerator), ("y", definition.denominator))
    )
    return x, y if definition.denominator else ""


def _prepared(
    frame: nw.LazyFrame[Any], wanted: Sequence[Measure], cut: Cut, scan: Scan
) -> tuple[nw.LazyFrame[Any], dict[Population, int]]:
    """Rows with cut keys, a mark p<j> for each population, and the terms of the measures."""
    groups = {one: at for at, one in enumerate(dict.fromkeys(m.definition.population for m in wanted))}
    made: dict[str, nw.Expr] = {f"p{at}": _belongs(one) for one, at in groups.items()}
    if cut.digits is not None:
        made["industry"] = nw.col("industry").str.slice(0, cut.digits + 1)
    if "region" in cut.by and cut.region is not None:
        made["region"] = _head(cut.region, scan.regions, frame)
    return frame.with_columns(**made, **_terms(wanted, scan)), groups


def _belongs(population: Population) -> nw.Expr:
    parts = [nw.col("level") == population.level]
    if population.above_scale is not None:
        above = nw.col("above_scale").fill_null(not population.above_scale)
        parts.append(above if population.above_scale else ~above)
    if population.industries:
        parts.append(_any([nw.col("industry").str.starts_with(prefix) for prefix in population.industries]))
    if population.sample:
        parts.append(~nw.col("weight").is_null())
    return _all(parts)


def _all(tests: Sequence[nw.Expr]) -> nw.Expr:
    found = tests[0]
    for test in tests[1:]:
        found = found & test
    return found


def _any(tests: Sequence[nw.Expr]) -> nw.Expr:
    found = tests[0]
    for test in tests[1:]:
        found = found | test
    return found


def _head(steps: int, regions: Sequence[str], frame: nw.LazyFrame[Any]) -> nw.Expr:
    """The first steps of a path below its root: by length where all paths allow it, which is many times faster.

    Engines write the group of a pattern each in its own way.
    """
    path = nw.col("region")
    heads = ["/".join(one.split("/")[: steps + 1]) for one in regions]
    width = max(map(len, heads), default=0)
    if all(one[:width] == head for one, head in zip(regions, heads, strict=True)):
        return path.str.slice(0, width)
    word = {nw.Implementation.POLARS: "${1}", nw.Implementation.PYSPARK: "$1"}.get(frame.implementation, r"\1")
    return path.str.replace_all(rf"^([^/]*(?:/[^/]*){{0,{steps}}}).*$", word)


# ---------------------------------------------------------------- sums by cell


def moments(
    frame: nw.LazyFrame[Any], wanted: Sequence[Measure], cut: Cut, scan: Scan, importance: str = ""
) -> nw.LazyFrame[Any]:
    """First moments of every cell.

    frame       canonical
    importance  element by which excluded units are weighed, "" for none
    Returns     the cut's keys; m<i>_n units used, m<i>_x = Σ w·x, m<i>_y = Σ w·y, m<i>_w = Σ w (weighted only), m<i>_v
                their importance; m<i>_k = Σ w·y over units whose y is known, m<i>_l how many those are (ratios; see
                `known_of`; not of parts of an index); an index has none: its parts have;
                p<j>_n units of a population, p<j>_w = Σ w, p<j>_v
    """
    rows, groups = _prepared(frame, wanted, cut, scan)
    weight = _on(nw.col("weight"), scan.grids["w"])
    own = None
    if importance:
        plain = bool(scan.mixed) or not scan.sampled
        own = _on(_times(nw.col(importance), None if plain else weight), scan.grids["v"])
    columns: dict[str, nw.Expr] = {}
    for at, measure in enumerate(wanted):
        inside = nw.col(f"p{groups[measure.definition.population]}")
        weighted = weight if _weight(measure.definition.population, scan) is not None else None
        columns |= _columns(measure, at, inside, weighted, own)
        if measure.is_ratio and not measure.part:
            columns[known_of(wanted, at)] = nw.when(inside).then(nw.col(_names(measure, at, weighted is not None)[1]))
    for population, number in groups.items():
        inside = nw.col(f"p{number}")
        columns[f"p{number}_n"] = nw.when(inside).then(nw.lit(1))
        if _weight(population, scan) is not None:
            columns[f"p{number}_w"] = nw.when(inside).then(weight)
        if own is not None:
            columns[f"p{number}_v"] = nw.when(inside).then(own)
    return rows.select(*cut.keys, **columns).group_by(cut.keys).agg(**_aggregates(columns))


def _columns(
    measure: Measure, at: int, inside: nw.Expr, weight: nw.Expr | None, own: nw.Expr | None
) -> dict[str, nw.Expr]:
    """What a measure adds up: terms of units of its population that told both."""
    found: dict[str, nw.Expr] = {}
    if measure.definition.form == "index":
        return found
    first, second = _names(measure, at, weight is not None)
    x, y = nw.col(first), nw.col(second) if second else None
    good = inside & ~x.is_null() if y is None else inside & ~x.is_null() & ~y.is_null()
    found[f"m{at}_x"] = nw.when(inside if y is None else inside & ~y.is_null()).then(x)
    if y is not None:
        found[f"m{at}_y"] = nw.when(inside & ~x.is_null()).then(y)
    if weight is not None:
        found[f"m{at}_w"] = nw.when(good).then(weight)
    if own is not None:
        found[f"m{at}_v"] = nw.when(good).then(own)
    return found


def _aggregates(columns: Mapping[str, nw.Expr]) -> dict[str, nw.Expr]:
    """Sums, and counts of what was summed."""
    found: dict[str, nw.Expr] = {}
    for name in columns:
        kind = name.rpartition("_")[2]
        found[name] = nw.col(name).count() if kind == "n" else nw.col(name).sum()
        if kind == "k":
            found[name[:-1] + "l"] = nw.col(name).count()
        if kind == "x":
            found[name[:-1] + "n"] = nw.col(name).count()
    return found


def known_of(wanted: Sequence[Measure], at: int) -> str:
    """Name of the moment Σ w·y over units whose y is known: measures of one population and denominator share it."""
    own = wanted[at].definition
    for i, one in enumerate(wanted):
        other = one.definition
        if one.is_ratio and not one.part and (other.population, other.denominator) == (own.population, own.denominator):
            return f"m{i}_k"
    raise InputError("not a ratio of sums", came=wanted[at].indicator)


def squares(frame: nw.LazyFrame[Any], wanted: Sequence[Measure], cut: Cut, scan: Scan) -> nw.LazyFrame[Any] | None:
    """Second moments by cell and stratum of the units that were sampled; None where nothing was.

    Returns  the cut's keys, stratum; m<i>_n units used, m<i>_p = Σ w of the population, m<i>_x, m<i>_y = Σ w·x, Σ w·y,
             m<i>_xx, m<i>_xy, m<i>_yy = Σ w²x², Σ w²xy, Σ w²y²
    """
    if not scan.sampled:
        return None
    rows, groups = _prepared(frame.filter(_SAMPLED), wanted, cut, scan)
    weight = _on(nw.col("weight"), scan.grids["w"])
    columns: dict[str, nw.Expr] = {}
    for at, measure in enumerate(wanted):
        if not _is_sampled(measure, scan):
            continue
        inside = nw.col(f"p{groups[measure.definition.population]}")
        x, y, good = _told(measure, at, inside, weight)
        gx, gy = scan.grids[f"m{at}_x"], scan.grids[f"m{at}_y"]
        terms = {"x": (x, 0.0), "y": (y, 0.0), "xx": (x * x, gx * gx), "xy": (x * y, gx * gy), "yy": (y * y, gy * gy)}
        for name, (term, grid) in terms.items():
            columns[f"m{at}_{name}"] = nw.when(good).then(_on(term, grid / 1.5))
        columns[f"m{at}_p"] = nw.when(inside).then(weight)
    if not columns:
        return None
    keys = [*cut.keys, "stratum"]
    return rows.select(*keys, **columns).group_by(keys).agg(**_aggregates(columns))


def pairs(
    frame: nw.LazyFrame[Any],
    wanted: Sequence[Measure],
    changes: Sequence[int],
    bases: Sequence[int],
    cut: Cut,
    scan: Scan,
) -> nw.LazyFrame[Any] | None:
    """Products of a year and a base year by cell and stratum, of sampled units that told both; None where none are.

    changes  numbers of the measures that are set against a base year
    bases    these years
    Returns  the cut's keys, base, stratum; m<i>_n units, m<i>_x, m<i>_y, m<i>_u, m<i>_v = Σ of x and y of the year and
             of the base, m<i>_xu, m<i>_xv, m<i>_yu, m<i>_yv = Σ of their products
    """
    asked = [at for at in changes if _is_sampled(wanted[at], scan)]
    if not scan.sampled or not asked or not bases:
        return None
    rows, groups = _prepared(frame.filter(_SAMPLED), wanted, cut, scan)
    weight = _on(nw.col("weight"), scan.grids["w"])
    columns: dict[str, Any] = {}
    for at in asked:
        x, y, good = _told(wanted[at], at, nw.col(f"p{groups[wanted[at].definition.population]}"), weight)
        columns |= {f"m{at}_x": nw.when(good).then(x), f"m{at}_y": nw.when(good).then(y)}
    keys = [*cut.keys[1:], "stratum", *([] if "unit" in cut.by else ["unit"])]
    now = rows.select("year", *keys, **columns)
    then = now.filter(nw.col("year").is_in(list(bases))).rename(
        {"year": "base"} | {f"m{at}_{a}": f"m{at}_{b}" for at in asked for a, b in ("xu", "yv")}
    )
    both = now.join(then, on=keys, how="inner").filter(nw.col("year") != nw.col("base"))
    sums: dict[str, Any] = {}
    for at in asked:
        size = {name: scan.grids[f"m{at}_{'x' if name in 'xu' else 'y'}"] for name in "xyuv"}
        there = ~nw.col(f"m{at}_x").is_null() & ~nw.col(f"m{at}_u").is_null()
        for name in "xyuv":
            sums[f"m{at}_{name}"] = nw.when(there).then(nw.col(f"m{at}_{name}"))
        for a, b in ("xu", "xv", "yu", "yv"):
            term = nw.col(f"m{at}_{a}") * nw.col(f"m{at}_{b}")
            sums[f"m{at}_{a}{b}"] = nw.when(there).then(_on(term, size[a] * size[b] / 1.5))
    cells = [*cut.keys, "base", "stratum"]
    return both.select(*cells, **sums).group_by(cells).agg(**_aggregates(sums))


_SAMPLED: Final = ((nw.col("weight") != 1) | (nw.col("stratum") != "")).fill_null(False)


def _is_sampled(measure: Measure, scan: Scan) -> bool:
    index = measure.part or measure.definition.form == "index"
    return not index and _weight(measure.definition.population, scan) is not None


def _told(measure: Measure, at: int, inside: nw.Expr, weight: nw.Expr) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    """Weighted x and y of a unit, and whether it is of the population and told both."""
    first, second = _names(measure, at, True)
    x, y = nw.col(first), nw.col(second) if second else weight
    return x, y, inside & ~x.is_null() & ~y.is_null()
