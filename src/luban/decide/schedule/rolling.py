"""A rolling schedule on a run of the twin: look, plan, let the floor work by the plan, look again.

The plan is made from what a planner sees (`from_twin`), and acts through the levers of a real plant (`Control`): which
lot a machine takes next, and which lot is released. It knows neither the times to come nor the next breakdown, so the
floor never waits for the plan: a machine takes the earliest planned lot of those that lie before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE
from luban.decide.schedule.from_twin import Assumed, Snapshot, setup_mean, setup_names, snapshot
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule
from luban.twin.control import Control
from luban.twin.kernel.layout import Phase, Stop, Where
from luban.twin.model import Model, Release, Route
from luban.twin.run import Run

__all__ = ["DISPATCH", "Planner", "Rolling", "Tally", "released_by_plan"]

Planner = Callable[[Problem, Objective, int], Schedule]
"""Makes a schedule: (problem, objective, seed)."""

DISPATCH = {
    "list": "a machine takes the first lot of its own list that lies before it, or one soon after it that saves setup",
    "priority": "a machine takes the lot that is planned earliest, whichever machine it was planned for",
    "strict": "a machine waits for the next lot of its list",
}
"""How the floor follows the plan."""


@dataclass
class Tally:
    """What a rolling schedule did: plans made, breakdowns that asked for one, lots released."""

    plans: int = 0
    breakdowns: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class Rolling:
    """A policy of planning.

    objective  of each plan
    every      time between two plans [µs]; none is made while the plant is closed
    look       time between two looks at the floor, when lists are brought up to date [µs]
    work       effort of a plan [units of `solve`]; the same effort gives the same plan
    seed       of the plans
    dispatch   a word of DISPATCH
    near       lots planned at most so long after the first of a list may go before it where that saves setup [µs]
    early      where the plan releases (`released_by_plan`): so long before its planned start a lot comes to the floor
               [µs]
    urgent     a breakdown or a repair asks for a new plan at the next look
    loads      the plan starts furnaces and other batches that the plant's own rule would let wait
    people     the plan counts people and setters where they may be short

    Example  >>> run = Run(model, seed=1).to(10 * DAY)
             >>> Rolling().drive(run, 80 * DAY).plans
             264
    """

    objective: Objective = field(default_factory=lambda: Objective.parse("tardiness + 0.2*flow_time"))
    every: int = 4 * HOUR
    look: int = 20 * MINUTE
    work: int = 20_000_000
    seed: int = 0
    dispatch: str = "list"
    near: int = DAY
    early: int = DAY
    urgent: bool = True
    loads: bool = False
    people: bool = False

    def __post_init__(self) -> None:
        if self.dispatch not in DISPATCH:
            raise InputError("unknown way to dispatch", came=repr(self.dispatch), expected=", ".join(DISPATCH))
        if not 0 < self.look <= self.every:
            raise InputError(
                "no such times to plan and to look",
                came=f"every {self.every} µs, look {self.look} µs",
                expected="0 < look ≤ every",
            )

    def drive(self, run: Run, until: int, planner: Planner | None = None) -> Tally:
        """Runs to `until` under the rolling schedule.

        until    [µs after the model's start]; the model's calendars and orders must reach further than a plan
        planner  None: `solve` with `work` on one worker
        Raises   InputError if a plan is impossible
        """
        floor = _Floor(self, run, planner or self._plan)
        while run.now < until:
            floor.look()
            run.to(min(until, floor.next_look()))
        return floor.tally

    def _plan(self, problem: Problem, objective: Objective, seed: int) -> Schedule:
        from luban.decide.schedule.portfolio import solve

        return solve(problem, objective, seconds=3600.0, seed=seed, workers=1, work=self.work).schedule


def released_by_plan(model: Model) -> Model:
    """The model whose lots wait in the release pool until a controller lets them in."""
    return replace(model, release=Release("manual", None, (), model.release.rule))


class _Floor:
    """One run under a rolling schedule."""

    def __init__(self, rolling: Rolling, run: Run, planner: Planner) -> None:
        self.rolling, self.run, self.planner = rolling, run, planner
        self.control, self.tally = Control(run), Tally()
        self.frees = run.model.release.kind == "manual"
        self.tables = {own.id: own for own in run.model.setups}
        self.names = setup_names(run)
        self.assumed = Assumed(free=self.frees, people=rolling.people)
        self.due = run.now
        self.down: tuple[bool, ...] = ()
        self.starts: dict[tuple[int, int], int] = {}
        self.routes: dict[int, Route] = {}
        self.lists: dict[int, list[tuple[int, int]]] = {}
        self.batches: list[tuple[int, int, list[tuple[int, int]]]] = []
        self.given: dict[int, tuple[int, int]] = {}
        self.open = sorted({span for own in run.model.calendars for span in own.open})
        self.always = any(machine.calendar is None for machine in run.model.machines)
        for station in run.model.stations:
            if rolling.dispatch != "strict":
                self.control.set_rule(station.id, ("hot", "fifo"))

    def next_look(self) -> int:
        """The next look; the next opening where nothing is open until then."""
        now, then = self.run.now, self.run.now + self.rolling.look
        if self.always or any(start < then and end > now for start, end in self.open):
            return min([then, *(start for start, _ in self.open if now < start < then)])
        return min((start for start, _ in self.open if start >= then), default=then)

    def look(self) -> None:
        """Plans where it is time to, and brings lists, loads and releases up to date."""
        down = tuple((self.run.world["machines"]["stop"] & Stop.DOWN).astype(bool).tolist())
        broken = self.rolling.urgent and bool(self.down) and down != self.down
        self.tally.breakdowns += broken
        self.down = down
        if self.run.now >= self.due or broken:
            self.plan()
        if self.frees:
            self._release()
        if self.rolling.dispatch != "strict":
            self._prioritise()
        if self.rolling.dispatch == "list":
            self._list()
        if self.rolling.loads:
            self._load()

    def plan(self) -> None:
        """A new plan from what is on the floor now."""
        seen = snapshot(self.run, self.assumed)
        self.due = self.run.now + self.rolling.every
        if not seen.keys:
            return
        plan = self.planner(seen.problem, self.rolling.objective, self.rolling.seed + self.tally.plans)
        self.tally.plans += 1
        self._take(seen, plan)
        if self.rolling.dispatch == "strict":
            for machine, operations in self.lists.items():
                self.control.set_schedule(self.run.model.machines[machine].id, operations)

    def _take(self, seen: Snapshot, plan: Schedule) -> None:
        p, run = seen.problem, self.run
        job = p.job_of
        lots = run.world["lots"]
        lots = lots[lots["where"] >= Where.POOL]
        of_key = zip(lots["key"].tolist(), lots["route"].tolist(), strict=True)
        self.routes = {key: run.model.routes[route] for key, route in of_key}
        name = [(seen.keys[int(job[own])], int(seen.steps[own])) for own in range(p.operation_count)]
        self.starts = {name[own]: run.now + int(plan.setup_start[own]) * p.tick for own in range(p.operation_count)}
        begun = p.fixed_start < 0
        # a list names one lot at a time, which would go alone into a furnace: those follow the priorities
        self.lists = {
            machine: [name[own] for own in plan.sequence(machine) if not begun[own]]
            for machine in np.flatnonzero(p.machine_batch == 0).tolist()
        }
        self.batches = []
        for number in np.unique(plan.batch[plan.batch >= 0]).tolist():
            members = np.flatnonzero(plan.batch == number)
            start = run.now + int(plan.start[members[0]]) * p.tick
            self.batches.append((start, int(plan.machine[members[0]]), [name[own] for own in members.tolist()]))

    # ---- what the floor is told

    def _waiting(self) -> dict[tuple[int, int], int]:
        """(lot, step of its route) → station, of the lots that lie in a queue."""
        lots, routes, steps = (self.run.world[name] for name in ("lots", "routes", "steps"))
        rows = lots[lots["where"] == Where.QUEUE]
        index = rows["step"] - routes["step"][rows["route"]]
        names = zip(rows["key"].tolist(), index.tolist(), strict=True)
        return dict(zip(names, steps["station"][rows["step"]].tolist(), strict=True))

    def _prioritise(self) -> None:
        """Lots go in the order of their planned starts; one that the plan does not know goes as if planned now."""
        for key, step in self._waiting():
            self.control.set_priority(key, -float(self.starts.get((key, step), self.run.now)))

    def _list(self) -> None:
        """Each machine is told the first lot of its list that lies before it; another one may not take it meanwhile."""
        waiting = self._waiting()
        machines = self.run.world["machines"]
        for machine, operations in self.lists.items():
            named = machines[machine]["plan_at"] < machines[machine]["plan_end"]
            following = self._following(machine, [own for own in operations if own in waiting])
            if named and following == self.given.get(machine):
                continue
            if following is not None or named:
                self.control.set_schedule(self.run.model.machines[machine].id, [following] if following else [])
                self.given[machine] = following or (-1, -1)

    def _following(self, machine: int, there: list[tuple[int, int]]) -> tuple[int, int] | None:
        """The first of the list, or of those planned soon after it the one with the least setup."""
        table = self.tables.get(self.run.model.machines[machine].setups or "")
        if not there or table is None or not self.rolling.near:
            return there[0] if there else None
        last = self.starts[there[0]] + self.rolling.near
        before = self.names.get(int(self.run.world["machines"]["setup"][machine]), "")
        routes = self.routes
        near = [own for own in there if self.starts[own] <= last]
        return min(near, key=lambda own: setup_mean(table, before, routes[own[0]].steps[own[1]].setup))

    def _load(self) -> None:
        """Starts a batch whose time has come and whose lots are all there."""
        waiting = self._waiting()
        for start, machine, members in self.batches:
            free = self.run.world["machines"][machine]["phase"] == Phase.FREE
            if start <= self.run.now and free and all(own in waiting for own in members):
                self.control.start_batch(self.run.model.machines[machine].station)

    def _release(self) -> None:
        """Lots whose material is there come to the floor `early` before their planned start."""
        lots, routes = self.run.world["lots"], self.run.world["routes"]
        rows = lots[(lots["where"] == Where.POOL) & (lots["ready"] <= self.run.now)]
        steps = rows["step"] - routes["step"][rows["route"]]
        for key, step in zip(rows["key"].tolist(), steps.tolist(), strict=True):
            planned = self.starts.get((key, step))
            if planned is not None and planned <= self.run.now + self.rolling.early:
                self.control.release(key)
                self.tally.released += 1
