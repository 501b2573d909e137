"""Water that is used again: a treatment with recovery and rejection, blended with fresh water up to a limit of salt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from luban.core.errors import InputError
from luban.decide.green.process import Balance, Process, Run, Saving

__all__ = ["WaterReuse"]


@dataclass(frozen=True)
class WaterReuse(Process):
    """Waste water through a membrane back to a user.

    waste      [m³/h] that is discharged today, with `salt` [kg/m³]
    recovery   share of the water that comes through; `rejection` share of the salt that is held back
    demand     of the user [m³/h]; it may have `limit` [kg/m³] of salt; fresh water has `fresh_salt` [kg/m³]
    hours      [h/year]
    energy     of the treatment [kWh/m³ treated], `power_price` [money/kWh], `carbon` [kgCO2e/kWh]
    fresh_price, discharge_price  [money/m³]
    """

    FAMILY: ClassVar[str] = "water reuse"
    UNSURE: ClassVar[tuple[str, ...]] = ("waste", "salt", "recovery", "demand", "hours", "energy")
    SHARES: ClassVar[tuple[str, ...]] = ("recovery", "rejection")

    waste: float
    salt: float
    recovery: float
    rejection: float
    demand: float
    limit: float
    fresh_salt: float
    hours: float
    energy: float
    power_price: float
    fresh_price: float
    discharge_price: float
    carbon: float = 0.0

    def run(self) -> Run:
        """Water and salt through the treatment and the user's blend."""
        if not self.waste or not self.recovery:
            raise InputError("there is no water to use again", came=f"waste {self.waste:g}, recovery {self.recovery:g}")
        if self.limit < self.fresh_salt:
            raise InputError("the user may not have even the fresh water", came=f"{self.limit:g}",
                             expected=f"at least {self.fresh_salt:g} kg/m³")  # fmt: skip
        product = self.recovery * self.waste
        salt = (1 - self.rejection) * self.waste * self.salt / product  # [kg/m³] of what comes through
        share = 1.0 if salt <= self.limit else (self.limit - self.fresh_salt) / (salt - self.fresh_salt)
        reused = min(product, share * self.demand)
        note = "the user takes all that comes through"
        if reused < product:
            note = "the user's demand is the limit" if share == 1 else "the user's limit of salt is the limit"
        treated = reused / self.recovery  # no more is treated than is used
        h = self.hours
        water = Balance("water", "m³", {"waste water": self.waste * h, "fresh water": (self.demand - reused) * h},
                        {"user": self.demand * h, "concentrate": (treated - reused) * h,
                         "waste water untreated": (self.waste - treated) * h})  # fmt: skip
        carried = reused * salt + (self.demand - reused) * self.fresh_salt
        salts = Balance("salt", "kg", {"waste water": self.waste * self.salt * h,
                                       "fresh water": (self.demand - reused) * self.fresh_salt * h},
                        {"user": carried * h, "concentrate": self.rejection * treated * self.salt * h,
                         "waste water untreated": (self.waste - treated) * self.salt * h})  # fmt: skip
        savings = (
            Saving("fresh water", reused * h, "m³", self.fresh_price),
            Saving("discharge", reused * h, "m³", self.discharge_price),
            Saving("electricity", -self.energy * treated * h, "kWh", self.power_price),
        )
        return Run((water, salts), savings, -self.energy * treated * h * self.carbon, (note,))
