"""A hazardous material replaced by another one, and slag that is used instead of dumped: where every kilogram goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from luban.core.errors import InputError
from luban.decide.green.process import Balance, Process, Run, Saving

__all__ = ["Slag", "Substitution"]


@dataclass(frozen=True)
class Substitution(Process):
    """A hazardous material replaced.

    amount          of the old material [kg/year]; `ratio` kg of the new one for each kg
    old_product, new_product  share that stays in the product; old_air, new_air  share that goes into the air
    old_price, new_price      [money/kg]
    old_waste_price, new_waste_price  of what is left as waste [money/kg]
    air_price       levy on what goes into the air [money/kg], for the old material; the new one is taken as free of it
    energy          more of it for the new process [kWh/kg new], `power_price` [money/kWh], `carbon` [kgCO2e/kWh]
    """

    FAMILY: ClassVar[str] = "substitution"
    UNSURE: ClassVar[tuple[str, ...]] = ("amount", "ratio", "new_price", "old_air", "energy")
    SHARES: ClassVar[tuple[str, ...]] = ("old_product", "new_product", "old_air", "new_air")

    amount: float
    ratio: float
    old_product: float
    old_air: float
    new_product: float
    new_air: float
    old_price: float
    new_price: float
    old_waste_price: float
    new_waste_price: float
    air_price: float = 0.0
    energy: float = 0.0
    power_price: float = 0.0
    carbon: float = 0.0

    def run(self) -> Run:
        """Both materials, each into product, air and waste."""
        if self.old_product + self.old_air > 1 or self.new_product + self.new_air > 1:
            raise InputError("more goes out than in", came="shares of product and air above 1")
        new = self.ratio * self.amount
        old_waste = self.amount * (1 - self.old_product - self.old_air)
        new_waste = new * (1 - self.new_product - self.new_air)
        balances = (
            _mass("old material", self.amount, self.old_product, self.old_air, old_waste),
            _mass("new material", new, self.new_product, self.new_air, new_waste),
        )
        savings = (
            Saving("old material", self.amount, "kg", self.old_price),
            Saving("new material", -new, "kg", self.new_price),
            Saving("hazardous waste", old_waste, "kg", self.old_waste_price),
            Saving("waste", -new_waste, "kg", self.new_waste_price),
            Saving("into the air", self.amount * self.old_air, "kg", self.air_price),
            Saving("electricity", -self.energy * new, "kWh", self.power_price),
        )
        return Run(balances, savings, -self.energy * new * self.carbon)


def _mass(name: str, amount: float, product: float, air: float, waste: float) -> Balance:
    return Balance(name, "kg", {"bought": amount}, {"product": amount * product, "air": amount * air, "waste": waste})


@dataclass(frozen=True)
class Slag(Process):
    """Slag out of which metal is won, and whose rest is sold.

    slag        [t/year], with `metal` share of metal and `moisture` share of water that dries off
    recovery    share of the metal that is won; `metal_price` [money/t]
    usable      share of the rest that can be sold; `rest_price` [money/t]
    dump_price  of what is dumped [money/t]; today all of it is
    work_price  of crushing and sorting [money/t of slag]
    avoided     greenhouse gases that each t sold spares elsewhere [kgCO2e/t]
    """

    FAMILY: ClassVar[str] = "slag"
    UNSURE: ClassVar[tuple[str, ...]] = ("slag", "metal", "recovery", "usable", "rest_price", "metal_price")
    SHARES: ClassVar[tuple[str, ...]] = ("metal", "moisture", "recovery", "usable")

    slag: float
    metal: float
    moisture: float
    recovery: float
    usable: float
    metal_price: float
    rest_price: float
    dump_price: float
    work_price: float
    avoided: float = 0.0

    def run(self) -> Run:
        """Slag into metal, sold rest, dumped rest and steam; the metal of it apart."""
        if self.metal + self.moisture > 1:
            raise InputError("more metal and water than slag", came=f"{self.metal:g} + {self.moisture:g}")
        won = self.slag * self.metal * self.recovery
        dried = self.slag * self.moisture
        rest = self.slag - won - dried
        sold, dumped = rest * self.usable, rest * (1 - self.usable)
        left = self.metal * self.slag * (1 - self.recovery)
        mass = Balance("mass", "t", {"slag": self.slag},
                       {"metal won": won, "sold": sold, "dumped": dumped, "dried off": dried})  # fmt: skip
        metal = Balance("metal", "t", {"slag": self.slag * self.metal},
                        {"metal won": won, "sold": left * self.usable, "dumped": left * (1 - self.usable)})  # fmt: skip
        savings = (
            Saving("metal won", won, "t", self.metal_price),
            Saving("sold", sold, "t", self.rest_price),
            Saving("not dumped", self.slag - dumped, "t", self.dump_price),
            Saving("crushing and sorting", -self.slag, "t", self.work_price),
        )
        return Run((mass, metal), savings, sold * self.avoided)
