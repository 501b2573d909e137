"""A continuous plant and a discrete line in one clock, tick by tick.

In each tick the process runs first, then the packing line runs over the same time. Between the ticks they exchange
what crossed the border:

    process → tank     product made in the tick, in whole milligrams of all, B and by-product
    tank → packing     a pallet's bags, when the tank holds them and the line has no other pallet waiting
    tank → process     the tank's level, at which the plant throttles and at last stops

Amounts at the border are whole numbers that move from one account to another: nothing is lost or made there, whatever
the tick. The error of the tick is one of time: product is seen by the line up to one tick late, and the level by the
plant; a line that is not short of product (one pallet always waits) does not feel it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.twin.control import Control
from luban.twin.kernel.layout import State as Doing, Where
from luban.twin.kernel.random import run_key
from luban.twin.process.packing import PackOrder, bag_weights, draw_orders
from luban.twin.process.run import ProcessRun
from luban.twin.run import Run

__all__ = ["CoupledRun", "CoupledTotals", "OrderState", "Pallet"]

MG = 1_000_000
"""mg in a kilogram."""


@dataclass(frozen=True, slots=True)
class Pallet:
    """Bags filled from the tank.

    mass       of all bags [mg]; target: what each was to weigh [kg]
    purity, by_product   shares when they were filled [1]; good: whether they meet the grade
    filled, finish       [µs after the start]; finish -1: not yet
    """

    key: int
    grade: int
    order: int
    filled: int
    mass: int
    purity: float
    by_product: float
    good: bool
    target: float
    finish: int = -1


@dataclass(frozen=True, slots=True)
class OrderState:
    """Where an order stands: pallets good so far, when the last was there [µs after the start; -1: not yet]."""

    order: PackOrder
    done: int
    finish: int


@dataclass(frozen=True, slots=True)
class CoupledTotals:
    """The books of the border and behind it [mg, whole]: made = tank + in_packing + good + off_spec, exactly.

    made         product that left the column for the tank
    diverted     what left it as off-spec
    good, off_spec   packed, in the grade or not; in_packing: on the line
    declared     what the good bags say they hold: bags times nominal weight
    shipped      good product that has left, once a day; stock = good - shipped
    """

    now: int
    made: int
    diverted: int
    tank: int
    in_packing: int
    good: int
    off_spec: int
    declared: int
    shipped: int

    @property
    def off_spec_share(self) -> float:
        """Off-spec of all that was packed or diverted [1]; nan before anything was."""
        whole = self.good + self.off_spec + self.diverted
        return (self.off_spec + self.diverted) / whole if whole else math.nan


class CoupledRun:
    """A process and the line that packs its product.

    process   at time zero, as is
    run       of a `packing_model` of the same parameters, at time zero
    tick      time between two exchanges [s], a multiple of the process's sample
    orders    that the line works; None: those of the process's seed. The packing model must have lots for them
    Example   >>> process = ProcessRun(parameters, seed=1)
              >>> run = Run(packing_model(parameters, seed=1, days=60), seed=1)
              >>> CoupledRun(process, run).to(60 * DAY).totals().off_spec_share
    """

    def __init__(
        self, process: ProcessRun, run: Run, tick: float = 300.0, orders: Sequence[PackOrder] | None = None
    ) -> None:
        p = process.parameters
        if process.now or run.now:
            raise InputError("both sides must stand at time zero", came=f"{process.now} and {run.now} µs")
        if tick <= 0 or tick % p.flowsheet.step:
            raise InputError("no tick", came=f"{tick} s", expected=f"a multiple of {p.flowsheet.step} s")
        self.process, self.run, self.tick = process, run, round(tick * 1e6)
        self._control = Control(run)
        self._key = np.uint64(run_key(process.seed, process.replication))
        self._capacity = round(p.flowsheet.product_tank * p.flowsheet.molar_mass * MG)
        self._tank = np.zeros(3, np.int64)  # all, B, by-product
        self._tank[:2] = self._capacity // 2, round(self._capacity / 2 * 0.995)
        self._first = int(self._tank[0])
        self._booked = np.zeros(4, np.int64)  # made: all, B, by-product; diverted
        self._target = p.packing.target
        self._packing = False
        if orders is None:
            orders = draw_orders(p, process.seed, process.replication, run.model.horizon / DAY)
        self._orders = list(orders)
        self._done = [0] * len(self._orders)
        self._begun = [0] * len(self._orders)
        self._finish = [-1] * len(self._orders)
        self._queue = list(range(len(self._orders)))
        self._free = [
            [key for key, lot in enumerate(run.model.orders) if lot.route == grade.id][::-1] for grade in p.grades
        ]
        self._line: dict[int, Pallet] = {}
        self._packed: list[Pallet] = []
        self._sums = dict.fromkeys(("good", "off_spec", "declared", "shipped"), 0)
        self._slots: dict[int, int] = {}

    @property
    def now(self) -> int:
        """The clock of both [µs after the start]."""
        return self.process.now

    def to(self, until: int) -> Self:
        """Runs both to that time, tick by tick.

        Raises   InputError: a time in the past, between two ticks or beyond the line's horizon
        """
        if until < self.now:
            raise InputError("a run does not go back", came=f"{until} µs", expected=f"{self.now} µs or later")
        if until % self.tick or until > self.run.model.horizon:
            raise InputError(
                "no time at which both sides can stand",
                came=f"{until} µs",
                expected=f"a multiple of {self.tick} µs, at most {self.run.model.horizon} µs",
            )
        now = self.now
        while now < until:
            now += self.tick
            self.process.fill(self._tank[0] / self._capacity)
            self.process.to(now)
            self._receive()
            self._fill()
            self.run.to(now)
            self._collect()
            self._ship(now)
        return self

    # ---- what crosses the border

    def _receive(self) -> None:
        """Books what the process has made since; the sum of the rounded parts is the rounded sum."""
        scale = self.process.parameters.flowsheet.molar_mass * MG
        now = np.array([round(amount * scale) for amount in self.process.made()])
        self._tank += (now - self._booked)[:3]
        self._booked = now

    def _fill(self) -> None:
        """Fills bags for the line from the tank, one pallet ahead; they are packed from now on."""
        packing = self.process.parameters.packing
        level = self._tank[0] / self._capacity
        self._packing = level > packing.start_level or (self._packing and level > packing.stop_level)
        while self._packing and len(self._line) < 2:  # one on the machine, one that waits
            number = self._next()
            if number is None:
                return
            order = self._orders[number]
            key = self._free[order.grade][-1]
            mass = int(bag_weights(self._key, key, packing.pallet, self._target, packing.sigma).sum())
            if mass > self._tank[0]:
                return
            self._free[order.grade].pop()
            grade = self.process.parameters.grades[order.grade]
            purity, by = self._tank[1] / self._tank[0], self._tank[2] / self._tank[0]
            self._tank -= np.array([mass, round(mass * float(purity)), round(mass * float(by))])
            good = bool(purity >= grade.purity and by <= grade.by_product)
            self._line[key] = Pallet(
                key, order.grade, number, self.run.now, mass, float(purity), float(by), good, self._target
            )
            self._begun[number] += 1
            self._release(key)

    def _release(self, key: int) -> None:
        """Brings a lot to the line: from the place where it lay when all of them came, else wherever it is found."""
        lots = self.run.world["lots"]
        if not self._slots:
            self._slots = {one: place for place, one in enumerate(lots["key"].tolist())}
        slot = self._slots.get(key, 0)
        if lots["key"][slot] == key and lots["where"][slot] == Where.POOL:
            self.run.order("release", slot)
        else:
            self._control.release(key)

    def _next(self) -> int | None:
        """The order to fill for: the first received one that lacks pallets; None: none, or the warehouse is full."""
        packing = self.process.parameters.packing
        if self._sums["good"] - self._sums["shipped"] > packing.warehouse * 1000 * MG:
            return None
        now = self.run.now
        for number in self._queue:
            order = self._orders[number]
            if order.received <= now and self._begun[number] < order.pallets and self._free[order.grade]:
                return number
        return None

    def _collect(self) -> None:
        """Books the pallets that the line has finished."""
        packing = self.process.parameters.packing
        for row in self.run.lots():
            pallet = self._line.pop(int(row["key"]))
            made = replace(pallet, finish=int(row["finish"]))
            self._packed.append(made)
            number = made.order
            if not made.good:
                self._sums["off_spec"] += made.mass
                self._begun[number] -= 1
                continue
            self._sums["good"] += made.mass
            self._sums["declared"] += round(packing.pallet * packing.bag * MG)
            self._done[number] += 1
            if self._done[number] == self._orders[number].pallets:
                self._finish[number] = made.finish
                self._queue.remove(number)

    def _ship(self, now: int) -> None:
        """The day's good pallets leave once a day."""
        if now % DAY == 0:
            self._sums["shipped"] = self._sums["good"]

    # ---- what can be moved

    def bag_target(self, kg: float) -> None:
        """The weight that bags are filled to from now on [kg]. Raises InputError outside its band."""
        packing = self.process.parameters.packing
        if not (math.isfinite(kg) and packing.target_low <= kg <= packing.target_high):
            raise InputError(
                "bag target outside its safe band",
                came=f"{kg:g} kg",
                expected=f"{packing.target_low:g} to {packing.target_high:g} kg",
            )
        self._target = kg

    def order_grades(self, ids: Sequence[str]) -> None:
        """The orders to fill first, in this order; the others follow in order of receipt.

        Raises   InputError: unknown, not yet received or finished, or named twice
        """
        now = self.now
        known = {self._orders[n].id: n for n in sorted(self._queue) if self._orders[n].received <= now}
        for number, name in enumerate(ids):
            if name not in known or name in ids[:number]:
                raise InputError("no open order", came=name, expected=", ".join(known) or "none is open")
        first = [known[name] for name in ids]
        self._queue = first + [n for n in sorted(self._queue) if n not in first]

    # ---- what can be seen

    def orders(self) -> list[OrderState]:
        """Orders received so far."""
        now = self.now
        return [
            OrderState(order, self._done[n], self._finish[n])
            for n, order in enumerate(self._orders)
            if order.received <= now
        ]

    def queue(self) -> list[OrderState]:
        """Open orders received so far, in the order in which they are filled for; pallets begun count as done."""
        now = self.now
        return [OrderState(self._orders[n], self._begun[n], -1) for n in self._queue if self._orders[n].received <= now]

    def take_pallets(self) -> list[Pallet]:
        """Pallets packed since the last call."""
        packed, self._packed = self._packed, []
        return packed

    def weights(self, pallet: Pallet) -> np.ndarray[Any, Any]:
        """What the checkweigher read for its bags [kg]."""
        packing = self.process.parameters.packing
        return bag_weights(self._key, pallet.key, packing.pallet, pallet.target, packing.sigma) / MG

    @property
    def target(self) -> float:
        """What bags are filled to now [kg]."""
        return self._target

    def shows(self) -> dict[str, float]:
        """The last reading of every instrument of the process, and the bag target [kg]."""
        return {**self.process.shows(), "bag_target": self._target}

    def line_energy(self) -> float:
        """Electricity that the line took so far [kWh]; that of `run.totals()`, without its other books."""
        world, count = self.run.world, len(self.run.model.machines)
        machines = world["machines"][:count]
        power = world["machine_power"][: count * len(Doing)].reshape(count, len(Doing))
        running = power[np.arange(count), machines["state"]] * (self.run.now - machines["since"])
        return float((machines["energy"] + running).sum()) / 3.6e12

    def totals(self) -> CoupledTotals:
        """The books at this moment."""
        return CoupledTotals(
            now=self.now,
            made=self._first + int(self._booked[0]),
            diverted=int(self._booked[3]),
            tank=int(self._tank[0]),
            in_packing=sum(pallet.mass for pallet in self._line.values()),
            **self._sums,
        )

    def variable_cost(self) -> Mapping[str, float]:
        """What was spent since the beginning [yuan]: feed, steam, electricity, water, flare, rerun of off-spec."""
        p, made, here = self.process.parameters, self.process.totals(), self.totals()
        price, mass = p.prices, p.flowsheet.molar_mass / 1000
        cost = {
            "feed": made.fresh * mass * price.feed,
            "steam": made.steam * price.steam,
            "electricity": (made.electricity + self.line_energy()) * price.electricity,
            "water": made.water * price.water,
            "flare": made.purge * mass * price.flare,
        }
        whole = here.good + here.off_spec + here.diverted + here.tank + here.in_packing - self._first
        again = (here.off_spec + here.diverted) / whole if whole > 0 else 0.0
        return {**cost, "rerun": price.rerun * again * sum(cost.values())}
