"""The machining job shop as a pilot: which rules and deciders an arm has, and what a run brought.

Reads   the plant's folder, its twin    Writes  nothing
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from luban.core.errors import InputError
from luban.core.time import DAY, MINUTE
from luban.loop.virtual import VirtualFloor
from luban.pilot.c2_machining.books import UNITS, Besides, Told, figures_of
from luban.pilot.c2_machining.minds import Fitters, minds_of
from luban.pilot.c2_machining.plant import build_projects, ordered, read_planned, usual_work
from luban.pilot.c2_machining.power import bill, quarters, rested
from luban.pilot.c2_machining.settings import Settings, read_settings
from luban.pilot.money import lever_cost
from luban.pilot.plan import Arm, Figures, Lever
from luban.twin.kernel.trace import Kind
from luban.twin.model import Model
from luban.twin.run import Totals
from luban.twin.traced import Floats, Trace

__all__ = ["BINDS", "MachiningShop"]


BINDS: Final[Mapping[str, str]] = {
    "cost": (
        "Wages: most of conversion cost is a crew that is paid whatever is decided. With orders as they are, hours "
        "that are freed lower no cost; only more orders through the same hours do, and then the mills bind."
    ),
    "cycle": (
        "Open hours: orders lie still at night and on Sundays, 11 of 100 go to plating for five days, and before the "
        "mills they wait for each other."
    ),
    "defects": (
        "Causes that no offset cures: clamps, hard material, a wrong revision. They come in whole lots and make about "
        "three of ten defects."
    ),
}
"""What stands in the way of each target at this plant."""


class MachiningShop:
    """The pilot of class C2. Objects are small: a run's process reads the plant by itself.

    Raises  ConfigError where pilot.toml is missing or wrong
    """

    name = "c2_machining"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        written = read_settings(folder).written
        self.title, self.category = written.title, written.category
        self.currency, self.unit = written.currency, written.unit
        self.levers: tuple[Lever, ...] = written.levers
        self.meanings: Mapping[str, str] = written.meanings
        self.rate = read_settings(folder).money.rate
        self.units: Mapping[str, str] = UNITS
        self.skipped: Mapping[str, str] = {
            "supply": "material is ordered by each order and the shop keeps no stock that a rule could hold lower",
        }
        self.binds: Mapping[str, str] = BINDS

    def arms(self) -> Mapping[str, Arm]:
        """Other loads, and the hours that are freed at the mills sold: orders until one is as late as today."""
        sold = read_settings(self._folder).sold
        decided = frozenset(one.id for one in self.levers if not one.capital)
        everything = frozenset(one.id for one in self.levers)
        return {
            "as is, low load": Arm(demand=sold.low),
            "luban, low load": Arm(levers=decided, demand=sold.low),
            "as is, high load": Arm(demand=sold.high),
            "luban, high load": Arm(levers=decided, demand=sold.high),
            "luban, freed hours sold": Arm(levers=decided, demand=sold.decided),
            "luban and capital, freed hours sold, cycle halved": Arm(levers=everything, demand=sold.capital_halved),
            "luban and capital, freed hours sold": Arm(levers=everything, demand=sold.capital),
        }

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run under an arm; equal arguments give equal figures.

        days  measured after the warm-up; None: as pilot.toml says [d]
        """
        settings = read_settings(self._folder)
        plan = read_planned(self._folder)
        begin = round(settings.window.warm * DAY)
        end = begin + round((settings.window.days if days is None else days) * DAY)
        if end > plan.model.horizon or end <= begin:
            reach = (plan.model.horizon - begin) // DAY
            raise InputError("no such window", came=f"{days} days", expected=f"above 0, at most {reach}")
        self._known(arm)
        minds = minds_of(arm, settings, plan.model, plan.plant)
        model = ordered(plan.model, seed, begin, arm.demand)
        floor = VirtualFloor(model, plan.plant, seed=seed, begin=begin, silent=arm.silent, deciders=minds)
        for mind in minds:
            if isinstance(mind, Fitters):
                mind.watch(floor.run)
        floor.to(begin)
        if not arm.silent:
            build_projects(floor.run, arm.levers, settings)
        before, readings, confirmed = floor.run.totals(), sum(floor.readings.values()), floor.confirmed
        floor.run.lots()
        floor.to(end)
        taken = sum(floor.readings.values()) - readings
        window = _Window(begin, end, before, taken, 0 if arm.silent else floor.confirmed - confirmed)
        return self._figures(floor, arm, settings, window)

    def _known(self, arm: Arm) -> None:
        unknown = arm.levers - {one.id for one in self.levers}
        if unknown or arm.practice not in {"as is", "conventional"} or not 0 < arm.demand <= 3:
            came = f"{arm.practice}, {', '.join(sorted(arm.levers))}, demand {arm.demand:g}"
            raise InputError("no such arm", came=came, expected=", ".join(one.id for one in self.levers))

    def _figures(self, floor: VirtualFloor, arm: Arm, settings: Settings, window: _Window) -> Figures:
        run, begin, end = floor.run, window.begin, window.end
        model, trace = run.model, floor.taken()
        own = trace[trace["time"] >= begin]
        days = (end - begin) / DAY
        on = frozenset[str]() if arm.silent else arm.levers
        power = _power(floor, trace, window)
        told = Told(
            days, window.before, run.totals(), run.lots(), own, bill(settings.energy.tariff, power, model.start, begin),
            _maintained(floor, own),
        )  # fmt: skip
        besides = Besides(
            lever_cost(self.levers, on, self.rate, days),
            settings.projects.posts if "robots" in on else 0.0,
            *_beyond(read_planned(self._folder).model, own, window, readings="quality" in on),
        )
        return figures_of(settings, model, told, besides)


