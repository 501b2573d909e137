"""The site of a schedule: machines, calendars, pools, setups, ways, maintenance, locks and tariff for a Builder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any, TypeVar

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.decide.schedule.build import Builder
from luban.decide.schedule.given.clock import Spans, Tempo, calendar_of, levels_of, open_spans
from luban.decide.schedule.given.entries import Given
from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.plant.calendar import Calendar
from luban.plant.complaint import did_you_mean, listing, said
from luban.twin.load.read import Told

__all__ = ["MachineGiven", "Site"]

_T = TypeVar("_T")

FAR = 20 * 365
"""Farthest that calendars reach [d]."""


@dataclass(slots=True)
class MachineGiven:
    """What is known of a machine while the problem is made; the words are those of settings."""

    name: str
    calendar: str = ""
    interrupts: bool = True
    setups: str = ""
    family: str = ""
    ready: int = 0
    batch: int = 0
    power: float = 0.0
    setup_pool: str = ""


@dataclass
class Site:
    """What is collected before the builder is filled.

    groups    names that stand for several machines
    names     of machines: what a planner writes → name in the problem
    loads     machine → ticks of work, for the reach of calendars
    families  machine → setup families of what it may have to do
    defaults  setup table → family → time from any other family [tick]
    """

    given: Given
    tempo: Tempo
    calendars: dict[str, Calendar] = field(default_factory=dict)
    machines: dict[str, MachineGiven] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)
    longest: int = 0
    latest: int = 0
    earliest: int = 0
    families: dict[str, dict[str, None]] = field(default_factory=dict)
    defaults: dict[str, dict[str, int]] = field(default_factory=dict)
    windows: dict[str, Spans] = field(default_factory=dict)

    # ---- words and complaints

    def complain(self, told: Told[Any], key: str, message: str, came: object, expected: str, hint: str = "") -> None:
        """Notes what is wrong with a key."""
        self.given.complaints.append(told.complaint(key, message, came, expected, hint))

    def tried(self, told: Told[Any], key: str, read: Callable[[], _T], otherwise: _T) -> _T:
        """What `read` gives; a complaint and `otherwise` where it raises."""
        try:
            return read()
        except InputError as error:
            self.given.complaints.append(said(told.at(key), key, error))
            return otherwise

    def length(self, told: Told[Any], key: str) -> int:
        """Ticks of a length of time; 0 where none is given."""
        span = getattr(told.table, key)
        return 0 if span is None else self.tried(told, key, lambda: self.tempo.length(span), 1)

    def at(self, told: Told[Any], key: str, late: bool = False, otherwise: int = NEVER) -> int:
        """Tick of a moment; `otherwise` where none is given."""
        moment = getattr(told.table, key)
        found = otherwise if moment is None else self.tried(told, key, lambda: self.tempo.at(moment, late), otherwise)
        if found < NEVER:
            self.latest, self.earliest = max(self.latest, found), min(self.earliest, found)
        return found

    def machines_of(self, told: Told[Any], key: str, name: str, every: bool = False) -> list[str]:
        """Machines that a name stands for: itself, those of a group, or all for * where that is allowed."""
        if every and name == "*":
            return list(self.machines)
        if name in self.machines:
            return [name]
        if name in self.groups:
            return self.groups[name]
        self.named(told, key, name, dict.fromkeys([*self.groups, *self.machines]), "machine")
        return []

    def named(self, told: Told[Any], key: str, name: str, known: Iterable[str], section: str, of: str = "") -> bool:
        """Whether a name is known; a complaint if not, unless entries that may have borne it are broken."""
        names = known if isinstance(known, Mapping | set) else list(known)
        if name in names:
            return True
        if section not in self.given.broken:
            what = f"unknown {section}{of}"
            self.complain(told, key, what, repr(name), listing(names), did_you_mean(name, names))
        return False

    # ---- what schedule.toml or the tables say

    def tell_machines(self) -> None:
        """[[machine]]: a later one adds to and replaces an earlier one, key by key."""
        pools = {own.table.id for own in self.given.told("pool")}
        setups = {own.table.setups for own in self.given.told("setup")}
        for told in self.given.told("machine"):
            table = told.table
            if table.calendar:
                self.named(told, "calendar", table.calendar, self.calendars, "calendar")
            if table.setups:
                self.named(told, "setups", table.setups, setups, "setup", " table")
            if table.setup_pool:
                self.named(told, "setup_pool", table.setup_pool, pools, "pool")
            for name in self.machines_of(told, "id", table.id):
                machine = self.machines[name]
                for key in ("calendar", "interrupts", "setups", "family", "batch", "power", "setup_pool"):
                    if told.says(key) and getattr(table, key) is not None:
                        setattr(machine, key, getattr(table, key))
                machine.ready = max(self.at(told, "ready", late=True, otherwise=machine.ready), 0)

    def hold(self, told: Told[Any], needs: Mapping[str, int] | None) -> dict[str, int]:
        """Needs of pools that are there."""
        pools = {own.table.id for own in self.given.told("pool")}
        return {
            name: amount for name, amount in (needs or {}).items() if self.named(told, "needs", name, pools, "pool")
        }

    def work(self, modes: Mapping[str, int]) -> None:
        """Counts the work of an operation, for the reach of calendars."""
        share = min(modes.values()) / len(modes)
        for name in modes:
            self.loads[name] = self.loads.get(name, 0.0) + share
        self.longest = max(self.longest, *modes.values())

    def reach(self) -> int:
        """Tick to which calendars are written out."""
        if not self.tempo.tick:
            return 0
        days = self.given.schedule.table.days
        day = DAY // self.tempo.tick
        if days is not None:
            return round(days * day)
        need = 0.0
        for name, machine in self.machines.items():
            if machine.calendar:
                spans = open_spans(self.calendars[machine.calendar], self.tempo, 0, 56 * day)
                share = sum(end - start for start, end in spans) / (56 * day)
                if share:
                    need = max(need, (3 * self.loads.get(name, 0.0) + self.longest) / share)
        return int(min(max(self.latest, 0) + need + 28 * day, FAR * day))

    # ---- the builder

    def fill(self, builder: Builder) -> None:
        """Calendars, pools, machines, setups, ways and tariff into the builder."""
        reach = self.reach()
        past = min(self.earliest, 0) - (DAY // self.tempo.tick * 7 if self.tempo.tick else 0)
        for machine in self.machines.values():
            key = self.calendar_key(machine)
            if key and key not in self.windows:
                self.windows[key] = open_spans(self.calendars[machine.calendar], self.tempo, past, reach)
                builder.calendar(key, self.windows[key], machine.interrupts)
        self._pools(builder, past, reach)
        for name, machine in self.machines.items():
            builder.machine(
                name,
                calendar=self.calendar_key(machine),
                table=machine.setups,
                family=machine.family,
                ready=machine.ready,
                batch=machine.batch,
                power=machine.power,
                setup_pool=machine.setup_pool,
            )
        for table, times in self.defaults.items():
            for family, time in times.items():
                builder.setup(table, "", family, time)
        self._setups(builder)
        self._moves(builder)
        self._tariff(builder, reach)

    def calendar_key(self, machine: MachineGiven) -> str:
        """Name of a machine's calendar in the problem: one for work that waits, one for work that lies whole."""
        if not machine.calendar:
            return ""
        return machine.calendar if machine.interrupts else f"{machine.calendar} (whole)"

    def _pools(self, builder: Builder, past: int, reach: int) -> None:
        rows: dict[str, list[Told[Any]]] = {}
        for told in self.given.told("pool"):
            rows.setdefault(told.table.id, []).append(told)
        for name, group in rows.items():
            always = sum(own.table.size for own in group if not own.table.calendar)
            shifts = [
                (own.table.size, open_spans(self.calendars[own.table.calendar], self.tempo, past, reach))
                for own in group
                if own.table.calendar and self.named(own, "calendar", own.table.calendar, self.calendars, "calendar")
            ]
            builder.pool(name, levels_of(always, shifts, past) if shifts else always)

    def _setups(self, builder: Builder) -> None:
        """Rows with * set what rows with names have not said."""
        told = self.given.told("setup")
        families: dict[str, dict[str, None]] = {}
        for own in told:
            names = families.setdefault(own.table.setups, {})
            names |= dict.fromkeys(name for name in (own.table.before, own.table.after) if name not in {"", "*"})
        for machine in self.machines.values():
            if machine.setups in families:
                families[machine.setups] |= dict.fromkeys(self.families.get(machine.name, ()))
        for own in sorted(told, key=lambda own: (own.table.before != "*") + (own.table.after != "*")):
            table = own.table
            every = families[table.setups]
            befores = ["", *every] if table.before == "*" else [table.before]
            afters = list(every) if table.after == "*" else [table.after]
            time = self.length(own, "time")
            for before, after in product(befores, afters):
                if before != after or "*" not in (table.before, table.after):
                    builder.setup(table.setups, before, after, time, table.cost)

    def family(self, machines: Iterable[str], family: str) -> None:
        """Notes that machines may have to be set up for a family."""
        for name in machines if family else ():
            self.families.setdefault(name, {})[family] = None

    def _moves(self, builder: Builder) -> None:
        told = sorted(self.given.told("move"), key=lambda own: (own.table.before != "*") + (own.table.after != "*"))
        for own in told:
            time = self.length(own, "time")
            befores = self.machines_of(own, "before", own.table.before, every=True)
            afters = self.machines_of(own, "after", own.table.after, every=True)
            for before, after in product(befores, afters):
                if before != after or own.table.before == own.table.after in self.machines:
                    builder.move(before, after, time)

    def _tariff(self, builder: Builder, reach: int) -> None:
        rows = self.given.told("tariff")
        if not rows or not self.tempo.tick:
            return
        steps: dict[int, float] = {}
        day = DAY // self.tempo.tick
        for told in rows:
            row = (told.table.days, told.table.start, told.table.start + 1, "", "")
            calendar = self.tried(told, "days", partial(calendar_of, "tariff", [row]), None)
            for start, _ in open_spans(calendar, self.tempo, -7 * day, reach) if calendar else ():
                steps[start] = told.table.price
        builder.tariff(sorted(steps.items()))

    # ---- jobs that are not orders

    def maintain(self, builder: Builder) -> None:
        """Maintenance at a given time takes the open time of its span; the rest is placed by the search."""
        for number, told in enumerate(self.given.told("maintenance"), start=1):
            table = told.table
            machines = self.machines_of(told, "machine", table.machine)
            for name in machines:
                title = " ".join(part for part in (table.id or f"maintenance {number}", name) if part)
                length = self.length(told, "time")
                if table.start is None:
                    builder.job(
                        title,
                        release=max(self.at(told, "earliest", late=True, otherwise=0), 0),
                        deadline=self.at(told, "latest"),
                        maintenance=True,
                    )
                    builder.operation(title, {name: length}, name=title, place=str(told.at()))
                    continue
                start = self.at(told, "start")
                for at, (begin, end) in enumerate(self._held(name, max(start, 0), start + length)):
                    piece = title if at == 0 else f"{title} ({at + 1})"
                    builder.job(piece, maintenance=True)
                    builder.operation(piece, {name: end - begin}, name=piece, fixed_start=begin, place=str(told.at()))

    def _held(self, name: str, start: int, end: int) -> Spans:
        """Open time of a machine within a span: one stretch where work waits over closures, else one a window."""
        machine = self.machines[name]
        windows = self.windows.get(self.calendar_key(machine))
        if windows is None:
            return [(start, end)] if end > start else []
        pieces = [(max(a, start), min(b, end)) for a, b in windows if max(a, start) < min(b, end)]
        if machine.interrupts and pieces:
            return [(pieces[0][0], pieces[0][0] + sum(b - a for a, b in pieces))]
        return pieces

    def locks(self) -> dict[tuple[str, str], Told[Any]]:
        """Locks by order and operation."""
        found: dict[tuple[str, str], Told[Any]] = {}
        for told in self.given.told("lock"):
            key = told.table.order, told.table.operation
            if key in found:
                self.complain(told, "operation", "locked twice", "/".join(key), "each operation once")
            found[key] = told
        return found

    def finish(self, builder: Builder) -> Problem:
        """The problem, with setup times from any other family where a table has defaults."""
        problem = builder.problem()
        if not self.defaults:
            return problem
        time = np.array(problem.setup_time)
        tables = list(builder_tables(problem, self.machines))
        family_at = {name: at for at, name in enumerate(problem.families)}
        for table, at in tables:
            for family, ticks in self.defaults.get(table, {}).items():
                own = family_at[family]
                time[at, :, own] = ticks
                time[at, own, own] = 0
        return replace(problem, setup_time=time)


def builder_tables(problem: Problem, machines: Mapping[str, MachineGiven]) -> Iterable[tuple[str, int]]:
    """(setup table, its number) of the tables that machines use."""
    found = {}
    for name, number in zip(problem.machines, problem.machine_table.tolist(), strict=True):
        if number != NONE:
            found[machines[name].setups] = number
    return found.items()
