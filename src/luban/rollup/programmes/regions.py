"""What regions set themselves against what the plan sets for all: does it add up, and what is the gap?

Counts add up. A ratio does not: it is weighed by the denominators the regions state, and without them it is not added.

Reads   Fact(event) of the kind `programme` with the code `target`, or a table    Writes  nothing itself: `target_row`
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.points import reaches
from luban.rollup.programmes.table import read_table
from luban.understand.book import entries, row

__all__ = ["RegionTarget", "SumCheck", "read_targets", "regional_sum", "regional_targets", "target_row"]


@dataclass(frozen=True, slots=True)
class RegionTarget:
    """What a region sets itself.

    id       indicator or target of a programme;  value  [its unit];  weight  denominator of a ratio, None: not stated
    seq      of its entry, 0 from a table
    """

    region: str
    id: str
    year: int
    value: float
    weight: float | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class SumCheck:
    """The regions together against the whole.

    national   of the plan [unit];  together  of the regions; NaN where `reason`
    gap        together less national: below 0 the regions fall short where more is better
    short      the regions fall short;  missing  regions without a target of their own
    """

    id: str
    year: int
    unit: str
    national: float
    together: float
    gap: float
    short: bool
    regions: int
    missing: tuple[str, ...]
    reason: str = ""


def target_row(
    plan: TargetPlan,
    target: RegionTarget,
    *,
    person: str,
    document: Sequence[dict[str, Any]] = (),
    time: int | None = None,
) -> dict[str, list[Any]]:
    """The entry of what a region sets itself. Raises InputError: not in the plan, no number, a weight not above 0."""
    _known(plan, target.id)
    weight = 1.0 if target.weight is None else target.weight
    if not target.region or not math.isfinite(target.value) or not (math.isfinite(weight) and weight > 0):
        raise InputError("a region, a number, and a weight above 0 if any", came=str(target), where=target.id)
    data = {"plan": plan.id, "item": target.id, "region": target.region, "year": target.year, "value": target.value,
            "weight": target.weight, "evidence": list(document)}  # fmt: skip
    return row("programme", f"{plan.id}:{target.region}", "target", person=person, data=data, time=time)


def regional_targets(ledger: Ledger, plan: str, *, as_of: int | None = None) -> tuple[RegionTarget, ...]:
    """What regions set themselves, the newest of each region, target and year."""
    found: dict[tuple[str, str, int], RegionTarget] = {}
    for one in entries(ledger, "programme", as_of=as_of):
        if one.code == "target" and one.data.get("plan") == plan:
            data = one.data
            weight = data.get("weight")
            made = RegionTarget(str(data["region"]), str(data["item"]), int(data["year"]), float(data["value"]),
                                None if weight is None else float(weight), one.seq)  # fmt: skip
            found[made.region, made.id, made.year] = made
    return tuple(found[key] for key in sorted(found))


def read_targets(path: Path, plan: TargetPlan) -> tuple[RegionTarget, ...]:
    """The same from a CSV or Excel file with columns region, id, year, value and perhaps weight.

    Raises   InputError with file and row
    """
    found, seen = [], set()
    for place, cells in read_table(path, ("region", "id", "year", "value")):
        year, value, weight = (_number(cells.get(name, "")) for name in ("year", "value", "weight"))
        if not year.is_integer() or not math.isfinite(value):
            came = f"{cells['year']}, {cells['value']}"
            raise InputError("not a year and a number", came=came, where=place)
        if not cells["region"] or (cells.get("weight") and not (math.isfinite(weight) and weight > 0)):
            came = ", ".join((cells["region"], cells["value"], cells.get("weight", "")))
            raise InputError("a region, a number, and a weight above 0 if any", came=came, where=place)
        try:
            _known(plan, cells["id"])
        except InputError as error:
            raise InputError(error.message, came=error.came, expected=error.expected, where=place) from None
        made = RegionTarget(cells["region"], cells["id"], int(year), value, weight if weight > 0 else None)
        if (made.region, made.id, made.year) in seen:
            came = f"{made.region}, {made.id}, {made.year}"
            raise InputError("a region sets itself two values", came=came, where=place)
        seen.add((made.region, made.id, made.year))
        found.append(made)
    return tuple(found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def regional_sum(
    plan: TargetPlan, targets: Iterable[RegionTarget], *, regions: Sequence[str] = ()
) -> tuple[SumCheck, ...]:  # fmt: skip
    """Every target that some region sets itself, together and against the plan's.

    regions  all there are; by default those that set themselves anything
    Example  regional_sum(plan, read_targets(path, plan))[0].gap
    """
    held: dict[tuple[str, int], list[RegionTarget]] = {}
    some = tuple(targets)
    for one in some:
        held.setdefault((one.id, one.year), []).append(one)
    every = tuple(regions) or tuple(sorted({one.region for one in some}))
    return tuple(_check(plan, name, year, own, every) for (name, year), own in sorted(held.items()))


def _check(plan: TargetPlan, name: str, year: int, own: list[RegionTarget], every: Sequence[str]) -> SumCheck:
    indicator = plan.indicators.get(name)
    item = indicator or plan.item(name)
    stone = item.milestone(year)
    national = math.nan if stone is None or stone.value is None else stone.value
    adds = indicator is None and plan.item(name).kind == "count"
    missing = tuple(one for one in every if one not in {some.region for some in own})
    together, reason = math.nan, ""
    if adds:
        together = math.fsum(one.value for one in own)
    elif any(one.weight is None for one in own):
        lacking = ", ".join(one.region for one in own if one.weight is None)
        reason = f"a ratio is weighed by its denominator, which is missing: {lacking}"
    else:
        weights = [one.weight or 0.0 for one in own]
        together = math.fsum(one.value * w for one, w in zip(own, weights, strict=True)) / math.fsum(weights)
    if math.isnan(national):
        reason = reason or f"the plan has no number for {year}"
    gap = together - national
    up = item.kind == "cut" or item.direction == "up"  # a cut is better the larger it is
    short = math.isfinite(gap) and not reaches(together, national, 1 if up else -1)
    return SumCheck(name, year, item.unit, national, together, gap, short, len(own), missing, reason)


def _known(plan: TargetPlan, name: str) -> None:
    if name not in plan.indicators:
        plan.item(name)
