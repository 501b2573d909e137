"""The exact model: operations, modes, batches and routes as CP-SAT variables. Machines, pools and value come on top.

A model holds a whole problem or a part of one: what lies outside the part keeps its times, operations of the part are
free (machine and order are decided) or kept (order among themselves and machine stay, times move).
Source: optional intervals, Laborie et al. 2018, doi 10.1007/s10601-018-9281-x.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from ortools.sat.python.cp_model import CpModel, Domain

from luban.decide.schedule.bound import earliest, open_modes
from luban.decide.schedule.opening import Opening
from luban.decide.schedule.problem import NEVER, NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Expr", "ImpossibleError", "Model", "Run", "Scope", "TooLargeError", "horizon"]

Expr = Any
"""A linear expression of CP-SAT, or an int."""

_PIECES = 400
"""Most pairs of windows of one operation on one machine."""


class TooLargeError(Exception):
    """The model would be too large to be worth its time."""


class ImpossibleError(Exception):
    """An operation has no place at all within its limits."""

    def __init__(self, operation: int) -> None:
        self.operation = operation
        super().__init__(operation)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The part of a problem that a model decides.

    free, kept   operations of the part, rising
    low, high    [O] earliest start and latest end of each [tick]
    base         where the others are; None: all are free
    explain      limits get a literal each, so that a proof of impossibility names them
    """

    free: Sequence[int]
    kept: Sequence[int]
    low: Ints
    high: Ints
    base: Schedule | None = None
    explain: bool = False

    @classmethod
    def whole(cls, problem: Problem, until: Ints | int, explain: bool = False) -> Scope:
        """All operations; jobs end by a tick, or each by its own."""
        low, _, tail = earliest(problem)
        limit = np.zeros(problem.job_count, np.int64) + until
        if not explain:
            limit = np.minimum(problem.deadline, limit)
        high = limit[problem.job_of] - (0 if explain else tail)
        return cls(range(problem.operation_count), (), low, high, None, explain)


@dataclass(slots=True, eq=False)
class Run:
    """An operation on a machine: optional, alone or as the leader of a batch.

    on         literal: the operation is on this machine
    lead       literal: it is on this machine and leads its run
    work       open time it takes
    length     end - start
    opened     open time before its start
    hold       (start, end, literal) of each stretch that is worked
    """

    operation: int
    machine: int
    on: Expr
    lead: Expr
    start: Expr
    end: Expr
    work: Expr
    length: Expr
    opened: Expr
    began: bool
    kept: bool
    family: int
    least: int
    hold: list[tuple[Expr, Expr, Expr]] = field(default_factory=list)
    members: list[tuple[int, Expr]] = field(default_factory=list)


