"""What decisions of a running plant are worth, from its cost books and its lives on record; or why it is not known.

Reads   prices.csv, routing.csv, bom.csv, maintenance.csv; Fact(count, state), Fact(event) of the kind `workorder`
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, now as clock_now
from luban.ledger import Ledger
from luban.loop.deciding.floor import Worth
from luban.loop.words import (
    AVOIDED,
    FEW_FAILURES,
    NO_AGE,
    NO_FAILURE_PRICE,
    NO_HOUR,
    NO_LIMITS,
    NO_PART,
    NO_PIECES,
    NO_STANDARD,
    SCRAP,
    TOO_EARLY,
)
from luban.plant import Plant

if TYPE_CHECKING:
    from luban.decide.maintain.due import Due
    from luban.decide.maintain.life import Life
    from luban.decide.maintain.prices import Prices
    from luban.understand.cost.prices import PriceList

__all__ = ["Pricing", "avoided"]

_LEAST: Final = 3  # failures on record from which on a life is fitted
_TAIL: Final = 0.05
_DRAWS: Final = 120


class Pricing:
    """Prices of one plant. What is not known is a reason, never a zero.

    Example  Pricing(plant, ledger).hour("p/mill")
    """

    def __init__(self, plant: Plant, ledger: Ledger) -> None:
        self._plant, self._ledger = plant, ledger
        self._day, self._lacks = -1, ""
        self._prices: PriceList | None = None
        self._pieces: dict[str, Worth] = {}

    def piece(self, item: str) -> Worth:
        """Standard cost of a piece: what is lost with it."""
        self._today()
        return self._pieces.get(item) or Worth(why=self._lacks or NO_STANDARD.format(item=item))

    def hour(self, machine: str) -> Worth:
        """What an hour of a machine is worth: output lost by maintenance.csv, else its own price by prices.csv."""
        lost = [one.hour_cost for one in self._plant.maintenance if one.asset == machine and one.hour_cost > 0]
        if lost:
            return Worth(max(lost))
        price = self._today().find("machine", machine, clock_now())
        return Worth(why=NO_HOUR.format(machine=machine)) if price is None else Worth(float(price.price))

    def _today(self) -> PriceList:
        """The prices; what pieces cost is rolled up anew once a day."""
        if self._prices is not None and self._day == clock_now() // DAY:
            return self._prices
        from luban.understand.cost.facts import prices_of
        from luban.understand.cost.standard import roll_up

        self._day, self._prices = clock_now() // DAY, prices_of(self._plant)
        self._pieces, self._lacks = {}, ""
        try:
            rolled = roll_up(self._plant, self._prices, clock_now())
        except InputError as error:
            rolled, self._lacks = {}, error.message
        for name, own in rolled.items():
            total = float(own.total)
            lacks = Worth(why=NO_STANDARD.format(item=", ".join(own.missing[:3]) or name))
            self._pieces[name] = lacks if own.missing or total <= 0 else Worth(total)
        return self._prices

    # ------------------------------------------------------------------ set-points

    def set_point(self, plan: Mapping[str, Any], characteristic: str, unit: str) -> Worth:
        """Scrap avoided by a set-point over a day at the pace of the last one.

        plan  a `SetPointPlan` as plain values;  unit  path of the machine
        """
        effect = (plan.get("effects") or {}).get("outside")
        if effect is None:
            return Worth(why=NO_LIMITS.format(characteristic=characteristic))
        item = characteristic.partition(":")[0]
        cost = self.piece(item)
        if cost.value is None:
            return cost
        pieces = self._made(unit, item)
        if pieces <= 0:
            return Worth(why=NO_PIECES.format(machine=unit))
        before, after = effect["before"], effect["after"]
        each = pieces * cost.value
        why = SCRAP.format(pieces=f"{pieces:g}", before=f"{before[0]:.2%}", after=f"{after[0]:.2%}")
        return Worth(
            each * (before[0] - after[0]), each * (before[1] - after[2]), each * (before[2] - after[1]), why,
            {"pieces": pieces, "piece": cost.value},
        )  # fmt: skip

    def _made(self, unit: str, item: str) -> float:
        frame = self._ledger.frame("count", since=clock_now() - DAY).filter(
            nw.col("subject") == unit, nw.col("quality") == 0
        )
        rows = frame.collect("pyarrow").to_native().to_pylist()
        return float(sum(r["good"] + r["scrap"] + r["rework"] for r in rows if r["item"] in {None, "", item}))

    # ------------------------------------------------------------------ maintenance

    def maintenance(self, due: Due, moment: int) -> Worth:
        """What doing a task now avoids against leaving it out until it is due again; see `avoided`.

        The interval is over what the lives on record leave open.
        """
        task = due.task
        if not task.part:
            return Worth(why=NO_PART.format(task=task.task))
        if task.planned_cost is None or task.failure_cost is None:
            return Worth(why=NO_FAILURE_PRICE.format(task=task.task))
        age = self._age(due, moment)
        if age is None or task.every is None:
            return Worth(why=NO_AGE.format(part=task.part))
        from luban.decide.maintain.life import life_of, lives_drawn
        from luban.decide.maintain.prices import Prices
        from luban.decide.maintain.record import lives_on_record
        from luban.understand.health.lifetime import fit_life

        alike = [one.asset for one in self._plant.maintenance if one.part == task.part]
        wait = task.every / HOUR
        clock = "calendar" if task.clock == "calendar" else "running"
        planned = task.duration / HOUR
        failed = planned if task.failure_duration is None else task.failure_duration / HOUR
        try:
            lives = lives_on_record(self._ledger, self._plant, task.part, moment, clock=clock, machines=alike)
            if lives.failures < _LEAST:
                return Worth(why=FEW_FAILURES.format(part=task.part, count=f"{lives.failures:g}"))
            prices = Prices(task.failure_cost, task.planned_cost, hour=task.hour_cost, failure_hours=failed,
                            planned_hours=planned)  # fmt: skip
            fit = fit_life(lives)
            value = avoided(life_of(fit), prices, age, wait)
            drawn = sorted(avoided(one, prices, age, wait) for one in lives_drawn(fit, _DRAWS))
        except InputError as error:
            return Worth(why=error.message)
        facts = {"age": round(age, 1), "failures": lives.failures, "mean life": round(life_of(fit).mean, 1)}
        if value <= 0:
            return Worth(why=TOO_EARLY.format(part=task.part), facts=facts)
        low, high = (drawn[round(share * (len(drawn) - 1))] for share in (_TAIL, 1 - _TAIL)) if drawn else (None, None)
        return Worth(value, low, high, AVOIDED.format(part=task.part), facts)

    @staticmethod
    def _age(due: Due, moment: int) -> float | None:
        """Age of the part [h]; None where it is not on record."""
        if due.last is None:
            return None
        if due.task.clock == "running":
            return None if due.used is None else due.used / HOUR
        return (moment - due.last) / HOUR if due.task.clock == "calendar" else None


def avoided(life: Life, prices: Prices, hours: float, wait: float) -> float:
    """Cost avoided by replacing a part of that age now, against `wait` later or when it fails before [money].

    Afterwards both go on by the best replacement by age; an hour that one of them begins later counts as what that
    costs an hour in the long run (the test quantity of policy improvement: R. A. Howard, Dynamic Programming and
    Markov Processes (1960), chapter 7).

    Example  avoided(weibull_life(3, 1000), Prices(failure=5, planned=1), 900, 100) > 0
    """
    from luban.decide.maintain.policies import age as by_age

    rate, left = by_age(life, prices).rate, float(life.surviving(hours))
    if left < 1e-9:  # it should have failed long ago
        return prices.of_failure - prices.of_planned
    fails = 1.0 - float(life.surviving(hours + wait)) / left
    lasts = (_lived(life, hours + wait) - _lived(life, hours)) / left
    later = lasts + fails * (prices.failure_hours - prices.planned_hours)
    return fails * (prices.of_failure - prices.of_planned) - rate * later


def _lived(life: Life, hours: float) -> float:
    """Mean life up to an age [h]."""
    import numpy as np

    return float(np.interp(hours, life.ages, life.lived))
