"""Sentences of indicators that are shown to people: why a value is unknown, what is wrong with a row.

Reads and writes nothing. {blanks} stand for what is filled in.
"""

from __future__ import annotations

from typing import Final

from luban.rollup.check import SENTENCES as CHECKS

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    "the denominator is not above zero",
    "no unit told what it takes",
    "no price indices: constant prices cannot be told",
    "a price index is missing for an industry and year",
    "the plan names no base year for it",
    "no value for the base year {year}",
    "before the base year",
    "no value",
    "the index is not told, as parts are unknown: {parts}",
    "the industry code is of an older edition; now {code}",
    *CHECKS.values(),
)
"""All of them."""
