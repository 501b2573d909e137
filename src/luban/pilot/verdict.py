"""Three targets and what an arm brought: relative changes over pairs of runs, held against the plan's bar.

A target counts as met only where the whole interval lies at or beyond it.

Reads   figures of runs    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from luban.pilot.plan import CONVERSION, COSTS, TARGETS, Figures, Lever, Pilot
from luban.pilot.proof import AS_IS, CONVENTIONAL, METRICS, ArmTold, Change, Measured, Span, Without
from luban.twin.intervals import student_t
from luban.understand.quality.data import Floats
from luban.verify import relative

__all__ = ["CASH", "LEAST_PAIRS", "Table", "change", "changes", "judged", "measured", "table", "told", "without_parts"]

LEAST_PAIRS: Final = 5
"""Pairs of runs from which on a target can be met."""
CASH: Final = "cash cost"
"""Full cost without the annuity of capital, per good unit: what a payback is worked out from."""
_DAY, _HOUR = 86_400.0, 3_600.0
_BARS: Final = (("met 2025", 1), ("met 2020", 0))


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of all runs of an arm in the order of seeds, in the units of `Measured`."""

    values: Mapping[str, Floats]
    figures: tuple[Figures, ...]


def measured(pilot: Pilot, before: Sequence[Figures]) -> tuple[Measured, ...]:
    """Label, unit and decimals of each metric, by how large it is as is."""
    cycle = float(np.nanmean([one.cycle for one in before]))
    means = {name: float(np.mean([_value(name, one, "d", 0.0) for one in before])) for name in METRICS}
    hours = math.isfinite(cycle) and cycle < 2 * _DAY
    means["cycle"] = cycle / (_HOUR if hours else _DAY)
    units = {"cost": pilot.currency, "full cost": pilot.currency, "cycle": "h" if hours else "d", "defects": "%"}
    meanings: Mapping[str, str] = getattr(pilot, "meanings", {})
    return tuple(
        Measured(name, label, meanings.get(name, ""), units[name], _decimals(means[name]))
        for name, label in METRICS.items()
    )


def table(figures: Sequence[Figures], units: Sequence[Measured], capital: float) -> Table:
    """Values of every metric of an arm's runs.

    capital  annuity of its levers [currency/a]
    """
    cycle = next(one.unit for one in units if one.name == "cycle")
    names = (*METRICS, CASH)
    return Table(
        {name: np.array([_value(name, one, cycle, capital) for one in figures], np.float64) for name in names},
        tuple(figures),
    )


def change(
    metric: str, names: tuple[str, str], pair: tuple[Floats, Floats], level: float, *, levers: bool = True
) -> Change:  # fmt: skip
    """What an arm brought in a metric.

    names   of the base and of the arm;  pair  their values in the order of seeds; a pair with NaN is left out
    levers  some are on: it is held against the target
    """
    known = np.isfinite(pair[0]) & np.isfinite(pair[1])
    a, b = pair[0][known], pair[1][known]
    share = _share(a, b, level)
    verdict, why = judged(metric, share, len(a)) if metric in TARGETS and levers else ("", "")
    before, after = (float(one.mean()) if len(one) else math.nan for one in (a, b))
    return Change(metric, *names, before, after, share, len(a), verdict, why)


def judged(metric: str, share: Span, pairs: int) -> tuple[str, str]:
    """(verdict, why) of a relative change by the plan's bar for a metric.

    Example judged("cycle", Span(-0.6, -0.65, -0.55), 30)[0] == "met 2025"
    """
    bars = TARGETS[metric]
    if pairs < LEAST_PAIRS:
        return "not evaluable", f"{pairs} pairs of runs with this figure, {LEAST_PAIRS} are needed"
    if not (math.isfinite(share.low) and math.isfinite(share.high)):
        return "not evaluable", "the figure as is cannot be told from zero"
    for verdict, at in _BARS:
        if share.high <= bars[at]:
            reach = f"at best {_percent(share.low)}, at worst {_percent(share.high)}"
            return verdict, f"{reach}: all of it at or beyond {_percent(bars[at], 0)}"
    if share.mean <= bars[0]:
        said = f"the mean reaches {_percent(bars[0], 0)}, but the interval goes up to {_percent(share.high)}"
        return "missed", said
    return "missed", f"at best {_percent(share.low)}, {_percent(bars[0], 0)} is asked for"


