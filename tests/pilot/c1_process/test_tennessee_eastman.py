"""Headroom of set-points alone on the Tennessee Eastman plant, from its published cost function and steady states.

Source  cost function: Downs, Vogel, Comput. Chem. Eng. 17 (1993) 245-255, table 8; steady states: base case there,
        optimum of mode 1 from Ricker, Comput. Chem. Eng. 19 (1995) 949-959, as archived with his plant model
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

PRICES = {"A": 2.206, "C": 6.177, "D": 22.06, "E": 14.56, "F": 17.89, "G": 30.44, "H": 22.94}  # $/kmol
KMOL_BY_KSCM, KMOL_BY_M3 = 44.79, 9.21
COMPRESSOR, STEAM = 0.0536, 0.0318  # $/kWh, $/kg


@dataclass(frozen=True)
class Steady:
    """Purge [kscm/h] and its shares [mol %], product [m3/h] and its shares, compressor [kW], steam [kg/h]."""

    purge: float
    purged: dict[str, float]
    product: float
    lost: dict[str, float]
    compressor: float
    steam: float

    def cost(self) -> dict[str, float]:
        """[$/h]"""
        return {
            "purge": self.purge * KMOL_BY_KSCM * sum(PRICES[k] * v / 100 for k, v in self.purged.items()),
            "product": self.product * KMOL_BY_M3 * sum(PRICES[k] * v / 100 for k, v in self.lost.items()),
            "compressor": self.compressor * COMPRESSOR,
            "steam": self.steam * STEAM,
        }


BASE = Steady(
    0.337, {"A": 32.96, "C": 23.98, "D": 1.26, "E": 18.58, "F": 2.26, "G": 4.84, "H": 2.30},
    22.95, {"D": 0.02, "E": 0.84, "F": 0.10}, 341.0, 230.0,
)  # fmt: skip
OPTIMUM = Steady(
    0.211, {"A": 32.73, "C": 13.11, "D": 0.90, "E": 16.19, "F": 5.39, "G": 6.62, "H": 3.23},
    22.89, {"D": 0.01, "E": 0.58, "F": 0.19}, 278.9, 4.74,
)  # fmt: skip


def test_set_points_alone_take_a_third_off_the_tennessee_eastman_plant() -> None:
    base, best = BASE.cost(), OPTIMUM.cost()
    assert base["purge"] == pytest.approx(115, abs=1)
    assert base["product"] == pytest.approx(31, abs=1)
    assert sum(base.values()) == pytest.approx(170.8, abs=0.7)
    assert sum(best.values()) == pytest.approx(114.3, abs=0.7)
    assert sum(best.values()) / sum(base.values()) - 1 == pytest.approx(-0.33, abs=0.005)
