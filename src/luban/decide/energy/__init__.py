"""Energy decided: when to buy, store, make and shift it, and what to switch off between orders.

Reads   forecasts, tariff, storage, sources and loads that can wait; gaps of a schedule
Writes  nothing itself: plans with objective, bound and what they are expected to save
"""

from luban.decide.energy.dispatch import Dispatch, dispatch
from luban.decide.energy.forecast import PredictedSaving, as_is, predicted_saving
from luban.decide.energy.shift import Moved, Risk, Shift, load_of, risk_of, shift_load, tariff_steps, with_tariff
from luban.decide.energy.site import Batch, Boiler, Chp, Flexible, Grid, Site, Source, Storage
from luban.decide.energy.standby import Mode, Rest, standby_plan

__all__ = [
    "Batch",
    "Boiler",
    "Chp",
    "Dispatch",
    "Flexible",
    "Grid",
    "Mode",
    "Moved",
    "PredictedSaving",
    "Rest",
    "Risk",
    "Shift",
    "Site",
    "Source",
    "Storage",
    "as_is",
    "dispatch",
    "load_of",
    "predicted_saving",
    "risk_of",
    "shift_load",
    "standby_plan",
    "tariff_steps",
    "with_tariff",
]
