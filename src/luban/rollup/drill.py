"""What an indicator is made of: from the whole to regions, industries, units, and down to the facts they told.

Reads   the canonical frame (`luban.rollup.frame`); for facts a ledger's returns; writes nothing
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core.errors import InputError
from luban.ledger.reader import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.cells import Ratio
from luban.rollup.deflators import Deflators
from luban.rollup.frame import canonical
from luban.rollup.indicators import base_of, summed
from luban.rollup.moments import Cut, measures, scan_frame

__all__ = ["WAYS", "Drill", "Fact", "Part", "drill", "facts"]

WAYS: Final = ("region", "industry", "size", "unit")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole.

    key                     region, industry code, size or unit
    value                   its own ratio × factor; None where its denominator is not above zero
    numerator, denominator  weighted totals; over all parts they add up to the whole's to the bit
    n, excluded             units used, units left out because an element is unknown
    share_numerator, share_denominator  of the whole [1]
    effect                  the whole's value less what it would be without the part
    """

    key: str
    value: float | None
    numerator: float
    denominator: float
    n: int
    excluded: int
    share_numerator: float | None
    share_denominator: float | None
    effect: float | None


@dataclass(frozen=True, slots=True)
class Drill:
    """An indicator of a year taken apart.

    level  ratio × factor of the whole: of a change indicator the level of the year, not what it changed by
    whole  everything together
    parts  in order of their share in the numerator, the largest first
    """

    indicator: str
    year: int
    by: str
    whole: Part
    parts: tuple[Part, ...]
    reason: str = ""

    @property
    def level(self) -> float | None:
        """Value of the whole."""
        return self.whole.value


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that a unit told.

    seq    its number in the ledger
    used   it stands in the frame; otherwise `text` says why not
    """

    seq: int
    element: str
    value: float | None
    measured_in: str
    method: str
    used: bool
    text: str


def drill(
    frame: nw.LazyFrame[Any],
    plan: TargetPlan,
    indicator: str,
    year: int,
    *,
    region: str = "",
    industry: str = "",
    size: str = "",
    by: str = "region",
    deflators: Deflators | None = None,
) -> Drill:
    """Take an indicator of a year apart, one step down.

    region    path of the region to look into, "" all: its parts are one step longer
    industry  code of the industry to look into, "" all: its parts are the next level of the code
    size      only units of that size
    by        region, industry, size or unit
    Raises    InputError: unknown indicator or way; an index has parts of another kind
    Example   drill(frame, plan, "I01", 2020, region="CN/31", by="industry").parts[0].key
    """
    own = plan.indicator(indicator)
    if by not in WAYS:
        raise InputError("no such way down", came=by, expected=", ".join(WAYS))
    if own.definition.form == "index":
        raise InputError("an index is made of sub-indicators, not of units", came=indicator, hint="see its parts")
    wanted = measures(plan, (indicator,))
    whole = canonical(frame, plan)
    scan, rows = scan_frame(whole, wanted, Cut()), whole.filter(nw.col("year") == year)
    inside = rows
    if region:
        inside = inside.filter((nw.col("region") == region) | nw.col("region").str.starts_with(f"{region}/"))
    if industry:
        inside = inside.filter(nw.col("industry").str.starts_with(industry))
    if size:
        inside = inside.filter(nw.col("size") == size)
    deepest = {"region": region.count("/") + 1 if region else 0, "industry": _digits(industry)}
    if by == "region" and not region:
        deepest["region"] = _first_split(inside)
    if by == "industry" and not industry and len({code[:1] for code in _column(inside, "industry")}) == 1:
        deepest["industry"] = 2  # one section alone is no step down
    if by == "region":
        scan = replace(scan, regions=tuple(_column(inside, "region")))
    found = summed(inside, plan, wanted, (by,), deepest, deflators, scan=scan)
    ratio = found.ratio(0, base_of(own, year) or own.base_year or year)
    return _taken_apart(indicator, year, by, own.definition.factor, ratio, list(found.cells.keys[by]))


def _column(frame: nw.LazyFrame[Any], name: str) -> list[str]:
    """Values that occur."""
    found: list[str] = frame.group_by(name).agg(n=nw.len()).collect("pyarrow").to_native()[name].to_pylist()
    return sorted(found)


def _digits(code: str) -> int:
    """Digits of the next level: a section has divisions of two, then groups and classes of one more."""
    return {0: 0, 1: 2}.get(len(code), len(code))


def _first_split(frame: nw.LazyFrame[Any]) -> int:
    """Steps below the root at which regions first differ."""
    split = [path.split("/") for path in _column(frame, "region")]
    longest = max(map(len, split), default=1)
    return next((at for at in range(longest) if len({tuple(one[: at + 1]) for one in split}) > 1), longest - 1)


def _taken_apart(indicator: str, year: int, by: str, factor: float, ratio: Ratio, keys: list[str]) -> Drill:
    there = np.flatnonzero(ratio.of > 0)
    x, y = math.fsum(ratio.x[there]), math.fsum(ratio.y[there])
    n, of = int(ratio.n[there].sum()), int(ratio.of[there].sum())
    lacks = bool(ratio.unpriced[there].any())  # sums at prices of two years: no ratio of them is told
    whole = Part("", factor * x / y if y > 0 and not lacks else None, x, y, n, of - n, 1.0, 1.0, None)
    parts = []
    for at in there:
        own_x, own_y, priced = float(ratio.x[at]), float(ratio.y[at]), not ratio.unpriced[at]
        rest = y - own_y
        without = factor * (x - own_x) / rest if rest > 0 else None
        parts.append(
            Part(
                str(keys[at]), factor * own_x / own_y if own_y > 0 and priced else None, own_x, own_y,
                int(ratio.n[at]), int(ratio.of[at] - ratio.n[at]), own_x / x if x and not lacks else None,
                own_y / y if y and not lacks else None,
                None if without is None or whole.value is None else whole.value - without,
            )
        )  # fmt: skip
    reason = "" if n else "no unit told what it takes"
    if lacks and bool(ratio.unpriced[there].all()):
        reason = "no price indices: constant prices cannot be told"
    elif lacks:
        reason = "a price index is missing for an industry and year"
    parts.sort(key=lambda part: (-abs(part.numerator), -abs(part.denominator), part.key))
    return Drill(indicator, year, by, whole, tuple(parts), reason)


def facts(
    ledger: Ledger, plan: TargetPlan, indicator: str, unit: str, year: int, *, as_of: int | None = None
) -> tuple[Fact, ...]:
    """The facts of a unit that an indicator is made of, each with its number in the ledger.

    as_of   the books as they stood at this seq
    Raises  InputError for an unknown indicator
    """
    from luban.rollup.returns import standing

    elements = plan.indicator(indicator).definition.elements
    told = standing(ledger, plan, as_of=as_of, years=(year,), units=(unit,))
    rows = told.filter(nw.col("element").is_in(elements))
    found: list[Mapping[str, Any]] = rows.collect("pyarrow").to_native().to_pylist()
    made = [
        Fact(
            int(row["seq"]), row["element"], row["value"], row["measured_in"] or "", row["method"] or "",
            bool(row["used"]), row["text"] or "",
        )
        for row in found
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda fact: (elements.index(fact.element), fact.seq)))
