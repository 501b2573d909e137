"""The actor of a plant: takes commands through their life, and is the only one that writes to a wire.

Everything it knows lies in the books. Before a byte leaves, the intent is durable; after a crash a command that stands
at `sending` is looked at on the device and never simply written again.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

from luban.act.command import Command, State, fold
from luban.act.guards import MODES, Refusal, Situation, refusals
from luban.act.reading import Reading, same
from luban.connect.wire import ReadBack
from luban.core.errors import InputError, LubanError, NotAllowedError
from luban.core.time import MINUTE, now as clock_now
from luban.plant import Actuator
from luban.understand.book import Entry, row

__all__ = ["PLANT", "Actor", "Automation", "Door", "Proposal", "standing"]

_log = logging.getLogger(__name__)

PLANT: Final = "automation"
"""Subject of the entries about all automation of the plant."""

_WAITING: Final = frozenset({State.PROPOSED, State.APPROVED, State.SENDING})
_LIFE: Final = 10 * MINUTE
_ATTEMPTS: Final = 3

Note = Callable[[Mapping[str, list[Any]]], int]
"""Makes one entry durable and gives its seq; it may wait for the disk."""


class Door(Protocol):
    """The way to the devices."""

    async def write(self, source: str, address: str, value: float) -> ReadBack:
        """Write and read back. Raises LinkDownError where the wire is down before anything left."""

    def readings(self) -> Mapping[str, Reading]:
        """The newest reading of each signal, by full id."""

    def up(self, source: str) -> bool:
        """The link to the devices of a source lives."""


@dataclass(frozen=True, slots=True)
class Automation:
    """What people decided about acting.

    modes    mode of each actuator that somebody switched
    stopped  why all automation is stopped; None while it is not
    since    when that began, or ended [µs UTC]
    by       who did it
    """

    modes: Mapping[str, str]
    stopped: str | None = None
    since: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to have done.

    actuator  full id of the signal
    value     [unit of the actuator]; `unit` is checked where it is given
    why       in words for people
    author    person or program
    plan      the decision it carries out; facts: what it rests on
    life      how long it may wait [µs]
    undoes    command that it rolls back
    """

    actuator: str
    value: float
    why: str
    author: str
    unit: str = ""
    plan: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] | None = None
    life: int = _LIFE
    undoes: str = ""


def standing(entries: Iterable[Entry], known: Automation | None = None) -> Automation:
    """Modes and stop as they stand after the entries, in the ledger's order."""
    found = known or Automation({})
    for entry in entries:
        if entry.kind != "automation":
            continue
        if entry.subject == PLANT and entry.code in {"stop", "release"}:
            why = (entry.text or "stopped") if entry.code == "stop" else None
            found = replace(found, stopped=why, since=entry.time, by=entry.person)
        elif entry.code == "mode" and entry.data.get("mode") in MODES:
            found = replace(found, modes={**found.modes, entry.subject: str(entry.data["mode"])})
    return found


