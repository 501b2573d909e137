"""Run-to-run in the running plant: measured values in, proposed set-points out, what was written noted as in force.
It is a lever like others: what it proposes is settled against theirs.

A characteristic takes part where people agreed on its knob (`setpoint` entries) and the knob is named like an actuator
of plant.toml, by the signal's id with or without the plant. Whether a proposal is written is the actuator's affair:
its mode, its guards.

Reads   Fact(measurement), Fact(event) of the kinds `setpoint` and `command`
Writes  Fact(event) of the kind `setpoint`: which set-point is in force
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from luban import __version__
from luban.act.command import Command, State
from luban.act.engine import Actor
from luban.act.reading import same
from luban.core.errors import InputError
from luban.core.interrupts import handed_on
from luban.core.time import MINUTE, now
from luban.ledger import Ledger
from luban.loop.deciding.floor import Act, Proposal
from luban.loop.pricing import Pricing
from luban.loop.words import OFF_TARGET
from luban.plant import Actuator, Plant
from luban.understand.book import entries, row

if TYPE_CHECKING:
    from luban.decide.setpoint.stood import Stood

__all__ = ["AUTHOR", "LEVER", "SetPoints"]

_log = logging.getLogger(__name__)

AUTHOR: Final = f"luban run-to-run {__version__}"
"""Who proposes."""

LEVER: Final = "set-point"
"""Its id among the levers."""

_LIFE: Final = 10 * MINUTE
_AGAIN: Final = 12  # new values after a proposal that came to nothing before there is another


class SetPoints:
    """Decides about set-points of one plant, each time new values are in the books.

    note  makes an entry durable, as the actor's
    held  whether a decision about an actuator waits, or was turned down lately
    """

    def __init__(
        self,
        plant: Plant,
        ledger: Ledger,
        actor: Actor,
        note: Callable[[Mapping[str, list[Any]]], int],
        held: Callable[[str], bool] = lambda _actuator: False,
    ) -> None:
        self._plant, self._ledger, self._actor, self._note, self._held = plant, ledger, actor, note, held
        self._pricing = Pricing(plant, ledger)
        self._head = -1
        self._names: dict[str, str] = {}  # what people agreed to set, by characteristic
        self._starts: dict[str, int] = {}  # from which time on values are read
        self._counts: dict[str, int] = {}  # values since then, when last decided

    async def turn(self) -> list[Proposal]:
        """Look at what is new, once; what is proposed."""
        head = await asyncio.to_thread(lambda: self._ledger.head)
        if head == self._head:
            return []
        before, self._head = self._head, head
        made = []
        for characteristic, actuator in (await asyncio.to_thread(handed_on(self._linked), before)).items():
            if not await asyncio.to_thread(handed_on(self._grown), characteristic):
                continue
            try:
                proposal = await self._decide(characteristic, actuator)
            except InputError as error:
                _log.warning("%s: no set-point was decided on: %s", characteristic, error)
                continue
            if proposal is not None:
                made.append(proposal)
        return made

    def _linked(self, before: int) -> dict[str, Actuator]:
        """Characteristics whose agreed knob is an actuator; the newest agreement counts."""
        for entry in entries(self._ledger, "setpoint", after=before):
            if entry.code == "agree":
                self._names[entry.subject] = str(entry.data.get("name", ""))
                self._counts.pop(entry.subject, None)
        known = self._actor.actuators
        both = {of: known.get(name) or known.get(f"{self._plant.id}/{name}") for of, name in self._names.items()}
        return {of: actuator for of, actuator in both.items() if actuator is not None}

    def _grown(self, characteristic: str) -> bool:
        """Whether there are new values; from which time on the newest ones are read."""
        since = self._starts.get(characteristic)
        times = self._ledger.table("measurement", subjects=[characteristic], since=since).column("time").to_pylist()
        if len(times) == self._counts.get(characteristic):
            return False
        from luban.decide.setpoint.stood import NEWEST  # charts come with it: only where a knob is agreed on

        newest = sorted(times)[-NEWEST:]
        if newest:
            self._starts[characteristic] = newest[0]
        self._counts[characteristic] = sum(time >= newest[0] for time in times) if newest else 0
        return True

    async def _decide(self, characteristic: str, actuator: Actuator) -> Proposal | None:
        from luban.decide.setpoint.stood import stood_of

        start = self._starts.get(characteristic)
        stood = await asyncio.to_thread(handed_on(stood_of), self._ledger, self._plant, characteristic, start=start)
        if await self._keep_up(stood, actuator):
            return None  # what is in force has changed: decide with it, next time
        plan = stood.plan
        if plan is None or plan.decision != "change" or self._waits(stood, actuator):
            return None
        off = next(effect for effect in plan.effects if effect.name == "deviation")
        off_by = {name: f"{own[0]:+.4g} {plan.unit}" for name, own in (("before", off.before), ("after", off.after))}
        why = OFF_TARGET.format(characteristic=characteristic, **off_by)
        told = plan.as_dict()
        price = handed_on(self._pricing.set_point)
        worth = await asyncio.to_thread(price, told, characteristic, actuator.unit_path)
        facts = {"plan": told, "facts": dict(plan.facts), "unit": actuator.unit, **worth.told()}
        act = Act("set", actuator.id, float(plan.proposed))
        return Proposal(LEVER, AUTHOR, act, worth.value, worth.low, worth.high, why, facts, expires=now() + _LIFE)

    async def _keep_up(self, stood: Stood, actuator: Actuator) -> bool:
        """Note set-points that were written since, or found moved at the machine; whether there were any."""
        from luban.decide.setpoint.standing import SET

        knob = stood.stands.knob
        if knob is None:
            return False
        known = {str(entry.data.get("command")) for entry in stood.stands.history if entry.code == SET}
        agreed = max((e.time for e in stood.stands.history if e.code == "agree"), default=0)
        written = [
            one for one in self._actor.commands.values()
            if one.actuator == actuator.id and one.state in {State.CONFIRMED, State.ROLLED_BACK}
            and one.attempts and _sent(one) > agreed and one.id not in known
        ]  # fmt: skip
        for one in written:
            entry = row("setpoint", stood.characteristic, SET, person="", text=f"{one.value:g} was written",
                        data={"value": one.value, "command": one.id}, time=_sent(one))  # fmt: skip
            await asyncio.to_thread(self._note, entry)
        if written or self._busy(actuator):
            return bool(written)
        reading = self._actor.situation().readings.get(actuator.id)
        if reading is None or not reading.good or not isinstance(reading.value, int | float):
            return False
        if same(actuator, reading.value, knob.now):
            return False
        text = f"{reading.value:g} was found at the machine"
        data = {"value": float(reading.value)}
        entry = row("setpoint", stood.characteristic, SET, person="", text=text, data=data, time=reading.time or None)
        await asyncio.to_thread(self._note, entry)
        return True

    def _busy(self, actuator: Actuator) -> bool:
        return any(one.open and one.actuator == actuator.id for one in self._actor.commands.values())

    def _waits(self, stood: Stood, actuator: Actuator) -> bool:
        """Another command is under way, or the last proposal came to nothing and there is little new since."""
        if self._busy(actuator) or self._held(actuator.id):
            return True
        own = [one for one in self._actor.commands.values() if one.actuator == actuator.id and one.author == AUTHOR]
        if not own or own[-1].state in {State.CONFIRMED, State.ROLLED_BACK}:
            return False
        last = own[-1].facts.get("last_seq")
        seen = self._ledger.table("measurement", subjects=[stood.characteristic], since=own[-1].proposed).num_rows
        return last is not None and seen < _AGAIN


def _sent(command: Command) -> int:
    """When it was written [µs UTC]."""
    return max((e.time for e in command.history if e.code == State.SENDING), default=command.since)
