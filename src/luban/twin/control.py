"""What a controller may order between two windows of a run: the levers of a real plant, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.twin.kernel.layout import Where
from luban.twin.model import RULES, Step
from luban.twin.run import Run

__all__ = ["Control"]


class Control:
    """The orders that a run takes, each at the run's present time.

    Lots are named by their key (`Run.lots`, trace rows), machines, stations and characteristics by their ids.

    Example  >>> run = Run(model).to(8 * HOUR)
             >>> Control(run).set_rule("turning", ("setup", "edd"))
             >>> run.to(16 * HOUR)
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def drive(self, until: int, policy: Callable[[Control], None], every: int | None = None) -> Run:
        """Runs to `until` and asks a Python policy on the way; for research, not for speed.

        every  time between two questions [µs]; None: at every instant at which something happens, which makes the run
               some hundred times slower than the kernel alone
        """
        run = self.run
        while run.now < until:
            world = run.world
            planned = int(world["clock"]["planned"][0])
            coming = run.now + every if every else int(world["events"]["time"][0]) if planned else until
            run.to(min(until, max(coming, run.now)))
            policy(self)
        return run

    def release(self, key: int) -> None:
        """Brings one lot of the release pool to the floor, whatever the plant's release rule says."""
        lot = self._lot(key)
        if self.run.world["lots"][lot]["where"] != Where.POOL:
            raise InputError("the lot does not wait for release", came=self.run.lot_name(key))
        self.run.order("release", lot)

    def release_all(self) -> None:
        """Lets the release rule look now, as at one of its instants."""
        self.run.order("release_ready")

    def set_cap(self, lots: int) -> None:
        """Most lots on the floor under CONWIP [lots]."""
        if lots < 1:
            raise InputError("a cap of no lots stops the plant", came=str(lots), expected="1 or more")
        self.run.world["clock"]["cap"] = lots
        self.run.order("release_ready")

    def set_rule(self, station: str, keys: Sequence[str]) -> None:
        """The station's dispatch rule from now on: keys of model.RULES, the first is compared first."""
        unknown = [key for key in keys if key not in RULES]
        if unknown or not keys:
            raise InputError("unknown key of a dispatch rule", came=", ".join(unknown), expected=", ".join(RULES))
        world = self.run.world
        rules = world["rules"]
        row = world["stations"][self.run.station(station)]
        row["rule"], row["rule_end"], row["plain"] = len(rules), len(rules) + len(keys), 0
        world["rules"] = np.concatenate([rules, [RULES.index(key) for key in keys]])
        model = self.run.model
        self.run.model = replace(
            model,
            stations=tuple(replace(own, rule=tuple(keys)) if own.id == station else own for own in model.stations),
        )
        self.run.order("look")

    def set_schedule(self, machine: str, plan: Sequence[tuple[int, int]]) -> None:
        """The machine's next operations, (lot key, index of the step) each, in this order and no other.

        It waits for each of them; when all have begun it goes back to its station's rule. An empty plan ends it.
        """
        world = self.run.world
        number = self.run.machine(machine)
        row = world["machines"][number]
        plans = world["plans"]
        first = (len(plans) + 1) // 2
        added = np.array(plan, np.int64).reshape(-1)
        world["plans"] = np.concatenate([plans, np.zeros(2 * first - len(plans), np.int64), added])
        row["plan_at"], row["plan_end"] = first, first + len(plan)
        world["stations"][row["station"]]["plain"] = 0
        self.run.order("look")

    def set_sampling(self, station: str, first: int, every: int) -> None:
        """The first so many pieces of a lot are measured at that station, then one in `every`; 0: no more."""
        if first < 0 or every < 0:
            raise InputError("no rule of sampling", came=f"{first}, {every}", expected="0 or more")
        self._sizes(station, {"sample_first": first, "sample_every": every}, {"first": first, "every": every})

    def set_correction(self, station: str, *, first: bool) -> None:
        """The operators of that station correct the first piece of a lot by its reading, or nothing at all."""
        self._sizes(
            station, {"correct_first": first, "correct_beyond": None}, {"correct_first": first, "beyond": -1.0}
        )  # fmt: skip

    def set_edge(self, machine: str, limit: float) -> None:
        """Edges of the machine are changed after that much cutting, or so many pieces [s | piece]."""
        if not limit > 0:
            raise InputError("no limit of an edge", came=f"{limit:g}", expected="above 0")
        number, model = self.run.machine(machine), self.run.model
        tool = model.machines[number].tool
        if tool is None:
            raise InputError("the machine has no tool that wears", came=machine)
        world = self.run.world
        world["tools"]["replace_at"][world["machines"]["tool"][number]] = limit
        changed = replace(model.machines[number], tool=replace(tool, replace_at=limit))
        machines = (*model.machines[:number], changed, *model.machines[number + 1 :])
        self.run.model = replace(model, machines=machines)

    def set_batch(self, station: str, minimum: float, max_wait: float | None) -> None:
        """A batch there begins from `minimum` on, or when its oldest lot has waited so long [s]; None: never."""

        def changed(step: Step) -> Step:
            return step if step.batch is None else replace(
                step, batch=replace(step.batch, minimum=minimum, max_wait=max_wait)
            )  # fmt: skip

        rows = self.run.world["steps"]
        there = (rows["station"] == self.run.station(station)) & (rows["family"] >= 0)
        rows["batch_min"][there] = minimum
        rows["batch_wait"][there] = -1 if max_wait is None else round(max_wait * 1e6)
        self._steps(station, changed)
        self.run.order("look")

    def _sizes(self, station: str, own: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Changes every size that a station makes: in the model, and in the arrays of the run."""
        world, number = self.run.world, self.run.station(station)
        for step in world["steps"][world["steps"]["station"] == number]:
            for name, value in fields.items():
                world["characteristics"][name][step["characteristic"] : step["characteristic_end"]] = value
        self._steps(
            station,
            lambda step: replace(step, characteristics=tuple(replace(size, **own) for size in step.characteristics)),
        )
        self.run.order("look")

    def _steps(self, station: str, changed: Callable[[Step], Step]) -> None:
        model = self.run.model
        routes = tuple(
            replace(route, steps=tuple(changed(step) if step.station == station else step for step in route.steps))
            for route in model.routes
        )
        self.run.model = replace(model, routes=routes)

    def set_priority(self, key: int, priority: float) -> None:
        """The lot's priority for the rule's key `hot`; higher goes first."""
        self.run.world["lots"][self._lot(key)]["priority"] = priority

    def hold(self, key: int, on: bool = True) -> None:
        """Keeps the lot from being started or released, or lets it go."""
        world = self.run.world
        world["lots"][self._lot(key)]["hold"] = on
        world["stations"]["plain"] = 0
        self.run.order("look")
        self.run.order("release_ready")

    def standby(self, machine: str, on: bool) -> None:
        """Switches a machine to standby once it is free, or back; in standby it takes no lot."""
        self.run.order("standby", self.run.machine(machine), int(on))

    def maintain(self, machine: str, maintenance: str) -> None:
        """Orders that maintenance: it begins as soon as the machine is empty."""
        number = self.run.machine(machine)
        own = self.run.model.machines[number].maintenance
        names = [item.id for item in own]
        if maintenance not in names:
            raise InputError(
                "unknown maintenance", came=maintenance, expected=", ".join(names) or "none on that machine"
            )
        first = int(self.run.world["machines"][number]["maintenance"])
        self.run.order("maintain", first + names.index(maintenance))

    def change_tool(self, machine: str) -> None:
        """A new edge now; a running lot ends later by the time of the change."""
        number = self.run.machine(machine)
        if self.run.model.machines[number].tool is None:
            raise InputError("the machine has no tool that wears", came=machine)
        self.run.order("count")
        self.run.order("change_tool", number)

    def correct(self, machine: str, characteristic: str, step: float) -> None:
        """Moves the machine's offset for that characteristic (`route/step/id`) by `step`, in its unit."""
        number = self.run.machine(machine)
        names = self.run.characteristics
        if characteristic not in names:
            raise InputError("unknown characteristic", came=characteristic, expected=", ".join(names[:8]))
        self.run.order("count")
        self.run.order("correct", number, names.index(characteristic), step)

    def start_batch(self, station: str) -> None:
        """Starts a batch with what waits, although it is below its minimum."""
        self.run.order("start_batch", self.run.station(station))

    def _lot(self, key: int) -> int:
        lots = self.run.world["lots"]
        found = np.flatnonzero((lots["key"] == key) & (lots["where"] != Where.NOWHERE))
        if len(found) == 0:
            raise InputError(
                "no such lot in the plant", came=self.run.lot_name(key), hint="finished, or not yet arrived"
            )
        return int(found[0])
