"""A stirred tank reactor with a cooled jacket: the unit on which controllers are compared in the literature.

Two reactions in a row and one beside: A → B → C, 2A → D, after van de Vusse; equations and figures by Klatt and Engell
1998, doi 10.1016/S0098-1354(97)00261-5, in the form and with the limits of the do-mpc example (its documentation, page
"Continuous stirred tank reactor"). Inputs: feed over volume and heat taken from the jacket.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from luban.decide.setpoint.mpc.controller import Aim, Limits, Mpc
from luban.decide.setpoint.mpc.model import Array, RatesUnit

__all__ = ["AIM", "LIMITS", "SAMPLE", "START", "reactor", "reactor_control", "reactor_rates", "reactor_scenarios"]

SAMPLE = 0.005
"""Time between two decisions [h]."""
START = {"C_a": 0.8, "C_b": 0.5, "T_R": 134.14, "T_K": 130.0}
"""Where the example begins [mol/l, mol/l, °C, °C]."""
AIM = Aim({"C_b": 0.6}, {"C_b": 1.0}, {"F": 0.1 / 100.0**2, "Q": 1e-3 / 2000.0**2})
"""Product at 0.6 mol/l, with calm inputs."""
LIMITS = Limits(
    inputs={"F": (5.0, 100.0), "Q": (-8500.0, 0.0)},
    states={"C_a": (0.1, 2.0), "C_b": (0.1, 2.0), "T_R": (50.0, 140.0), "T_K": (50.0, 140.0)},
    price={"T_R": 900.0},
)
"""Feed [1/h], heat [kJ/h], concentrations [mol/l], temperatures [°C]."""

_ZERO = 273.15
_FAST_AB, _FAST_BC, _FAST_AD = 1.287e12, 1.287e12, 9.043e9  # [1/h, 1/h, l/(mol·h)]
_WARM_AB, _WARM_BC, _WARM_AD = 9758.3, 9758.3, 8560.0  # activation energy over the gas constant [K]
_HEAT_AB, _HEAT_BC, _HEAT_AD = 4.2, -11.0, -41.85  # of reaction [kJ/mol]
_DENSITY, _CAPACITY, _COOLANT = 0.9342, 3.01, 2.0  # [kg/l, kJ/(kg·K), kJ/(kg·K)]
_AREA, _VOLUME, _JACKET = 0.215, 10.01, 5.0  # [m², l, kg]
_FEED_T, _FEED_A, _PASS = 130.0, 5.1, 4032.0  # [°C, mol/l, kJ/(h·m²·K)]


def reactor_rates(x: Array, u: Array, p: Array) -> Array:
    """Rates of C_a, C_b [mol/(l·h)], T_R, T_K [K/h]; p: factors on the activation of 2A → D and the speed of A → B."""
    c_a, c_b, t_r, t_k = x
    feed, heat = u
    warm = t_r + _ZERO
    alike = np.exp(-_WARM_AB / warm)
    ab = p[1] * _FAST_AB * alike * c_a
    bc = _FAST_BC * alike * c_b
    ad = _FAST_AD * np.exp(-p[0] * _WARM_AD / warm) * c_a * c_a
    wall = _PASS * _AREA * (t_k - t_r)
    made = -(ab * _HEAT_AB + bc * _HEAT_BC + ad * _HEAT_AD) / (_DENSITY * _CAPACITY)
    return np.stack(
        [
            feed * (_FEED_A - c_a) - ab - ad,
            -feed * c_b + ab - bc,
            made + feed * (_FEED_T - t_r) + wall / (_DENSITY * _CAPACITY * _VOLUME),
            (heat - wall) / (_JACKET * _COOLANT),
        ]
    )


def reactor(sample: float = SAMPLE) -> RatesUnit:
    """The reactor as a unit.

    Example  >>> x, u = np.array([[0.8], [0.5], [134.14], [130.0]]), np.array([[20.0], [-1000.0]])
             >>> reactor().ahead(x, u, np.ones((2, 1))).shape
             (4, 1)
    """
    sizes = {"C_a": 1.0, "C_b": 1.0, "T_R": 100.0, "T_K": 100.0}
    return RatesUnit(reactor_rates, sizes, {"F": 100.0, "Q": 2000.0}, sample, ("alpha", "beta"), steps=2)


def reactor_scenarios() -> Array:
    """The nine parameter sets of the example: activation ±5 %, speed ±10 %; shape (9, 2)."""
    return np.array(list(product((1.0, 1.05, 0.95), (1.0, 1.1, 0.9))))


def reactor_control(horizon: int = 20, *, robust: bool = True) -> Mpc:
    """The controller of the example: 20 samples ahead, nine scenarios where `robust`."""
    return Mpc(reactor(), horizon, AIM, LIMITS, scenarios=reactor_scenarios() if robust else None)
