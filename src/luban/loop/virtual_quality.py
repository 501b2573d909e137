"""Those who decide on quality, made from what a plant's own papers say: tolerances, edges, registers.

Of a model only what a plant knows of itself is taken: limits of sizes, when edges are changed, how many pieces are
measured. What nature does there (noise, wear, heat, lives) is for the deciders to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from luban.decide.setpoint.envelope import Envelope
from luban.loop.deciding.charts import ByHand
from luban.loop.deciding.quality import Gauged, Quality, QualityMoney
from luban.plant import Plant
from luban.twin.model import Characteristic, Machine, Model
from luban.twin.names import Names

__all__ = ["by_hand", "gauged", "quality"]

_MOVE = 10.0  # of an offset by one command [unit of the size]
_REACH = 1.2  # of an offset, in widths of the widest tolerance


def quality(
    model: Model, plant: Plant | None, money: QualityMoney, minutes: Mapping[str, float] | None = None
) -> Quality:
    """The lever of quality for every machine of a model whose pieces are gauged.

    minutes  station → what a minute of one of its machines is worth [currency]; not named: 1
    """
    worth = minutes or {}
    return Quality([replace(own, minute=worth.get(own.station, 1.0)) for own in gauged(model, plant)], money)


def by_hand(model: Model, plant: Plant | None) -> ByHand:
    """Charts by hand at every machine of a model whose pieces are gauged."""
    return ByHand(gauged(model, plant))


def gauged(model: Model, plant: Plant | None = None) -> list[Gauged]:
    """Machines whose pieces are gauged, in the order of the model."""
    names = Names(model, plant)
    sizes = {size.what: size for size in names.sizes}
    found = []
    for machine, path in zip(model.machines, names.machines, strict=True):
        own = [
            (f"{route.id}:{what.id}" if ":" not in what.id else what.id, what)
            for route in model.routes
            for step in route.steps
            if step.station == machine.station and (not step.machines or machine.id in step.machines)
            for what in step.characteristics
        ]
        if own and sizes:
            found.append(_gauged(machine, path, own))
    return found


def _gauged(machine: Machine, path: str, own: list[tuple[str, Characteristic]]) -> Gauged:
    what, tool = own[0][1], machine.tool
    reach = _REACH * max(one.upper - one.lower for _, one in own)
    timed = tool is not None and tool.clock == "cut" and tool.replace_at is not None
    return Gauged(
        path, machine.station, f"{path}:offset", Envelope(-reach, reach, _MOVE, 0.001),
        {name: one.nominal + 0.5 * (one.upper + one.lower) for name, one in own},
        {name: 0.5 * (one.upper - one.lower) for name, one in own}, what.unit,
        tool.cutting if tool else 1.0, (tool.replace_at or 0.0) / 60 if tool and timed else None,
        tool.change.mean / 60 if tool else 0.0, what.sample_every, what.rework_above,
    )  # fmt: skip
