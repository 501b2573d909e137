"""Shops that quote, make and deliver, event by event, in open minutes.

How long work truly takes and what is still to be ordered stands in `Hidden` and is out of reach while a mind is asked:
`Network.ask` is the only door.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from scipy.special import pdtr

from luban.pilot.chance import Chance
from luban.pilot.network import minds
from luban.pilot.network.rules import DAY, WEEK, Facts, Practice

__all__ = ["Hidden", "Order", "Rules", "Shops", "Totals"]

T = TypeVar("T")

_NOTHING = minds.WaitingLot(-1, -1, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Rules:
    """How the network is run from a moment on: practice where no lever rules, levers that are on."""

    practice: Practice
    quotes: bool = False
    routing: bool = False
    promise: bool = False
    dispatch: bool = False
    split: bool = False
    fixtures: bool = False


@dataclass
class Hidden:
    """What nobody can see: orders still to come, by number → (time, own shop or -1), and all draws."""

    coming: list[tuple[float, int]]
    chance: Chance


@dataclass(slots=True)
class Order:
    """A lot of one to five pieces.

    id, home     its own customer's shop, -1 through the network;  pieces
    route        kinds of machines in order;  group  class of its setups
    came, due    [min];  shop  where it is;  step  done;  guess  until delivery, as it was guessed [min]
    begun        it was placed [min];  seen  what a machine's queue shows of it
    """

    id: int
    home: int
    pieces: int
    route: tuple[int, ...]
    group: int
    came: float
    due: float = 0.0
    shop: int = -1
    step: int = 0
    guess: float = 0.0
    begun: float = 0.0
    seen: minds.WaitingLot = _NOTHING


@dataclass
class Totals:
    """What is counted from the begin of the measured window on."""

    waits: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    late: int = 0
    usual: int = 0
    promised: float = 0.0
    done: int = 0
    pieces: int = 0
    owed: float = 0.0
    setups: int = 0
    quotes: int = 0
    placed: int = 0
    trips: int = 0
    energy: float = 0.0
    busy: float = 0.0
    setting: float = 0.0


class Shops:
    """The network from its begin, as is until `change`."""

    def __init__(self, facts: Facts, seed: int, *, poisoned: bool = False, demand: float = 1.0) -> None:
        self.facts, self.poisoned, self.now = facts, poisoned, 0.0
        chance = Chance(seed)
        self.hidden = Hidden(_coming(facts, chance, demand), chance)
        self.rules = Rules(facts.practices["as is"])
        self.totals = Totals()
        self.errors: deque[float] = deque(maxlen=400)
        self._seq = 0
        self._heap: list[tuple[float, int, str, Any]] = []
        count = facts.network.shops
        self.free: dict[tuple[int, int], list[int]] = {}
        self.group: dict[tuple[int, int], list[int]] = {}
        self.queue: dict[tuple[int, int], list[Order]] = {}
        self.load: dict[tuple[int, int], float] = {}
        self.machines = 0
        for shop in range(count):
            for kind in range(len(facts.kinds)):
                n = facts.machines(shop, kind)
                if n:
                    key = (shop, kind)
                    self.free[key], self.group[key] = list(range(n)), [-1] * n
                    self.queue[key], self.load[key] = [], 0.0
                    self.machines += n
        self.waiting: set[int] = set()
        self.open: dict[int, Order] = {}
        self._next_order(0)

    def change(self, rules: Rules) -> None:
        """From now on the network is run so; counting begins anew."""
        self.rules, self.totals = rules, Totals()

    def run(self, until: float) -> None:
        """Everything that happens until then [min]."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, what, of = heapq.heappop(self._heap)
            getattr(self, f"_on_{what}")(of)
        self.now = until

    def ask(self, mind: Callable[..., T], *seen: Any, **named: Any) -> T:
        """Asks a mind; in a poisoned run what is hidden is garbage meanwhile."""
        if not self.poisoned:
            return mind(*seen, **named)
        true = self.hidden
        self.hidden = Hidden([(-1.0, -1)] * len(true.coming), Chance(-1))
        try:
            return mind(*seen, **named)
        finally:
            self.hidden = true

    # --- orders -------------------------------------------------------------------------------------

    def _next_order(self, number: int) -> None:
        if number < len(self.hidden.coming):
            self._push(self.hidden.coming[number][0], "order", number)

    def _on_order(self, number: int) -> None:
        home, draw, facts = self.hidden.coming[number][1], self.hidden.chance, self.facts
        pieces = 1 + int(draw.uniform("pieces", number) * facts.demand.most)
        group = int(draw.uniform("class", number) * facts.network.classes)
        kinds = range(len(facts.kinds))
        if home >= 0:  # an own customer brings what the shop can do
            kinds_here = [k for k in kinds if (home, k) in self.queue]
            route = tuple(k for k in kinds_here if draw.uniform("needs", number, k) < facts.kinds[k].share)
            route = route or (kinds_here[0],)
        else:
            route = tuple(k for k in kinds if draw.uniform("needs", number, k) < facts.kinds[k].share) or (0,)
        order = Order(number, home, pieces, route, group, self.now)
        self.open[number] = order
        if home >= 0:
            order.shop = home
            self._place(order)
        elif self.rules.quotes:
            self._choose(order)
        else:
            self._push(self.now + draw.exponential(self.rules.practice.quote, "quote", number), "quoted", order)
        self._next_order(number + 1)

    def _on_quoted(self, order: Order) -> None:
        self._choose(order)

    def _able(self, order: Order) -> list[int]:
        return [
            shop for shop in range(self.facts.network.shops) if all((shop, kind) in self.queue for kind in order.route)
        ]

    def _choose(self, order: Order) -> None:
        """The shop that gets it."""
        rules, draw, totals = self.rules, self.hidden.chance, self.totals
        able = self._able(order)
        if rules.routing:
            totals.placed += 1
            if rules.split or not able:
                shops = [shop for shop in range(self.facts.network.shops) if (shop, order.route[0]) in self.queue]
                order.shop = shops[self.ask(minds.best_shop, [self._until(s, order.route[0]) for s in shops])]
            else:
                order.shop = able[self.ask(minds.best_shop, [self._guess(shop, order) for shop in able])]
        else:
            asked = sorted(able, key=lambda shop: draw.uniform("asked", order.id, shop))[: rules.practice.asked]
            totals.quotes += len(asked)
            if rules.practice.loads:
                asked.sort(key=lambda shop: self._guess(shop, order))
            order.shop = asked[0]
        self._place(order)

    def _place(self, order: Order) -> None:
        rules, practice = self.rules, self.rules.practice
        order.begun = self.now
        order.guess = self._guess(order.shop, order)
        usual = practice.promise * DAY
        within = self.ask(minds.promised, order.guess, list(self.errors), usual) if rules.promise else usual
        # a date is told when the order is placed, a fixed one counts from the day it came
        order.due = self.now + within if rules.promise else order.came + within
        self._arrive(order)

    def _until(self, shop: int, kind: int) -> float:
        """Planned minutes until a lot that comes now would begin."""
        return self.load[shop, kind] / len(self.group[shop, kind])

    def _guess(self, shop: int, order: Order) -> float:
        """Planned minutes until delivery."""
        network, at = self.facts.network, 0.0
        for kind in order.route[order.step :]:
            ahead = self._until(shop, kind) if (shop, kind) in self.queue else self._least(kind)
            at = max(at, ahead) + self._planned(order, kind) + network.move
        return at + network.pack

    def _least(self, kind: int) -> float:
        own = [self._until(shop, k) for shop, k in self.queue if k == kind]
        return min(own) + self.facts.network.truck

    def _planned(self, order: Order, kind: int) -> float:
        own, quick = self.facts.kinds[kind], self.facts.network.quick if self.rules.fixtures else 1.0
        return own.other * quick + order.pieces * own.cycle

    # --- the floor ----------------------------------------------------------------------------------

    def _on_arrive(self, order: Order) -> None:
        self._arrive(order)

    def _arrive(self, order: Order) -> None:
        key = (order.shop, order.route[order.step])
        own = order.home >= 0
        order.seen = minds.WaitingLot(order.id, order.group, order.begun, order.due, self._rest(order), own)
        self.queue[key].append(order)
        self.load[key] += self._planned(order, key[1])
        self._begin(key)

    def _begin(self, key: tuple[int, int]) -> None:
        """Free machines take lots."""
        while self.free[key] and self.queue[key]:
            machine, waiting = self.free[key].pop(), self.queue[key]
            rules = self.rules
            usual = "date" if rules.practice.by_date else "own" if rules.practice.own_first else "came"
            rule = "setup" if rules.dispatch else usual
            group = self.group[key][machine]
            if len(waiting) == 1:
                order = waiting.pop()
            else:
                chosen = self.ask(minds.next_lot, [o.seen for o in waiting], group, self.now, rule=rule)
                order = waiting.pop(next(at for at, o in enumerate(waiting) if o.id == chosen))
            self._work(key, machine, order)

    def _rest(self, order: Order) -> float:
        network = self.facts.network
        return sum(self._planned(order, k) + network.move for k in order.route[order.step :]) + network.pack

    def _work(self, key: tuple[int, int], machine: int, order: Order) -> None:
        kind, network, draw, totals = self.facts.kinds[key[1]], self.facts.network, self.hidden.chance, self.totals
        at = (order.id, order.step)
        setup = kind.near if self.group[key][machine] == order.group else kind.other
        setup *= draw.lognormal(network.quick if self.rules.fixtures else 1.0, network.setup_sigma, "setup", *at)
        setup += draw.exponential(network.first, "first", *at)
        work = order.pieces * kind.cycle * draw.lognormal(network.slow, network.sigma, "work", *at)
        self.group[key][machine] = order.group
        totals.setups += 1
        totals.setting += setup
        totals.busy += setup + work
        totals.energy += work / 60 * kind.power + setup / 60 * kind.power * 0.3
        self._push(self.now + setup + work, "done", (key, machine, order))

    def _on_done(self, of: tuple[tuple[int, int], int, Order]) -> None:
        key, machine, order = of
        network, draw = self.facts.network, self.hidden.chance
        self.load[key] -= self._planned(order, key[1])
        self.free[key].append(machine)
        order.step += 1
        if order.step == len(order.route):
            self._push(self.now + draw.exponential(network.pack, "pack", order.id), "delivered", order)
        else:
            way = draw.exponential(network.move, "move", order.id, order.step)
            kind = order.route[order.step]
            here = (order.shop, kind) in self.queue
            if (self.rules.split and order.home < 0) or not here:
                shops = [shop for shop, k in self.queue if k == kind]
                loads = [self._until(s, kind) + (network.truck if s != order.shop else 0.0) for s in shops]
                shop = shops[self.ask(minds.best_shop, loads)]
                if shop != order.shop:
                    way += network.truck
                    order.shop = shop
                    self.totals.trips += 1
            self._push(self.now + way, "arrive", order)
        self._begin(key)

    def _on_delivered(self, order: Order) -> None:
        totals, money = self.totals, self.facts.money
        self.open.pop(order.id)
        wait = self.now - order.came
        self.errors.append(self.now - order.begun - order.guess)
        totals.done += 1
        totals.pieces += order.pieces
        over = (self.now - order.due) / DAY
        value = order.pieces * money.price
        if over > 0:
            totals.owed += min(money.most, money.late * (1 + int(over))) * value
        if order.home >= 0:
            totals.own.append(wait)
            return
        totals.waits.append(wait)
        totals.late += over > 0
        totals.usual += wait > self.facts.practices["as is"].promise * DAY
        totals.promised += order.due - order.came

    def _push(self, time: float, what: str, of: Any) -> None:
        self._seq += 1
        heapq.heappush(self._heap, (time, self._seq, what, of))


def _coming(facts: Facts, chance: Chance, demand: float) -> list[tuple[float, int]]:
    """All orders: time [min] and own shop, -1 through the network; demand scales those after the warm-up."""
    own, network = facts.demand, facts.network
    found: list[tuple[float, int]] = []
    for day in range(network.warmup + network.window + 5):
        level = min(1.8, max(0.4, 1 + own.week * chance.normal("week", day // WEEK)))
        times = demand if day >= network.warmup else 1.0
        for sort, mean in ((0, own.own), (1, own.sold * times)):
            count = int((chance.uniform("count", day, sort) > pdtr(np.arange(400), mean * level)).sum())
            for i in range(count):
                at = (day + chance.uniform("time", day, sort, i)) * DAY
                found.append((at, int(chance.uniform("home", day, i) * network.shops) if not sort else -1))
    return sorted(found)
