"""What carries decisions out: set-points through the actor, plans, work orders and lists to people.

Each leaves a trace that names its decision, so that whoever comes after a crash sees what was done.

Reads   commands, work orders, plans    Writes  commands through the actor, Fact(event, kind="workorder"), plans
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from luban.act.command import Command, State
from luban.act.engine import Actor, Proposal as Wanted
from luban.core.errors import InputError
from luban.core.time import MINUTE
from luban.decide.schedule.events import Breakdown, happen
from luban.decide.schedule.schedule import Schedule
from luban.ledger import Ledger
from luban.loop.deciding.floor import Proposal
from luban.loop.deciding.record import Decision, Stage
from luban.loop.deciding.repairing import COLUMNS
from luban.loop.deciding.turn import Carried
from luban.loop.plans import Plans, PlanState
from luban.plant import Plant
from luban.understand.book import entries

if TYPE_CHECKING:
    from luban.decide.maintain import WorkOrder

__all__ = ["TO_PEOPLE", "PlantHands", "published"]

TO_PEOPLE: Final = frozenset({"dispatch", "release", "rule", "start batch", "change tool", "standby"})
"""Acts that people carry out: they stand in their lists once they are taken."""

_LIFE: Final = 10 * MINUTE
_RANK: Final = {"operator": 0, "engineer": 1}


def published(plans: Plans) -> PlanState | None:
    """The plan that the floor works by; None where none is published."""
    return next((own for own in plans.all() if own.published), None)


class PlantHands:
    """Carries out what was decided for one plant.

    note  makes an entry durable; called in a thread
    """

    def __init__(
        self, plant: Plant, ledger: Ledger, folder: Path, actor: Actor, note: Callable[[Mapping[str, list[Any]]], int]
    ) -> None:
        self._plant, self._ledger, self._actor, self._note = plant, ledger, actor, note
        self.plans = Plans(folder)
        self._orders: tuple[int, Mapping[str, WorkOrder]] = (-1, {})

    # ------------------------------------------------------------------ before it goes into the books

    def prepare(self, proposal: Proposal) -> Proposal:
        """A mended plan is laid ready among the plans; the floor does not work by it yet. See `Hands`."""
        if proposal.act.kind != "schedule":
            return proposal
        value = dict(proposal.act.value)
        plan = self.plans.get(proposal.act.target)
        columns = {name: np.array(own, np.int64) for name, own in value.pop("columns").items() if name in COLUMNS}
        world = happen(plan.schedule, [_breakdown(one) for one in value["happened"]], int(value["now"]))
        name = f"{plan.made.get('name') or plan.id} +"
        told = {
            "name": name, "text": f"{name} ({plan.id})", "objective": plan.made.get("objective"), "bound": None,
            "value": list(proposal.facts.get("value", ())), "gap": None, "reason": "mended",
            "fingerprint": plan.made.get("fingerprint"), "stops": plan.made.get("stops"),
            "mended": {"plan": plan.id, "version": plan.n, "now": value["now"], "happened": value["happened"],
                       "kept": value["kept"]},
        }  # fmt: skip
        made = self.plans.make(
            Schedule(world.problem, **columns), told, who=proposal.author, locked=sorted(plan.locked)
        )
        return replace(proposal, act=replace(proposal.act, value=value | {"plan": made.id}))

    def bound(self, proposal: Proposal) -> str:
        """See `Hands`."""
        kind = proposal.act.kind
        actuator = self._actor.actuators.get(proposal.act.target)
        if kind == "set" and actuator is not None:
            return f"between {actuator.lower:g} and {actuator.upper:g} {actuator.unit}".rstrip()
        if kind == "schedule" and isinstance(proposal.act.value, Mapping):
            return f"at least {100 * float(proposal.act.value.get('kept', 0.0)):.0f} % of what is planned stays"
        return "one work order; nothing stops by it" if kind == "maintain" else "people decide when they follow it"

    # ------------------------------------------------------------------ carrying out

    def begun(self, decision: Decision) -> bool:
        """See `Hands`."""
        kind = decision.act.kind
        if kind == "set":
            return self._command(decision) is not None
        if kind == "maintain":
            return self._work_order(decision) is not None
        if kind == "schedule":
            return bool(self.plans.get(str(decision.act.value["plan"])).published)
        return False

    async def carry(self, decision: Decision) -> Carried:
        """See `Hands`."""
        kind = decision.act.kind
        if kind == "set":
            return await self._set(decision)
        if kind == "maintain":
            return Carried(Stage.DONE, {"workorder": await asyncio.to_thread(self._maintain, decision)})
        if kind == "schedule":
            return await asyncio.to_thread(self._publish, decision)
        return Carried(Stage.DONE, {"people": True})

    async def _set(self, decision: Decision) -> Carried:
        command = self._command(decision)
        if command is None:
            facts = {**dict(decision.facts.get("facts") or {}), "decision": decision.id}
            plan = decision.facts.get("plan")
            unit = str(decision.facts.get("unit", ""))
            asked = Wanted(decision.act.target, float(decision.act.value), decision.why, decision.author, unit, plan,
                           facts, _LIFE)  # fmt: skip
            command = await self._actor.propose(asked)
        actuator = self._actor.actuators.get(command.actuator)
        if command.state is State.PROPOSED and decision.person and actuator is not None:
            may = _RANK.get(decision.approver, 0) >= _RANK.get(actuator.approver, 1)
            command = await self._actor.approve(command.id, decision.person) if may else command
        told = {"command": command.id, "before": command.before}
        if command.state is State.UNVERIFIED:
            return Carried(Stage.UNVERIFIED, told, command.reason or "the device did not confirm it")
        if command.state in {State.CONFIRMED, State.ROLLED_BACK}:
            return Carried(Stage.DONE, told)
        if not command.open:
            return Carried(Stage.FAILED, told, command.reason or "the command ended otherwise")
        return Carried(decision.stage, told)

    def _command(self, decision: Decision) -> Command | None:
        known = reversed(list(self._actor.commands.values()))
        return next((one for one in known if one.facts.get("decision") == decision.id and not one.undoes), None)

    def _maintain(self, decision: Decision) -> str:
        from luban.decide.maintain import plan_row  # statistics of lives come with it: only where work is ordered

        known = self._work_order(decision)
        if known is not None:
            return known
        machine, _, task = decision.act.target.partition(":")
        value = decision.act.value
        options: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {"task": str(value or task)}
        task = str(options.get("task") or task)
        made, rows = plan_row(
            self._ledger, self._plant, machine, task, person=decision.person, why=str(options.get("why", "condition")),
            start=options.get("start"), text=decision.why[:500],
        )  # fmt: skip
        data = json.loads(rows["data"][0]) | {"decision": decision.id}
        self._note({**rows, "data": [json.dumps(data, ensure_ascii=False, sort_keys=True)]})
        return made

    def _work_order(self, decision: Decision) -> str | None:
        book = entries(self._ledger, "workorder")
        return next((one.subject for one in book if one.data.get("decision") == decision.id), None)

    def _publish(self, decision: Decision) -> Carried:
        """The mended plan is what the floor works by, where the plan that it mends still is."""
        value = decision.act.value
        plan = self.plans.get(str(value["plan"]))
        told = {"plan": plan.id, "before": decision.act.target}
        if plan.published:
            return Carried(Stage.DONE, told)
        old = self.plans.get(decision.act.target)
        if not old.published:
            return Carried(Stage.FAILED, told, "the plan has changed meanwhile")
        self.plans.publish(plan, who=decision.person or decision.author)
        return Carried(Stage.DONE, told)

    # ------------------------------------------------------------------ the way back

    def undoable(self, decision: Decision) -> bool:
        """See `Hands`."""
        kind, told = decision.act.kind, decision.told
        if kind == "set":
            command = self._actor.commands.get(str(told.get("command")))
            states = {State.CONFIRMED, State.UNVERIFIED}
            return command is not None and command.state in states and command.before is not None
        if kind == "maintain":
            from luban.decide.maintain import work_orders

            head = self._ledger.head
            if head != self._orders[0]:
                self._orders = head, work_orders(self._ledger)
            order = self._orders[1].get(str(told.get("workorder")))
            return order is not None and order.state in {"planned", "released"}
        if kind == "schedule":
            return bool(told.get("plan")) and self.plans.get(str(told["plan"])).published
        return kind in TO_PEOPLE

    async def undo(self, decision: Decision, person: str, why: str) -> Mapping[str, Any]:
        """See `Hands`."""
        kind, told = decision.act.kind, decision.told
        if kind == "set":
            made = await self._actor.roll_back(str(told["command"]), person, why)
            if not made.open:  # a guard said no
                raise InputError(made.reason or "the command ended otherwise", where=made.id)
            return {"undone by": made.id}
        if kind == "maintain":
            from luban.decide.maintain import step_row

            order = str(told["workorder"])
            rows = await asyncio.to_thread(step_row, self._ledger, order, "cancel", person=person, text=why[:500])
            await asyncio.to_thread(self._note, {name: list(own) for name, own in rows.items()})
            return {"cancelled": order}
        if kind == "schedule":
            await asyncio.to_thread(self._go_back, str(told["before"]), person)
            return {"back to": told["before"]}
        if kind not in TO_PEOPLE:
            raise InputError("nothing can be undone here", came=kind, where=decision.id)
        return {}

    def _go_back(self, plan: str, person: str) -> None:
        self.plans.publish(self.plans.get(plan), who=person)


def _breakdown(one: Mapping[str, Any]) -> Breakdown:
    return Breakdown(str(one["machine"]), int(one["start"]), int(one["end"]), bool(one.get("resume", True)))
