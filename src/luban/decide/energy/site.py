"""What a micro-grid is made of: grid, sources, storage, heat and power, loads that can wait.

All power is in kW, constant within a step; prices are per kWh; one currency throughout.

Reads   what a person or a table gives    Writes  nothing
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["Batch", "Boiler", "Chp", "Flexible", "Grid", "Site", "Source", "Storage"]


@dataclass(frozen=True, eq=False)
class Grid:
    """The public grid.

    buy, sell     price of each step [money/kWh]; one value for all steps will do
    most_in       most power taken [kW]; `most_out` most given back
    peak_price    on the highest power taken [money/kW]; `peak_so_far` has been reached in this period already [kW]
    carbon        of what is taken, each step [kg/kWh]
    """

    buy: Floats | float
    sell: Floats | float = 0.0
    most_in: float = math.inf
    most_out: float = 0.0
    peak_price: float = 0.0
    peak_so_far: float = 0.0
    carbon: Floats | float = 0.0


@dataclass(frozen=True, eq=False)
class Source:
    """Sun or wind: power that may be had in each step [kW], at a cost [money/kWh]; what is not used is let go."""

    name: str
    available: Floats
    cost: float = 0.0


@dataclass(frozen=True)
class Storage:
    """A battery.

    capacity       energy that it holds [kWh]; charge stays between `lowest` and `highest` of it [1]
    charge         most power in [kW]; `discharge` most power out
    efficiency_in  stored per kWh taken in [1]; `efficiency_out` given per kWh taken from the store
    loss           share of the charge lost per hour [1/h]
    start          charge before the first step [1]; `end` at least after the last (None: as at the start)
    wear           per kWh given out [money/kWh]
    """

    name: str
    capacity: float
    charge: float
    discharge: float
    efficiency_in: float = 0.95
    efficiency_out: float = 0.95
    loss: float = 0.0
    start: float = 0.5
    end: float | None = None
    lowest: float = 0.0
    highest: float = 1.0
    wear: float = 0.0

    def __post_init__(self) -> None:
        if not (self.capacity > 0 and self.charge >= 0 and self.discharge >= 0):
            raise InputError("a store holds more than nothing", came=f"{self.capacity} kWh", where=self.name)
        if not (0 < self.efficiency_in <= 1 and 0 < self.efficiency_out <= 1 and 0 <= self.loss < 1):
            raise InputError("an efficiency lies between 0 and 1", came=f"{self}", where=self.name)
        if not 0 <= self.lowest <= self.start <= self.highest <= 1:
            raise InputError("charge outside its limits", came=f"start {self.start}", where=self.name,
                             expected=f"{self.lowest} to {self.highest}")  # fmt: skip


@dataclass(frozen=True)
class Chp:
    """Heat and power from fuel.

    most, least      electric power when it runs [kW]
    efficiency       electric energy per fuel [1]; `heat` heat per electric energy [1]
    fuel             price [money/kWh fuel]; `carbon` of the fuel [kg/kWh fuel]
    start_cost       of each start [money]; `on` whether it runs before the first step
    """

    name: str
    most: float
    least: float
    efficiency: float
    heat: float
    fuel: float
    start_cost: float = 0.0
    carbon: float = 0.0
    on: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.least <= self.most and 0 < self.efficiency <= 1 and self.heat >= 0):
            raise InputError("a heat and power unit that cannot be", came=f"{self}", where=self.name)


@dataclass(frozen=True)
class Boiler:
    """Heat from fuel: most heat [kW], heat per fuel [1], price [money/kWh fuel], carbon [kg/kWh fuel]."""

    name: str
    most: float
    efficiency: float
    fuel: float
    carbon: float = 0.0

    def __post_init__(self) -> None:
        if not (self.most >= 0 and self.efficiency > 0):  # above 1 by the lower heating value
            raise InputError("a boiler that cannot be", came=f"{self}", where=self.name)


@dataclass(frozen=True, eq=False)
class Flexible:
    """A load that may be spread: energy [kWh] within steps first to last (last not in it), at most `most` [kW].

    usual  power of each step as it is run without a plan [kW]
    """

    name: str
    energy: float
    most: float
    first: int
    last: int
    usual: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class Batch:
    """A load that runs once, through, when it is started: power of each step of its run [kW].

    first, last  it starts in step `first` at the earliest and is done before step `last`
    machine      batches of one machine do not overlap; "" needs none
    usual        step that it starts in without a plan
    """

    name: str
    profile: Floats
    first: int
    last: int
    machine: str = ""
    usual: int = 0


@dataclass(frozen=True, eq=False)
class Site:
    """A micro-grid over some steps.

    hours  of each step [h]
    load   that has to be met in each step [kW]; `heat` likewise
    """

    hours: float
    load: Floats
    grid: Grid
    heat: Floats | None = None
    sources: tuple[Source, ...] = ()
    stores: tuple[Storage, ...] = ()
    chps: tuple[Chp, ...] = ()
    boilers: tuple[Boiler, ...] = ()
    flexible: tuple[Flexible, ...] = ()
    batches: tuple[Batch, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.load)
        if not (self.hours > 0 and count):
            raise InputError("a plan needs steps", came=f"{count} steps of {self.hours} h")
        named: dict[str, object] = {
            "load": self.load, "heat": self.heat, "price": self.grid.buy, "price of what is sold": self.grid.sell,
            "carbon": self.grid.carbon, **{one.name: one.available for one in self.sources},
        }  # fmt: skip
        for name, values in named.items():
            series = np.asarray(values if values is not None else 0.0, float)
            if series.ndim and len(series) != count:
                raise InputError("a series of another length", came=f"{len(series)} steps", expected=f"{count}",
                                 where=name)  # fmt: skip
            if not np.isfinite(series).all():
                raise InputError("a value that is not known", where=name, hint="fill the gap of the tariff or forecast")
        waiting: tuple[Flexible | Batch, ...] = (*self.flexible, *self.batches)
        for one in waiting:
            length = len(one.profile) if isinstance(one, Batch) else 1
            if not (one.first >= 0 and one.first + length <= one.last <= count):
                raise InputError("no room in its window", came=f"steps {one.first} to {one.last}", where=one.name,
                                 expected=f"{length} steps or more within 0 to {count}")  # fmt: skip
        names = [one.name for one in self.parts]
        if len(set(names)) < len(names):
            raise InputError("two of one name", came=", ".join(sorted({n for n in names if names.count(n) > 1})))

    @property
    def parts(self) -> tuple[Source | Storage | Chp | Boiler | Flexible | Batch, ...]:
        """All that has a name."""
        return (*self.sources, *self.stores, *self.chps, *self.boilers, *self.flexible, *self.batches)

    def series(self, value: Floats | float | None) -> Floats:
        """One value for each step."""
        filled: Floats = np.broadcast_to(np.asarray(0.0 if value is None else value, float), self.load.shape).copy()
        return filled
