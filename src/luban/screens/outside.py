"""A visit's questions: the grant is checked, the look is entered into the books, then read, then checked once more.

The second check is for what takes long: an answer that is ready after the grant has ended is not given any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from luban.core.errors import InputError
from luban.screens.grants import Grants, Visit
from luban.screens.i18n import Words
from luban.screens.report.health_machine import machine_sheet
from luban.screens.report.health_remote import alarms_sheet, blotted, now_sheet, signal_sheet, work_sheet
from luban.screens.report.sheet import Note, Sheet
from luban.screens.service.health import HealthBooks
from luban.screens.service.remote import RemoteDesk
from luban.screens.users import Act, Users
from luban.understand.health.diagnosis import ailments, propose_row

__all__ = ["RANGES", "Look", "Outside"]

T = TypeVar("T")
RANGES = ("1h", "8h", "1d", "7d", "31d")
"""Intervals that the page offers."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked for.

    part    health, signals, alarms or workorders
    signal  bare name of a signal; '' for all of them as they are now
    span    a length such as 8h, until now
    file    pdf, xlsx or html where it is taken away; '' where it is only shown
    """

    part: str
    signal: str = ""
    span: str = ""
    file: str = ""

    def as_dict(self) -> dict[str, str]:
        """What the books keep of it."""
        span = self.span if self.signal or self.part == "alarms" else ""
        told = {"signal": self.signal, "range": span, "file": self.file}
        return {name: value for name, value in told.items() if value}


class Outside:
    """Answers visits. Safe from any thread."""

    def __init__(self, books: HealthBooks, grants: Grants, users: Users) -> None:
        self.books, self.view, self.grants, self._users = books, books.view, grants, users

    def desk(self, visit: Visit) -> RemoteDesk:
        """What the visit's machine shows; the visit's own grant names the machine, and nothing else does."""
        return RemoteDesk(self.books, visit.grant.machine, lambda: [user.name for user in self._users.all()])

    def ask(self, visit: Visit, look: Look, read: Callable[[RemoteDesk], T], *, again: bool = False) -> T:
        """What `read` finds.

        again   the same look goes on, as on a live page: it is in the books already
        Raises  SecurityError (the grant is over), NotAllowedError (not this part, or too many looks), InputError
        """
        self.grants.permitted(visit, look.part)
        if not again:
            self.grants.look(visit, look.part, look.as_dict())
        found = read(self.desk(visit))
        self.grants.permitted(visit, look.part)
        return found

    def note(self, visit: Visit, text: str, cause: str = "") -> None:
        """Enter what the expert wrote; a cause is also proposed in the machine's open case, and is nobody's label.

        Raises  as `Grants.note`
        """
        self.grants.note(visit, text, cause)
        said = " ".join(cause.split())[:100]
        machine = visit.grant.machine
        told = [one for one in ailments(self.view.ledger, machine) if one.state == "open"] if said else []
        if told and self.books.writable:
            row = propose_row(machine, told[-1].id, said, person=visit.person, text=text.strip()[:500])
            self.books.write(Act(visit.person, "cause proposed", machine, f"{told[-1].id}: {said}"), "event", row)

    def sheet(self, visit: Visit, look: Look, say: Words, *, again: bool = False) -> Sheet:
        """What is asked for as a sheet, names blotted out. Raises as `ask`."""
        return self.ask(visit, look, lambda desk: self._made(desk, look, say), again=again)

    def _made(self, desk: RemoteDesk, look: Look, say: Words) -> Sheet:
        if look.part == "health":
            return self._health(desk, say)
        zone = self.view.plant.zone
        if look.part == "signals" and not look.signal:
            made = now_sheet(desk.now(), say, zone)
        elif look.part == "signals":
            trend = desk.trend(look.signal, desk.span(look.span))
            unit = self.view.plant.signals[trend.signal].unit
            made = signal_sheet(trend, look.signal, unit, desk.name, say, zone)
        elif look.part == "alarms":
            made = alarms_sheet(desk.alarms(desk.span(look.span or "7d")), desk.name, say, zone)
        elif look.part == "workorders":
            made = work_sheet(desk.work(), desk.name, say, zone)
        else:
            raise InputError("a grant has no such part", came=look.part, expected="health, signals, alarms, workorders")
        return blotted(made, desk.blotter())

    def _health(self, desk: RemoteDesk, say: Words) -> Sheet:
        """Only how the machine is: what stands around it on the plant's own page has parts of its own."""
        try:
            health = self.books.machine(desk.machine)
        except InputError as error:
            return Sheet(desk.name, "", (Note(say(error.message), "doubt"),))
        zone, last, learned = self.view.plant.zone, self.books.last_time(desk.machine), self.books.life(desk.machine)
        # where items are known, they are what the machine is compared within
        items = set(health.regimes) if health.readings.regimes is not None else set()
        made = machine_sheet(health, say, name=desk.name, zone=zone, last=last, learned=learned)
        return blotted(made, desk.blotter((), items))
