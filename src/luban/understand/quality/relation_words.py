"""Sentences of Pareto charts and relations, and what a study refuses, with {blanks}; screens translate them."""

from __future__ import annotations

__all__ = ["FACTORS", "FEW_CLASSES", "FEW_PAIRS", "FEW_TWICE", "NEVER_CHANGES", "NO_SPREAD", "REFUSED", "SENTENCES"]

FEW_CLASSES = "fewer than two classes"
FEW_TWICE = "fewer than two classes with two values"
NO_SPREAD = "all values are equal"
FEW_PAIRS = "fewer than four pairs"
NEVER_CHANGES = "one of both never changes"
FACTORS = (
    "item", "subject", "operation", "order", "code", "person", "lot", "serial", "unit", "gauge", "source", "shift",
    "piece", "event", "row", "time [d]", "cause", "part", "operator", "interaction",
)  # fmt: skip
REFUSED = (
    "no value to judge", "no specification limit", "specification limits are reversed",
    "a confidence lies between 0 and 1",
    "no such family of distributions", "no values in this time", "which characteristic",
    "one operator shows no reproducibility", "one part shows no spread of parts", "every cell has one reading only",
    "these readings are no gauge study", "no table yet", "not a number", "no such study", "no such method",
    "the file is too large", "no numbers in the file", "no reading can be used", "no judgement can be used",
    "which column holds the values", "too few readings for a bias", "too few readings for linearity",
    "one reference shows no linearity", "one sitting shows no stability", "judgements differ in number",
    "a part has two references", "no such judgement", "how many readings has a sitting", "one part shows no agreement",
    "nothing to sort: no fact has an amount", "give a lower limit, an upper limit, or both", "choose a longer time",
    "no column of the {role}", "no serial or no person is named", "the values are too large to calculate with",
    "a point is left out without a reason", "every point is left out", "several points have this name",
)  # fmt: skip

SENTENCES = (FEW_CLASSES, FEW_TWICE, NO_SPREAD, FEW_PAIRS, NEVER_CHANGES, *FACTORS, *REFUSED)
"""All of them, for the catalogues of the screens."""
