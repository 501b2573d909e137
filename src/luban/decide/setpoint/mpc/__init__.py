"""Model predictive control of process units: many inputs, many limits, models with uncertain parameters.

Reads   a model of the unit, its state now, aims and limits
Writes  nothing: `Mpc.step` says which set-points to take next, what they would bring, and how well that was solved
"""

from luban.decide.setpoint.mpc.controller import Aim, Limits, Mpc, Prediction
from luban.decide.setpoint.mpc.model import LinearUnit, RatesUnit, Unit
from luban.decide.setpoint.mpc.observer import Observer
from luban.decide.setpoint.mpc.program import QuadraticAnswer
from luban.decide.setpoint.mpc.quadratic import solve_tree

__all__ = [
    "Aim",
    "Limits",
    "LinearUnit",
    "Mpc",
    "Observer",
    "Prediction",
    "QuadraticAnswer",
    "RatesUnit",
    "Unit",
    "solve_tree",
]
