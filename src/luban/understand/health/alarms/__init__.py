"""Alarms by ISA-18.2 and IEC 62682: the states of each one, what raises it, the alarm list, and how well it serves.

Reads   Fact(signal, state) for what raises an alarm, Fact(event) of kind `annunciation` for how the list stands; or a
        file that a person brings
Writes  nothing itself: rows of `annunciation` entries for whoever runs it. The list is a fold over them, so it
        outlives a restart.
"""

from luban.understand.health.alarms.detector import Changes, Detector
from luban.understand.health.alarms.engine import AlarmEngine, Change
from luban.understand.health.alarms.journal import (
    act_row,
    alarm_list,
    change_row,
    command_rule,
    default_rule,
    ended_shelvings,
)
from luban.understand.health.alarms.log import AlarmLog, device_log, log_of
from luban.understand.health.alarms.rationalise import ListFinding, rationalisation
from luban.understand.health.alarms.read import read_alarm_log
from luban.understand.health.alarms.states import ACTS, CODES, LONGEST_SHELVING, Standing, State, refusal, step
from luban.understand.health.alarms.statistics import (
    AlarmCount,
    AlarmStatistics,
    Flood,
    Measure,
    Standards,
    alarm_statistics,
)

__all__ = [
    "ACTS", "CODES", "LONGEST_SHELVING", "AlarmCount", "AlarmEngine", "AlarmLog", "AlarmStatistics", "Change",
    "Changes", "Detector", "Flood", "ListFinding", "Measure", "Standards", "Standing", "State", "act_row",
    "alarm_list", "alarm_statistics", "change_row", "command_rule", "default_rule", "device_log", "ended_shelvings",
    "log_of", "rationalisation", "read_alarm_log", "refusal", "step",
]  # fmt: skip
