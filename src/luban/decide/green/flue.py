"""Flue gas cleaned of sulphur, nitrogen oxides and dust: wet limestone, ammonia over a catalyst, a filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from luban.core.errors import InputError
from luban.decide.green.process import Balance, Process, Run, Saving

__all__ = ["FlueGas"]

# g/mol, IUPAC 2021, rounded
_S: Final = 32.06
_O: Final = 15.999
_CA: Final = 40.078
_C: Final = 12.011
_N: Final = 14.007
_H: Final = 1.008
_SO2: Final = _S + 2 * _O
_LIME: Final = _CA + _C + 3 * _O
_GYPSUM: Final = _CA + _S + 4 * _O + 2 * (2 * _H + _O)
_NO: Final = _N + _O
_NH3: Final = _N + 3 * _H


@dataclass(frozen=True)
class FlueGas(Process):
    """A boiler's flue gas.

    fuel       [t/year] with `sulphur` and `ash` shares; `kept` share of the sulphur that stays in the ash
    fly        share of the ash that flies; `nox` formed, as NO [kg/t fuel]
    so2_off, nox_off, dust_off  share that is taken out
    ca_s       limestone per sulphur taken out [mol/mol], at least 1; `purity` of the limestone
    lime_price, gypsum_price, ammonia_price [money/t]
    so2_levy, nox_levy, dust_levy  on what is emitted [money/kg]
    energy     of fans and pumps [kWh/t fuel], `power_price` [money/kWh], `carbon` [kgCO2e/kWh]
    Reactions  CaCO₃ + SO₂ + ½ O₂ + 2 H₂O → CaSO₄·2 H₂O + CO₂; 4 NO + 4 NH₃ + O₂ → 4 N₂ + 6 H₂O
    """

    FAMILY: ClassVar[str] = "flue gas"
    UNSURE: ClassVar[tuple[str, ...]] = ("fuel", "sulphur", "ash", "nox", "so2_off", "dust_off", "energy")
    SHARES: ClassVar[tuple[str, ...]] = (
        "sulphur", "ash", "kept", "fly", "so2_off", "nox_off", "dust_off", "purity",
    )  # fmt: skip

    fuel: float
    sulphur: float
    ash: float
    kept: float
    fly: float
    nox: float
    so2_off: float
    nox_off: float
    dust_off: float
    ca_s: float
    purity: float
    lime_price: float
    gypsum_price: float
    ammonia_price: float
    so2_levy: float
    nox_levy: float
    dust_levy: float
    energy: float
    power_price: float
    carbon: float = 0.0

    def run(self) -> Run:
        """Sulphur, calcium, ash and nitrogen oxides of a year."""
        if self.ca_s < 1 or not self.purity:
            raise InputError("too little limestone", came=f"ca_s {self.ca_s:g}, purity {self.purity:g}",
                             expected="ca_s 1 or more, purity above 0")  # fmt: skip
        sulphur = self.fuel * self.sulphur
        burnt = sulphur * (1 - self.kept)
        caught = burnt * self.so2_off
        lime = caught / _S * self.ca_s * _LIME  # [t] of pure limestone
        gypsum = caught / _S * _GYPSUM
        gas = caught / _S * (_C + 2 * _O)  # [t CO2] out of the limestone
        ash, formed = self.fuel * self.ash, self.fuel * self.nox
        flying = ash * self.fly
        ammonia = formed * self.nox_off / _NO * _NH3 / 1000
        balances = (
            Balance("sulphur", "t", {"fuel": sulphur},
                    {"ash": sulphur * self.kept, "gypsum": gypsum / _GYPSUM * _S, "stack": burnt * (1 - self.so2_off)}),
            Balance("calcium", "t", {"limestone": lime / _LIME * _CA},
                    {"gypsum": gypsum / _GYPSUM * _CA, "limestone left": caught / _S * (self.ca_s - 1) * _CA}),
            Balance("ash", "t", {"fuel": ash},
                    {"below the grate": ash - flying, "filter": flying * self.dust_off,
                     "stack": flying * (1 - self.dust_off)}),
            Balance("nitrogen oxides", "kg", {"flame": formed},
                    {"made harmless": formed * self.nox_off, "stack": formed * (1 - self.nox_off)}),
        )  # fmt: skip
        savings = (
            Saving("levy on sulphur dioxide", caught / _S * _SO2 * 1000, "kg", self.so2_levy),
            Saving("levy on nitrogen oxides", formed * self.nox_off, "kg", self.nox_levy),
            Saving("levy on dust", flying * self.dust_off * 1000, "kg", self.dust_levy),
            Saving("gypsum", gypsum, "t", self.gypsum_price),
            Saving("limestone", -lime / self.purity, "t", self.lime_price),
            Saving("ammonia", -ammonia, "t", self.ammonia_price),
            Saving("electricity", -self.energy * self.fuel, "kWh", self.power_price),
        )
        return Run(balances, savings, -1000 * gas - self.energy * self.fuel * self.carbon)
