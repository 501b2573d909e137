"""Sentences of lifetime statistics, with {blanks}; screens translate them."""

from __future__ import annotations

__all__ = [
    "ALL_FAILED", "BOTH_SIDES", "COMMON_POINT", "DOUBTFUL_MODES", "EDGE", "EXACT", "FEW", "FEW_FAILURES",
    "FIRST_STRETCH", "FISHER", "GUARANTEE", "HIGH_LEFT", "HOLDS_CONSTANT", "INFANT", "LIKELIHOOD", "LOST_ROWS",
    "MEAN_FAR", "METHODS", "MODE_LOST", "NEVER_HALF", "NO_BOUND", "NO_FAILURE", "NO_FISHER", "NO_FIT", "NO_LIMIT",
    "NO_MEAN", "NO_USE", "READING", "SENTENCES", "SHAPE_KNOWN", "STEADY", "TREND", "WEAROUT",
]  # fmt: skip

FEW = "{n} failures are too few for this family, at least {m} are needed"
NO_FAILURE = "no unit has failed: only how long they last at least can be told"
COMMON_POINT = "one and the same life fits every row, so the spread cannot be told"
NO_FIT = "no finite parameters are likeliest: the rows are censored too much to tell them"
NO_BOUND = "no lower bound makes it more likely than the family without one"
EDGE = "the likelihood rises without end as the lower bound nears the first failure"
NO_FISHER = "the shape is not clearly above 2, where a lower bound has no Fisher information"
NO_MEAN = "the family has no mean at this width"
NO_LIMIT = "the data do not bound it on this side"
EXACT = "chi-square, exact"
LIKELIHOOD = "likelihood"
FISHER = "Fisher information"
SHAPE_KNOWN = "the shape is held at the value given, not found from the data"
FEW_FAILURES = "only {n} failures: read the intervals, not only the figures"
HIGH_LEFT = "{share} % of the units still run: figures beyond their lives rest on the family, not on data"
MEAN_FAR = "the mean lies beyond the longest life seen"
WEAROUT = "the shape lies above 1 with confidence: units wear out, so planned replacement can pay"
INFANT = "the shape lies below 1 with confidence: early failures; replacing units that run brings new ones of them"
HOLDS_CONSTANT = "the data do not refute a constant failure rate: replacement by age is not backed by them"
GUARANTEE = "a lower bound is a claim that nothing fails before it: believe it only with a physical reason"
NEVER_HALF = "the curve does not fall that far"
ALL_FAILED = "nothing says that a unit still runs: every row counts as failed"
BOTH_SIDES = "found by Turnbull's likelihood, which has no interval here"
DOUBTFUL_MODES = "{n} failures have no mode; they count as a mode of their own"
MODE_LOST = "{n} units found failed of another mode at their first look tell nothing of this one"
LOST_ROWS = "{n} rows could not be used"
FIRST_STRETCH = "the time before the first failure on record: nobody knows when it began"
NO_USE = "the machine did not run, or nobody knows"
STEADY = "the trend is refuted by neither side: the failure rate may be constant"
TREND = "the power law does not describe these failures (Cramér-von Mises, p = {chance})"

READING = (
    "no life in this row", "a life of zero or below", "nobody says whether it failed",
    "a life that ends before it begins",
    "a count that is not above zero", "an age at entry that is not below the life", "not a number",
)  # fmt: skip

METHODS = ("Kaplan-Meier", "Turnbull")

SENTENCES = (
    ALL_FAILED, FEW, NO_FAILURE, COMMON_POINT, NO_FIT, NO_BOUND, EDGE, NO_MEAN, NO_LIMIT, NO_FISHER, EXACT,
    LIKELIHOOD, FISHER, SHAPE_KNOWN, FEW_FAILURES, HIGH_LEFT, MEAN_FAR, WEAROUT, INFANT, HOLDS_CONSTANT, GUARANTEE,
    NEVER_HALF, BOTH_SIDES, DOUBTFUL_MODES, MODE_LOST, LOST_ROWS, STEADY, TREND, FIRST_STRETCH, NO_USE,
    *READING, *METHODS,
)  # fmt: skip
"""All of them, for the catalogues of the screens."""