class Actor:
    """The one that acts for a plant.

    actuators  what may be moved, by full signal id
    door       the way to the devices
    note       makes an entry durable; called in a thread
    clock      [µs UTC]; of the twin where a twin is run
    """

    def __init__(
        self, actuators: Mapping[str, Actuator], door: Door, note: Note, *, clock: Callable[[], int] = clock_now
    ) -> None:
        self.actuators = dict(actuators)
        self._door, self._note, self._clock = door, note, clock
        self._commands: dict[str, Command] = {}
        self._open: dict[str, None] = {}  # those that have not ended, in their order
        self._automation = Automation({})
        self._written: dict[str, int] = {}
        self._locks: dict[
            str, asyncio.Lock
        ] = {}  # by actuator: one thing at a time happens to it, none waits for others
        self._stopping = False

    # ------------------------------------------------------------------ how it stands

    @property
    def commands(self) -> Mapping[str, Command]:
        """Every command of the books, in the order of their proposals."""
        return self._commands

    @property
    def automation(self) -> Automation:
        """Modes and stop."""
        return self._automation

    def load(self, entries: Sequence[Entry]) -> None:
        """Begin with what stands in the books: all entries of the kinds `command` and `automation`, oldest first.

        The actor is the only one that writes such entries, so it never has to read them again.
        """
        self._fold(entries)

    def _fold(self, entries: Sequence[Entry]) -> None:
        self._automation = standing(entries, self._automation)
        fold(entries, self._commands)
        for entry in entries:
            command = self._commands.get(entry.subject)
            if entry.kind != "command" or command is None:
                continue
            if entry.code == State.SENDING:
                self._written[command.actuator] = max(self._written.get(command.actuator, 0), entry.time)
            if command.open:
                self._open[command.id] = None
            else:
                self._open.pop(command.id, None)

    def situation(self) -> Situation:
        """What the guards are told now."""
        unknown = {State.SENDING, State.UNVERIFIED}
        busy = {c.actuator: c.id for c in map(self._commands.__getitem__, self._open) if c.state in unknown}
        stopped = "stopping" if self._stopping else self._automation.stopped
        return Situation(
            self._clock(), self._door.readings(), self._automation.modes, stopped, self._written, busy
        )  # fmt: skip

    # ------------------------------------------------------------------ what people and programs ask

    async def propose(self, wanted: Proposal) -> Command:
        """Put a command into the books; one that a guard refuses ends there at once, with its reason.

        In the mode `automatic` it is approved by rule. Raises InputError without a reason or an author.
        """
        if not wanted.why.strip() or not wanted.author.strip():
            raise InputError("a command needs a reason and an author", where=wanted.actuator)
        at = self._clock()
        data: dict[str, Any] = {
            "actuator": wanted.actuator, "unit": wanted.unit or self._unit(wanted.actuator),
            "expires": at + wanted.life, "author": wanted.author,
        } | ({"undoes": wanted.undoes} if wanted.undoes else {})  # fmt: skip
        value = float(wanted.value)
        data["value"] = value if value == value and abs(value) != float("inf") else str(value)
        data |= {key: dict(given) for key in ("plan", "facts") if (given := getattr(wanted, key))}
        name = f"C-{uuid.uuid4().hex[:12]}"
        async with self._lock(wanted.actuator):
            made = self._entry(name, "propose", text=wanted.why, person=wanted.author, data=data)
            command = fold([made])[name]
            # what the guards say goes into the books with the proposal: a crash leaves both or neither
            await self._keep(made, *self._first(command, self.actuators.get(wanted.actuator)))
            return self._commands[name]

    def _first(self, command: Command, actuator: Actuator | None) -> list[Entry]:
        """What becomes of a proposal at once: refused by a guard, approved by rule, or nothing yet."""
        situation = self.situation()
        why = refusals(command, actuator, situation, writing=False)
        if why:
            return [self._refusal(command, why)]
        if actuator is not None and situation.mode(actuator) == "automatic":
            return [self._entry(command.id, State.APPROVED, text="by rule: the actuator acts by itself")]
        return []

    def _unit(self, actuator: str) -> str:
        known = self.actuators.get(actuator)
        return "" if known is None else known.unit

    async def approve(self, name: str, person: str) -> Command:
        """A person approves; who may do so was looked at by the caller. Raises InputError."""
        return await self._move(name, State.APPROVED, person)

    async def withdraw(self, name: str, person: str, why: str = "") -> Command:
        """Take a command back that was not written yet. Raises InputError."""
        return await self._move(name, State.WITHDRAWN, person, why)

    async def roll_back(self, name: str, person: str, why: str) -> Command:
        """Propose the value that stood before; the caller's approval is that of the person.

        Raises InputError where the command was never written or what stood before is not known
        """
        command = self._known(name)
        if command.state not in {State.CONFIRMED, State.UNVERIFIED} or command.before is None:
            raise InputError("this command cannot be rolled back", came=command.state.value, where=name,
                             expected="a written command with a known value before it")  # fmt: skip
        back = Proposal(command.actuator, float(command.before), why or f"rolls back {name}", person, undoes=name)
        made = await self.propose(back)
        return await self.approve(made.id, person) if made.state is State.PROPOSED else made

    async def switch(self, actuator: str, mode: str, person: str, why: str = "") -> None:
        """Switch the mode of an actuator. Raises InputError for an unknown one."""
        if actuator not in self.actuators or mode not in MODES:
            raise InputError("no such actuator or mode", came=f"{actuator}, {mode}", expected=", ".join(MODES))
        async with self._lock(actuator):
            await self._enter(actuator, "mode", kind="automation", text=why, person=person, data={"mode": mode})

    async def stop(self, person: str, why: str = "") -> None:
        """Stop all automation at once: nothing is written from now on until a person releases it.

        A write that has left already is read back to its end. Does not wait for it.
        """
        self._stopping = True  # holds while the disk is being waited for, too
        try:
            await self._enter(PLANT, "stop", kind="automation", text=why or "emergency stop", person=person)
        finally:
            self._stopping = False

    async def release(self, person: str, why: str = "") -> None:
        """Let automation act again. Commands that waited are too old or go on; none is repeated."""
        await self._enter(PLANT, "release", kind="automation", text=why, person=person)

    # ------------------------------------------------------------------ acting

    async def turn(self) -> list[Command]:
        """End what is too old and write what is approved, oldest first; what changed.

        While the device is away, a command waits until it is too old. One that stands at `sending` was left there by
        a process that died, or by a disk that was full: it is looked at on the device and not written again. One
        whose actuator shows the value is confirmed, any other is unverified, and a person decides.
        """
        changed = await asyncio.gather(*map(self.turn_of, self.waiting()))
        return [command for part in changed for command in part]

    def waiting(self) -> tuple[str, ...]:
        """Actuators with a command that `turn` may end or write."""
        found = (self._commands[name] for name in self._open)
        return tuple(dict.fromkeys(one.actuator for one in found if one.state in _WAITING))

    async def turn_of(self, actuator: str) -> list[Command]:
        """The same for one actuator: a device that answers late keeps nobody else waiting."""
        changed = []
        for name in [name for name in self._open if self._commands[name].actuator == actuator]:
            async with self._lock(actuator):
                command = self._commands[name]
                if command.state not in _WAITING or (command.expires > self._clock() and self._away(command)):
                    continue
                if command.state is State.SENDING:
                    await self._look(command, "it is not known whether it was written")
                elif command.expires <= self._clock():
                    await self._enter(name, State.EXPIRED, text="nobody decided in time")
                elif command.state is State.APPROVED:
                    await self._send(command)
                else:
                    continue
                changed.append(self._commands[name])
        return changed

    async def retry(self, name: str, person: str) -> Command:
        """Write an unverified command once more, under all guards. Raises InputError, NotAllowedError."""
        async with self._lock(self._known(name).actuator):
            command = self._known(name)
            if command.state is not State.UNVERIFIED or command.attempts >= _ATTEMPTS:
                came = f"{command.state.value} after {command.attempts} attempts"
                raise InputError("this command is not tried again", came=came, where=name,
                                 expected=f"unverified, less than {_ATTEMPTS} attempts")  # fmt: skip
            why = refusals(command, self.actuators.get(command.actuator), self.situation(), writing=True)
            if why:
                raise why[0].error(name)
            await self._write(command, person)
            return self._commands[name]

    def _lock(self, actuator: str) -> asyncio.Lock:
        return self._locks.setdefault(actuator if actuator in self.actuators else "", asyncio.Lock())

    def _away(self, command: Command) -> bool:
        actuator = self.actuators.get(command.actuator)
        waits = command.state in {State.APPROVED, State.SENDING}
        return waits and actuator is not None and not self._door.up(actuator.source)

    async def _send(self, command: Command) -> None:
        why = refusals(command, self.actuators.get(command.actuator), self.situation(), writing=True)
        if why:
            await self._refuse(command, why)
        else:
            await self._write(command, "")

    async def _write(self, command: Command, person: str) -> None:
        actuator = self.actuators[command.actuator]
        reading = self._door.readings().get(actuator.id)
        before = reading.value if reading is not None and reading.good else None
        await self._enter(command.id, State.SENDING, person=person, data={"before": before})
        if self._stopping or self._automation.stopped is not None:  # the stop came while the intent went to disk
            await self._enter(command.id, State.FAILED, text="all automation was stopped before it left")
            return
        try:
            back = await self._door.write(actuator.source, actuator.address, command.value)
        except (NotAllowedError, InputError) as error:  # the driver refused before anything left
            await self._enter(command.id, State.FAILED, text=str(error))
            return
        except LubanError as error:
            await self._look(self._commands[command.id], str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever a driver does, the command ends with a reason
            _log.warning("%s: writing failed", command.id, exc_info=error)
            await self._look(self._commands[command.id], f"{type(error).__name__}: {error}")
            return
        if not back.accepted and back.value is None:
            await self._enter(command.id, State.UNVERIFIED, text=back.reason or "the device refused it")
        elif back.value is None:
            await self._look(self._commands[command.id], back.reason)
        else:
            await self._judge(self._commands[command.id], back.value, back.reason)

    async def _look(self, command: Command, why: str) -> None:
        """Wait until the actuator's own signal shows the value, as long as the device may take."""
        actuator = self.actuators.get(command.actuator)
        if actuator is None:
            await self._enter(command.id, State.UNVERIFIED, text="this is no actuator any more")
            return
        sent, deadline = command.since, self._clock() + actuator.settle
        while True:
            reading = self._door.readings().get(actuator.id)
            fresh = reading is not None and reading.good and reading.heard >= sent
            if fresh and reading is not None and same(actuator, reading.value, command.value):
                await self._judge(command, reading.value, why)
                return
            if self._clock() >= deadline:
                break
            await asyncio.sleep(0.05)
        told = reading.value if fresh and reading is not None else None
        text = "; ".join(filter(None, (why, "the device did not show the value" if told is None else "")))
        await self._judge(command, told, text)

    async def _judge(self, command: Command, told: float | str | bool | None, why: str) -> None:
        holds = same(self.actuators[command.actuator], told, command.value)
        state = State.CONFIRMED if holds else State.UNVERIFIED
        text = "" if holds else why or f"the device shows {told}"
        await self._enter(command.id, state, text=text, data={"told": told})
        if holds and command.undoes and (undone := self._commands.get(command.undoes)) is not None:
            await self._enter(undone.id, State.ROLLED_BACK, text=f"rolled back by {command.id}")

    async def _refuse(self, command: Command, why: Sequence[Refusal]) -> None:
        await self._keep(self._refusal(command, why))

    def _refusal(self, command: Command, why: Sequence[Refusal]) -> Entry:
        data = {"refusals": [asdict(one) for one in why]}
        return self._entry(command.id, State.REFUSED, text="; ".join(map(str, why)), data=data)

    # ------------------------------------------------------------------ the books

    async def _move(self, name: str, state: State, person: str, text: str = "") -> Command:
        async with self._lock(self._known(name).actuator):
            command = self._known(name)
            await self._enter(name, state, text=text, person=person)
            if self._commands[name].state is not state:
                raise InputError(f"this command cannot be {state.value}", came=command.state.value, where=name)
            return self._commands[name]

    def _known(self, name: str) -> Command:
        try:
            return self._commands[name]
        except KeyError:
            raise InputError("no such command", came=name) from None

    async def _enter(
        self, subject: str, code: str, *, kind: str = "command", text: str = "", person: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        await self._keep(self._entry(subject, code, kind=kind, text=text, person=person, data=data))

    def _entry(
        self, subject: str, code: str, *, kind: str = "command", text: str = "", person: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Entry:  # fmt: skip
        at = self._clock()
        return Entry(0, at, at, kind, str(code), subject, person, text, dict(data or {}))

    async def _keep(self, *made: Entry) -> None:
        """Make entries durable, all of them or none, and go on from them."""
        facts = [row(e.kind, e.subject, e.code, person=e.person, text=e.text, data=e.data, time=e.time) for e in made]
        rows = {name: [value for fact in facts for value in fact[name]] for name in facts[0]}
        first = await asyncio.to_thread(self._note, rows)
        self._fold([replace(entry, seq=first + place) for place, entry in enumerate(made)])
