"""What an outside expert is shown of one machine, with everything left out that is not about how the machine is.

No question names a machine: the desk is made for one, and a signal is asked for by its bare name. Persons, orders,
items, lots, quantities and other machines do not come through: fields and signals that hold them are not read, their
names are blotted out of texts that people wrote (those of lots stand in no list to blot them by), and items, whose
change tells of the machine, become P1, P2, ….

Reads  Fact(state, signal, event) through the plant's view. Writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.decide.maintain.orders import orders_of
from luban.screens.service.alarms import alarms_of
from luban.screens.service.health import HealthBooks
from luban.screens.service.past import Trend
from luban.screens.service.view import Range

__all__ = ["BLOT", "Alarm", "Blotter", "MachineNow", "RemoteDesk", "ShownSignal", "Work"]

BLOT: Final = "▪▪▪"
_MOST = 200
_LONGEST = 31 * DAY
_HIDDEN_ROLES = frozenset({
    "order", "item", "lot", "serial", "good_count", "scrap_count", "rework_count", "total_count",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownSignal:
    """A signal's newest value.

    name   without the machine's path
    value  number, or None where it is text or there is none
    doubt  good, uncertain, bad, silent or none
    """

    name: str
    value: float | None
    text: str
    unit: str
    time: int | None
    doubt: str
    why: str


@dataclass(frozen=True, slots=True)
class MachineNow:
    """The machine at this moment; kind is how its state is drawn, since when it holds [µs UTC]."""

    time: int
    name: str
    state: str
    kind: str
    since: int | None
    why: str
    signals: tuple[ShownSignal, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that the machine or the plant raised about it.

    start, end  [µs UTC]; end None while it lasts, or where nobody says
    """

    start: int
    end: int | None
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Work:
    """One entry of the machine's work orders, without who wrote it."""

    time: int
    order: str
    code: str
    text: str


class Blotter:
    """Blots names out of texts, in capitals or small letters.

    names    whole names; those of one letter are left, they are in every text
    instead  name → what stands in its place; a blot for all others
    """

    def __init__(self, names: Iterable[str], instead: Mapping[str, str] = MappingProxyType({})) -> None:
        self._instead = {name.casefold(): said for name, said in instead.items()}
        known = sorted({name for name in (*names, *instead) if len(name.strip()) > 1}, key=len, reverse=True)
        # a name in letters that words are not parted in may stand within a text without a gap
        parts = [re.escape(name) if _unparted(name) else rf"(?<!\w){re.escape(name)}(?!\w)" for name in known]
        self._found = re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def __call__(self, text: str | None) -> str:
        """The text without the names."""
        if self._found is None:
            return text or ""
        return self._found.sub(lambda found: self._instead.get(found[0].casefold(), BLOT), text or "")


class RemoteDesk:
    """What one machine shows to the outside. Safe from any thread.

    books    of the plant's health
    machine  path of a work unit of this plant
    persons  names of the plant's people, asked anew each time
    Raises   InputError where the plant has no such work unit (any more)
    """

    def __init__(self, books: HealthBooks, machine: str, persons: Callable[[], Iterable[str]]) -> None:
        self.books, self.view = books, books.view
        if machine not in self.view.plant.work_units:
            raise InputError("the plant has no such machine", came=machine, expected="the path of a work unit")
        self.machine, self._persons = machine, persons
        self._own = {machine, machine.rpartition("/")[2], self.view.plant.equipment[machine].name}

    @property
    def name(self) -> str:
        """What people call it."""
        return self.view.plant.equipment[self.machine].name

    def signals(self) -> tuple[str, ...]:
        """Bare names of the signals that are shown: what says how the machine is, nothing of what it makes."""
        return tuple(
            signal.name for signal in self.view.plant.signals.values()
            if signal.unit_path == self.machine and signal.role not in _HIDDEN_ROLES
        )  # fmt: skip

    def now(self) -> MachineNow:
        """State and newest values."""
        look, blot = self.view.now(fresh=200_000), self.blotter()
        unit, shown = look.units[self.machine], set(self.signals())
        signals = tuple(
            ShownSignal(s.name, s.value, blot(s.text), s.unit, s.time, s.doubt, s.why)
            for s in look.signals.values()
            if s.equipment == self.machine and s.name in shown
        )  # fmt: skip
        return MachineNow(
            look.time, self.name, unit.state, unit.kind, unit.since, blot(unit.reason or unit.why), signals
        )

    def span(self, text: str) -> Range:
        """The interval of a length such as 8h, until now; at most 31 d. Raises InputError."""
        found = self.view.range(text or "8h", path=self.machine)
        if found.end - found.start > _LONGEST:
            raise InputError("this interval is too long", expected=f"at most {_LONGEST // DAY} days")
        return found

    def trend(self, signal: str, span: Range, *, points: int = 600) -> Trend:
        """One signal by its bare name. Raises InputError for any that is not shown."""
        if signal not in self.signals():
            raise InputError("no such signal", came=signal, expected=", ".join(self.signals()) or "none is shown")
        return self.view.trend(f"{self.machine}:{signal}", span, points=points)

    def alarms(self, span: Range) -> tuple[Alarm, ...]:
        """Alarms within an interval, the machine's own and those of the alarm list, newest first; at most 200."""
        own = self._device_alarms(span)
        blot = self.blotter(str(one["person"]) for one in own if one["person"])
        found = [Alarm(one["time"], one["end"], blot(one["code"]), blot(one["text"])) for one in own]
        listed = alarms_of(self.books.desk, self.machine, span.start, span.end).history
        found += [Alarm(raised, returned, blot(name), priority) for name, raised, returned, priority in listed]
        return tuple(sorted(found, key=lambda one: (-one.start, one.code)))[:_MOST]

    def work(self) -> tuple[Work, ...]:
        """What was done to the machine, newest first: the steps of its work orders; at most 200."""
        orders = orders_of(self.view.ledger, self.machine)
        blot = self.blotter(person for one in orders for _, person, _, _ in one.history if person)
        found = [
            Work(time, one.id, code, blot(text or one.task)) for one in orders for time, _, code, text in one.history
        ]
        return tuple(sorted(found, key=lambda one: -one.time))[:_MOST]

    def blotter(self, persons: Iterable[str] = (), items: Iterable[str] = ()) -> Blotter:
        """Blots out persons, orders and other machines, and numbers the items.

        persons, items  further ones than those the plant lists
        """
        plant = self.view.plant
        others = {
            name for path, place in plant.equipment.items() if path in plant.work_units and path != self.machine
            for name in (path, path.rpartition("/")[2], place.name)
        }  # fmt: skip
        known = {one.id: one.name for one in plant.items.values()} | {one: one for one in items if one}
        instead = {
            name: f"P{number}" for number, (id_, said) in enumerate(sorted(known.items()), 1) for name in (id_, said)
        }  # fmt: skip
        own = {name.casefold() for name in self._own}
        names = (*self._persons(), *plant.orders, *others, *persons)
        return Blotter((name for name in names if name.casefold() not in own), instead)

    def _device_alarms(self, span: Range) -> list[dict[str, Any]]:
        frame = self.view.ledger.frame("event", subjects=[self.machine], since=span.start - DAY, until=span.end)
        rows = frame.filter(nw.col("kind") == "alarm").sort("time", "seq").collect("pyarrow").to_arrow().to_pylist()
        return [one for one in rows if (one["end"] or one["time"]) >= span.start]


def _unparted(name: str) -> bool:
    return any("\u2e80" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in name)
