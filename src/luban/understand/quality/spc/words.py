"""Sentences of control charts that people read: what a screen says in another language."""

from __future__ import annotations

from luban.understand.quality.spc.advanced_words import ADVANCED_SENTENCES

__all__ = ["SENTENCES"]

_RULES = (
    "One point beyond a control limit",
    "{points} points in a row on one side of the centre line",
    "{points} points in a row steadily rising or falling",
    "{points} points in a row alternating up and down",
    "{points} of {of} points in a row beyond {sigmas} sigma on one side",
    "{points} points in a row within {sigmas} sigma of the centre line",
    "{points} points in a row, none within {sigmas} sigma of the centre line",
)
_TITLES = (
    "Individuals and moving range", "Mean and range", "Mean and standard deviation", "Proportion defective",
    "Number defective", "Number of defects", "Defects per unit", "Proportion defective, Laney",
    "Defects per unit, Laney",
)  # fmt: skip
_PANELS = (
    "individual", "moving range", "mean", "range", "standard deviation", "proportion", "number defective", "defects",
    "defects per unit",
)  # fmt: skip
_NOTES = (
    "Limits rest on {n} points; with {k} or more they are reliable",
    "{n} of {k} moving ranges are zero: the gauge may be too coarse",
    "Neighbouring values are alike (correlation {n}): these limits are too narrow",
    "Subgroups of up to {n}: xbar_s tells their scatter better than a range",
    "Subgroups differ in size: each has lines of its own",
    "{n} subgroups of one value say nothing about sigma",
    "The smallest subgroup is expected to hold {n}: limits of 3 sigma are rough below 5",
    "More than {n} % of the points would be left out: find the causes, these limits do not hold",
    "Frozen although rules fired at {n} of the points they rest on",
    "{rule} ({panel}, round {n})",
)
_REFUSALS = (
    "there is no such chart", "there is no such rule", "this chart has no such option",
    "there is nothing to chart", "this chart takes measured values", "this chart takes counts",
    "this chart takes single values, not subgroups", "use xbar_r or xbar_s", "use i_mr", "use xbar_s", "use u",
    "this chart takes one value at a time", "a value is not a number", "a value is not a finite number",
    "too few values for limits", "too few neighbouring values for limits", "too few subgroups for limits",
    "the values do not vary, so there are no limits", "subgroups of one value have no scatter within",
    "look at the resolution of the gauge, or at what the source rounds",
    "nothing was counted, so there are no limits", "every piece is defective, so there are no limits",
    "neighbours do not differ, so there are no limits", "take larger subgroups, or a chart of measured values",
    "a c chart needs subgroups of one size", "a point is left out only with a reason",
    "limits are frozen by a person, with a reason: {what} is missing", "these limits are frozen already",
    "these limits belong to another chart", "the values are too large to calculate with",
)  # fmt: skip

SENTENCES: tuple[str, ...] = _RULES + _TITLES + _PANELS + _NOTES + _REFUSALS + ADVANCED_SENTENCES
"""All of them; a {blank} of one letter stands for a number."""
