"""Sentences of acceptance sampling that reach people, for translation."""

from typing import Final

from luban.understand.quality.sampling.curves import MODELS
from luban.understand.quality.sampling.switching import RULES

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    *RULES.values(),
    *MODELS.values(),
    "The arrows of the table lead to another code letter, and its sample size holds.",
    "The table has no such plan here and refers to a simpler one.",
    "All samples together would exceed the lot: the single plan is used.",
    "The sample is as large as the lot or larger: inspect every piece.",
    "{n} found, at most {accept} allowed",
    "{n} found, rejected from {reject} on",
    "{n} found, more than {accept} but fewer than {reject}",
    "{n} found after {samples} samples: draw the next one",
    "no sample judged yet",
    "lot {lot} was inspected although inspection is discontinued",
    "lot {lot} was inspected {severity} although {due} was due",
    "{share} % estimated outside both limits, at most {largest} % allowed",
    "the mean is {distance} standard deviations inside the limit, at least {k} needed",
)
"""Every sentence with {blanks} where figures stand."""
