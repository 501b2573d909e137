"""Inspection: what is due, what a value says at once, what devices judge, and what becomes of what is not good.

Reads   Fact(measurement, count), Fact(event) of kinds `inspection` and `nonconformance`
Writes  nothing itself: rows for the spool, made only after a look at how things stand
"""

from luban.understand.quality.inspection.device import (
    Confusion,
    Result,
    Share,
    confusion,
    exact_share,
    queue,
    result_row,
    results,
    review_row,
)
from luban.understand.quality.inspection.due import Due, inspection_plan, plan_of
from luban.understand.quality.inspection.holding import Holding, to_hold
from luban.understand.quality.inspection.measuring import measurement_rows
from luban.understand.quality.inspection.nonconformance import (
    DECISIONS,
    SEVERITIES,
    Action,
    NonConformance,
    blocked_lots,
    next_id,
    nonconformance,
    nonconformances,
)
from luban.understand.quality.inspection.steps import STEPS, check_effect, known_nonconformance, open_row, step_row
from luban.understand.quality.inspection.verdict import Entered, Verdict, judge

__all__ = [
    "DECISIONS",
    "SEVERITIES",
    "STEPS",
    "Action",
    "Confusion",
    "Due",
    "Entered",
    "Holding",
    "NonConformance",
    "Result",
    "Share",
    "Verdict",
    "blocked_lots",
    "check_effect",
    "confusion",
    "exact_share",
    "inspection_plan",
    "judge",
    "known_nonconformance",
    "measurement_rows",
    "next_id",
    "nonconformance",
    "nonconformances",
    "open_row",
    "plan_of",
    "queue",
    "result_row",
    "results",
    "review_row",
    "step_row",
    "to_hold",
]
