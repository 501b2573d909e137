"""ISO 22400 figures by name, each made from a time ledger that tiles every shift exactly.

Reads Fact(state, count, event: alive) and the plant's calendar and routing; a Figure is its Finding.
"""

from luban.understand.kpi.affected import Window, affected_windows
from luban.understand.kpi.calendar import SHIFTS, calendar
from luban.understand.kpi.coverage import coverage
from luban.understand.kpi.explain import Explanation, explain
from luban.understand.kpi.failures import failure_sums
from luban.understand.kpi.figure import Figure, Input, Settings
from luban.understand.kpi.figures import NAMES, duration_text
from luban.understand.kpi.losses import Losses, Step
from luban.understand.kpi.pieces import piece_sums
from luban.understand.kpi.read import losses, read, tiles
from luban.understand.kpi.time_ledger import (
    ELEMENTS,
    SPENT,
    element_sums,
    elements_of,
    spent_time,
    time_ledger,
    unknown_of,
    unknown_spans,
)

__all__ = [
    "ELEMENTS",
    "NAMES",
    "SHIFTS",
    "SPENT",
    "Explanation",
    "Figure",
    "Input",
    "Losses",
    "Settings",
    "Step",
    "Window",
    "affected_windows",
    "calendar",
    "coverage",
    "duration_text",
    "element_sums",
    "elements_of",
    "explain",
    "failure_sums",
    "losses",
    "piece_sums",
    "read",
    "spent_time",
    "tiles",
    "time_ledger",
    "unknown_of",
    "unknown_spans",
]
