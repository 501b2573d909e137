"""Did an act help? A baseline is fixed before it, the time after it is held against the baseline, with an interval.

Reads facts of any stream and the book's `outcome` entries, writes (through whoever has a spool) `outcome` entries: the
baseline as it was fixed, and the verdicts. It judges what others did: it knows neither deciding nor acting.
"""

from luban.verify.baseline import LEAST_AFTER, LEAST_BEFORE, Baseline, freeze
from luban.verify.estimate import Course, Estimate
from luban.verify.judge import judge
from luban.verify.measure import Measure, series_of
from luban.verify.metric import METHODS, Decision, Metric, Prediction
from luban.verify.outcome import VERDICTS, Against, Money, Outcome, conclude, without_estimate
from luban.verify.panel import by_units, parallel
from luban.verify.record import (
    Kept,
    Recorded,
    baseline_of,
    freeze_row,
    frozen,
    kept,
    outcome_row,
    outcomes,
    recompute,
)
from luban.verify.replications import by_replications, of_comparison, relative
from luban.verify.scoreboard import BY, Calibration, Score, calibration, scoreboard
from luban.verify.series import Series, series
from luban.verify.waterfall import Part, Waterfall, needed, sequential, shapley

__all__ = [
    "BY",
    "LEAST_AFTER",
    "LEAST_BEFORE",
    "METHODS",
    "VERDICTS",
    "Against",
    "Baseline",
    "Calibration",
    "Course",
    "Decision",
    "Estimate",
    "Kept",
    "Measure",
    "Metric",
    "Money",
    "Outcome",
    "Part",
    "Prediction",
    "Recorded",
    "Score",
    "Series",
    "Waterfall",
    "baseline_of",
    "by_replications",
    "by_units",
    "calibration",
    "conclude",
    "freeze",
    "freeze_row",
    "frozen",
    "judge",
    "kept",
    "needed",
    "of_comparison",
    "outcome_row",
    "outcomes",
    "parallel",
    "recompute",
    "relative",
    "scoreboard",
    "sequential",
    "series",
    "series_of",
    "shapley",
    "without_estimate",
]
