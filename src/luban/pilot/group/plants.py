"""Three plants day by day: orders come, stocks serve them, MRP starts lots, lots take hours and parts.

What customers will order and how long a lot will truly take stands in `Hidden` and is out of reach while a mind is
asked: `Group.ask` is the only door.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import numpy as np
from scipy.special import pdtr

from luban.pilot.chance import Chance
from luban.pilot.group import minds
from luban.pilot.group.rules import WEEK, Facts, Practice
from luban.understand.quality.data import Floats

__all__ = ["Group", "Hidden", "Rules", "Totals"]

T = TypeVar("T")

_MOST_LINES: Final = 12  # of a product and day
_YEAR: Final = 52
_FAMILIES: Final = 4
_LEARN: Final = 20  # lots whose flow time is known before it is trusted
_FIRST_FLOW: Final = 5.0  # [working d]


@dataclass(frozen=True, slots=True)
class Rules:
    """How the group is run from a day on: practice where no lever rules, levers that are on."""

    practice: Practice
    forecast: bool = False
    stock: bool = False
    lots: bool = False
    mrp: bool = False
    sop: bool = False
    books: bool = False
    fixtures: bool = False


@dataclass
class Hidden:
    """What nobody can see: orders still to come, by day → (product, pieces), and the draws of lots."""

    orders: list[list[tuple[int, int]]]
    chance: Chance


@dataclass(slots=True)
class Lot:
    """Some pieces of a product, or of a part, that a plant makes; hours that are left, NaN before it has begun."""

    id: int
    of: int
    pieces: int
    ready: int
    asked: int
    left: float = math.nan


@dataclass
class Totals:
    """What is counted from the begin of the measured window on."""

    lines: int = 0
    late: int = 0
    pieces: int = 0
    waits: float = 0.0
    owed: float = 0.0
    setups: int = 0
    trips: int = 0
    added: float = 0.0
    days: int = 0
    finished: float = 0.0
    parts: float = 0.0
    work: float = 0.0
    hours: float = 0.0
    worked: float = 0.0
    shipped: list[tuple[int, int, int]] = field(default_factory=list)
    missed: float = 0.0
    came: float = 0.0


class Group:
    """The group from its begin, as is until `change`. Plant 0 makes parts, 1 and 2 assemble."""

    def __init__(self, facts: Facts, seed: int, *, poisoned: bool = False, demand: float = 1.0) -> None:
        self.facts, self.poisoned, self.day = facts, poisoned, 0
        self.n, self.parts = facts.demand.products, facts.demand.parts
        chance = Chance(seed)
        history, orders = _ordered(facts, chance, demand)
        self.hidden = Hidden(orders, chance)
        self.weeks = history  # rows of whole weeks that the books hold
        self.this_week = np.zeros(self.n)
        self.rules = Rules(facts.practices["as is"])
        self.totals = Totals()
        self.flow: deque[float] = deque(maxlen=40)
        self.queue: list[list[Lot]] = [[], [], []]
        self.family = [-1, -1, -1]
        self.added = [0.0, 0.0, 0.0]
        self.backlog: list[deque[tuple[int, int]]] = [deque() for _ in range(self.n)]
        self.due_parts: dict[int, list[tuple[int, int]]] = {}
        self.done_lots: dict[int, list[tuple[int, int]]] = {}
        self._lots = 0
        self.weekly = minds.mean_forecast(self.weeks)
        self.error = self.weekly * 0.5
        self.month: tuple[int, Floats] = (0, self.weekly.copy())
        cover = self.rules.practice.cover
        self.stock = np.round(self.weekly / WEEK * (cover + 5))
        self.shelf = np.round(self._usage(self.weekly) / WEEK * (cover + 5))
        self.last_part = 0

    def change(self, rules: Rules) -> None:
        """From now on the group is run so; counting begins anew."""
        self.rules, self.totals = rules, Totals()

    def run(self, days: int) -> None:
        """So many working days more."""
        for _ in range(days):
            self._one_day()
            self.day += 1

    def ask(self, mind: Callable[..., T], *seen: Any, **named: Any) -> T:
        """Asks a mind; in a poisoned run what is hidden is garbage meanwhile."""
        if not self.poisoned:
            return mind(*seen, **named)
        true = self.hidden
        self.hidden = Hidden([[(0, 77)]] * len(true.orders), Chance(-1))
        try:
            return mind(*seen, **named)
        finally:
            self.hidden = true

    # --- a day --------------------------------------------------------------------------------------

    def _one_day(self) -> None:
        for of, pieces in self.done_lots.pop(self.day, []):
            self.stock[of] += pieces
        for of, pieces in self.due_parts.pop(self.day, []):
            self.shelf[of] += pieces
        for of, pieces in self.hidden.orders[self.day]:
            self.backlog[of].append((self.day, pieces))
            self.this_week[of] += pieces
        self._serve()
        if self.day % WEEK == WEEK - 1:
            self.weeks = np.vstack([self.weeks, self.this_week])
            self.this_week = np.zeros(self.n)
        self._plan()
        for plant in range(3):
            self._work(plant)
        self._count()

    def _serve(self) -> None:
        """First come, first served, each line in full."""
        shops, money, totals = self.facts.shops, self.facts.money, self.totals
        for of, line in enumerate(self.backlog):
            while line and line[0][1] <= self.stock[of]:
                came, pieces = line.popleft()
                self.stock[of] -= pieces
                wait = self.day + shops.ship - came
                totals.lines += 1
                totals.pieces += pieces
                totals.waits += wait
                over = wait - money.promise
                if over > 0:
                    totals.late += 1
                    totals.owed += min(money.most, money.late * over) * pieces * money.price
                totals.shipped.append((self.day + shops.ship, pieces, of))

    # --- plans --------------------------------------------------------------------------------------

    def _plan(self) -> None:
        rules, practice = self.rules, self.rules.practice
        every = WEEK if rules.forecast else practice.every
        if self.day % every == every - 1:
            self._forecast()
        step = 1 if rules.mrp else practice.mrp
        if self.day % step == step - 1:
            self._mrp()
        step = WEEK if rules.sop else practice.sop
        if self.day % step == step - 1:
            self._hours(step)

    def _forecast(self) -> None:
        rules, practice = self.rules, self.rules.practice
        history = self.weeks.copy()
        if self.day - self.month[0] >= 20:
            # how far the forecast of the month was from what was ordered, as the pilot's own check
            came = history[-4:].mean(axis=0)
            self.totals.missed += float(np.abs(self.month[1] - came).sum())
            self.totals.came += float(came.sum())
        learned = self.ask(minds.learned_forecast, history, 0, 4) if rules.forecast or rules.stock else None
        if rules.forecast and learned is not None:
            self.weekly, self.error = learned
        else:
            self.weekly = minds.mean_forecast(history) if practice.forecast == "mean" else minds.smoothed(history, 0.2)
            self.error = np.sqrt(((history[-40:] - self.weekly) ** 2).mean(axis=0))
        if self.day - self.month[0] >= 20:
            self.month = (self.day, self.weekly.copy())

    def _points(self, weekly: Floats, error: Floats, added: float) -> Floats:
        """Stock with what is under way at which a lot is started [piece]."""
        rules, practice = self.rules, self.rules.practice
        flow = sum(self.flow) / len(self.flow) if len(self.flow) >= _LEARN else _FIRST_FLOW
        step, frozen = (1, 1) if rules.mrp else (practice.mrp, practice.frozen)
        days = step + frozen + flow + added
        factor = self.facts.money.safety if rules.stock else practice.by_error
        if factor:
            return weekly / WEEK * days + self.ask(minds.safety, error, days, factor)
        return weekly / WEEK * (practice.cover + added)

    def _mrp(self) -> None:
        facts, rules, practice = self.facts, self.rules, self.rules.practice
        ready = self.day + (1 if rules.mrp else practice.frozen)
        open_lots = np.zeros(self.n)
        for plant in (1, 2):
            for lot in self.queue[plant]:
                open_lots[lot.of] += lot.pieces
        for lots in self.done_lots.values():
            for of, pieces in lots:
                open_lots[of] += pieces
        owed = np.array([sum(pieces for _, pieces in line) for line in self.backlog], np.float64)
        weeks = self._lot_weeks(self.weekly, facts.money.piece)
        short = self._points(self.weekly, self.error, 0.0) - (self.stock + open_lots - owed)
        for of in np.flatnonzero(short > 0).tolist():
            size = max(1, round(float(self.weekly[of] * weeks[of])))
            for _ in range(math.ceil(float(short[of]) / size)):
                self._start(1 + of % 2, of, size, ready)
        self._mrp_parts(ready)

    def _mrp_parts(self, ready: int) -> None:
        facts = self.facts
        usage = self._usage(self.weekly)
        error = np.sqrt(self._usage(self.error**2, square=True))
        open_parts, wanted = np.zeros(self.parts), np.zeros(self.parts)
        for lot in self.queue[0]:
            open_parts[lot.of] += lot.pieces
        for lots in self.due_parts.values():
            for of, pieces in lots:
                open_parts[of] += pieces
        for plant in (1, 2):
            for lot in self.queue[plant]:
                if math.isnan(lot.left):
                    for part in self._kinds(lot.of):
                        wanted[part] += lot.pieces * facts.shops.each
        weeks = self._lot_weeks(usage, facts.money.material)
        short = self._points(usage, error, float(facts.shops.truck)) - (self.shelf + open_parts - wanted)
        for of in np.flatnonzero(short > 0).tolist():
            size = max(1, round(float(usage[of] * weeks[of])))
            for _ in range(math.ceil(float(short[of]) / size)):
                self._start(0, of, size, ready)

    def _lot_weeks(self, weekly: Floats, value: float) -> Floats:
        money, practice, shops = self.facts.money, self.rules.practice, self.facts.shops
        if not self.rules.lots and practice.lot:
            return np.full(len(weekly), practice.lot)
        wage = money.pay * money.people / 3 / (260 * shops.hours_assembly)  # of a line-hour
        setup = money.setup + wage * shops.setup * (shops.quick if self.rules.fixtures else 1.0)
        return self.ask(minds.lot_weeks, weekly, setup, value * money.carrying / _YEAR)

    def _start(self, plant: int, of: int, pieces: int, ready: int) -> None:
        self._lots += 1
        self.queue[plant].append(Lot(self._lots, of, pieces, ready, self.day))

    def _hours(self, days: int) -> None:
        """Overtime of the days to come, plant by plant."""
        shops = self.facts.shops
        usage = self._usage(self.weekly)
        for plant in range(3):
            own = usage if not plant else self.weekly[plant - 1 :: 2]
            each = shops.piece if plant else shops.part
            regular = shops.hours_assembly if plant else shops.hours_parts
            ready = sum(lot.pieces for lot in self.queue[plant] if lot.ready <= self.day + days) * each
            self.added[plant] = self.ask(
                minds.hours_wanted, ready, float(own.sum()) * each * 1.12, regular, days, by_queue=self.rules.sop
            )

    # --- making -------------------------------------------------------------------------------------

    def _work(self, plant: int) -> None:
        """A day's hours, lot after lot."""
        shops, totals = self.facts.shops, self.totals
        hours = (shops.hours_assembly if plant else shops.hours_parts) * (1 + self.added[plant])
        totals.hours += hours
        queue = self.queue[plant]
        while hours > 1e-9 and (lot := self._next(plant)) is not None:
            if math.isnan(lot.left):
                self._begin(plant, lot)
            done = min(hours, lot.left)
            lot.left -= done
            hours -= done
            totals.worked += done
            if lot.left <= 1e-9:
                queue.remove(lot)
                if plant:
                    self.done_lots.setdefault(self.day + 1, []).append((lot.of, lot.pieces))
                    self.flow.append(self.day + 1 - lot.ready)
                else:
                    self.due_parts.setdefault(self.day + 1 + shops.truck, []).append((lot.of, lot.pieces))
                    if self.last_part != self.day:
                        totals.trips += 2  # one to each plant that assembles
                        self.last_part = self.day

    def _next(self, plant: int) -> Lot | None:
        queue = self.queue[plant]
        for lot in queue:
            if not math.isnan(lot.left):
                return lot
        can = [lot for lot in queue if lot.ready <= self.day and (not plant or self._has_parts(lot))]
        if not can:
            return None
        if not self.rules.mrp:
            return can[0]
        if not plant:
            usage = self._usage(self.weekly)
            return min(can, key=lambda lot: (self.ask(minds.urgency, float(self.shelf[lot.of]), self._asked(lot.of),
                                                      float(usage[lot.of])), lot.id))  # fmt: skip
        owed = {lot.of: sum(pieces for _, pieces in self.backlog[lot.of]) for lot in can}
        return min(can, key=lambda lot: (self.ask(minds.urgency, float(self.stock[lot.of]), float(owed[lot.of]),
                                                  float(self.weekly[lot.of])), lot.id))  # fmt: skip

    def _asked(self, part: int) -> float:
        """Parts that lots wait for [piece]."""
        each = self.facts.shops.each
        return float(sum(
            lot.pieces * each for plant in (1, 2) for lot in self.queue[plant]
            if math.isnan(lot.left) and lot.ready <= self.day and part in self._kinds(lot.of)
        ))  # fmt: skip

    def _begin(self, plant: int, lot: Lot) -> None:
        shops, quick = self.facts.shops, self.facts.shops.quick if self.rules.fixtures else 1.0
        family = lot.of // 2 % _FAMILIES
        setup = shops.within if family == self.family[plant] else shops.setup
        self.totals.setups += 1
        self.family[plant] = family
        each = shops.piece if plant else shops.part
        real = self.hidden.chance.lognormal(1.0, shops.scatter, "lot", plant, lot.of, self.day)
        lot.left = setup * quick + lot.pieces * each * real
        if plant:
            for part in self._kinds(lot.of):
                self.shelf[part] -= lot.pieces * shops.each

    def _has_parts(self, lot: Lot) -> bool:
        need = lot.pieces * self.facts.shops.each
        return all(self.shelf[part] >= need for part in self._kinds(lot.of))

    def _kinds(self, of: int) -> tuple[int, int]:
        """The two kinds of parts in a product."""
        first = of % self.parts
        return first, (first + 1 + of // self.parts) % self.parts

    def _usage(self, weekly: Floats, *, square: bool = False) -> Floats:
        """Parts that a demand of products takes [piece/week]."""
        found = np.zeros(self.parts)
        each = self.facts.shops.each ** (2 if square else 1)
        for of in range(self.n):
            for part in self._kinds(of):
                found[part] += each * weekly[of]
        return found

    def _count(self) -> None:
        totals, money = self.totals, self.facts.money
        totals.days += 1
        totals.finished += float(self.stock.sum()) * money.piece
        totals.parts += float(self.shelf.sum()) * money.material / (2 * self.facts.shops.each)
        under_way = sum(lot.pieces for plant in (1, 2) for lot in self.queue[plant] if not math.isnan(lot.left))
        totals.work += under_way * money.piece
        totals.added += sum(self.added) / 3


def _ordered(facts: Facts, chance: Chance, demand: float) -> tuple[Floats, list[list[tuple[int, int]]]]:
    """Weeks that the books hold at the begin, shape (weeks, products), and orders of each day after."""
    own = facts.demand
    ahead = (own.warmup + own.window) // WEEK + 8
    weeks = own.history + ahead
    rate = _rates(facts, chance, weeks)
    history, days = [], []
    for week in range(weeks):
        row = np.zeros(own.products)
        for day in range(WEEK):
            at = week * WEEK + day
            times = demand if at >= own.history * WEEK + own.warmup else 1.0
            mean = rate[week] * own.lines / WEEK * times
            count = chance.uniforms(own.products, "lines", at)[:, None] > pdtr(np.arange(_MOST_LINES), mean[:, None])
            size = np.exp(own.spread * chance.normals(own.products * _MOST_LINES, "pieces", at) - own.spread**2 / 2)
            pieces = np.maximum(1, np.round(own.pieces * size)).astype(int).reshape(own.products, _MOST_LINES)
            lines = [(of, int(pieces[of, i])) for of in range(own.products) for i in range(int(count[of].sum()))]
            if week < own.history:
                for of, some in lines:
                    row[of] += some
            else:
                days.append(lines)
        if week < own.history:
            history.append(row)
    return np.array(history), days


def _rates(facts: Facts, chance: Chance, weeks: int) -> Floats:
    """Level of demand of each week and product [1]: course of the year times a level that walks and comes back."""
    own = facts.demand
    phase = chance.uniform("phase") * 2 * np.pi
    course = 1 + own.season * np.sin(2 * np.pi * np.arange(weeks) / _YEAR + phase)
    size = np.exp(0.7 * chance.normals(own.products, "size"))
    level = chance.normals(own.products, "level") * own.walk / math.sqrt(2 * own.back)
    found = []
    for week in range(weeks):
        level = level * (1 - own.back) + own.walk * chance.normals(own.products, "walk", week)
        found.append(np.exp(level - own.walk**2 / (4 * own.back)) * course[week])
    return np.asarray(np.array(found) * (size / size.mean())[None, :])
