"""What `pilot.toml` of the machining job shop says, table by table.

Reads   a file    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from luban.pilot.written import Written, read_pilot

__all__ = [
    "Energy", "Labour", "Maintenance", "Material", "Money", "Parts", "Projects", "Quality", "Settings", "Sold",
    "Tooling", "Window", "read_settings",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """Days as is before the arm begins, and days measured after [d]."""

    warm: float
    days: float


@dataclass(frozen=True, slots=True)
class Labour:
    """People: how many, pay [CNY/a], social factor and overtime factor [1], minutes of a confirmation and a reading."""

    persons: float
    pay: float
    social: float
    overtime: float
    confirm: float
    reading: float
    hours: float

    def year(self, persons: float) -> float:
        """Wages and social charges of so many persons [CNY/a]."""
        return persons * self.pay * self.social

    def on_top(self, minutes: float) -> float:
        """Minutes of work on top, at overtime [CNY]."""
        return self.pay * self.social / self.hours * self.overtime * minutes / 60


@dataclass(frozen=True, slots=True)
class Energy:
    """Tariff by id, carbon [kg/kWh], margin of the compressor, heating of a furnace and wait before standby [min]."""

    tariff: str
    carbon: float
    compressor_margin: float
    heat_up: float
    standby_after: float


@dataclass(frozen=True, slots=True)
class Material:
    """Material of a piece [CNY], its share of full cost and the share of cost in the price [1]."""

    per_kg: float
    per_piece: float
    share: float
    cost_share: float

    def of(self, weight: float) -> float:
        """Material of a piece of that weight [CNY]."""
        return self.per_kg * weight + self.per_piece

    def price(self, weight: float) -> float:
        """What a piece of that weight is sold for [CNY]."""
        return self.of(weight) / self.share / self.cost_share


@dataclass(frozen=True, slots=True)
class Quality:
    """What is taken to be lost with a piece and with a rework [CNY], and with a minute of a machine by station."""

    piece: float
    rework: float
    turning: float
    milling: float
    grinding: float
    other: float


@dataclass(frozen=True, slots=True)
class Tooling:
    """An edge [CNY], and what is fixed [CNY/a]."""

    edge: float
    fixed: float


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Fixed cost [CNY/a], technician [CNY/h], damage and length of planned work [1], length of a look [h]."""

    fixed: float
    technician: float
    damage: float
    planned: float
    look: float


@dataclass(frozen=True, slots=True)
class Parts:
    """Exchange parts [CNY]."""

    spindle: float
    turret: float
    chuck: float
    hydraulics: float
    electrics: float

    def of(self, failure: str) -> float:
        """Price of the part whose failure has that name [CNY]."""
        found: float = getattr(self, failure.split(" ")[0])
        return found


@dataclass(frozen=True, slots=True)
class Money:
    """Carrying, lateness and interest [1], fixed cost [CNY/a], worth of an order's hour [CNY/h]."""

    carrying: float
    late_day: float
    late_cap: float
    depreciation: float
    rent: float
    rate: float
    order_hour: float


@dataclass(frozen=True, slots=True)
class Projects:
    """What projects with money do: setups and moves times as long, posts no longer needed, mills of one operator."""

    setup: float
    transport: float
    posts: float
    tends: int


@dataclass(frozen=True, slots=True)
class Sold:
    """Orders, times as many as today [1]: the set's other loads, and as many as freed hours can take.

    decided, capital  until orders are as late or take as long as today
    capital_halved    until they take half as long
    """

    low: float
    high: float
    decided: float
    capital: float
    capital_halved: float


@dataclass(frozen=True, slots=True)
class Settings:
    """All tables, and the file they come from."""

    written: Written
    window: Window
    labour: Labour
    energy: Energy
    material: Material
    tooling: Tooling
    maintenance: Maintenance
    parts: Parts
    money: Money
    projects: Projects
    sold: Sold
    quality: Quality


@lru_cache(maxsize=4)
def read_settings(folder: Path) -> Settings:
    """The settings of a folder. Raises ConfigError with the place of what is wrong."""
    own = read_pilot(folder)
    return Settings(
        own, own.fill("window", Window), own.fill("labour", Labour), own.fill("energy", Energy),
        own.fill("material", Material), own.fill("tooling", Tooling), own.fill("maintenance", Maintenance),
        own.fill("parts", Parts), own.fill("money", Money), own.fill("projects", Projects),
        own.fill("sold", Sold), own.fill("quality", Quality),
    )  # fmt: skip
