"""Where the stations of a twin are drawn: columns along the routes, so that work flows from left to right."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from luban.plant import Plant
from luban.screens.service.twin import short_name
from luban.twin.model import Model
from luban.twin.offered import route_rates

__all__ = ["Floor", "lay_out"]

_MOST_COLUMNS = 7


@dataclass(frozen=True, slots=True)
class Floor:
    """A drawing of the plant.

    stations  id, name, column, row
    machines  id, name, place of its station
    links     (from, to, lots a day), places of stations; only what flows forward or back between two of them
    """

    stations: tuple[tuple[str, str, int, int], ...]
    machines: tuple[tuple[str, str, int], ...]
    links: tuple[tuple[int, int, float], ...]

    def as_dict(self) -> dict[str, object]:
        """For the browser."""
        return {
            "stations": [dict(zip(("id", "name", "column", "row"), own, strict=True)) for own in self.stations],
            "machines": [dict(zip(("id", "name", "station"), own, strict=True)) for own in self.machines],
            "links": [list(own) for own in self.links],
        }


def lay_out(model: Model, plant: Plant | None = None) -> Floor:
    """Stations in columns by how far along the routes they lie, weighted by the lots that pass."""
    place = {own.id: number for number, own in enumerate(model.stations)}
    rates = route_rates(model)
    far = dict.fromkeys(place, 0.0)
    weight = dict.fromkeys(place, 0.0)
    flow: dict[tuple[int, int], float] = {}
    for route in model.routes:
        rate = rates.get(route.id, (0.0, 1.0))[0] or 1e-9
        path = [step.station for step in route.steps if step.station in place]
        for number, station in enumerate(path):
            far[station] += rate * number / max(1, len(path) - 1)
            weight[station] += rate
        for a, b in itertools.pairwise(path):
            if a != b:
                flow[place[a], place[b]] = flow.get((place[a], place[b]), 0.0) + rate
    depth = {name: far[name] / weight[name] if weight[name] else 1.0 for name in place}
    columns = _columns(depth, flow, list(place))
    rows: dict[int, int] = {}
    drawn = []
    for own in sorted(model.stations, key=lambda one: (columns[one.id], depth[one.id])):
        column = columns[own.id]
        drawn.append((place[own.id], own.id, column, rows.get(column, 0)))
        rows[column] = rows.get(column, 0) + 1
    drawn.sort()
    name = _namer(model, plant)
    return Floor(
        tuple((own, name(own), column, row) for _, own, column, row in drawn),
        tuple((own.id, name(own.id), place[own.station]) for own in model.machines),
        tuple((a, b, round(rate, 4)) for (a, b), rate in sorted(flow.items())),
    )


def _columns(depth: Mapping[str, float], flow: Mapping[tuple[int, int], float], names: list[str]) -> dict[str, int]:
    """Longest way through the links that lead forward; where that is too many columns, equal parts of the depth."""
    order = sorted(names, key=lambda name: depth[name])
    column = dict.fromkeys(names, 0)
    for target in order:
        for a, b in flow:
            if names[b] == target and depth[names[a]] < depth[target] - 1e-9:
                column[target] = max(column[target], column[names[a]] + 1)
    if max(column.values(), default=0) < _MOST_COLUMNS:
        return column
    return {name: rank * _MOST_COLUMNS // len(order) for rank, name in enumerate(order)}


def _namer(model: Model, plant: Plant | None) -> Callable[[str], str]:
    def name(path: str) -> str:
        known = plant.equipment.get(path) if plant is not None else None
        return known.name if known is not None else short_name(path, model)

    return name
