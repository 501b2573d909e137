"""What is done to devices, to the screens: commands and what came of them, actuators and their modes, the stop.

Reads   Fact(event) of the kinds `command` and `automation`, through the plant's actor where the plant runs here
Writes  nothing itself: every act goes to the actor, which alone writes such entries
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from luban.act.command import Command, State, fold
from luban.act.engine import PLANT, Actor, Automation, Proposal, standing
from luban.act.guards import Situation
from luban.act.reading import Reading, why_not
from luban.core.errors import InputError, MissingServiceError, NotAllowedError
from luban.core.time import now
from luban.plant import Actuator
from luban.screens.service.books import Books, Record
from luban.screens.service.view import PlantView
from luban.screens.users import Role, User
from luban.understand.book import Entry, entries

__all__ = ["ActingBooks", "Moved"]

_KEPT: Final = 500
T = TypeVar("T")

_NEEDS: Final[Mapping[str, Role]] = {
    "propose": Role.OPERATOR, "withdraw": Role.OPERATOR, "stop": Role.OPERATOR, "release": Role.ENGINEER,
    "mode": Role.ENGINEER, "retry": Role.ENGINEER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """One actuator, as it stands.

    mode     the one that holds
    reading  newest that is known of it; None where nothing is
    locks    each interlock, and why it does not hold ('' where it does)
    last     the newest command that was written
    """

    actuator: Actuator
    mode: str
    reading: Reading | None
    locks: tuple[tuple[str, str], ...]
    last: Command | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        one, reading = self.actuator, self.reading
        return {
            "id": one.id, "unit": one.unit, "lower": one.lower, "upper": one.upper, "step": one.step,
            "every": one.every, "mode": self.mode, "approver": one.approver,
            "value": None if reading is None else reading.value, "heard": None if reading is None else reading.heard,
            "good": reading is not None and reading.good,
            "interlocks": [{"condition": text, "why_not": why} for text, why in self.locks],
            "last": None if self.last is None else self.last.id,
        }  # fmt: skip


class ActingBooks(Books):
    """Commands, actuators and the stop of one plant. Reading is safe from any thread; acts belong to the event loop
    in which the plant runs.

    actor  gives the actor of the plant that runs in this process, None where none does
    """

    def __init__(
        self, view: PlantView, record: Record | None = None, actor: Callable[[], Actor | None] = lambda: None
    ) -> None:
        super().__init__(view, record)
        self._actor = actor
        self._lock = threading.Lock()
        self._head = -1
        self._commands: dict[str, Command] = {}
        self._automation = Automation({})

    @property
    def writable(self) -> bool:
        """The plant runs here, and something may be moved."""
        return self._actor() is not None

    # ------------------------------------------------------------------ how it stands

    def commands(self, limit: int = _KEPT) -> tuple[Command, ...]:
        """Newest first; those that still wait for something come before all others."""
        found = list(self._known()[0].values())
        found.sort(key=lambda one: (not one.open, -one.proposed))
        return tuple(found[:limit])

    def command(self, name: str) -> Command:
        """One command. Raises InputError."""
        try:
            return self._known()[0][name]
        except KeyError:
            raise InputError("no such command", came=name) from None

    def automation(self) -> Automation:
        """Modes and the stop."""
        return self._known()[1]

    def actuators(self) -> tuple[Moved, ...]:
        """What may be moved, in the order of plant.toml."""
        actor = self._actor()
        commands, automation = self._known()
        seen = actor.situation() if actor is not None else Situation(now(), modes=automation.modes)
        written = {c.actuator: c for c in commands.values() if c.attempts}
        return tuple(
            Moved(
                one, seen.mode(one), seen.readings.get(one.id),
                tuple((str(lock), why_not(lock, seen.readings.get(lock.signal), seen.now, one.fresh))
                      for lock in one.interlocks),
                written.get(one.id),
            )
            for one in self.view.plant.actuators.values()
        )  # fmt: skip

    def doubted(self) -> dict[str, str]:
        """Actuators whose device did not confirm what was written, and why; until a person has settled it."""
        commands = self._known()[0].values()
        return {one.actuator: one.reason for one in commands if one.state is State.UNVERIFIED}

    def changes(self) -> tuple[Entry, ...]:
        """Who switched modes, stopped and released, newest first."""
        return tuple(reversed(entries(self.view.ledger, "automation")))[:_KEPT]

    def _known(self) -> tuple[Mapping[str, Command], Automation]:
        actor = self._actor()
        if actor is not None:
            return dict(actor.commands), actor.automation
        with self._lock:
            head = self.view.ledger.head
            if head != self._head:
                new = [*entries(self.view.ledger, "command", after=self._head),
                       *entries(self.view.ledger, "automation", after=self._head)]  # fmt: skip
                fold(new, self._commands)
                self._automation = standing(new, self._automation)
                self._head = head
            return dict(self._commands), self._automation

    # ------------------------------------------------------------------ acts

    def may(self, user: User, act: str, name: str = "") -> bool:
        """Whether a person may do this: approve, reject, withdraw, retry, roll back, propose, mode, stop, release.

        name  the command, the actuator, or nothing for the plant
        """
        actuator = self._actuator_of(act, name)
        place = actuator.unit_path if actuator is not None else self.view.plant.id
        needed = _NEEDS.get(act) or Role.parse(actuator.approver if actuator is not None else "engineer")
        return user.may(needed, place)

    async def approve(self, name: str, user: User) -> Command:
        """Approve a command. Raises NotAllowedError, InputError, MissingServiceError."""
        return await self._do("approve", name, user, lambda one: one.approve(name, user.name))

    async def withdraw(self, name: str, user: User, why: str = "") -> Command:
        """Take back or turn down what was not written yet, or give up what could not be verified."""
        return await self._do("withdraw", name, user, lambda one: one.withdraw(name, user.name, why))

    async def retry(self, name: str, user: User) -> Command:
        """Write an unverified command once more."""
        return await self._do("retry", name, user, lambda one: one.retry(name, user.name))

    async def roll_back(self, name: str, user: User, why: str) -> Command:
        """Bring back what stood before."""
        return await self._do("roll back", name, user, lambda one: one.roll_back(name, user.name, why))

    async def propose(self, actuator: str, value: float, why: str, user: User) -> Command:
        """A person proposes a value; it takes the same way as one of a program. Who may approve it does so by that."""

        async def act(one: Actor) -> Command:
            made = await one.propose(Proposal(actuator, value, why, user.name))
            own = made.state is State.PROPOSED and self.may(user, "approve", made.id)
            return await one.approve(made.id, user.name) if own else made

        return await self._do("propose", actuator, user, act)

    async def switch(self, actuator: str, mode: str, user: User, why: str = "") -> None:
        """Switch the mode of an actuator."""
        await self._do("mode", actuator, user, lambda one: one.switch(actuator, mode, user.name, why))

    async def stop(self, user: User, why: str = "") -> None:
        """Stop all automation."""
        await self._do("stop", "", user, lambda one: one.stop(user.name, why))

    async def release(self, user: User, why: str = "") -> None:
        """Let automation act again."""
        await self._do("release", "", user, lambda one: one.release(user.name, why))

    async def _do(self, act: str, name: str, user: User, done: Callable[[Actor], Awaitable[T]]) -> T:
        actor = self._actor()
        if actor is None:
            hint = "luban up DIR" if self.view.plant.actuators else "plant.toml needs an actuator"
            raise MissingServiceError("nothing can be moved from here", hint=hint)
        if not self.may(user, act, name):
            raise NotAllowedError("your role does not permit this", came=f"{user.name} is {user.role.name.lower()}",
                                  where=name)  # fmt: skip
        return await done(actor)

    def _actuator_of(self, act: str, name: str) -> Actuator | None:
        if act in {"stop", "release"} or name in {"", PLANT}:
            return None
        actuators = self.view.plant.actuators
        if name in actuators:
            return actuators[name]
        if act in {"mode", "propose"}:
            raise InputError("this may not be moved from here", came=name, expected=", ".join(actuators) or "none")
        return actuators.get(self.command(name).actuator)
