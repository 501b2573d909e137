"""The waterfall of a study: from as is to all levers, step by step, adding up as printed.

Reads   figures of runs    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from luban.pilot.arms import Groups, Lineup
from luban.pilot.plan import Arm, Lever
from luban.pilot.proof import Fall, FallPart, Measured, Span
from luban.twin.intervals import student_t
from luban.understand.quality.data import Floats
from luban.verify import Part, sequential, shapley

__all__ = ["fall", "split"]


def fall(
    metric: Measured, plan: Lineup, levers: Sequence[Lever], values: Callable[[Arm], Floats], level: float
) -> Fall | None:
    """The waterfall; None where fewer than two seeds know the metric in every arm.

    values  of the metric in the runs of an arm, in the order of seeds [unit]
    """
    sets = plan.sets()
    steps = plan.steps()
    known = np.logical_and.reduce([np.isfinite(values(arm)) for arm in (*sets.values(), *steps)])
    if known.sum() < 2:
        return None
    parts = split(
        plan.method, plan.decided, plan.capital,
        {names: values(arm)[known] for names, arm in sets.items()}, [values(arm)[known] for arm in steps], level,
    )  # fmt: skip
    first, last = values(Arm())[known], values(steps[-1])[known]
    named = {one.id: one.name for one in levers}
    total = student_t(last - first, level)
    before, after = float(first.mean()), float(last.mean())
    rounded = _rounded([part.exact for part in parts], before, after, metric.decimals)
    groups = (*plan.decided, *plan.capital)
    told = tuple(
        FallPart(
            group, " + ".join(named[one] for one in group),
            part.interval.mean, part.interval.low, part.interval.high, printed,
        )
        for group, part, printed in zip(groups, parts, rounded, strict=True)
    )  # fmt: skip
    span = Span(total.mean, total.low, total.high)
    return Fall(metric.name, metric.unit, plan.method, before, after, span, told, len(plan.decided), int(known.sum()))


def split(
    method: str, decided: Groups, capital: Groups, sets: Mapping[frozenset[int], Floats], steps: Sequence[Floats],
    level: float,
) -> tuple[Part, ...]:  # fmt: skip
    """One part a group: decided ones by the method, capital ones in sequence after all of them.

    sets   numbers of decided groups that were on → the metric in each run
    steps  likewise with all decided groups and none, one, two, … capital groups
    """
    parts: tuple[Part, ...] = ()
    if decided:
        names = [str(at) for at in range(len(decided))]
        runs = {frozenset(map(str, some)): values for some, values in sets.items()}
        parts += (shapley if method == "shapley" else sequential)(runs, names, level=level).parts
    if capital:
        names = [str(at) for at in range(len(capital))]
        runs = {frozenset(names[:size]): values for size, values in enumerate(steps)}
        parts += sequential(runs, names, level=level).parts
    return parts


def _rounded(parts: Sequence[Fraction], before: float, after: float, decimals: int) -> list[float]:
    """Parts to so many decimals that add up from `before` to `after` as these are printed."""
    scale = 10**decimals
    goal = round(Fraction(after) * scale) - round(Fraction(before) * scale)
    whole = [math.floor(one * scale) for one in parts]
    order = sorted(range(len(parts)), key=lambda at: (whole[at] - parts[at] * scale, at))
    for turn in range(goal - sum(whole)):
        whole[order[turn % len(order)]] += 1
    for turn in range(sum(whole) - goal):
        whole[order[-1 - turn % len(order)]] -= 1
    return [one / scale for one in whole]
