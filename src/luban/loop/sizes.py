"""The lever of quality of a running plant, made from its papers: limits, knobs, inspection plan, cost of a piece.

The decider is the one that holds the sizes of a plant in virtual time. What it cannot be given is said.

Reads   characteristics.csv, routing.csv, inspection.csv, the actuators, prices    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import Any, Final

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.loop.deciding.quality import Gauged, Quality, QualityMoney
from luban.loop.pricing import Pricing
from luban.plant import Actuator, Characteristic, LeverRule, Plant

__all__ = ["OFFSET", "quality_of"]

OFFSET: Final = "offset"
"""Name of the signal that moves a machine's sizes, one for one."""


_WRITE, _LOOK = 0.001, 0.05  # of a piece: what brings less is worth neither a write nor a person's look


def quality_of(rule: LeverRule, plant: Plant, pricing: Pricing) -> Quality:
    """The decider for every machine that has a knob `offset` and makes something with two limits in its unit.

    Settings  piece, rework, edge, reading, confirm [money]; edge_min, change_min [min]; cutting [1]; above;
              sizes: machine or group → names of the characteristics that it makes
    Raises    InputError: no such machine, no limits, no cost of a piece, with what is missing
    """
    given = rule.settings
    knobs = {own.unit_path: own for own in plant.actuators.values() if own.id.endswith(f":{OFFSET}")}
    if not knobs:
        raise InputError(f"needs an actuator called PATH:{OFFSET}", where=rule.id)
    told = _told(plant, rule)
    made = {path: _sizes(plant, path, own, told) for path, own in knobs.items()}
    if not any(made.values()):
        raise InputError("needs a characteristic with both limits, made there in the unit of the offset", where=rule.id)
    own_price = given.get("piece")
    costs: dict[str, float] = {}
    for one in (one for found in made.values() for one in found.values()):
        worth = pricing.piece(one.item)
        if own_price is None and worth.value is None:
            raise InputError(worth.why, where=rule.id)
        costs[_name(one)] = float(own_price) if own_price is not None else float(worth.value or 0.0)
    reading, least = given.get("reading"), _WRITE if rule.mode == "automatic" else _LOOK
    piece = fmean(costs.values())
    money = QualityMoney(
        piece, float(given.get("rework", piece)), float(given.get("edge", 0.0)),
        None if reading is None else float(reading), float(given.get("confirm", least * piece)),
    )  # fmt: skip
    machines = [
        _gauged(plant, path, knobs[path], found, costs, given, pricing) for path, found in made.items() if found
    ]
    return Quality(machines, money, replay=True)


def _name(one: Characteristic) -> str:
    return f"{one.item}:{one.name}"


def _told(plant: Plant, rule: LeverRule) -> dict[str, frozenset[str]]:
    """The setting `sizes`: machine or group, by its path → names; a name alone may stand for a list of one."""
    given = dict(rule.settings.get("sizes") or {})
    strange = [name for name in given if f"{plant.id}/{name}" not in plant.equipment]
    if strange:
        raise InputError("no such machine", came=", ".join(strange), where=rule.id)
    return {
        f"{plant.id}/{name}": frozenset([names] if isinstance(names, str) else names) for name, names in given.items()
    }


def _sizes(plant: Plant, path: str, knob: Actuator, told: Mapping[str, frozenset[str]]) -> dict[str, Characteristic]:
    """Characteristics that a machine makes: by the setting, else by the inspection plan, else all of its items."""
    groups = {path, *(path[:n] for n, letter in enumerate(path) if letter == "/")}
    named = next((told[group] for group in sorted(groups, reverse=True) if group in told), None)
    steps = {(step.item, step.operation) for step in plant.routing if step.unit in groups}
    items = {item for item, _ in steps}
    planned = {one.subject: one.operation for one in plant.inspections if one.operation}
    found = {}
    for key, one in plant.characteristics.items():
        if one.item not in items or one.lower is None or one.upper is None or one.unit != knob.unit:
            continue
        if named is not None and one.name not in named:
            continue
        if named is None and key in planned and (one.item, planned[key]) not in steps:
            continue
        found[key] = one
    return found


def _aim(one: Characteristic) -> tuple[float, float]:
    """What a size should be: its nominal, else the middle of its limits; and how far the nearer limit is."""
    lower, upper = float(one.lower or 0.0), float(one.upper or 0.0)
    nominal = one.nominal
    target = nominal if nominal is not None and lower < nominal < upper else 0.5 * (lower + upper)
    return target, min(upper - target, target - lower)


def _gauged(
    plant: Plant, path: str, knob: Actuator, sizes: Mapping[str, Characteristic], costs: Mapping[str, float],
    given: Mapping[str, Any], pricing: Pricing,
) -> Gauged:  # fmt: skip
    every = [one.every_pieces for one in plant.inspections if one.subject in sizes and one.every_pieces]
    hour = pricing.hour(path).value
    edges = given.get("edge_min")
    # finer steps than a thousandth of its way tell a machine nothing
    step = 10.0 ** math.floor(math.log10((knob.upper - knob.lower) / 1000))
    return Gauged(
        path, plant.equipment[path].parent or path, knob.id, Envelope(knob.lower, knob.upper, knob.step, step),
        {name: _aim(one)[0] for name, one in sizes.items()}, {name: _aim(one)[1] for name, one in sizes.items()},
        knob.unit, float(given.get("cutting", 1.0)), None if edges is None or hour is None else float(edges),
        float(given.get("change_min", 0.0)), min(every, default=10), bool(given.get("above", False)),
        1.0 if hour is None else hour / 60, {name: costs[name] for name in sizes}, keeps=True,
    )  # fmt: skip
