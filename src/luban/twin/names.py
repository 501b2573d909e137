"""What the things of a model are called in the books: paths of machines and places, items, operations, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from luban.core.errors import ConfigError
from luban.plant import Plant
from luban.twin.model import Characteristic, Model

__all__ = ["Names", "Sized"]


@dataclass(frozen=True, slots=True)
class Sized:
    """A characteristic of the model at its place; `subject` is its name in the books, `item:name`."""

    subject: str
    operation: str
    what: Characteristic


@dataclass(frozen=True)
class Names:
    """Names of a model's things, in the order of the model.

    plant  whose paths to use; without one a path is `model/machine`
    """

    model: Model
    plant: Plant | None = None

    @property
    def root(self) -> str:
        """The plant's own path."""
        return self.plant.id if self.plant is not None else self.model.id

    @cached_property
    def machines(self) -> list[str]:
        """Path of each machine. Raises ConfigError for one that the plant does not have."""
        return [self._unit(machine.id) for machine in self.model.machines]

    @cached_property
    def stations(self) -> list[str]:
        """Place of each station: its only machine, or a path of its own."""
        members: dict[str, list[str]] = {}
        for machine, path in zip(self.model.machines, self.machines, strict=True):
            members.setdefault(machine.station, []).append(path)
        return [
            members[station.id][0] if len(members.get(station.id, ())) == 1 else self._place(station.id)
            for station in self.model.stations
        ]

    @cached_property
    def items(self) -> list[str]:
        """Item of each route."""
        return [route.id for route in self.model.routes]

    @cached_property
    def operations(self) -> list[str]:
        """Operation of each step, all routes one after the other, as a run numbers them."""
        return [step.id for route in self.model.routes for step in route.steps]

    @cached_property
    def sizes(self) -> list[Sized]:
        """Every characteristic, in the order in which a run numbers them."""
        return [
            Sized(what.id if ":" in what.id else f"{route.id}:{what.id}", step.id, what)
            for route in self.model.routes
            for step in route.steps
            for what in step.characteristics
        ]

    def _place(self, name: str) -> str:
        return name if name == self.root or name.startswith(f"{self.root}/") else f"{self.root}/{name}"

    def _unit(self, name: str) -> str:
        path = self._place(name)
        if self.plant is None or path in self.plant.equipment:
            return path
        ends = [unit for unit in self.plant.units_of(self.plant.id) if unit.rsplit("/", 1)[-1] == name]
        if len(ends) != 1:
            raise ConfigError(
                "a machine of the twin is no work unit of the plant",
                came=name,
                expected=", ".join(self.plant.units_of(self.plant.id)[:20]),
                hint="name it as plant.toml does",
            )
        return ends[0]
