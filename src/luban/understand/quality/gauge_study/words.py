"""Sentences of gauge studies, with {blanks}; screens translate them."""

from __future__ import annotations

__all__ = [
    "ALL_AGREE", "ALL_EQUAL", "BELOW_ZERO", "COARSE", "DF_FEW", "FEW_OPERATORS", "FEW_PARTS", "KEPT",
    "MISSING", "NDC_LOW", "NO_PART_SPREAD", "NO_REFERENCE", "ONE_CATEGORY", "ONE_TRIAL", "POOLED",
    "RANGE_BALANCED", "SENTENCES", "UNBALANCED", "UNSTABLE_GAUGE",
]  # fmt: skip

POOLED = "interaction of operator and part left out: p = {p} is above {limit}"
KEPT = "interaction of operator and part kept: p = {p}"
BELOW_ZERO = "the estimate for {term} fell below zero and is taken as zero"
UNBALANCED = "cells differ in their number of readings ({n} to {m}): sums of squares are taken in order"
FEW_PARTS = "{n} parts are few: five is the least, ten are usual"
FEW_OPERATORS = "{n} operators: their spread is hardly known, its interval says how little"
NDC_LOW = "fewer than 5 distinct categories: the gauge cannot tell these parts apart well enough"
NO_PART_SPREAD = "the parts show no spread of their own"
COARSE = "only {n} different readings among {m}: the gauge's step is coarse for this study"
DF_FEW = "{n} readings: the interval is wide"
UNSTABLE_GAUGE = "the gauge is not stable: {what}"
NO_REFERENCE = "no reference decision: correctness cannot be told"
ONE_TRIAL = "one trial each: nobody's agreement with himself can be told"
ONE_CATEGORY = "only one category was ever used: kappa cannot be told"
ALL_AGREE = "everybody agreed on every part: the study may lack parts near the limit"
ALL_EQUAL = "all {n} readings are equal: the gauge's step hides its spread"
MISSING = "{n} of {m} cells have no reading"
RANGE_BALANCED = "average and range need the same number of trials in every cell; ANOVA does not"

SENTENCES = (
    POOLED, KEPT, BELOW_ZERO, UNBALANCED, FEW_PARTS, FEW_OPERATORS, NDC_LOW, NO_PART_SPREAD, COARSE, DF_FEW,
    UNSTABLE_GAUGE, NO_REFERENCE, ONE_TRIAL, ONE_CATEGORY, ALL_AGREE, ALL_EQUAL, MISSING, RANGE_BALANCED,
)  # fmt: skip
"""All of them, for the catalogues of the screens."""
