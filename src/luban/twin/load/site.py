"""The plant as the twin is made from it: paths, calendars, stations, references, with what was wrong and assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from luban.core.time import DAY
from luban.plant import Complaint, Place, Plant
from luban.plant.complaint import did_you_mean, listing
from luban.twin.load.read import Told, TwinDraft
from luban.twin.model import Calendar

__all__ = ["FINISHES", "Site", "open_spans"]

FINISHES = " (finishes)"
"""What is added to the name of a calendar at whose end running work is finished."""


@dataclass
class Site:
    """What is known while the model is made.

    start, horizon  [µs UTC], [µs]
    complaints      what is wrong; assumptions what was taken for granted, in sentences
    """

    plant: Plant
    draft: TwinDraft
    start: int
    horizon: int
    complaints: list[Complaint] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    finishing: set[str] = field(default_factory=set)
    calendars_used: dict[str, None] = field(default_factory=dict)

    def told(self, section: str) -> list[Told[Any]]:
        """The tables of a list."""
        return self.draft.lists.get(section, [])

    def single(self, section: str) -> Told[Any] | None:
        """The one table of that name, if there is one."""
        return self.draft.single.get(section)

    def complain(self, told: Told[Any], key: str, message: str, came: object, expected: str, hint: str = "") -> None:
        """Notes what is wrong with a key."""
        self.complaints.append(told.complaint(key, message, came, expected, hint))

    def assume(self, text: str) -> None:
        """Notes what was taken for granted, once."""
        if text not in self.assumptions:
            self.assumptions.append(text)

    def place(self, told: Told[Any], key: str) -> str | None:
        """Full path of the equipment that a key names; None after a complaint."""
        text = getattr(told.table, key)
        path = self.plant.id if text == "." else f"{self.plant.id}/{text}"
        if path in self.plant.equipment:
            return path
        known = [own.removeprefix(f"{self.plant.id}/") for own in self.plant.equipment]
        hint = did_you_mean(text, known)
        if text in self.plant.equipment:
            hint = f"paths are below the plant: leave out {self.plant.id}/"
        self.complain(told, key, "unknown equipment", repr(text), "the path of an [[equipment]] of plant.toml", hint)
        return None

    def named(self, section: str, told: Told[Any], key: str, name: str) -> Told[Any] | None:
        """The table of a section that a key refers to by id; None for '' or after a complaint."""
        if not name:
            return None
        known = {own.table.id: own for own in self.told(section)}
        if name not in known:
            expected = listing(known) or f"a [[{section}]]"
            self.complain(told, key, f"unknown {section}", repr(name), expected, did_you_mean(name, known))
        return known.get(name)

    def pool(self, told: Told[Any], key: str = "pool") -> str | None:
        """The pool that a key names."""
        found = self.named("pool", told, key, getattr(told.table, key))
        return found.table.id if found else None

    def items(self, told: Told[Any], key: str = "items") -> list[str]:
        """The items that a key names, as far as the plant has a routing for them."""
        names = getattr(told.table, key)
        found = []
        for name in [names] if isinstance(names, str) else names:
            if name in self.routed:
                found.append(name)
                continue
            hint = did_you_mean(name, self.routed)
            self.complain(told, key, "no item with a routing", repr(name), listing(self.routed), hint)
        return found

    @cached_property
    def routed(self) -> dict[str, None]:
        """Items that have a routing, in the order of it."""
        return dict.fromkeys(operation.item for operation in self.plant.routing)

    def duplicates(self) -> None:
        """Complains about ids given twice."""
        for section, key in _KEYS.items():
            first: dict[Any, Place] = {}
            for own in self.told(section):
                name = getattr(own.table, key)
                if name in first:
                    self.complain(
                        own, key, f"duplicate {section}", repr(name), "each one once", f"the first is at {first[name]}"
                    )
                first.setdefault(name, own.at(key))

    # ---- calendars

    def calendar(self, told: Told[Any], key: str = "calendar") -> str | None:
        """The calendar that a key names."""
        name = getattr(told.table, key)
        if not name:
            return None
        if name not in self.plant.calendars:
            hint = did_you_mean(name, self.plant.calendars)
            self.complain(told, key, "unknown calendar", repr(name), listing(self.plant.calendars), hint)
            return None
        self.calendars_used[name] = None
        return str(name)

    def calendars(self) -> tuple[Calendar, ...]:
        """The calendars in use, over the horizon."""
        found = []
        for name in self.calendars_used:
            own = name.removesuffix(FINISHES)
            spans = tuple(open_spans(self.plant, own, self.start, self.horizon))
            found.append(Calendar(name, spans, interrupts=not name.endswith(FINISHES)))
        return tuple(found)

    # ---- stations

    @cached_property
    def declared(self) -> dict[str, Told[Any]]:
        """Path of each [[station]]."""
        found: dict[str, Told[Any]] = {}
        for own in self.told("station"):
            path = self.place(own, "path")
            if path is not None:
                found[path] = own
        return found

    @cached_property
    def station_of(self) -> Mapping[str, str]:
        """Station of each work unit: units that can replace each other share one, named by their group."""
        group = {unit: unit for unit in self.plant.work_units}

        def head(unit: str) -> str:
            while group[unit] != unit:
                unit = group[unit]
            return unit

        for units in [*self._together(), *(self.plant.units_of(path) for path in self.declared)]:
            for unit in units[1:]:
                group[head(unit)] = head(units[0])
        members: dict[str, list[str]] = {}
        for unit in group:
            members.setdefault(head(unit), []).append(unit)
        found: dict[str, str] = {}
        taken: set[str] = set()
        for own in members.values():
            name = self._name(own, taken)
            taken.add(name)
            found |= dict.fromkeys(own, name)
        return found

    def units(self, station: str) -> set[str]:
        """Work units of a station."""
        return {unit for unit, own in self.station_of.items() if own == station}

    def _together(self) -> Iterator[tuple[str, ...]]:
        """Work units that one operation may use."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for operation in self.plant.routing:
            units = found.setdefault((operation.item, operation.operation), {})
            units |= dict.fromkeys(self.plant.units_of(operation.unit))
        for units in found.values():
            if units:
                yield tuple(units)

    def _name(self, units: list[str], taken: set[str]) -> str:
        own = [path for path in self.declared if set(self.plant.units_of(path)) & set(units)]
        if len(own) > 1:
            self.complain(
                self.declared[own[1]], "path", "stations whose machines replace each other in an operation",
                " and ".join(own), "one [[station]] for them all", "name their common group, or part the operation",
            )  # fmt: skip
        if own:
            return own[0]
        if len(units) == 1:
            return units[0]
        shared = [path for path in self.plant.ancestry(units[0]) if set(units) <= set(self.plant.units_of(path))]
        return units[0] if shared[0] in taken else shared[0]

    def machine_order(self) -> list[str]:
        """Work units, those of one station together."""
        stations = dict.fromkeys(self.station_of.values())
        return [unit for station in stations for unit, own in self.station_of.items() if own == station]


_KEYS = {
    "product": "item",
    "station": "path",
    "setup": "id",
    "tool": "id",
    "failure": "id",
    "maintenance": "id",
    "pool": "id",
    "arrival": "id",
    "stock": "item",
}


def open_spans(plant: Plant, calendar: str, start: int, horizon: int) -> Iterable[tuple[int, int]]:
    """When a calendar is open: its shifts without their breaks, joined where they touch [µs after the start]."""
    joined: list[tuple[int, int]] = []
    for shift in plant.calendars[calendar].shifts(plant.zone, start - DAY, start + horizon):
        at = shift.start
        for begin, end in (*shift.breaks, (shift.end, shift.end)):
            first, last = max(at, start) - start, min(begin, start + horizon) - start
            at = end
            if first >= last:
                continue
            if joined and joined[-1][1] == first:
                joined[-1] = (joined[-1][0], last)
            else:
                joined.append((first, last))
    return joined
