"""The meters of a plant as the energy books take them."""

from __future__ import annotations

from decimal import Decimal

from luban.plant import MeterLine, Plant
from luban.understand.energy.meters import Meter, Swap, exact

__all__ = ["meters_of", "swaps_of"]


def meters_of(plant: Plant) -> tuple[Meter, ...]:
    """Meters of meters.csv."""
    return tuple(_meter(line) for line in plant.meters)


def swaps_of(plant: Plant) -> dict[str, list[Swap]]:
    """Replacements of meter_swaps.csv by meter."""
    found: dict[str, list[Swap]] = {}
    for line in plant.meter_swaps:
        found.setdefault(line.meter, []).append(Swap(line.time, exact(line.last), exact(line.first)))
    return found


def _meter(line: MeterLine) -> Meter:
    return Meter(
        line.id, line.medium, line.unit, line.parent, line.feeds, _exact(line.capacity), _exact(line.rated),
        line.error, line.every, line.place, _exact(line.heat),
    )  # fmt: skip


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else exact(value)
