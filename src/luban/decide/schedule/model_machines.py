"""The exact model, machines: one run at a time, and setups by the order of runs (a circuit where they matter)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from luban.decide.schedule.model import Expr, Model, Run, TooLargeError
from luban.decide.schedule.problem import NONE, Ints

__all__ = ["Arc", "Machines", "Setup"]

_ARCS = 60_000
"""Most arcs of all circuits together."""


@dataclass(frozen=True, slots=True)
class Arc:
    """One run directly before another with a setup between; `before` NONE: the first of the part."""

    machine: int
    before: int
    after: int
    literal: Expr
    time: int
    cost: float


@dataclass(slots=True, eq=False)
class Setup:
    """The setup before a run where its place must be decided: its start, end and stretches worked."""

    run: Run
    start: Expr
    end: Expr
    spent: Expr
    hold: list[tuple[Expr, Expr, Expr]] = field(default_factory=list)


class Machines:
    """Adds the machines to a model.

    arcs      all arcs whose setup has a time or a cost
    order     every arc of every circuit, for hints
    setups    those with a place of their own
    """

    def __init__(self, model: Model, *, costs: bool) -> None:
        self.model, self.cp, self.costs = model, model.cp, costs
        self.arcs: list[Arc] = []
        self.order: list[Arc] = []
        self.loops: list[tuple[Run, Expr]] = []
        self.setups: list[Setup] = []
        self._count = 0
        for m, runs in model.runs.items():
            self._machine(m, runs)

    def _machine(self, m: int, runs: list[Run]) -> None:
        model, cp = self.model, self.cp
        after = model.first_after.get(m)
        if after is not None:
            begins = int(model.base.start[after])
            for run in runs:
                cp.add(run.end <= begins).only_enforce_if(run.on)
        kept = [run for run in runs if run.kept]
        base = model.scope.base
        if base is not None:
            kept.sort(key=lambda run: (base.start[run.operation], base.end[run.operation], run.operation))
            for first, second in pairwise(kept):
                cp.add(second.start >= first.end)
        times, costs = self._table(m, runs)
        if times is not None:
            self._setups(m, runs, kept, times, costs)
        elif len(kept) < len(runs) and len(runs) > 1:
            cp.add_no_overlap([self._interval(run) for run in runs])

    def _interval(self, run: Run, ahead: int = 0) -> Any:
        """The run's time on its machine, with so much of its setup ahead."""
        start, size = run.start, run.length
        if ahead:
            start = start - ahead
            size = size + ahead
        if run.lead is self.model.true:
            return self.cp.new_interval_var(start, size, run.end, "")
        return self.cp.new_optional_interval_var(start, size, run.end, run.lead, "")

    def _table(self, m: int, runs: list[Run]) -> tuple[Ints | None, Any]:
        """Setup times and costs of the machine, None where they change nothing."""
        p = self.model.problem
        if p.machine_table[m] == NONE:
            return None, None
        times, costs = p.setup_time[p.machine_table[m]], p.setup_cost[p.machine_table[m]]
        columns = sorted({run.family for run in runs} - {NONE})
        after = self.model.first_after.get(m)
        if after is not None and p.family[after] != NONE:
            columns = sorted({*columns, int(p.family[after])})
        rows = sorted({*columns, int(self.model.family[m])})
        part = np.ix_(rows, columns)
        if times[part].any() or (self.costs and costs[part].any()):
            return times, costs
        return None, None

    # ---- setups

    def _setups(self, m: int, runs: list[Run], kept: list[Run], times: Ints, costs: Any) -> None:
        model, cp, p = self.model, self.cp, self.model.problem
        opening = model.opening(m)
        last = self._terminal(m)
        runs = [*runs, last] if last is not None else runs
        nodes = [run for run in runs if run.family != NONE]
        others = [run for run in runs if run.family == NONE]
        links = self._links(nodes, kept, last)
        self._count += len(links)
        if self._count > _ARCS:
            raise TooLargeError(f"{self._count} orders of neighbours")
        placed = p.machine_setup_pool[m] != NONE or not (opening.always or opening.interrupts)
        first = int(model.family[m])
        free = len(nodes) > sum(run.kept for run in nodes)
        into: dict[int, list[Arc]] = {run.operation: [] for run in nodes}
        arcs: list[tuple[int, int, Expr]] = []
        number = {run.operation: at + 1 for at, run in enumerate(nodes)}
        for before, after in links:
            source = first if before is None else before.family
            time = 0 if after.began else int(times[source, after.family])
            cost = 0.0 if after.began else float(costs[source, after.family])
            literal = cp.new_bool_var("") if free else model.true
            arc = Arc(m, NONE if before is None else before.operation, after.operation, literal, time, cost)
            self.order.append(arc)
            if time > 0 or cost > 0:
                self.arcs.append(arc)
            into[after.operation].append(arc)
            arcs.append((0 if before is None else number[before.operation], number[after.operation], literal))
        if free:
            self._circuit(nodes, arcs, number, last)
        setups = {run.operation: self._setup(run, into[run.operation], placed=placed) for run in nodes}
        runs_of = {run.operation: run for run in nodes}
        for operation, found in into.items():
            for arc in found:
                self._between(m, runs_of.get(arc.before), runs_of[operation], arc, setups[operation])
        self._apart(m, nodes, others, into, setups)

    def _terminal(self, m: int) -> Run | None:
        """The first run after the part: it stays, but what it needs as a setup depends on the part."""
        model, p = self.model, self.model.problem
        o = model.first_after.get(m)
        if o is None:
            return None
        base, opening = model.base, model.opening(m)
        if p.family[o] == NONE:
            raise TooLargeError("what follows the part has no family")
        start, end = int(base.start[o]), int(base.end[o])
        fixed, true = model.cp.new_constant(start), model.true
        opened, began = opening.opened(start), bool(p.fixed_start[o] < 0)
        size, family = end - start, int(p.family[o])
        return Run(o, m, true, true, fixed, end, size, size, opened, began, True, family, size)

    def _links(self, nodes: list[Run], kept: list[Run], last: Run | None) -> list[tuple[Run | None, Run]]:
        """Who may be directly before whom; kept runs follow each other in their order."""
        kept = [run for run in kept if run.family != NONE]
        if last is not None and last.family != NONE:
            kept = [*kept, last]
        place = {run.operation: at for at, run in enumerate(kept)}
        found: list[tuple[Run | None, Run]] = []
        for after in nodes:
            if place.get(after.operation, 0) == 0:
                found.append((None, after))
            for before in nodes:
                if before is after or before is last:
                    continue
                a, b = place.get(before.operation), place.get(after.operation)
                if a is not None and b is not None and b != a + 1:
                    continue
                if before.kept or after.kept or self._may_precede(before, after):
                    found.append((before, after))
        return found

    def _may_precede(self, before: Run, after: Run) -> bool:
        scope = self.model.scope
        a, b = before.operation, after.operation
        return bool(scope.low[a] + before.least <= scope.high[b] - after.least)

    def _circuit(
        self, nodes: list[Run], arcs: list[tuple[int, int, Expr]], number: dict[int, int], last: Run | None
    ) -> None:
        cp, true = self.cp, self.model.true
        for run in nodes:
            at = number[run.operation]
            if last is None or run is last or last.family == NONE:
                arcs.append((at, 0, cp.new_bool_var("")))
            if run.lead is not true:
                arcs.append((at, at, ~run.lead))
        if all(run.lead is not true for run in nodes):
            arcs.append((0, 0, cp.new_bool_var("")))
        cp.add_circuit(arcs)

    def _setup(self, run: Run, into: list[Arc], *, placed: bool) -> Setup | None:
        """A place for the setup, where it cannot simply be as late as possible."""
        model, cp = self.model, self.cp
        most = max((arc.time for arc in into), default=0)
        if not placed or not most:
            return None
        opening = model.opening(run.machine)
        low, high = int(model.ready[run.machine]), self._latest(run)
        start, end = cp.new_int_var(low, high, ""), cp.new_int_var(low, high, "")
        spent = cp.new_int_var(0, most, "")
        cp.add(spent == sum(arc.time * arc.literal for arc in into))
        cp.add(end <= run.start).only_enforce_if(run.lead)
        needed = cp.new_bool_var("")
        cp.add(needed == sum(arc.literal for arc in into if arc.time))
        cp.add(start == run.start).only_enforce_if([~needed, run.lead])
        found = Setup(run, start, end, spent)
        least = min(arc.time for arc in into if arc.time)
        if opening.always:
            cp.add(end == start + spent)
            found.hold.append((start, end, needed))
        elif opening.interrupts:
            pieces = list(opening.pieces(least, most, low, high))
            literals = [cp.new_bool_var("") for _ in pieces]
            cp.add_exactly_one([*literals, ~needed])
            for piece, literal in zip(pieces, literals, strict=True):
                a, b = opening.opens[piece.last], opening.closes[piece.last]
                cp.add_linear_constraint(start, piece.low, piece.high).only_enforce_if(literal)
                cp.add_linear_constraint(end, a + 1, b).only_enforce_if(literal)
                cp.add(end == start + spent + piece.closed).only_enforce_if(literal)
                for window in range(piece.first, piece.last + 1):
                    begin = start if window == piece.first else opening.opens[window]
                    found.hold.append((begin, end if window == piece.last else opening.closes[window], literal))
            cp.add(end == start).only_enforce_if(~needed)
        else:
            spans = [(a, b) for a, b in zip(opening.opens, opening.closes, strict=True) if b > low and a < high]
            literals = [cp.new_bool_var("") for _ in spans]
            cp.add_exactly_one([*literals, ~needed])
            cp.add(end == start + spent)
            for (a, b), literal in zip(spans, literals, strict=True):
                cp.add(start >= a).only_enforce_if(literal)
                cp.add(end <= b).only_enforce_if(literal)
            found.hold.append((start, end, needed))
        self.setups.append(found)
        return found

    def _latest(self, run: Run) -> int:
        if run.operation in self.model.start:
            return int(self.model.scope.high[run.operation])
        return int(self.model.base.start[run.operation])

    def _between(self, m: int, before: Run | None, after: Run, arc: Arc, setup: Setup | None) -> None:
        """The setup lies whole between two neighbours."""
        model, cp = self.model, self.cp
        opening = model.opening(m)
        ready = int(model.ready[m])
        held = [] if arc.literal is model.true else [arc.literal]
        if setup is not None:
            limit = cp.add(setup.start >= (ready if before is None else before.end))
        elif before is None and after.began:
            return
        elif opening.interrupts and arc.time:
            done = opening.opened(ready) if before is None else before.opened + before.work
            limit = cp.add(after.opened >= done + arc.time)
        else:
            limit = cp.add(after.start >= (ready if before is None else before.end) + arc.time)
        limit.only_enforce_if(held)

    def _apart(
        self, m: int, nodes: list[Run], others: list[Run], into: dict[int, list[Arc]], setups: dict[int, Setup | None]
    ) -> None:
        """No two at a time; a run without family may not lie between a setup and its run."""
        cp, opening = self.cp, self.model.opening(m)
        if not others:
            always = opening.always
            ahead = [min((arc.time for arc in into[run.operation]), default=0) if always else 0 for run in nodes]
            cp.add_no_overlap([self._interval(run, more) for run, more in zip(nodes, ahead, strict=True)])
            return
        blocks = []
        within = opening.interrupts and not any(setups.values())
        for run in nodes:
            setup = setups[run.operation]
            most = max((arc.time for arc in into[run.operation]), default=0)
            begin = run.opened if within else run.start
            end = run.opened + run.work if within else run.end
            if setup is not None:
                begin = setup.start
            elif most:
                first = cp.new_int_var(-self.model.span, self.model.span, "")
                cp.add(first == begin - sum(arc.time * arc.literal for arc in into[run.operation]))
                begin = first
            blocks.append(self._block(begin, end, run.lead))
        for run in others:
            begin, end = (run.opened, run.opened + run.work) if within else (run.start, run.end)
            blocks.append(self._block(begin, end, run.lead))
        cp.add_no_overlap(blocks)

    def _block(self, begin: Expr, end: Expr, literal: Expr) -> Any:
        span = self.model.span
        size, last = self.cp.new_int_var(0, 2 * span, ""), self.cp.new_int_var(-span, span, "")
        self.cp.add(last == end)
        return self.cp.new_optional_interval_var(begin, size, last, literal, "")
