"""Anomalies: what a signal, or a process of many variables, does that it never did before.

Reads   values in order of time, from facts or a file
Writes  nothing: alarms with their rarity, what was learned since, and the rate of false alarms they hold to
"""

from luban.understand.health.anomaly.notes import SENTENCES, Adaptation, Alarm, Note
from luban.understand.health.anomaly.process import ProcessMonitor, ProcessRule, Step, fit_monitor
from luban.understand.health.anomaly.signal import Rule, SignalWatch, Watched, interval_of

__all__ = [
    "SENTENCES",
    "Adaptation",
    "Alarm",
    "Note",
    "ProcessMonitor",
    "ProcessRule",
    "Rule",
    "SignalWatch",
    "Step",
    "Watched",
    "fit_monitor",
    "interval_of",
]
