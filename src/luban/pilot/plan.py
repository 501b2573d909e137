"""What a pilot is made of: levers, arms, the figures of one run, and the plant that can be run.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

__all__ = ["CONVERSION", "COSTS", "FIELDS", "TARGETS", "Arm", "Figures", "Lever", "Pilot"]

FIELDS: Final[Mapping[str, str]] = {
    "processes": "key processes made intelligent",
    "robots": "robots in key posts",
    "production": "production control optimised",
    "supply": "supply chain optimised",
}
"""The four fields of action of the plan's column 2 (专栏2)."""

COSTS: Final[Mapping[str, str]] = {
    "labour": "wages and social charges, overtime",
    "energy": "electricity, heat, fuels, demand charge",
    "tooling": "edges, wheels, fixtures",
    "maintenance": "spares, service work, outside repairs",
    "scrap and rework": "material and conversion of what was lost, work done twice",
    "measuring": "inspection and measuring beyond what was done before",
    "carrying": "capital and space bound in work in progress and stock",
    "lateness": "penalties of late orders",
    "levers": "yearly cost of the levers: licences, service, and capital as an annuity",
    "overhead": "depreciation, rent, administration: what no lever touches in the short run",
    "material": "material of good units at standard",
}
"""Parts of full cost. Conversion cost is what stands in CONVERSION."""

CONVERSION: Final = frozenset(COSTS) - {"overhead", "material"}
"""Parts of operating cost as the pilot defines it: conversion cost per good unit."""

TARGETS: Final[Mapping[str, tuple[float, float]]] = {
    "cost": (-0.30, -0.50),
    "cycle": (-0.30, -0.50),
    "defects": (-0.30, -0.50),
}
"""The plan's bar for a pilot, 2020 and 2025: operating cost, production cycle, defect rate against its before state."""


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that is switched on.

    id        short name, without blanks
    name      in English, a sentence that screens translate
    field     one of FIELDS
    text      what changes on the shop floor, in words of the people there
    capital   a project with money (robots, fixtures, transport), shown apart from what is decided
    invest    once [currency];  life  years over which it is written off [a];  yearly  running cost [currency/a]
    needs     tables, signals or facts without which it is skipped, in words: "characteristics.csv"
    """

    id: str
    name: str
    field: str
    text: str
    capital: bool = False
    invest: float = 0.0
    life: float = 8.0
    yearly: float = 0.0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to run the plant, under the same chances as every other.

    practice  `as is` or `conventional` (a good plant without luban): the rules where no lever rules
    levers    ids of the levers that are on
    demand    orders, times as many as the plant has [1]
    silent    levers decide and write, but the plant is made not to answer to them: for the null test
    """

    practice: str = "as is"
    levers: frozenset[str] = frozenset()
    demand: float = 1.0
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run brought in its measured window.

    days     length of the window [d]
    units    good units that left the plant [1];  made  all units that left it or were lost, good ones included
    cycle    order receipt to shipment, mean over orders that shipped [s]
    defects  scrap, rework and returns per unit made [1]
    costs    part of COSTS → currency in the window
    more     further figures by name, such as "energy" [kWh]; their units stand in `Pilot.units`
    """

    days: float
    units: float
    made: float
    cycle: float
    defects: float
    costs: Mapping[str, float]
    more: Mapping[str, float] = field(default_factory=dict)

    def cost(self, parts: frozenset[str] = CONVERSION) -> float:
        """Cost of those parts per good unit [currency]."""
        return sum(value for part, value in self.costs.items() if part in parts) / self.units


class Pilot(Protocol):
    """A plant that can be run in virtual time.

    name      `c2_machining`;  title  what it is, in a sentence;  category  C1 … C6 of the plan's column 2
    currency  ISO 4217;  unit  what a good unit is, in words
    levers    in the order of the sequential waterfall; capital ones last
    skipped   lever id → why this plant has no use for it, or which data it lacks
    units     unit of each of `Figures.more`
    binds     metric of TARGETS → which constraint binds where its target is missed, in words, from the plant's facts
    """

    name: str
    title: str
    category: str
    currency: str
    unit: str
    levers: tuple[Lever, ...]
    skipped: Mapping[str, str]
    units: Mapping[str, str]
    binds: Mapping[str, str]

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run under an arm; equal arguments give equal figures, whatever ran before.

        days  measured, after the plant's own warm-up; None: the plant's own window
        """
        ...

    def arms(self) -> Mapping[str, Arm]:
        """Arms beyond as is, conventional and all levers that this plant shows: name → arm (capacity sold, …)."""
        ...
