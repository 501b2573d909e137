"""Sentences of targets, progress, forecasts and early warnings that reach people, for translation."""

from __future__ import annotations

from typing import Final

from luban.rollup.progress import STATUSES
from luban.rollup.signals import KINDS

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    *STATUSES,
    *KINDS,
    "the plan gives no number here",
    "the value of {year} is the plan's own",
    "{wanted} is unknown: counted from {year}",
    "{wanted} is unknown: {year} is taken",
    "no value is known",
    "no value is known from {year} on",
    "no value is known before {year}",
    "one value is known, of {year}: two are needed",
    "a zero was counted as 0.001",
    "zero or both signs: a straight line in place of a rate of growth",
    "values of both signs have no growth",
    "the base year had reached the target already",
    "no target, and no rate of growth: no threshold holds",
    "the plan says: about",
    "damped trend",
    "{first} to {last} repeat {year}: taken as unknown",
    "{n} known years, {least} are needed",
    "the value never moved: how far it may move cannot be told",
    "most values lie on straight lines between surveys: how far they move cannot be told",
    "the index of the base year {year} is unknown",
    "the year is known already",
    "{first} to {last} repeat the value of {year} to the last digit: carried forward?",
    "{n} of {all} values lie on straight lines: drawn between surveys?",
    (
        "{before} to {year}: a change of {change}, {times} times what is usual (so far out in {n} % of random series): "
        "another method or source?"
    ),
    "unknown in {years}: no row of {what}",
    "{year} counts another population: {population}, before {before}",
    "{year}: another population than the plan's: {population}",
    "sources give {values} for {year}",
    "another source gives another value",
    "another population: {population}",
    "computed from a public series that is only near the indicator",
    "not quite what the plan counts",
    "not what the plan counts",
    "counted from another year: {unit}",
    "{count} where {usual} are usual (count)",
    "{count} where {usual} are usual (sum of the last two periods)",
    "{what} left what was usual in the first {n} periods",
    "the baseline does not move, or is not known",
    "the baseline is too short",
    "utilisation",
    "stocks",
    "prices",
    "utilisation and stocks",
    "utilisation and prices",
    "stocks and prices",
    "utilisation, stocks and prices",
    "values outside their limits",
    "the target's year is not ahead, and not known",
    "a cut is below 100 %",
    "structure",
    "intensity",
    "known in one of the two years only: {groups}",
    "left out, as numerator or denominator is not known: {groups}",
)
"""Every sentence with {blanks} where figures stand."""
