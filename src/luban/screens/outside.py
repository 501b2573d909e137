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
from luban.screens.report.health_remote import alarms_sheet, blotted, now_sheet, signal_sheet, work_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service.remote import RemoteDesk
from luban.screens.service.view import PlantView
from luban.screens.users import Users

__all__ = ["RANGES", "HealthSheet", "Look", "Outside"]

T = TypeVar("T")
HealthSheet = Callable[[str, Words], Sheet]
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
        told = {"signal": self.signal, "range": self.span, "file": self.file}
        return {name: value for name, value in told.items() if value}


class Outside:
    """Answers visits. Safe from any thread.

    health  makes the sheet of a machine's health from its path; None where there is none
    """

    def __init__(self, view: PlantView, grants: Grants, users: Users, health: HealthSheet | None = None) -> None:
        self.view, self.grants, self._users, self._health = view, grants, users, health

    def desk(self, visit: Visit) -> RemoteDesk:
        """What the visit's machine shows; the visit's own grant names the machine, and nothing else does."""
        return RemoteDesk(self.view, visit.grant.machine, lambda: [user.name for user in self._users.all()])

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

    def sheet(self, visit: Visit, look: Look, say: Words, *, again: bool = False) -> Sheet:
        """What is asked for as a sheet, names blotted out. Raises as `ask`."""
        return self.ask(visit, look, lambda desk: blotted(self._made(desk, look, say), desk.blotter()), again=again)

    def _made(self, desk: RemoteDesk, look: Look, say: Words) -> Sheet:
        zone = self.view.plant.zone
        if look.part == "health" and self._health is not None:
            return self._health(desk.machine, say)
        if look.part in {"health", "signals"} and not look.signal:
            return now_sheet(desk.now(), say, zone)
        if look.part == "signals":
            span = desk.span(look.span)
            unit = (
                self.view.plant.signals[f"{desk.machine}:{look.signal}"].unit if look.signal in desk.signals() else ""
            )
            return signal_sheet(desk.trend(look.signal, span), look.signal, unit, desk.name, say, zone)
        if look.part == "alarms":
            return alarms_sheet(desk.alarms(desk.span(look.span or "7d")), desk.name, say, zone)
        if look.part == "workorders":
            return work_sheet(desk.work(), desk.name, say, zone)
        raise InputError("a grant has no such part", came=look.part, expected="health, signals, alarms, workorders")
