"""Retrofit: an old machine with nothing but a power meter gets states and counts, and with them OEE.

Reads   Fact(signal) of a power meter, or a file; of a counter too, where there is one
Writes  nothing itself: states and counts with their confidence, and rows for the books that say they are inferred
"""

from luban.understand.health.retrofit.levels import Level, Levels, find_levels
from luban.understand.health.retrofit.meter import LEAST_HOURS, Meter, learn_meter
from luban.understand.health.retrofit.reading import STATES, Made, Retrofitted, Spell, read_meter

__all__ = [
    "LEAST_HOURS",
    "STATES",
    "Level",
    "Levels",
    "Made",
    "Meter",
    "Retrofitted",
    "Spell",
    "find_levels",
    "learn_meter",
    "read_meter",
]
