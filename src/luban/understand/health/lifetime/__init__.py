"""Lifetimes: how long units last, from failures and from units that still run.

Reads   a file of lives (`read_lives`), or lives in memory
Writes  nothing; every figure has its intervals, and a reason where it cannot be told
"""

from luban.understand.health.lifetime.curve import Curve, CurveFigure, kaplan_meier, life_curve, turnbull
from luban.understand.health.lifetime.figures import LifeFigure, exponential_mean, life_figures, surviving_figure
from luban.understand.health.lifetime.fit import LEAST_FAILURES, LifeFit, fit_life, fit_lives
from luban.understand.health.lifetime.growth import Growth, grouped_growth, growth
from luban.understand.health.lifetime.laws import LAWS, Law, law_of
from luban.understand.health.lifetime.lives import Lives, lives
from luban.understand.health.lifetime.modes import Incidence, Mode, Modes, competing_modes, incidence
from luban.understand.health.lifetime.plans import (
    MeanPlan,
    UnitPlan,
    lowest_life,
    mean_test,
    prove_mean,
    prove_reliability,
)
from luban.understand.health.lifetime.read import read_lives, read_times
from luban.understand.health.lifetime.study import LifeStudy, life_study

__all__ = [
    "LAWS",
    "LEAST_FAILURES",
    "Curve",
    "CurveFigure",
    "Growth",
    "Incidence",
    "Law",
    "LifeFigure",
    "LifeFit",
    "LifeStudy",
    "Lives",
    "MeanPlan",
    "Mode",
    "Modes",
    "UnitPlan",
    "competing_modes",
    "exponential_mean",
    "fit_life",
    "fit_lives",
    "grouped_growth",
    "growth",
    "incidence",
    "kaplan_meier",
    "law_of",
    "life_curve",
    "life_figures",
    "life_study",
    "lives",
    "lowest_life",
    "mean_test",
    "prove_mean",
    "prove_reliability",
    "read_lives",
    "read_times",
    "surviving_figure",
    "turnbull",
]  # fmt: skip