class Model:
    """Variables of the operations in a scope; `runs[m]` are the runs that may be on machine m."""

    def __init__(self, problem: Problem, scope: Scope) -> None:
        self.problem, self.scope, self.cp = problem, scope, CpModel()
        self.true = self.cp.new_constant(1)
        fixed = problem.fixed_start[problem.fixed_start < NEVER]
        setups = int(problem.setup_time.max(initial=0))
        self.span = int(scope.high.max(initial=0)) - min(0, int(fixed.min(initial=0))) + setups + 1
        self.job_of = problem.job_of
        self.on: dict[int, list[tuple[int, Expr]]] = {}
        self.start: dict[int, Expr] = {}
        self.end: dict[int, Expr] = {}
        self.runs: dict[int, list[Run]] = {}
        self.reasons: list[tuple[Expr, str]] = []
        self.joins: list[tuple[int, int, int, Expr]] = []
        self.openings: dict[int, Opening] = {}
        modes = open_modes(problem) if not scope.explain else _all_modes(problem)
        self._modes = modes
        self.inside = np.zeros(problem.operation_count, np.bool_)
        self.inside[np.fromiter(scope.free, np.int64)] = True
        self.inside[np.fromiter(scope.kept, np.int64)] = True
        self.ready, self.family, self.first_after = self._boundary()
        self._partners = self._batch_partners()
        self._kept_runs = self._batches_of_base()
        for o in scope.free:
            self._operation(o, self.modes(o), kept=False)
        for o in scope.kept:
            base = self.base
            machine = int(base.machine[o])
            self._operation(o, [(machine, problem.mode_on(o, machine))], kept=True)
        self._batches()
        self._routes()

    @property
    def base(self) -> Schedule:
        """The schedule that the part belongs to."""
        base = self.scope.base
        if base is None:
            raise ValueError("the model holds the whole problem")
        return base

    def modes(self, o: int) -> list[tuple[int, int]]:
        """(machine, time) pairs that are allowed."""
        first, machine, time = self._modes
        own = slice(int(first[o]), int(first[o + 1]))
        return list(zip(machine[own].tolist(), time[own].tolist(), strict=True))

    def opening(self, machine: int) -> Opening:
        """Windows of a machine."""
        if machine not in self.openings:
            self.openings[machine] = Opening(self.problem, machine)
        return self.openings[machine]

    # ---- where a part meets the rest

    def _boundary(self) -> tuple[Ints, Ints, dict[int, int]]:
        """[M] free from, [M] family then, and the first operation after the part on a machine."""
        p = self.problem
        ready, family = p.machine_ready.copy(), p.machine_family.copy()
        base = self.scope.base
        if base is None:
            return ready, family, {}
        part = np.flatnonzero(self.inside)
        begins = int(base.start[part].min())
        outside = np.flatnonzero(~self.inside)
        outside = outside[np.lexsort((base.end[outside], base.start[outside]))]
        early = base.start[outside] < begins
        early |= (base.start[outside] == begins) & (base.end[outside] == begins)
        first, rest = outside[early], outside[~early][::-1]
        np.maximum.at(ready, base.machine[first], base.end[first])
        named = first[p.family[first] != NONE]
        # of several in one place the last one stays
        family[base.machine[named]] = p.family[named]
        after = np.full(p.machine_count, NONE, np.int64)
        after[base.machine[rest]] = rest
        return ready, family, {m: int(after[m]) for m in np.flatnonzero(after != NONE).tolist()}

    # ---- one operation

    def _operation(self, o: int, modes: list[tuple[int, int]], *, kept: bool) -> None:
        p, cp = self.problem, self.cp
        fixed = int(p.fixed_start[o])
        high = int(self.scope.high[o])
        fits = []
        for m, time in modes:
            most = self._longest(o, m, time, kept=kept)
            spans = self._starts(o, m, time, most)
            if spans and (p.machine_batch[m] == 0 or p.size[o] <= p.machine_batch[m]):
                fits.append((m, time, most, spans))
        if not fits:
            raise ImpossibleError(o)
        if fixed < NEVER and (fixed < 0 or not self.scope.explain):
            start = cp.new_constant(fixed)
        else:
            spans = fits[0][3] if len(fits) == 1 else [(min(f[3][0][0] for f in fits), max(f[3][-1][1] for f in fits))]
            start = cp.new_int_var_from_domain(Domain.from_intervals([list(span) for span in spans]), f"s{o}")
        self.start[o] = start
        on = [self.true] if len(fits) == 1 else [cp.new_bool_var(f"x{o}_{m}") for m, *_ in fits]
        if len(fits) > 1:
            cp.add_exactly_one(on)
        self.on[o] = [(m, literal) for (m, *_), literal in zip(fits, on, strict=True)]
        least = min(most if kept else time for _, time, most, _ in fits)
        m, time, most, _ = fits[0]
        simple = len(fits) == 1 and (kept or time == most) and not (self.opening(m).interrupts and most)
        self.end[o] = start + least if simple else cp.new_int_var(min(s[0][0] for *_, s in fits) + least, high, f"e{o}")
        for (m, time, most, spans), literal in zip(fits, on, strict=True):
            if len(fits) > 1:
                domain = Domain.from_intervals([list(span) for span in spans])
                cp.add_linear_expression_in_domain(start, domain).only_enforce_if(literal)
            self.runs.setdefault(m, []).append(self._run(o, m, time, most, literal, kept=kept, simple=simple))
        if self.scope.explain:
            self._explained(o, fits, on)

    def _explained(self, o: int, fits: list[Any], on: list[Expr]) -> None:
        p, cp = self.problem, self.cp
        name = p.operations[o]
        if 0 <= p.fixed_start[o] < NEVER:
            said = f"{name} starts at tick {p.fixed_start[o]}, as fixed"
            cp.add(self.start[o] == int(p.fixed_start[o])).only_enforce_if(self.reason(said))
        if p.fixed_machine[o] != NONE and len(fits) > 1:
            literal = self.reason(f"{name} is on {p.machines[int(p.fixed_machine[o])]}, as fixed")
            for (m, *_), used in zip(fits, on, strict=True):
                if m != p.fixed_machine[o]:
                    cp.add_implication(literal, ~used)

    def reason(self, said: str) -> Expr:
        """A literal that stands for a limit which may be named in a conflict."""
        literal = self.cp.new_bool_var(said)
        self.reasons.append((literal, said))
        return literal

    def _longest(self, o: int, m: int, time: int, *, kept: bool) -> int:
        """Longest time its run may take on the machine."""
        if kept:
            return max(self.problem.mode_on(q, m) for q in self._kept_runs.get(o, (o,)))
        return max([time, *(t for _, t in self._partners.get((o, m), ()))])

    def _starts(self, o: int, m: int, least: int, most: int) -> list[tuple[int, int]]:
        """Spans in which it may start on the machine."""
        p, opening = self.problem, self.opening(m)
        low, high, fixed = int(self.scope.low[o]), int(self.scope.high[o]), int(p.fixed_start[o])
        if fixed < 0:
            return [(fixed, fixed)]
        low = max(low, int(self.ready[m]))
        if self.scope.base is not None and self.first_after.get(m) is not None:
            high = min(high, int(self.base.start[self.first_after[m]]))
        if not least and not most:
            spans = [(low, high)]
        elif opening.interrupts:
            spans = _united((piece.low, piece.high) for piece in opening.pieces(least, most, low, high))
        else:
            spans = opening.starts(least, low, high)
        if fixed < NEVER and not self.scope.explain:
            return [(fixed, fixed)] if any(a <= fixed <= b for a, b in spans) else []
        return [(a, b) for a, b in spans if a <= b]

    def _run(self, o: int, m: int, time: int, most: int, on: Expr, *, kept: bool, simple: bool) -> Run:
        p, cp, opening = self.problem, self.cp, self.opening(m)
        start, end, began = self.start[o], self.end[o], bool(p.fixed_start[o] < 0)
        work: Expr = time
        if kept and most > time:
            work = time = most
        elif most > time:
            work = cp.new_int_var(time, most, f"w{o}_{m}")
        length, opened = work, start
        run = Run(o, m, on, on, start, end, work, length, opened, began, kept, int(p.family[o]), time)
        if began:
            self._begun(run, most)
        elif opening.always or not most:
            run.hold.append((start, end, on))
            if opening.interrupts and p.machine_table[m] != NONE:
                self._timeless(run)
        elif opening.interrupts:
            self._interrupted(run, most)
        else:
            self._windowed(run, most)
        if not simple:
            cp.add(end == start + run.length).only_enforce_if(on)
        return run

    def _begun(self, run: Run, most: int) -> None:
        opening, at = self.opening(run.machine), int(self.problem.fixed_start[run.operation])
        run.opened = opening.opened(at)
        if opening.interrupts and most != run.least:
            raise TooLargeError("a batch in progress whose members are open")
        if opening.interrupts:
            run.length = opening.finish(at, run.least) - at
            spans = zip(opening.opens, opening.closes, strict=True)
            ends = at + run.length
            run.hold = [(max(a, at, 0), min(b, ends), run.on) for a, b in spans if max(a, at, 0) < min(b, ends)]
        else:
            run.hold.append((max(at, 0), run.end, run.on))

    def _interrupted(self, run: Run, most: int) -> None:
        """Ends over closures: one literal a pair of windows in which it starts and ends."""
        cp, opening, o = self.cp, self.opening(run.machine), run.operation
        low = max(int(self.scope.low[o]), int(self.ready[run.machine]))
        pieces = list(opening.pieces(run.least, most, low, int(self.scope.high[o])))
        if len(pieces) > _PIECES:
            raise TooLargeError(f"{self.problem.operations[o]} may lie in too many shifts")
        literals = [run.on] if len(pieces) == 1 else [cp.new_bool_var("") for _ in pieces]
        if len(pieces) > 1:
            cp.add_exactly_one([*literals, *([] if run.on is self.true else [~run.on])])
        shifts = [opening.opens[piece.first] - opening.before[piece.first] for piece in pieces]
        for piece, literal in zip(pieces, literals, strict=True):
            cp.add_linear_constraint(run.start, piece.low, piece.high).only_enforce_if(literal)
            if most > run.least:
                a, b = opening.opens[piece.last], opening.closes[piece.last]
                cp.add_linear_constraint(run.end, a + 1, b).only_enforce_if(literal)
            run.hold += self._stretches(run, piece.first, piece.last, literal)
        run.length = self._chosen(run.work, [piece.closed for piece in pieces], literals, f"l{o}_{run.machine}")
        opened = self._chosen(0, shifts, literals, "")
        if isinstance(opened, int):
            run.opened = run.start - opened
        else:
            run.opened = cp.new_int_var(0, opening.before[-1], "")
            cp.add(run.opened == run.start - opened).only_enforce_if(run.on)

    def _timeless(self, run: Run) -> None:
        """Open time before a run of no length, which may also lie in a closure."""
        cp, opening = self.cp, self.opening(run.machine)
        low, high = int(self.scope.low[run.operation]), int(self.scope.high[run.operation])
        run.opened = cp.new_int_var(0, opening.before[-1], "")
        edges = [min(low, 0), *(t for span in zip(opening.opens, opening.closes, strict=True) for t in span)]
        literals = []
        for at, (a, b) in enumerate(pairwise([*edges, max(high, edges[-1])])):
            if b < low or a > high:
                continue
            literal = cp.new_bool_var("")
            cp.add_linear_constraint(run.start, a, b).only_enforce_if(literal)
            passed = opening.before[at // 2]
            cp.add(run.opened == (run.start - a + passed if at % 2 else passed)).only_enforce_if(literal)
            literals.append(literal)
        cp.add_exactly_one([*literals, *([] if run.on is self.true else [~run.on])])

    def _chosen(self, base: Expr, values: list[int], literals: list[Expr], name: str) -> Expr:
        """A base plus the value whose literal holds, as an int, an expression or a variable."""
        if min(values) == max(values):
            return base + values[0]
        total = (
            base
            + min(values)
            + sum((v - min(values)) * x for v, x in zip(values, literals, strict=True) if v > min(values))
        )
        top = max(values) + (base if isinstance(base, int) else max(self._top(base), 0))
        found = self.cp.new_int_var(min(values), top, name)
        self.cp.add(found == total)
        return found

    @staticmethod
    def _top(variable: Expr) -> int:
        domain = variable.proto.domain
        return int(domain[len(domain) - 1])

    def _stretches(self, run: Run, first: int, last: int, literal: Expr) -> list[tuple[Expr, Expr, Expr]]:
        opening = self.opening(run.machine)
        found = []
        for window in range(first, last + 1):
            begin = run.start if window == first else opening.opens[window]
            found.append((begin, run.end if window == last else opening.closes[window], literal))
        return found

    def _windowed(self, run: Run, most: int) -> None:
        """Whole in one window; only a run of open length needs literals, else the start's domain says it."""
        opening = self.opening(run.machine)
        run.hold.append((run.start, run.end, run.on))
        if most == run.least:
            return
        low, high = int(self.scope.low[run.operation]), int(self.scope.high[run.operation])
        spans = [(a, b) for a, b in zip(opening.opens, opening.closes, strict=True) if b > low and a < high]
        literals = [self.cp.new_bool_var("") for _ in spans]
        self.cp.add_exactly_one([*literals, *([] if run.on is self.true else [~run.on])])
        for (a, b), literal in zip(spans, literals, strict=True):
            self.cp.add(run.start >= a).only_enforce_if(literal)
            self.cp.add(run.end <= b).only_enforce_if(literal)

    # ---- batches

    def _batch_partners(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """(operation, machine) → (operation, time) of the free ones that may share its run."""
        p, found = self.problem, {}
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        if not (p.machine_batch > 0).any():
            return {}
        for o in self.scope.free:
            if p.batch_family[o] != NONE:
                for m, time in self.modes(o):
                    if p.machine_batch[m] > 0:
                        groups.setdefault((m, int(p.batch_family[o])), []).append((o, time))
        for (m, _), members in groups.items():
            for o, _ in members:
                room = int(p.machine_batch[m] - p.size[o])
                found[o, m] = [(q, t) for q, t in members if q != o and p.size[q] <= room]
        return found

    def _batches_of_base(self) -> dict[int, list[int]]:
        """Members of each kept run that is shared."""
        base = self.scope.base
        groups: dict[tuple[int, int], list[int]] = {}
        if base is None:
            return {}
        for o in self.scope.kept:
            if base.batch[o] != NONE:
                groups.setdefault((int(base.machine[o]), int(base.batch[o])), []).append(o)
        return {o: members for members in groups.values() for o in members}

    def _batches(self) -> None:
        for m in [m for m in self.runs if self.problem.machine_batch[m] > 0]:
            runs = {run.operation: run for run in self.runs[m]}
            for o in [o for o in runs if o in self._kept_runs]:
                lead = runs[self._kept_runs[o][0]]
                if o != lead.operation:
                    self.cp.add(runs[o].start == lead.start)
                    runs[o].lead = None
                    lead.members.append((o, self.true))
                    lead.family = lead.family if lead.family != NONE else runs[o].family
            families: dict[int, list[Run]] = {}
            for o, run in runs.items():
                if self._partners.get((o, m)):
                    families.setdefault(int(self.problem.batch_family[o]), []).append(run)
            for members in families.values():
                self._family(m, members)
            self.runs[m] = [run for run in self.runs[m] if run.lead is not None]

    def _family(self, m: int, members: list[Run]) -> None:
        """Each run of a family leads, or joins one led by an operation of lower number."""
        p, cp = self.problem, self.cp
        room = int(p.machine_batch[m])
        if p.machine_table[m] != NONE and len({run.family for run in members}) > 1:
            raise TooLargeError("setup families differ within a batch family")
        joins: dict[int, list[tuple[Run, Expr]]] = {run.operation: [] for run in members}
        led: dict[int, list[Expr]] = {run.operation: [] for run in members}
        for lead, run in combinations(members, 2):
            if p.size[lead.operation] + p.size[run.operation] > room or lead.began != run.began:
                continue
            literal = cp.new_bool_var(f"z{run.operation}_{lead.operation}_{m}")
            joins[lead.operation].append((run, literal))
            led[run.operation].append(literal)
            cp.add(run.start == lead.start).only_enforce_if(literal)
            cp.add(run.end == lead.end).only_enforce_if(literal)
            cp.add(run.work == lead.work).only_enforce_if(literal)
            lead.members.append((run.operation, literal))
            self.joins.append((run.operation, lead.operation, m, literal))
        for run in members:
            run.lead = cp.new_bool_var(f"z{run.operation}_{m}")
            cp.add_exactly_one([run.lead, *led[run.operation], *([] if run.on is self.true else [~run.on])])
            mine = joins[run.operation]
            for _, literal in mine:
                cp.add_implication(literal, run.lead)
            cp.add(sum(int(p.size[q.operation]) * x for q, x in mine) <= room - int(p.size[run.operation]))
            if isinstance(run.work, int):
                continue
            longest = cp.new_int_var(run.least, self._top(run.work), "")
            cp.add_max_equality(longest, [run.least, *(q.least * x for q, x in mine)])
            cp.add(run.work == longest).only_enforce_if(run.lead)

    # ---- routes

    def _routes(self) -> None:
        first = self.problem.job_first
        for o in sorted(self.start):
            if o + 1 == first[self.job_of[o] + 1]:
                self._ends_job(o)
            elif o + 1 in self.start:
                self._edge(o)
            else:
                self._leaves(o)
            if o > first[self.job_of[o]] and o - 1 not in self.start:
                self._enters(o)

    def _ends_job(self, o: int) -> None:
        job = int(self.job_of[o])
        deadline = int(self.problem.deadline[job])
        if self.scope.explain and deadline < NEVER:
            said = f"{self.problem.jobs[job]} ends by its deadline at tick {deadline}"
            self.cp.add(self.end[o] <= deadline).only_enforce_if(self.reason(said))

    def _moves(self, a: int, b: int) -> list[tuple[int, list[Expr]]]:
        """Transport between two operations, one of which may lie outside: (ticks, literals that must hold)."""
        p, found = self.problem, []
        if not p.move.size:
            return [(0, [])]
        for m, first in self._places(a):
            for n, second in self._places(b):
                found.append((int(p.move[m, n]), [x for x in (first, second) if x is not self.true]))
        return found

    def _places(self, o: int) -> list[tuple[int, Expr]]:
        if o in self.start:
            return self.on[o]
        return [(int(self.base.machine[o]), self.true)]

    def _edge(self, o: int) -> None:
        p, cp = self.problem, self.cp
        lag, longest = int(p.lag[o]), int(p.max_lag[o])
        moves = self._moves(o, o + 1)
        least = min(move for move, _ in moves)
        cp.add(self.start[o + 1] >= self.end[o] + lag + least)
        for move, literals in moves:
            if move > least:
                cp.add(self.start[o + 1] >= self.end[o] + lag + move).only_enforce_if(literals)
        if longest < NEVER:
            limit = cp.add(self.start[o + 1] <= self.end[o] + longest)
            if self.scope.explain:
                said = f"{p.operations[o + 1]} starts at most {longest} ticks after {p.operations[o]}"
                limit.only_enforce_if(self.reason(said))

    def _enters(self, o: int) -> None:
        done, lag = int(self.base.end[o - 1]), int(self.problem.lag[o - 1])
        for move, literals in self._moves(o - 1, o):
            self.cp.add(self.start[o] >= done + lag + move).only_enforce_if(literals)
        if self.problem.max_lag[o - 1] < NEVER:
            self.cp.add(self.start[o] <= done + int(self.problem.max_lag[o - 1]))

    def _leaves(self, o: int) -> None:
        begins, lag = int(self.base.start[o + 1]), int(self.problem.lag[o])
        for move, literals in self._moves(o, o + 1):
            self.cp.add(self.end[o] + lag + move <= begins).only_enforce_if(literals)
        if self.problem.max_lag[o] < NEVER:
            self.cp.add(self.end[o] + int(self.problem.max_lag[o]) >= begins)


def horizon(problem: Problem, *, regular: bool = False) -> int:
    """A tick by which some best schedule of any objective has ended.

    After the last change of anything that changes with time, all work that is left fits one after another. Where the
    objective only wants to end early (regular), nothing but work, lags and closures keeps a schedule from ending.
    """
    p = problem
    last = [p.release, p.machine_ready, p.level_time, np.where(p.fixed_start < NEVER, p.fixed_start, 0)]
    begin = max(int(values.max(initial=0)) for values in last)
    longest = np.maximum.reduceat(p.mode_time, p.mode_first[:-1])
    setup, move = int(p.setup_time.max(initial=0)), int(p.move.max(initial=0))
    work = int(longest.sum() + p.lag.sum()) + p.operation_count * (move + setup) + 1
    inner = np.ones(p.operation_count, np.bool_)
    inner[p.job_first[1:] - 1] = False
    used = np.unique(p.machine_calendar[p.machine_calendar != NONE])
    if regular and (p.max_lag[inner] == NEVER).all() and p.calendar_interrupts[used].all():
        return min(_open_for(p, used, begin, work), horizon(p))
    filled = np.flatnonzero(np.diff(p.calendar_first) > 0)
    final = p.calendar_first[filled + 1] - 1
    last = [p.window_start[final], p.tariff_time, np.where(p.due < NEVER, p.due, 0)]
    begin = max(begin, *(int(values.max(initial=0)) for values in last))
    if (p.window_end[final] < begin + work).any():
        # some machines close for good before: they have no say after it
        begin = max(begin, int(p.window_end[p.window_end < begin + work].max(initial=0)))
    return begin + work


def _open_for(p: Problem, calendars: Ints, begin: int, work: int) -> int:
    """When all calendars together were open for so long: till then something of any unfinished plan goes on."""
    if not calendars.size:
        return begin + work
    own = [slice(int(p.calendar_first[c]), int(p.calendar_first[c + 1])) for c in calendars.tolist()]
    times = np.concatenate([edge[part] for part in own for edge in (p.window_start, p.window_end)])
    steps = np.concatenate([np.full(part.stop - part.start, step) for part in own for step in (1, -1)])
    order = np.argsort(times, kind="stable")
    times, open_ = np.maximum(times[order], begin), np.cumsum(steps[order]) == len(own)
    passed = np.concatenate([[0], np.cumsum(np.diff(times) * open_[:-1])])
    at = int(np.searchsorted(passed, work, "left"))
    return int(times[at] - (passed[at] - work)) if at < len(passed) else NEVER


def _all_modes(p: Problem) -> tuple[Ints, Ints, Ints]:
    return p.mode_first, p.mode_machine, p.mode_time


def _united(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(b, found[-1][1])
        else:
            found.append((a, b))
    return found
