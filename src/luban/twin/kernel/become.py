"""A running plant takes on the parameters of another model of the same shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.twin.kernel.build import World, build
from luban.twin.model import Model

__all__ = ["become"]

_WHOLE: Final = (
    "steps", "routes", "branches", "eligibles", "distributions", "knots", "setup_times", "min_runs", "tables", "rules",
    "tools", "characteristics", "machine_power", "instants", "materials", "renewals",
)  # fmt: skip
_FIELDS: Final = {
    "machines": ("speed", "load", "unload", "table"),
    "stations": ("buffer", "rule", "rule_end", "plain", "holds", "urgent", "urgent_share"),
    "failures": ("clock", "life", "repair", "first"),
    "maintenances": ("clock", "duration", "every", "first"),
    "pools": ("absence",),
    "arrivals": ("interval", "quantity", "first", "due", "ready", "limit", "priority", "route"),
    "stocks": ("interval", "quantity", "lead", "reorder", "up_to"),
    "clock": ("cap", "release_kind", "release_rule", "instants", "transport_pool", "transport_calendar"),
}
_ALIKE: Final[tuple[tuple[str, Callable[[Model], Any]], ...]] = (
    ("machines", lambda model: [(own.id, own.station, own.calendar, len(own.failures)) for own in model.machines]),
    ("stations", lambda model: [own.id for own in model.stations]),
    ("steps", lambda model: [(own.id, step.id, step.station) for own in model.routes for step in own.steps]),
    ("sizes", lambda model: [size.id for own in model.routes for step in own.steps for size in step.characteristics]),
    ("setups", lambda model: sorted({step.setup for own in model.routes for step in own.steps})),
    ("pools", lambda model: [(own.id, own.size, own.tends, own.calendar) for own in model.pools]),
    ("calendars", lambda model: [(own.id, own.open) for own in model.calendars]),
    ("maintenance", lambda model: [(own.id, one.id) for own in model.machines for one in own.maintenance]),
    ("arrivals", lambda model: [own.id for own in model.arrivals]),
    ("stocks", lambda model: [own.id for own in model.stocks]),
)


def become(world: World, before: Model, after: Model) -> None:
    """Puts the parameters of `after` into the arrays of a run of `before`; what has happened stays.

    Raises  InputError where the two are not of one shape
    """
    for what, of in _ALIKE:
        if of(before) != of(after):
            raise InputError("a running plant cannot become that", came=f"other {what}", expected="the same ones")
    fresh = build(after, wanted=0)
    fresh["stations"]["plain"] &= world["stations"]["plain"]  # a plan or a hold may have ended the short way
    for name in _WHOLE:
        world[name] = fresh[name]
    for name, fields in _FIELDS.items():
        for field in fields:
            world[name][field] = fresh[name][field]
    row = world["machines"]
    row["tool"] = np.where(row["tool"] >= 0, fresh["machines"]["tool"], -1)
