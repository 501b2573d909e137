"""One machine watched: regimes, anomalies with the channels behind them, wear towards limits, doubts about the data.

Reads   readings of the machine's channels, from a file or from facts
Writes  nothing: a verdict names what it rests on, how often it may be wrong, and what was left out
"""

from luban.understand.health.machine.before import LastTime, last_time
from luban.understand.health.machine.examine import (
    Examiner,
    Finding,
    Limit,
    MachineHealth,
    Wear,
    examine,
    findings_of,
    past_lives,
    usual_good,
    wear_of,
)
from luban.understand.health.machine.learn import LEAST_GOOD, Learned, MachineWatch, Verdict, fit_watch
from luban.understand.health.machine.lives import learned_lives, life_model, lives_of, one_life
from luban.understand.health.machine.read import Asked, read_readings
from luban.understand.health.machine.readings import Readings, joined

__all__ = [
    "LEAST_GOOD",
    "Asked",
    "Examiner",
    "Finding",
    "LastTime",
    "Learned",
    "Limit",
    "MachineHealth",
    "MachineWatch",
    "Readings",
    "Verdict",
    "Wear",
    "examine",
    "findings_of",
    "fit_watch",
    "joined",
    "last_time",
    "learned_lives",
    "life_model",
    "lives_of",
    "one_life",
    "past_lives",
    "read_readings",
    "usual_good",
    "wear_of",
]