def _percent(share: float, decimals: int = 1) -> str:
    return f"{100 * share:+.{decimals}f} %".replace("-", "−")


def changes(
    arms: Sequence[ArmTold], tables: Mapping[str, Table], level: float, lacks: Mapping[str, str]
) -> tuple[Change, ...]:  # fmt: skip
    """Every arm against as is, against conventional, and against an arm without levers of its own demand.

    lacks  metric → what is missing for it at this plant, in words
    """
    found = []
    plain = {one.demand: one.name for one in reversed(arms) if not one.levers and one.practice == AS_IS}
    for arm in arms[1:]:
        bases = dict.fromkeys((AS_IS, CONVENTIONAL, plain.get(arm.demand, AS_IS)))
        for base in bases:
            if base == arm.name or base not in tables:
                continue
            pairs = ((name, tables[base].values[name], tables[arm.name].values[name]) for name in METRICS)
            names, levers = (base, arm.name), bool(arm.levers)
            made = (change(name, names, (a, b), level, levers=levers) for name, a, b in pairs)
            found += [
                replace(one, why=lacks[one.metric]) if one.verdict == "not evaluable" and one.metric in lacks else one
                for one in made
            ]
    return tuple(found)


def without_parts(before: Table, after: Table, level: float) -> tuple[Without, ...]:
    """Operating cost with each of its parts left out in turn, and with overhead and material added."""
    present = {part for one in before.figures + after.figures for part in one.costs}
    found = []
    for part in COSTS:
        if part not in present:
            continue
        parts = CONVERSION - {part} if part in CONVERSION else CONVERSION | {part}
        pair = [np.array([one.cost(parts) for one in table.figures]) for table in (before, after)]
        found.append(Without(part, part not in CONVERSION, _share(*_finite(*pair), level)))
    return tuple(found)


def told(name: str, practice: str, levers: Sequence[Lever], demand: float, own: Table, level: float) -> ArmTold:
    """An arm as the proof tells it."""
    parts = dict.fromkeys(part for one in own.figures for part in one.costs)
    more = dict.fromkeys(key for one in own.figures for key in one.more)
    return ArmTold(
        name=name, practice=practice, levers=tuple(one.id for one in levers), demand=demand,
        means={metric: _mean(own.values[metric], level) for metric in METRICS},
        costs={part: _average([one.costs.get(part, 0.0) / one.units for one in own.figures]) for part in parts},
        more={key: _average([one.more.get(key, math.nan) for one in own.figures]) for key in more},
        units=_average([one.units / one.days for one in own.figures]) * 365.25,
    )  # fmt: skip


def _value(metric: str, one: Figures, cycle: str, capital: float) -> float:
    if metric == "cycle":
        return one.cycle / (_HOUR if cycle == "h" else _DAY)
    if metric == "defects":
        return 100 * one.defects
    if not one.costs or not one.units > 0:
        return math.nan
    if metric == "cost":
        return one.cost()
    full = one.cost(frozenset(COSTS))
    return full if metric == "full cost" else full - capital * one.days / 365.25 / one.units


def _share(a: Floats, b: Floats, level: float) -> Span:
    mean, low, high = relative(a, b, level) if len(a) > 1 else (math.nan,) * 3
    return Span(float(mean), float(low), float(high))


def _finite(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(a) & np.isfinite(b)
    return a[known], b[known]


def _mean(values: Floats, level: float) -> Span:
    found = student_t(values, level)
    return Span(found.mean, found.low, found.high)


def _average(values: Sequence[float]) -> float:
    known = [one for one in values if math.isfinite(one)]
    return sum(known) / len(known) if known else math.nan


def _decimals(size: float) -> int:
    """As many as show four digits."""
    if not math.isfinite(size) or size == 0:
        return 2
    return min(max(3 - math.floor(math.log10(abs(size))), 0), 6)
