"""What is wrong with a frame before it is rolled up: each row named, and how much it matters.

Reads   the canonical frame (`luban.rollup.frame`); writes nothing

Returns of a plant's books are looked at more closely in `luban.rollup.returns` (history, peers, units of money).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import narwhals as nw

from luban.core.errors import InputError
from luban.norms.industry import industry
from luban.norms.plans import Definition, TargetPlan, read_file
from luban.rollup.frame import LEVELS, canonical

__all__ = ["SENTENCES", "Problem", "Problems", "check_frame"]

SENTENCES: Final[Mapping[str, str]] = {
    "no unit": "a row names no unit",
    "no year": "a row names no year",
    "unknown level": "a row is of an enterprise or of a region",
    "two regions": "the same unit stands in several regions in one year",
    "twice": "the same unit stands several times in one year with different figures",
    "same row twice": "the same row stands more than once; it is counted once",
    "industry": "the industry code is not of this edition",
    "weight": "a weight is above zero",
    "light weight": "a weight below 1: a unit cannot stand for less than itself",
    "not finite": "a figure is not finite",
    "flag": "a flag is 0 or 1",
    "negative": "a count or stock is below zero",
    "negative flow": "a flow is below zero; it is counted as it stands",
    "zero denominator": "a denominator is zero; the unit has no rate of its own",
    "scale unknown": "above or below scale is not known: the unit counts in neither",
    "no base year": "no row of a base year: what is set against it stays unknown",
}
"""What each code says."""
_DOUBTS: Final = (
    "same row twice",
    "light weight",
    "negative flow",
    "zero denominator",
    "scale unknown",
    "no base year",
)
_OF_ROWS: Final = ("no unit", "no year", "unknown level", "industry", "weight")
_OF_VALUES: Final = ("not finite", "flag", "negative")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class Problem:
    """One row, or one figure of it, that is wrong or doubtful.

    code      key of `SENTENCES`
    severity  "error": the row, or the figure where `element` is named, is left out; "doubt": it is counted
    came      what stood there
    """

    code: str
    severity: Literal["error", "doubt"]
    unit: str
    year: int | None
    element: str
    came: str
    text: str


@dataclass(frozen=True)
class Problems:
    """What was found.

    rows      how many rows were looked at
    found     problems, up to a limit for each code and element
    counts    (code, element) → how many rows
    measure   element that says how much a row matters, "" for none
    share     code → share of that element in the rows that are left out [1]
    """

    rows: int
    found: tuple[Problem, ...]
    counts: Mapping[tuple[str, str], int]
    measure: str = ""
    share: Mapping[str, float] = field(default_factory=dict)
    plan: TargetPlan | None = None
    codes: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """Rows and figures that are left out."""
        return sum(n for (code, _), n in self.counts.items() if code not in _DOUBTS)

    def left_out(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """The frame without rows in error, and with figures in error unknown."""
        if self.plan is None:
            return frame
        rows = canonical(frame, self.plan)
        codes = {code for code, _ in self.counts}
        wrong = _row_tests(self.codes)
        tests = [wrong[code] for code in _OF_ROWS if code in codes]
        if tests:
            rows = rows.filter(*(~test for test in tests))
        values: dict[str, Any] = {}
        for element in dict.fromkeys(element for code, element in self.counts if code in _OF_VALUES):
            bad = [test for code, test in _value_tests(self.plan, element).items() if code in _OF_VALUES]
            keep = ~bad[0]
            for test in bad[1:]:
                keep = keep & ~test
            values[element] = nw.when(keep).then(nw.col(element))
        if values:
            rows = rows.with_columns(**values)
        if codes & {"two regions", "twice", "same row twice"}:
            rows = rows.unique()
            often = rows.group_by("level", "unit", "year").agg(rows_=nw.len()).filter(nw.col("rows_") > 1)
            rows = rows.join(often, on=["level", "unit", "year"], how="anti")
        return rows


def check_frame(frame: nw.LazyFrame[Any], plan: TargetPlan, *, limit: int = 100) -> Problems:
    """Look a frame through.

    limit    problems named for each code and element; all are counted
    Raises   InputError as `canonical`
    Example  problems = check_frame(frame, plan); indicators(problems.left_out(frame), plan)
    """
    rows = canonical(frame, plan)
    measure = str(read_file(plan, "checks.toml").get("measure", ""))
    measure = measure if measure in plan.elements else ""
    names = rows.group_by("industry").agg(n=nw.len()).collect("pyarrow").to_native()["industry"].to_pylist()
    uses_codes = any(one.definition.population.industries for one in plan.indicators.values())
    why = {name: text for name in names if name and (text := _code_problem(name))} if uses_codes else {}
    tests: dict[tuple[str, str], nw.Expr] = {(code, ""): test for code, test in _row_tests(tuple(why)).items()}
    for element in plan.elements:
        tests |= {(code, element): test for code, test in _value_tests(plan, element).items()}
    if any(one.definition.population.above_scale is not None for one in plan.indicators.values()):
        tests["scale unknown", ""] = nw.col("above_scale").is_null() & (nw.col("level") == "enterprise")
    counts, whole, total, share = _count(rows, tests, measure)
    found = [
        problem for key, n in counts.items() if n for problem in _name(rows, key, tests[key], why, limit)
    ]  # fmt: skip
    counts = {key: n for key, n in counts.items() if n}
    twice, more, heavy = _twice(rows, measure, limit)
    counts |= more
    share |= {code: weight / total for code, weight in heavy.items()} if total else {}
    years = set(rows.group_by("year").agg(n=nw.len()).collect("pyarrow").to_native()["year"].to_pylist())
    bases = {one.base_year for one in plan.indicators.values() if one.base_year is not None} if whole else set()
    for base in sorted(bases - years):
        counts["no base year", ""] = counts.get(("no base year", ""), 0) + 1
        found.append(_problem("no base year", "", base, "", ""))
    return Problems(whole, (*found, *twice), counts, measure, share, plan, tuple(why))


def _row_tests(codes: tuple[str, ...]) -> dict[str, nw.Expr]:
    year, weight = nw.col("year"), nw.col("weight")
    tests = {
        "no unit": nw.col("unit") == "",
        "no year": year.is_null() | (year < _FIRST_YEAR) | (year > _LAST_YEAR),
        "unknown level": ~nw.col("level").is_in(LEVELS),
        "weight": (weight <= 0).fill_null(False),
        "light weight": ((weight > 0) & (weight < 1)).fill_null(False),
    }
    if codes:
        tests["industry"] = nw.col("industry").is_in(codes)
    return tests


def _value_tests(plan: TargetPlan, element: str) -> dict[str, nw.Expr]:
    kind, value = plan.elements[element].kind, nw.col(element)
    finite = value.is_null() | value.is_finite().fill_null(True)
    tests = {"not finite": ~finite}
    if kind == "flag":
        tests["flag"] = (finite & ~value.is_null() & (value != 0) & (value != 1)).fill_null(False)
    elif kind == "flow":
        tests["negative flow"] = (finite & (value < 0)).fill_null(False)
    else:
        tests["negative"] = (finite & (value < 0)).fill_null(False)
    if element in _denominators(plan):
        tests["zero denominator"] = (value == 0).fill_null(False)
    return tests


def _denominators(plan: TargetPlan) -> set[str]:
    def terms(definition: Definition) -> set[str]:
        own = {term.element for term in definition.denominator}
        others = [*(part.definition for part in definition.parts), *definition.variants.values()]
        return own.union(*map(terms, others)) if others else own

    found: set[str] = set()
    return found.union(*(terms(one.definition) for one in plan.indicators.values()))


def _code_problem(code: str) -> str:
    try:
        industry(code)
    except InputError as error:
        newer = error.hint.rpartition("; now ")[2] if "; now " in error.hint else ""
        return f"the industry code is of an older edition; now {newer}" if newer else SENTENCES["industry"]
    return ""


def _count(
    rows: nw.LazyFrame[Any], tests: Mapping[tuple[str, str], nw.Expr], measure: str
) -> tuple[dict[tuple[str, str], int], int, float, dict[str, float]]:
    """Rows of each test, rows in all, the measure of all, and its share in rows that are left out."""
    looks: dict[str, Any] = {f"c{at}": nw.when(test).then(nw.lit(1)).count() for at, test in enumerate(tests.values())}
    looks["rows"] = nw.len()
    weighed = [key for key in tests if key[0] in _OF_ROWS]
    if measure:
        value = nw.when(nw.col(measure).is_finite()).then(nw.col(measure))
        looks["all"] = value.sum()
        looks |= {f"s{at}": nw.when(tests[key]).then(value).sum() for at, key in enumerate(weighed)}
    found = rows.select(**looks).collect("pyarrow").to_native().to_pylist()[0]
    counts = {key: int(found[f"c{at}"]) for at, key in enumerate(tests)}
    share = {}
    if measure and found["all"]:
        share = {key[0]: (found[f"s{at}"] or 0.0) / found["all"] for at, key in enumerate(weighed) if counts[key]}
    return counts, int(found["rows"]), float(found.get("all") or 0.0), share


def _name(
    rows: nw.LazyFrame[Any], key: tuple[str, str], test: nw.Expr, why: Mapping[str, str], limit: int
) -> list[Problem]:
    code, element = key
    column = element or {"industry": "industry", "weight": "weight", "light weight": "weight"}.get(code, "level")
    found = rows.filter(test).select("unit", "year", came=nw.col(column).cast(nw.String)).sort("unit", "year")
    listed = found.head(limit).collect("pyarrow").to_native().to_pylist()
    return [
        _problem(code, row["unit"], row["year"], element, row["came"] or "", why.get(row["came"] or "", ""))
        for row in listed
    ]


def _problem(code: str, unit: str, year: int | None, element: str, came: str, more: str = "") -> Problem:
    severity: Literal["error", "doubt"] = "doubt" if code in _DOUBTS else "error"
    return Problem(code, severity, unit or "", year, element, came, more or SENTENCES[code])


def _twice(
    rows: nw.LazyFrame[Any], measure: str, limit: int
) -> tuple[list[Problem], dict[tuple[str, str], int], dict[str, float]]:
    """Units that stand more than once in a year: in several regions, with different figures, or word for word."""
    keys = ["level", "unit", "year"]
    rows = rows.filter(nw.col("unit") != "")
    often = rows.group_by(keys).agg(rows_=nw.len()).filter(nw.col("rows_") > 1).select(keys)
    again = rows.join(often, on=keys, how="inner").collect("pyarrow").to_native().to_pylist()
    groups: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for row in again:
        groups.setdefault((row["level"], row["unit"], row["year"]), []).append(row)
    found: list[Problem] = []
    counts: dict[tuple[str, str], int] = {}
    heavy: dict[str, float] = {}
    for (_, unit, year), own in sorted(groups.items(), key=str):
        regions = sorted({row["region"] for row in own})
        same = all(row == own[0] for row in own)
        code = "two regions" if len(regions) > 1 else "same row twice" if same else "twice"
        counts[code, ""] = counts.get((code, ""), 0) + len(own)
        if measure and code not in _DOUBTS:
            heavy[code] = heavy.get(code, 0.0) + max(row[measure] or 0.0 for row in own)
        if counts[code, ""] <= limit + len(own):
            came = ", ".join(regions) if len(regions) > 1 else f"{len(own)} rows"
            found.append(_problem(code, unit, year, "", came))
    return found, counts, heavy
