"""What an outside expert is shown of one machine, with everything left out that is not about how the machine is.

No question names a machine: the desk is made for one, and a signal is asked for by its bare name. Persons, orders,
items, lots, quantities and other machines do not come through: fields that hold them are not read, and their names
are blotted out of texts that people wrote.

Reads  Fact(state, signal, event) through the plant's view. Writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.screens.service.past import Trend
from luban.screens.service.view import PlantView, Range
from luban.understand.book import Entry, entries

__all__ = ["BLOT", "Alarm", "Blotter", "MachineNow", "RemoteDesk", "ShownSignal", "Work"]

BLOT: Final = "▪▪▪"
_MOST = 200
_LONGEST = 31 * DAY
_HIDDEN_ROLES = frozenset({"order", "item", "lot", "serial"})


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
    """Blots names out of texts.

    names  whole names; those of one letter are left, they are in every text
    """

    def __init__(self, names: Iterable[str]) -> None:
        known = sorted({name for name in names if len(name.strip()) > 1}, key=len, reverse=True)
        # a name in letters that words are not parted in may stand within a text without a gap
        parts = [re.escape(name) if _unparted(name) else rf"(?<!\w){re.escape(name)}(?!\w)" for name in known]
        self._found = re.compile("|".join(parts)) if parts else None

    def __call__(self, text: str | None) -> str:
        """The text without the names."""
        return self._found.sub(BLOT, text or "") if self._found else text or ""


class RemoteDesk:
    """What one machine shows to the outside. Safe from any thread.

    machine  path of a work unit of this plant
    persons  names of the plant's people, asked anew each time
    Raises   InputError where the plant has no such work unit (any more)
    """

    def __init__(self, view: PlantView, machine: str, persons: Callable[[], Iterable[str]]) -> None:
        if machine not in view.plant.work_units:
            raise InputError("the plant has no such machine", came=machine, expected="the path of a work unit")
        self.view, self.machine, self._persons = view, machine, persons
        self._own = {machine, machine.rpartition("/")[2], view.plant.equipment[machine].name}

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
        """Alarms about the machine and its signals within an interval, newest first; at most 200."""
        found = self._events(["alarm", "annunciation"], span)
        blot = self.blotter(found)
        return tuple(
            Alarm(one["time"], one["end"], self._short(blot, one), blot(one["text"])) for one in found[-_MOST:][::-1]
        )

    def work(self) -> tuple[Work, ...]:
        """What was done to the machine, newest first: entries of its work orders; at most 200."""
        own = [entry for entry in entries(self.view.ledger, "workorder") if self._about(entry)]
        blot = self.blotter([{"person": entry.person} for entry in own])
        return tuple(
            Work(entry.time, _number(entry), entry.code, blot(entry.text)) for entry in own[-_MOST:][::-1]
        )  # fmt: skip

    def blotter(self, found: Iterable[dict[str, Any]] = ()) -> Blotter:
        """Blots out persons, orders and other machines; `found` may bring persons of its own."""
        plant = self.view.plant
        others = {
            name for path, place in plant.equipment.items() if path in plant.work_units and path != self.machine
            for name in (path, path.rpartition("/")[2], place.name)
        }  # fmt: skip
        names = {*self._persons(), *plant.orders, *others, *(str(one["person"]) for one in found if one.get("person"))}
        return Blotter(names - self._own)

    def _about(self, entry: Entry) -> bool:
        told = {entry.subject, *(str(entry.data.get(key, "")) for key in ("asset", "machine", "unit"))}
        return self.machine in told

    def _events(self, kinds: list[str], span: Range) -> list[dict[str, Any]]:
        names = [self.machine, *(f"{self.machine}:{name}" for name in self.signals())]
        frame = self.view.ledger.frame("event", subjects=names, since=span.start - DAY, until=span.end)
        rows = frame.filter(nw.col("kind").is_in(kinds)).sort("time", "seq").collect("pyarrow").to_arrow().to_pylist()
        return [one for one in rows if (one["end"] or one["time"]) >= span.start]

    def _short(self, blot: Blotter, one: dict[str, Any]) -> str:
        name = one["subject"].partition(":")[2]
        return " · ".join(filter(None, (name, blot(one["code"]))))


def _number(entry: Entry) -> str:
    return entry.subject.rpartition("/")[2]


def _unparted(name: str) -> bool:
    return any("\u2e80" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in name)
