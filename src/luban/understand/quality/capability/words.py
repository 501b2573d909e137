"""Sentences of capability studies and tolerance intervals, with {blanks}; screens translate them."""

from __future__ import annotations

__all__ = [
    "BEYOND", "BOOTSTRAP", "CHANCE", "CHANCE_SMALL", "CONSTANT", "FAMILY_WITHIN", "FEW", "FITTING", "GUARDED",
    "MANY_BEYOND", "METHODS", "NEEDS_BOTH", "NEEDS_LOWER", "NEEDS_TARGET", "NEEDS_UPPER", "NOT_NORMAL", "NO_FAMILY",
    "NO_WITHIN", "ONE_SUBGROUP", "PARAMETERS", "ROUNDED", "SENTENCES", "SUBGROUPS_DIFFER", "TARGET_OFF", "TOO_FEW_FREE",
    "UNSTABLE", "UNSTABLE_OVERALL",
]  # fmt: skip

FEW = "{n} values are too few, at least {m} are needed"
CONSTANT = "all {n} values are equal: the gauge does not resolve the spread, so no index can be told"
ONE_SUBGROUP = "one subgroup cannot show whether the process is stable"
NO_WITHIN = "no subgroup has two values, and there are too few to take moving ranges"
NEEDS_BOTH = "needs a lower and an upper limit"
NEEDS_LOWER = "needs a lower limit"
NEEDS_UPPER = "needs an upper limit"
NEEDS_TARGET = "needs a target between both limits"
TARGET_OFF = "the target does not lie between the limits"
UNSTABLE = "the process is not in control: {what}"
UNSTABLE_OVERALL = "the process is not in control: these figures describe the pieces measured and forecast nothing"
GUARDED = "worked out although the process is not in control; reason given: {why}"
BEYOND = "point {where} of the {panel} chart lies beyond its limits"
MANY_BEYOND = "{n} of {m} points of the {panel} chart lie beyond their limits"
CHANCE = "{n} of {m} points of the {panel} chart lie beyond 3 sigma, no more than chance brings in so many points"
CHANCE_SMALL = "fewer than 50 values: read the intervals, not only the index"
SUBGROUPS_DIFFER = "averages of subgroups differ more than the spread within them explains (p = {chance})"
NOT_NORMAL = (
    "the values do not look normal (Anderson-Darling A² = {a}, p = {p}): indices and shares outside may mislead"
)
NO_FAMILY = "the family {family} cannot be fitted: {why}"
FAMILY_WITHIN = "short-term indices belong to the normal; a fitted family has only overall ones"
BOOTSTRAP = "interval by {n} samples drawn from the fitted family"
ROUNDED = "only {n} different values among {m}: the gauge's step is coarse for this spread"
TOO_FEW_FREE = "without a family, {n} values cannot bound {share} with {level} confidence: {m} are needed"

METHODS = ("chi-square", "noncentral t", "Bissell", "Boyles")
PARAMETERS = (
    "mean", "sd", "shape", "scale", "location", "threshold", "log mean", "log sd", "gamma", "delta", "lambda", "xi",
)  # fmt: skip
FITTING = (
    "{n} values are too few to fit a distribution, {m} are needed", "all values are equal",
    "the family needs values above zero", "no lower bound and no bend makes it more likely than a simpler family",
)  # fmt: skip

SENTENCES = (
    FEW, CONSTANT, ONE_SUBGROUP, NO_WITHIN, NEEDS_BOTH, NEEDS_LOWER, NEEDS_UPPER, NEEDS_TARGET, TARGET_OFF, UNSTABLE,
    UNSTABLE_OVERALL, GUARDED, BEYOND, MANY_BEYOND, CHANCE, CHANCE_SMALL, SUBGROUPS_DIFFER, NOT_NORMAL, NO_FAMILY,
    FAMILY_WITHIN, BOOTSTRAP, ROUNDED, TOO_FEW_FREE,
    *METHODS, *PARAMETERS, *FITTING,
)  # fmt: skip
"""All of them, for the catalogues of the screens."""
