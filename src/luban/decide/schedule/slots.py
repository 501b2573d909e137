"""Lot sizing with changeovers: which item a machine makes in each period, so that every order is ready by its period.

One unit a period; a unit made early is held at a cost for each period; going from one item to another costs a
changeover, and idle periods keep the machine as it is. Known as discrete lot sizing with sequence-dependent
changeovers, or the pigment sequencing problem. Source: Fleischmann 1994, European Journal of Operational Research 75,
395-404; Houndji, Schaus, Wolsey 2019, doi 10.1007/s10601-018-9300-y.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from ortools.sat.python.cp_model import FEASIBLE, INFEASIBLE, OPTIMAL, CpModel, CpSolver

from luban.core.errors import InputError
from luban.decide.schedule.kernel.slots import anneal, price, tabulate
from luban.decide.schedule.problem import Floats, Ints

__all__ = ["IDLE", "LotPlan", "LotSizing", "plan_lots", "read_psp"]

IDLE = -1
"""A period in which nothing is made."""

_STRETCH, _STRETCHES = 200_000, 4
"""Moves of a stretch, and stretches of the first annealings; later ones are longer."""

_COOL = 0.02
"""Last temperature of an annealing in terms of its first."""

_STATES = 40_000_000
"""Largest table of the dynamic programme that proves small problems [entries]."""

_WAYS = 120_000
"""Transition variables up to which CP-SAT is asked for a bound."""


@dataclass(frozen=True, slots=True, eq=False)
class LotSizing:
    """A problem of I items and T periods.

    name      for messages
    demand    [I, T] 1 where a unit of the item is due at the end of the period
    hold      cost of a unit made one period early [money]
    change    [I, I] cost of going from one item (row) to another [money]; the first item is free

    Raises    InputError where more units are due by a period than periods have passed
    """

    name: str
    demand: Ints
    hold: float
    change: Floats

    def __post_init__(self) -> None:
        demand = np.ascontiguousarray(self.demand, np.int64)
        change = np.ascontiguousarray(self.change, np.float64)
        if demand.ndim != 2 or change.shape != (len(demand), len(demand)) or not demand.size:
            raise InputError(
                "demands and changeover costs do not fit together",
                came=f"demands {demand.shape}, changeovers {change.shape}",
                expected="[items, periods] and [items, items]",
                where=self.name,
            )
        if demand.min() < 0 or not np.isfinite(change).all() or change.min() < 0 or not 0 <= self.hold < inf:
            raise InputError("demands and costs must be zero or more", where=self.name)
        excess = demand.sum(axis=0).cumsum() - np.arange(1, demand.shape[1] + 1)
        if excess.max() > 0:
            period = int(excess.argmax()) + 1
            raise InputError(
                "more is due than can be made, one unit a period",
                came=f"{period + int(excess.max())} units due by period {period}",
                where=self.name,
                hint="move due dates or add a machine",
            )
        for name, value in (("demand", demand), ("change", change)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def items(self) -> int:
        """I."""
        return int(self.demand.shape[0])

    @property
    def periods(self) -> int:
        """T."""
        return int(self.demand.shape[1])

    def cost(self, items: Ints) -> tuple[float, float]:
        """(changeovers, holding) of a plan [T]. Raises InputError where an order is late or too much is made."""
        made = np.array([(items == item).cumsum() for item in range(self.items)])
        due = self.demand.cumsum(axis=1)
        if items.shape != (self.periods,) or (made < due).any() or (made[:, -1] != due[:, -1]).any():
            raise InputError("the plan does not meet the demand", where=self.name)
        changes, _ = price(np.ascontiguousarray(items, np.int64), self.change, self.hold)
        periods = np.arange(self.periods)
        early = int((self.demand.sum(axis=0) * periods).sum()) - int(periods[items != IDLE].sum())
        return float(changes), self.hold * early


@dataclass(frozen=True, slots=True, eq=False)
class LotPlan:
    """What each period makes, and what it costs.

    items       [T] item or IDLE
    cost        setup_cost + stock_cost [money]
    bound       no plan costs less
    proved      this one is the best
    """

    items: Ints
    cost: float
    setup_cost: float
    stock_cost: float
    bound: float
    proved: bool


def read_psp(path: str | Path) -> LotSizing:
    """A file of the pigment sequencing problem.

    Numbers in order: periods, items, a row of 0/1 for each item (1: a unit is due by that period), the holding cost,
    the matrix of changeovers. What follows (the best cost known, of .psp files) is not read. Raises InputError.
    """
    path = Path(path)
    try:
        words = path.read_text("utf-8").split()
        numbers = [int(word) for word in words]
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError("not a lot-sizing file", came=str(error), expected="whole numbers", where=str(path)) from error
    if len(numbers) < 2 or min(numbers[:2]) < 1:
        raise InputError(
            "not a lot-sizing file", came=str(numbers[:2]), expected="numbers of periods and of items", where=str(path)
        )
    periods, items = numbers[:2]
    needed = 3 + items * periods + items * items
    if len(numbers) < needed:
        raise InputError(
            "the file ends early",
            came=f"{len(numbers)} numbers",
            expected=f"{needed} for {items} items in {periods} periods",
            where=str(path),
        )
    at = 2 + items * periods
    demand = np.array(numbers[2:at], np.int64).reshape(items, periods)
    change = np.array(numbers[at + 1 : needed], np.float64).reshape(items, items)
    return LotSizing(path.name, demand, float(numbers[at]), change)


def plan_lots(problem: LotSizing, seconds: float = 10.0, seed: int = 0) -> LotPlan:
    """The cheapest plan found in the given time; with a proof where the problem is small enough.

    seconds  wall time [s]; small problems are proved in less, whatever is given
    seed     of the annealing

    Example  >>> plan_lots(read_psp("pigment15a.psp"), 5.0).cost  # doctest: +SKIP
             1195.0
    """
    if not seconds > 0:
        raise InputError("planning needs a time above zero", came=f"seconds={seconds}", where=problem.name)
    until = monotonic() + seconds
    exact = _tabulated(problem)
    if exact is not None:
        setup, stock = problem.cost(exact)
        return LotPlan(exact, setup + stock, setup, stock, setup + stock, True)
    search = _Annealing(problem, seed)
    search.run()
    board = _Board(problem, search.best.copy(), search.value, _bound(problem))
    second = threading.Thread(target=_beside, args=(board, seed, seconds, until), daemon=True)
    second.start()
    try:
        _search(board, search, until)
    finally:
        board.over = True
        while second.is_alive():
            board.solver.stop_search()
            second.join(0.02)
    setup, stock = problem.cost(board.best)
    bound = setup + stock if board.proved else min(board.bound, setup + stock)
    return LotPlan(board.best, setup + stock, setup, stock, bound, board.proved)


def _tabulated(problem: LotSizing) -> Ints | None:
    """The best plan by a dynamic programme; None where its table would be too large."""
    counts = problem.demand.sum(axis=1)
    made = np.flatnonzero(counts)
    states = float(np.prod(counts[made] + 1.0))
    if states * len(made) * problem.periods > _STATES or not made.size:
        return None if made.size else np.full(problem.periods, IDLE, np.int64)
    before = np.zeros((problem.periods, int(states), len(made)), np.int16)
    plan = np.full(problem.periods, IDLE, np.int64)
    change = np.ascontiguousarray(problem.change[np.ix_(made, made)])
    due = problem.demand.cumsum(axis=1)[made]
    tabulate(counts[made], np.ascontiguousarray(due), change, problem.hold, before, plan)
    return np.where(plan == IDLE, IDLE, made[plan])


@dataclass
class _Board:
    """What the two threads share."""

    problem: LotSizing
    best: Ints
    value: float
    bound: float
    proved: bool = False
    over: bool = False
    solver: CpSolver = field(default_factory=CpSolver)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, items: Ints) -> None:
        """A plan that a thread found."""
        value = sum(self.problem.cost(items))
        with self.lock:
            if value < self.value - 1e-9:
                self.best, self.value = items.copy(), value
            if self.value <= self.bound + 1e-9:
                self.proved = True


def _search(board: _Board, search: _Annealing, until: float) -> None:
    """Annealing until it is over; each begins from the best of both threads."""
    while monotonic() < until and not board.proved and not board.over:
        search.run()
        board.take(search.best)
        if not search.part:
            with board.lock:
                search.offer(board.best, board.value)


def _beside(board: _Board, seed: int, seconds: float, until: float) -> None:
    """The second thread: a bound by CP-SAT in a third of the time, then annealing of its own."""
    problem = board.problem
    if problem.periods * problem.items**2 <= _WAYS:
        _prove(problem, board, min(until, monotonic() + 0.3 * seconds))
    _search(board, _Annealing(problem, seed + 7919), until)


def _latest(problem: LotSizing) -> Ints:
    """A plan that makes everything as late as it can, whatever the changeovers; same items side by side where free."""
    due = [(period, item) for item, period in np.argwhere(np.repeat(problem.demand, 1, axis=0)).tolist()]
    units = [(t, i) for t, i in due for _ in range(int(problem.demand[i, t]))]
    items = np.full(problem.periods, IDLE, np.int64)
    waiting: list[tuple[int, int]] = []
    units.sort()
    last = IDLE
    for t in range(problem.periods - 1, -1, -1):
        while units and units[-1][0] >= t:
            waiting.append(units.pop())
        if waiting:
            # backwards in time: among what may be made here the same item first, else the cheapest way into the last
            def worth(unit: tuple[int, int], follower: int = last) -> tuple[float, int]:
                way = 0.0 if follower == IDLE else float(problem.change[unit[1], follower])
                return way, -unit[0]

            unit = min(waiting, key=worth)
            waiting.remove(unit)
            items[t] = last = unit[1]
    return items


def _bound(problem: LotSizing) -> float:
    """Each item but one is entered at least once, and units are held at least as the latest plan does."""
    made = np.flatnonzero(problem.demand.any(axis=1))
    into = problem.change[np.ix_(made, made)].copy()
    np.fill_diagonal(into, np.inf)
    least = into.min(axis=0) if len(made) > 1 else np.zeros(len(made))
    return float(least.sum() - least.max(initial=0.0)) + problem.cost(_latest(problem))[1]


class _Annealing:
    """Annealing, again and again from the best, ever longer."""

    def __init__(self, problem: LotSizing, seed: int) -> None:
        self.problem = problem
        self.now = _latest(problem)
        self.best = self.now.copy()
        self.slack = self._slack(self.now)
        setup, stock = problem.cost(self.now)
        self.values = np.array([setup + stock, setup + stock])
        self.dice = np.array([0x9E3779B97F4A7C1 + 7919 * (seed + 1)], np.int64)
        between = problem.change[~np.eye(problem.items, dtype=bool)]
        self.hot = 0.4 * float(between.mean()) + problem.hold if between.size else 1.0
        self.round, self.part = 0, 0

    @property
    def value(self) -> float:
        """Cost of the best plan."""
        return float(self.values[1])

    def offer(self, items: Ints, value: float) -> None:
        """A better plan to go on from."""
        if value < self.values[1] - 1e-9:
            self.best[:], self.values[1] = items, value

    def run(self) -> None:
        """The next stretch: annealings take turns, hot and warm, all from the best, and become longer."""
        stretches = _STRETCHES << min(self.round // 2, 4)
        hot = max(self.hot, 1e-3) * (1.0 if self.round % 2 == 0 else 0.4)
        if self.part == 0:
            self.now[:] = self.best
            self.values[0] = self.values[1]
            self.slack[:] = self._slack(self.now)
        from_, to = (hot * _COOL ** (at / stretches) for at in (self.part, self.part + 1))
        problem, best = self.problem, self.best
        anneal(self.now, best, self.values, self.slack, problem.change, problem.hold, self.dice, from_, to, _STRETCH)
        self.part += 1
        if self.part == stretches:
            self.part, self.round = 0, self.round + 1

    def _slack(self, items: Ints) -> Ints:
        """[I, T] units made by a period beyond those due."""
        made = np.array([(items == item).cumsum() for item in range(self.problem.items)])
        slack: Ints = made - self.problem.demand.cumsum(axis=1)
        return slack


def _prove(problem: LotSizing, board: _Board, until: float) -> None:
    """CP-SAT: a flow of machine states through the periods, with what is made on it."""
    scale = _scale(problem)
    if not scale:
        return
    cp, made, cost = _flow(problem, scale)
    begun, value = board.best.copy(), board.value
    for item in range(problem.items):
        for t in range(problem.periods):
            cp.add_hint(made[item][t], int(begun[t] == item))
    cp.add(cost <= round(value * scale))
    solver = board.solver
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # Ctrl-C is the caller's
    solver.parameters.linearization_level = 2
    solver.parameters.max_time_in_seconds = max(0.01, until - monotonic())
    solver.best_bound_callback = lambda bound: setattr(board, "bound", max(board.bound, bound / scale))
    status = solver.solve(cp)
    if status in {OPTIMAL, FEASIBLE}:
        plan = np.full(problem.periods, IDLE, np.int64)
        for item in range(problem.items):
            for t in range(problem.periods):
                if solver.value(made[item][t]):
                    plan[t] = item
        board.take(plan)
    if status in {OPTIMAL, INFEASIBLE}:
        board.proved = True


def _scale(problem: LotSizing) -> int:
    """What makes all costs whole; 0: nothing small does."""
    values = np.append(problem.change.ravel(), problem.hold)
    return next((k for k in (1, 10, 100, 1000) if np.abs(values * k - np.round(values * k)).max() < 1e-9), 0)


def _flow(problem: LotSizing, scale: int) -> tuple[CpModel, list[list[Any]], Any]:
    """The model: made[i][t], and its cost. The machine changes only into what it then makes."""
    cp, items, periods = CpModel(), range(problem.items), range(problem.periods)
    made = [[cp.new_bool_var("") for _ in periods] for _ in items]
    state = [[cp.new_bool_var("") for _ in periods] for _ in items]
    change = np.round(problem.change * scale).astype(np.int64)
    hold = round(problem.hold * scale)
    due = problem.demand.cumsum(axis=1)
    cost: list[Any] = []
    for t in periods:
        cp.add_exactly_one(state[i][t] for i in items)
        for i in items:
            cp.add_implication(made[i][t], state[i][t])
            if due[i, t] > (due[i, t - 1] if t else 0):
                cp.add(sum(made[i][: t + 1]) >= int(due[i, t]))
            if hold:
                cost.append(-hold * t * made[i][t])
        if not t:
            continue
        way = [[cp.new_bool_var("") for _ in items] for _ in items]
        for i in items:
            cp.add(sum(way[i]) == state[i][t - 1])
            cp.add(sum(way[k][i] for k in items) == state[i][t])
            cp.add(sum(way[k][i] for k in items if k != i) <= made[i][t])
            cost += [int(change[k, i]) * way[k][i] for k in items if k != i and change[k, i]]
    for i in items:
        cp.add(sum(made[i]) == int(due[i, -1]))
    rest = hold * int((problem.demand.sum(axis=0) * np.arange(problem.periods)).sum())
    total = sum(cost) + rest
    cp.minimize(total)
    return cp, made, total
