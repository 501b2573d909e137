"""The figures of the pilot that are not the plant's: window, people, energy, losses, overhead, instruments' sheets.

Reads   `pilot.toml`    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Energy", "Labour", "Loss", "Money", "Overhead", "Settings", "Upkeep", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """Days of warm-up and measured; age of the jacket that a run begins with at most [d]."""

    warm: float
    days: float
    age: float


@dataclass(frozen=True, slots=True)
class Labour:
    """Persons; pay a year [currency]; social charges by pay; minutes to confirm; hours a year; posts a robot takes."""

    persons: float
    pay: float
    social: float
    confirm: float
    hours: float
    posts: float

    @property
    def person(self) -> float:
        """A person and year [currency]."""
        return self.pay * self.social


@dataclass(frozen=True, slots=True)
class Energy:
    """Flat price [currency/kWh], ratios by hour, demand charge [currency/kW.month], carbon [kg/kWh, kg/t steam]."""

    flat: float
    ratios: tuple[float, ...]
    demand: float
    carbon: float
    steam_carbon: float


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A cleaning of the jacket, the repair of a pump, the repair after a trip [currency]."""

    cleaning: float
    pump: float
    stop: float


@dataclass(frozen=True, slots=True)
class Loss:
    """Variable cost of a tonne as it is [currency/t]; share of it that off-spec costs; lateness; carrying [1/a]."""

    standard: float
    rerun: float
    late: float
    late_cap: float
    carrying: float


@dataclass(frozen=True, slots=True)
class Overhead:
    """Depreciation, rent, administration [currency/a]."""

    year: float


@dataclass(frozen=True, slots=True)
class Money:
    """Interest [1/a]; sheets of laboratory and analyser [1]; time between settings of the analyser [d]."""

    rate: float
    accuracy: float
    bias: float
    drift: float
    calibration: float


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    window: Window
    labour: Labour
    energy: Energy
    upkeep: Upkeep
    loss: Loss
    overhead: Overhead
    money: Money
