"""Diagnosis: what ails a machine, by past cases and by rules that engineers write; or that the cause is unknown.

Reads   stretches of signals or indicators, as facts or a person bring them; Fact(event) of kinds diagnosis, workorder
Writes  nothing: a verdict with its evidence, and rows that a screen puts into the book (diagnosis, model)
"""

from luban.understand.health.diagnosis.learn import Case, Found, LearnRule, Signatures, learn
from luban.understand.health.diagnosis.signature import LEAST_ROWS, VIEWS, Baseline, learn_baseline
from luban.understand.health.diagnosis.verdict import Cause, Evidence, Firing, Verdict

__all__ = [
    "LEAST_ROWS",
    "VIEWS",
    "Baseline",
    "Case",
    "Cause",
    "Evidence",
    "Firing",
    "Found",
    "LearnRule",
    "Signatures",
    "Verdict",
    "learn",
    "learn_baseline",
]
