"""Offsets held on target over the wires: watched at first, then set, each through the plant's actor.

Reads   Fact(signal)    Writes  decisions and commands, through the plant's turn and its actor
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from luban import __version__
from luban.act.command import Command, State
from luban.act.engine import Actor
from luban.core.errors import InputError
from luban.core.time import MINUTE, SECOND, now
from luban.ledger import Ledger
from luban.loop.deciding.floor import Act, Proposal
from luban.loop.plant_loop import PlantLoop
from luban.loop.setting import LEVER
from luban.loop.story.diary import Diary, short
from luban.loop.story.ending import outcome_words, promised, verified
from luban.loop.story.folder import GROUPS, REACH, STEP
from luban.loop.story.offsets import HEARD, Offsets, Wanted

__all__ = ["Correcting"]

_PERSON: Final = "story"
_AUTHOR: Final = f"luban offsets {__version__}"
_ACT: Final = "offsets on"
_MOST: Final = 0.95  # share of a step that is asked for at once: registers are rounded
_CONFIRM: Final = 2 * 60  # a person confirms after so long [s of the shop]
_LIFE: Final = 10 * MINUTE  # how long a correction may wait [of the shop]
_SHOWN: Final = 2  # corrections that are told one by one
_FIXED: Final = SECOND // 2  # within which the state before is in the books
_BACK: Final = 2 * SECOND  # values may come so late


class Correcting:
    """Corrections of one story.

    start  of the morning [µs UTC], known once it has begun
    """

    def __init__(self, loop: PlantLoop, ledger: Ledger, diary: Diary) -> None:
        self._loop, self._ledger, self._diary = loop, ledger, diary
        units = {unit: group for unit in loop.plant.work_units if (group := unit.split("/")[1]) in GROUPS}
        self.offsets = Offsets(units, REACH, _MOST * STEP, GROUPS)
        self._subjects = [f"{unit}:{name}" for unit in units for name in HEARD]
        self._seen: set[int] = set()
        self._newest = 0
        self._states: dict[str, State] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._advised = False
        self.on = False
        self.first: Command | None = None
        self.start = 0

    @property
    def _actor(self) -> Actor:
        actor = self._loop.actor
        assert actor is not None  # noqa: S101 - the plant has actuators
        return actor

    def learn(self, past: Path) -> int:
        """Learn the usual causes from the historian's file; readings used. Not for an event loop."""
        return self.offsets.learn(past)

    async def look(self) -> None:
        """Hear what is new, and answer it."""
        await asyncio.to_thread(self._hear)
        clock = self._diary.clock
        busy = [one.actuator.partition(":")[0] for one in self._actor.commands.values() if one.open]
        wanted = await asyncio.to_thread(self.offsets.wanted, clock.shop_at(now()), busy)
        if wanted and not self.on and not self._advised:
            self._advised = True
            one = wanted[0]
            self._diary.say(
                "drift", f"{short(one.unit)} is off target",
                f"The next piece is expected {one.off:+.1f} µm off; the offset should go from {one.now:+.1f} to "
                f"{one.value:+.1f} µm. So far this is advice only, and operators correct by single readings.",
            )  # fmt: skip
        readings = self._actor.situation().readings
        stands = {one.unit: reading.value for one in wanted if (reading := readings.get(f"{one.unit}:offset"))}
        # what was heard must be how the machine stands
        await self._propose([one for one in wanted if self.on and stands.get(one.unit) == one.now])
        for command in list(self._actor.commands.values()):
            if self._states.get(command.id) is not command.state:
                self._states[command.id] = command.state
                self._tell(command)

    def _hear(self) -> None:
        since = max(self._newest - _BACK, self.start)
        rows = self._ledger.table("signal", subjects=self._subjects, since=since).to_pylist()
        fresh = [one for one in rows if one["seq"] not in self._seen]
        if not fresh:
            return
        self._newest = max(self._newest, *(one["time"] for one in fresh))
        self._seen = {one["seq"] for one in rows if one["time"] >= self._newest - 2 * _BACK}
        place = {name: at for at, name in enumerate(HEARD)}
        told = []
        for one in fresh:
            unit, _, name = one["subject"].partition(":")
            value = one["text"] if one["value"] is None else one["value"]
            told.append((self._diary.clock.shop_at(one["time"]), place[name], unit, name, value))
        self.offsets.hear((at, unit, name, value) for at, _, unit, name, value in sorted(told, key=lambda t: t[:2]))

    async def switch_on(self) -> None:
        """Offsets may be set from now on, each confirmed by a person; what is to be judged by is fixed first."""
        at = now() + _FIXED
        try:
            rows = await asyncio.to_thread(promised, self._ledger, _ACT, at, self.start, self._diary.clock)
            await self._loop.note("event", rows, source=_PERSON)
            fixed = "Scrap and rework so far are fixed as the state before."
        except InputError as error:
            fixed = f"No state before can be fixed: {error.message}."
        await asyncio.sleep(max(0, at - now()) / SECOND)  # what is judged by must be in the books before the act
        for actuator in self._loop.plant.actuators:
            await self._actor.switch(actuator, "confirm", _PERSON, "the shift lead allows it")
        self.on = True
        self._diary.say(
            "note", "the lever is switched on",
            f"{len(self._loop.plant.actuators)} offsets go from advice to set, each command confirmed by an operator. "
            f"{fixed}",
        )  # fmt: skip

    async def _propose(self, wanted: Sequence[Wanted]) -> None:
        """Decisions of the running plant, settled against each other; each a command that waits for a person."""
        running = self._loop.running
        if not wanted or running is None:
            return
        expires = now() + round(_LIFE / self._diary.clock.scale)
        stood = {f"{one.unit}:offset": one.now for one in wanted}
        asked = [
            Proposal(LEVER, _AUTHOR, Act("set", f"{one.unit}:offset", one.value),
                     why=f"the next piece is expected {one.off:+.1f} µm off target",
                     facts={"unit": "µm", "facts": {"heard": self._newest}}, expires=expires)
            for one in wanted
        ]  # fmt: skip
        made = {one.id for one in await running.turns.turn(lambda: running.seeing.look(now()), asked)}
        for command in list(self._actor.commands.values()):
            if command.state is State.PROPOSED and command.facts.get("decision") in made:
                self.first = self.first or command
                self._tasks.append(asyncio.create_task(self._confirm(command.id, stood[command.actuator])))

    async def _confirm(self, name: str, stood: float) -> None:
        """An operator looks at what was proposed, and agrees where the machine still stands as it did then."""
        await asyncio.sleep(_CONFIRM / self._diary.clock.scale)
        command = self._actor.commands[name]
        if command.state is not State.PROPOSED:
            return
        reading = self._actor.situation().readings.get(command.actuator)
        if reading is not None and reading.value == stood:
            await self._actor.approve(name, _PERSON)
        else:
            await self._actor.withdraw(name, _PERSON, "the offset has been moved meanwhile")

    def _tell(self, command: Command) -> None:
        unit = short(command.actuator.partition(":")[0])
        done = sum(state is State.CONFIRMED for state in self._states.values())
        if command.state is State.CONFIRMED and done <= _SHOWN:
            self._diary.say(
                "write", f"{unit}: written and read back",
                f"{command.why[0].upper()}{command.why[1:]}. An operator agreed, the offset went from "
                f"{_number(command.before)} to {command.value:+.1f} µm over OPC UA, and the machine shows "
                f"{_number(command.told)} µm.", "good",
            )  # fmt: skip
        elif command.state in {State.UNVERIFIED, State.FAILED}:
            self._diary.say("write", f"{unit}: not confirmed", f"{command.reason}. A person has to look.", "bad")
            self._tasks.append(asyncio.create_task(self._seen_to(command.id)))

    async def _seen_to(self, name: str) -> None:
        """A person has looked at a command that was not confirmed, and takes it back."""
        await asyncio.sleep(_CONFIRM / self._diary.clock.scale)
        if self._actor.commands[name].state is State.UNVERIFIED:
            await self._actor.withdraw(name, _PERSON, "looked at on the machine")

    async def end(self, end: int) -> tuple[str, str]:
        """Tell what the commands came to and what verify says: verdict and reasons."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for command in list(self._actor.commands.values()):
            if command.state in {State.PROPOSED, State.APPROVED}:
                await self._actor.withdraw(command.id, _PERSON, "the morning is over")
        states = self.states()
        if states:
            told = ", ".join(f"{count} {state}" for state, count in sorted(states.items(), key=lambda own: -own[1]))
            text = f"{told}. Taken back is what a setup or an operator had moved before it was confirmed."
            self._diary.say("note", f"{sum(states.values())} commands in the books", text)
        if not self.on:
            return "", "nothing was set"
        try:
            made, rows = await asyncio.to_thread(verified, self._ledger, _ACT, end)
        except InputError as error:
            self._diary.say("verify", "not evaluable", f"{error.message}.", "doubt")
            return "not evaluable", error.message
        await self._loop.note("event", rows, source=_PERSON)
        tone = {"helped": "good", "made worse": "bad"}.get(made.verdict, "doubt")
        self._diary.say("verify", f"did the offsets help? {made.verdict}", outcome_words(made), tone)
        return made.verdict, "; ".join(made.reasons)

    def states(self) -> dict[str, int]:
        """How many commands stand where."""
        return dict(Counter(command.state.value for command in self._actor.commands.values()))


def _number(value: Any) -> str:
    return f"{value:+.1f}" if isinstance(value, int | float) else "unknown"