@dataclass(frozen=True, slots=True)
class _Window:
    """From `begin` to `end` [µs]: totals before, readings and confirmations in it."""

    begin: int
    end: int
    before: Totals
    readings: int
    confirmed: int


def _power(floor: VirtualFloor, trace: Trace, window: _Window) -> Floats:
    """Power of the site by quarter, with what machines and the compressor do by rule [kW]."""
    model, rules = floor.run.model, floor.rules
    machines = {own.id: number for number, own in enumerate(model.machines)}
    waits = {
        machines[target.removeprefix("standby ")]: float(wait)
        for target, wait in rules.items()
        if target.startswith("standby ")
    }
    spans = None
    if "hours compressor" in rules:
        margin = round(float(rules["hours compressor"]) * MINUTE)
        hours = next(own.open for own in model.calendars if own.id == "two_shift")
        spans = _joined([(start - margin, end + margin) for start, end in hours])
    return quarters(model, rested(trace, waits, window.begin), window.begin, window.end, spans)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap made one."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _maintained(floor: VirtualFloor, trace: Trace) -> dict[str, int]:
    """Name of each planned work that ended in the window → how often."""
    model = floor.run.model
    rows = trace[trace["kind"] == Kind.MAINTAINED_END]
    return dict(Counter(model.machines[int(row["machine"])].maintenance[int(row["a"])].id for row in rows))


def _beyond(model: Model, trace: Trace, window: _Window, *, readings: bool) -> tuple[int, int]:
    """Confirmations and readings beyond what the plant would have done with the same lots as it is.

    As it is, the operator corrects after the first part of each lot; what he corrects later is not taken off.
    readings  a lever decides on them; where none does, they are those of today
    """
    if not readings:
        return window.confirmed, 0
    rows = trace[(trace["kind"] == Kind.ENDED) & (trace["machine"] >= 0)]
    pieces: dict[int, list[int]] = {}
    for step, good, scrap in zip(rows["step"].tolist(), rows["a"].tolist(), rows["b"].tolist(), strict=True):
        pieces.setdefault(step, []).append(good + scrap)
    corrections, usual = usual_work(model, pieces)
    return max(0, window.confirmed - corrections), max(0, window.readings - usual)
