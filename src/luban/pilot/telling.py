"""From runs to the proof: changes, waterfalls, levers, money, and what a reader should know.

Reads   figures of runs    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from luban.core.time import now
from luban.pilot.arms import Lineup
from luban.pilot.assumptions import assumptions
from luban.pilot.books import Kept
from luban.pilot.fall import fall
from luban.pilot.money import YEAR, capital_cost, worth
from luban.pilot.plan import TARGETS, Arm, Lever, Pilot
from luban.pilot.proof import (
    AS_IS,
    CAPITAL,
    LUBAN,
    Fall,
    LeverTold,
    Measured,
    Money,
    Proof,
    Span,
)
from luban.pilot.registry import Opened
from luban.pilot.verdict import CASH, Table, changes, measured, table, told, without_parts
from luban.twin.intervals import student_t
from luban.understand.quality.data import Floats

__all__ = ["RATE", "lever_verdict", "tell"]

RATE = 0.08
"""Interest a year where a pilot names none [1]."""

_Mark = tuple[str, str, tuple[str, ...]]
_STEPS = {"sequential": "one lever after the other, in the order of the table", "shapley": "the mean over all orders"}


def tell(
    opened: Opened, plan: Lineup, runs: Mapping[Arm, Sequence[Kept]], *, seeds: Sequence[int], level: float, code: str,
    before: Sequence[Proof] = (),
) -> Proof:  # fmt: skip
    """The proof that runs come to.

    runs    of every arm of the plan, in the order of seeds
    before  proofs that were made earlier of this pilot
    """
    pilot = opened.pilot
    rate = float(getattr(pilot, "rate", RATE))
    units = measured(pilot, [one.figures for one in runs[Arm()]])
    tables = {
        arm: table([one.figures for one in some], units, capital_cost(pilot.levers, arm.levers, rate))
        for arm, some in runs.items()
    }
    shown = {name: tables[arm] for name, arm in plan.shown.items()}
    arms = tuple(
        told(name, arm.practice, _on(pilot, arm), arm.demand, shown[name], level) for name, arm in plan.shown.items()
    )
    found = changes(arms, shown, level, getattr(pilot, "lacks", {}))
    falls = {
        one.name: _fall(one, plan, pilot, tables, level)
        for one in (*units, Measured(CASH, CASH, "", pilot.currency, 2))
    }
    main = LUBAN if LUBAN in shown else CAPITAL
    on = tuple(one.id for one in pilot.levers if any(one.id in own for own in (*plan.decided, *plan.capital)))
    looks = _looks(before, seeds, (code, opened.settings, on))
    missed = {one.metric for one in found if one.arm == main and one.base == AS_IS and one.verdict == "missed"}
    return Proof(
        name=pilot.name, title=pilot.title, category=pilot.category, currency=pilot.currency, unit=pilot.unit,
        seeds=tuple(seeds), days=runs[Arm()][0].figures.days, level=level, method=plan.method, looks=looks, made=now(),
        code=code, settings=opened.settings, cpu=sum(one.cpu for some in runs.values() for one in some),
        metrics=units, arms=arms,
        points={name: {one.name: tuple(own.values[one.name]) for one in units} for name, own in shown.items()},
        seqs={name: tuple(one.seq for one in runs[arm]) for name, arm in plan.shown.items()},
        changes=found, binds={name: text for name, text in pilot.binds.items() if name in missed},
        falls=tuple(one for name, one in falls.items() if one is not None and name != CASH),
        without=without_parts(shown[AS_IS], shown[main], level),
        levers=_levers(pilot, plan, falls), money=_money(pilot, plan, tables, falls[CASH], rate, level),
        units=dict(pilot.units), assumptions=assumptions(opened.folder), notes=_notes(plan, seeds, looks, level),
    )  # fmt: skip


def lever_verdict(shares: Mapping[str, Span]) -> tuple[str, str]:
    """(verdict, why) of a lever by its steps of the three targets; less is better in all of them.

    Example lever_verdict({"cost": Span(0.02, 0.01, 0.03)})[0] == "makes worse"
    """
    better = [name for name in TARGETS if name in shares and shares[name].high < 0]
    worse = [name for name in TARGETS if name in shares and shares[name].low > 0]
    said = "; ".join(f"{name} {shares[name].mean:+.1%}" for name in (*better, *worse))
    if better and worse:
        return "mixed", said
    if better or worse:
        return ("helps" if better else "makes worse"), said
    return "no effect", "none of the targets is moved beyond chance"


def _fall(
    metric: Measured, plan: Lineup, pilot: Pilot, tables: Mapping[Arm, Table], level: float
) -> Fall | None:  # fmt: skip
    return fall(metric, plan, pilot.levers, lambda arm: tables[arm].values[metric.name], level)


def _on(pilot: Pilot, arm: Arm) -> list[Lever]:
    return [one for one in pilot.levers if one.id in arm.levers]


def _levers(pilot: Pilot, plan: Lineup, falls: Mapping[str, Fall | None]) -> tuple[LeverTold, ...]:
    found = []
    for lever in pilot.levers:
        group = next((own for own in (*plan.decided, *plan.capital) if lever.id in own), ())
        shares = {
            name: _of(part.mean, part.low, part.high, made.before)
            for name, made in falls.items()
            if made is not None and name != CASH
            for part in made.parts
            if lever.id in part.levers and made.before
        }
        verdict, why = lever_verdict(shares) if group else ("", "")
        skipped = pilot.skipped.get(lever.id, "") or ("" if group else "it was left off in this study")
        found.append(
            LeverTold(
                id=lever.id,
                name=lever.name,
                field=lever.field,
                text=lever.text,
                capital=lever.capital,
                on=bool(group),
                skipped=skipped,
                shares=shares,
                with_it=group,
                verdict=verdict,
                off=verdict == "makes worse",
                why=why,
            )
        )
    return tuple(found)


def _of(mean: float, low: float, high: float, before: float) -> Span:
    return Span(mean / before, low / before, high / before)


def _money(
    pilot: Pilot, plan: Lineup, tables: Mapping[Arm, Table], cash: Fall | None, rate: float, level: float
) -> tuple[Money, ...]:  # fmt: skip
    """Arms that switch levers on, then each step of the waterfall."""
    if cash is None:
        return ()
    base = tables[Arm()].values[CASH]
    found = []
    for name, arm in plan.shown.items():
        if arm.levers:
            saving = student_t((base - tables[arm].values[CASH]) * _yearly(tables[arm]), level)
            found.append(worth(name, _on(pilot, arm), Span(saving.mean, saving.low, saving.high), rate))
    last = plan.steps()[-1]
    many = float(np.mean(_yearly(tables[last])))
    for part in cash.parts:
        levers = [one for one in pilot.levers if one.id in part.levers]
        saving_of = Span(-part.mean * many, -part.high * many, -part.low * many)
        found.append(worth(" + ".join(part.levers), levers, saving_of, rate))
    return tuple(found)


def _yearly(own: Table) -> Floats:
    return np.array([one.units * YEAR / one.days for one in own.figures])


def _looks(before: Sequence[Proof], seeds: Sequence[int], mark: _Mark) -> int:
    """Proofs on any of these seeds by other code, other settings or other levers: each could have been a choice."""
    wanted = set(seeds)
    marks = {
        (one.code, one.settings, tuple(lever.id for lever in one.levers if lever.on))
        for one in before
        if wanted & set(one.seeds)
    }
    return len(marks - {mark})


def _notes(plan: Lineup, seeds: Sequence[int], looks: int, level: float) -> tuple[str, ...]:
    found = [
        f"seeds {seeds[0]} to {seeds[-1]}, {len(seeds)} pairs on the same chances; intervals at {level:.0%}",
        f"waterfall: {_STEPS[plan.method]}",
    ]
    if plan.capital:
        found.append("levers that need capital follow in sequence after all that are decided")
    if any(len(group) > 1 for group in (*plan.decided, *plan.capital)):
        found.append("some levers were switched on together: their step is that of all of them")
    if plan.left:
        found.append(f"left out in this study: {'; '.join(plan.left)}")
    if looks:
        found.append(
            f"these seeds were looked at {looks} times before by another program, with other settings or levers"
        )
    return tuple(found)
