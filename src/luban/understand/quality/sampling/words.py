"""Sentences of acceptance sampling that reach people, for translation."""

from typing import Final

from luban.norms.sampling import KINDS, SEVERITIES
from luban.understand.quality.sampling.curves import MODELS
from luban.understand.quality.sampling.switching import RULES

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    *RULES.values(),
    *MODELS.values(),
    *SEVERITIES,
    *KINDS,
    "stopped",
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
    "own plan: {good} % accepted at least {often} %, {bad} % accepted at most {seldom} %",
    "own plan: {good} % accepted at least {often} %, {bad} % accepted at most {seldom} %; k method, spread known",
    "own plan: {good} % accepted at least {often} %, {bad} % accepted at most {seldom} %; k method, spread unknown",
    "as protective as {plan}; k method, spread known",
    "as protective as {plan}; k method, spread unknown",
    "a plan of your own",
    "supplier and item are needed",
    "nothing is agreed for this supplier and item",
    "agree on AQL, level and kind of sampling first",
    "inspection is discontinued",
    "inspection is not discontinued",
    "record the supplier's corrective action; tightened inspection follows",
    "a lot needs a name",
    "this lot is decided already",
    "a lot that comes back is submitted again: say so",
    "the lot was begun with other figures",
    "a lot for sampling has at least 2 pieces",
    "inspect a single piece itself",
    "the tables have no such AQL",
    "this count cannot be",
    "a whole number is needed",
    "an empty cell",
    "not a whole number of pieces",
    "{share} % estimated outside both limits, at most {largest} % allowed",
    "the mean is {distance} standard deviations inside the limit, at least {k} needed",
)
"""Every sentence with {blanks} where figures stand."""
