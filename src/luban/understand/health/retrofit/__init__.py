"""Retrofit: an old machine with nothing but a power meter gets states and counts, and with them OEE.

Reads   Fact(signal) of a power meter, or a file; of a counter too, where there is one
Writes  nothing itself: states and counts with their confidence, and rows for the books that say they are inferred
"""

from luban.understand.health.retrofit.facts import (
    MAPPING,
    SOURCE,
    SURE,
    alive_row,
    count_rows,
    model_row,
    state_rows,
)
from luban.understand.health.retrofit.file import MeterFile, retrofit_file
from luban.understand.health.retrofit.levels import Level, Levels, find_levels
from luban.understand.health.retrofit.meter import LEAST_HOURS, Meter, learn_meter
from luban.understand.health.retrofit.reading import STATES, Made, Retrofitted, Spell, read_meter
from luban.understand.health.retrofit.readings import pulses_of

__all__ = [
    "LEAST_HOURS",
    "MAPPING",
    "SOURCE",
    "STATES",
    "SURE",
    "Level",
    "Levels",
    "Made",
    "Meter",
    "MeterFile",
    "Retrofitted",
    "Spell",
    "alive_row",
    "count_rows",
    "find_levels",
    "learn_meter",
    "model_row",
    "pulses_of",
    "read_meter",
    "retrofit_file",
    "state_rows",
]
