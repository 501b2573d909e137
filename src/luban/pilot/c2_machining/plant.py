"""The plant of the pilot: its twin with what may be ordered there, its orders by chance, and projects with money.

Reads   the plant's folder    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from luban.decide.maintain.rehearse import prepared
from luban.pilot.c2_machining.settings import Settings, read_settings
from luban.plant import Plant
from luban.twin.demand import draw_orders
from luban.twin.levers import LEVERS, Change
from luban.twin.load import read_loaded
from luban.twin.model import Machine, Model
from luban.twin.run import Run

__all__ = ["Planned", "build_projects", "ordered", "read_planned", "usual_work"]

_HOURS: Final = "two_shift"
_MILLS: Final = "two_shift (mills)"
_OPERATORS: Final = "milling operators"


@dataclass(frozen=True)
class Planned:
    """The twin's model as every arm has it, and the plant that it is of."""

    model: Model
    plant: Plant


@lru_cache(maxsize=2)
def read_planned(folder: Path) -> Planned:
    """The plant of a folder with looks and exchanges that can be ordered, and a calendar of its own for the mills.

    Raises  ConfigError with the first thing that is wrong
    """
    loaded = read_loaded(folder)
    settings = read_settings(folder).maintenance
    model = prepared(loaded.model, planned=settings.planned, look=settings.look)
    hours = next(own for own in model.calendars if own.id == _HOURS)

    def own_hours(machine: Machine) -> Machine:
        return replace(machine, calendar=_MILLS) if machine.station.endswith("/milling") else machine

    machines = tuple(map(own_hours, model.machines))
    return Planned(
        replace(model, machines=machines, calendars=(*model.calendars, replace(hours, id=_MILLS))), loaded.plant
    )


def ordered(model: Model, seed: int, begin: int, demand: float) -> Model:
    """The model with its orders drawn: as the plant has them until `begin`, then `demand` times as many [1]."""
    if model.demand is None:
        return model
    orders = draw_orders(model, seed)
    if demand != 1.0:
        more = replace(model, demand=replace(model.demand, per_day=model.demand.per_day * demand))
        later = [own for own in draw_orders(more, seed) if own.arrival >= begin]
        orders = (*(own for own in orders if own.arrival < begin), *later)
    return replace(model, orders=(*model.orders, *orders), demand=None)


def build_projects(run: Run, levers: Collection[str], settings: Settings) -> None:
    """What projects with money change on a plant that runs; at an hour at which nobody works."""
    own, model = settings.projects, run.model
    if "fixtures" in levers:
        model = LEVERS["setup"].apply(model, Change("setup", "", str(own.setup)), {})
    if "transport" in levers and model.transport is not None:
        model = replace(model, transport=model.transport.scaled(own.transport))
    if "furnace" in levers:  # one that stands cold draws nothing
        machines = (
            replace(one, power={**one.power, "standby": 0.0}) if "/heat/" in one.id else one for one in model.machines
        )
        model = replace(model, machines=tuple(machines))
    if model is not run.model:
        run.become(model)
    if "robots" in levers:
        # what was begun is finished after the shift, and an operator looks after more mills
        calendars = [one.id for one in model.calendars]
        run.world["calendars"]["interrupts"][calendars.index(_MILLS)] = 0
        pools = [one.id for one in model.pools]
        run.world["pools"]["tends"][pools.index(_OPERATORS)] = own.tends


def usual_work(model: Model, pieces: dict[int, list[int]]) -> tuple[int, int]:
    """First-part corrections and readings that the plant makes today of such lots: step → pieces of each lot."""
    steps = [step for route in model.routes for step in route.steps]
    corrections = readings = 0
    for step, lots in pieces.items():
        for size in steps[step].characteristics:
            for count in lots:
                first = min(count, size.sample_first)
                corrections += bool(size.correct_first and count)
                readings += first + ((count - first) // size.sample_every if size.sample_every else 0)
    return corrections, readings
