"""Waste heat and waste pressure: what a stream gives to a sink through an exchanger, and to a turbine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from luban.core.errors import InputError
from luban.decide.green.process import Balance, Process, Run, Saving

__all__ = ["WasteHeat", "WastePressure"]


@dataclass(frozen=True)
class WasteHeat(Process):
    """Heat of a hot stream for a cold one, in a counterflow exchanger.

    flow           [kg/h] of the hot stream; `heat` [kJ/(kg·K)], `hot` where it comes from [°C]
    lowest         it may be cooled down to, e.g. 120 for the dew point of acid [°C]
    demand         of the sink [kW], from `cold_in` to `cold_out` [°C]
    effectiveness  of the exchanger: share of what an endless one would move [1]
    hours          both run together [h/year]
    boiler         efficiency of what makes the heat today [1]
    price, carbon  of its fuel [money/kWh], [kgCO2e/kWh]
    Source         W. M. Kays, A. L. London, Compact Heat Exchangers, chapter 2 (effectiveness of the smaller capacity)
    Example        1 kg/s of 1 kJ/(kg·K) from 300 °C, 100 kW at 20 → 120 °C, effectiveness 0.5: 100 kW
    """

    FAMILY: ClassVar[str] = "waste heat"
    UNSURE: ClassVar[tuple[str, ...]] = ("flow", "demand", "effectiveness", "hours", "price")
    SHARES: ClassVar[tuple[str, ...]] = ("effectiveness", "boiler")

    flow: float
    heat: float
    hot: float
    lowest: float
    demand: float
    cold_in: float
    cold_out: float
    effectiveness: float
    hours: float
    boiler: float
    price: float
    carbon: float
    ambient: float = 20.0

    def run(self) -> Run:
        """Energy in the hot stream above the surroundings, what the sink gets of it, what leaves."""
        if self.cold_out <= self.cold_in or self.hot <= self.ambient or not self.boiler or not self.flow * self.heat:
            came = f"{self.hot:g} °C, {self.cold_in:g} → {self.cold_out:g} °C"
            expected = "a hot stream, a sink that is warmed, a boiler"
            raise InputError("the streams give no exchanger", came=came, expected=expected)
        warm = self.flow * self.heat / 3600  # [kW/K]
        cold = self.demand / (self.cold_out - self.cold_in)
        moved = self.effectiveness * min(warm, cold) * max(self.hot - self.cold_in, 0.0)
        cooled = warm * max(self.hot - self.lowest, 0.0)
        given = min(moved, cooled, self.demand)
        limits = {moved: "the exchanger is the limit", cooled: "the stream may not be cooled further",
                  self.demand: "the sink takes no more"}  # fmt: skip
        left = self.hot - given / warm
        balance = Balance(
            "energy", "kWh", {"hot stream": warm * (self.hot - self.ambient) * self.hours},
            {"sink": given * self.hours, "hot stream after": warm * (left - self.ambient) * self.hours},
        )  # fmt: skip
        fuel = given * self.hours / self.boiler
        return Run((balance,), (Saving("fuel", fuel, "kWh", self.price),), fuel * self.carbon, (limits[given],))


@dataclass(frozen=True)
class WastePressure(Process):
    """Power of a gas that is let down, by a turbine instead of a valve.

    flow        [kg/h]; `heat` [kJ/(kg·K)], `hot` [°C] before it
    ratio       pressure after over before [1]; `kappa` ratio of heats [1]
    efficiency  isentropic efficiency of the turbine; `generator` of what it drives [1]
    hours       [h/year]
    price, carbon  of electricity [money/kWh], [kgCO2e/kWh]
    Source      isentropic expansion of an ideal gas
    """

    FAMILY: ClassVar[str] = "waste heat"
    UNSURE: ClassVar[tuple[str, ...]] = ("flow", "efficiency", "hours", "price")
    SHARES: ClassVar[tuple[str, ...]] = ("ratio", "efficiency", "generator")

    flow: float
    heat: float
    hot: float
    ratio: float
    kappa: float
    efficiency: float
    generator: float
    hours: float
    price: float
    carbon: float

    def run(self) -> Run:
        """Enthalpy before, enthalpy after, shaft work as electricity and loss of the generator."""
        if not self.ratio or self.kappa <= 1:
            raise InputError("the gas does no work", came=f"ratio {self.ratio:g}, kappa {self.kappa:g}",
                             expected="ratio above 0, kappa above 1")  # fmt: skip
        before = self.hot + 273.15
        ideal = before * self.ratio ** ((self.kappa - 1) / self.kappa)
        after = before - self.efficiency * (before - ideal)
        per = self.flow * self.heat / 3600 * self.hours
        shaft = per * self.efficiency * (before - ideal)
        power = self.generator * shaft
        balance = Balance("energy", "kWh", {"gas before": per * before},
                          {"gas after": per * after, "electricity": power, "loss": shaft - power})  # fmt: skip
        return Run((balance,), (Saving("electricity", power, "kWh", self.price),), power * self.carbon)
