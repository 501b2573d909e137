"""Diagnosis: what ails a machine, by past cases and by rules that engineers write; or that the cause is unknown.

Reads   stretches of signals or indicators, as facts or a person bring them; Fact(event) of kinds diagnosis, workorder
Writes  nothing: a verdict with its evidence, and rows that a screen puts into the book (diagnosis, model)
"""

from luban.understand.health.diagnosis.diagnose import diagnose, joined
from luban.understand.health.diagnosis.labels import (
    Ailment,
    Label,
    Proposal,
    ailments,
    dismiss_row,
    gather_cases,
    labels,
    learned_before,
    model_row,
    name_row,
    open_row,
    propose_row,
)
from luban.understand.health.diagnosis.learn import Case, Found, LearnRule, Signatures, learn
from luban.understand.health.diagnosis.rules import FIGURES, Rule, RuleBook, RuleWatch, read_rules, rules_of
from luban.understand.health.diagnosis.signature import LEAST_ROWS, VIEWS, Baseline, learn_baseline
from luban.understand.health.diagnosis.study import ASKED, GOOD, Asked, DiagnosisStudy, Told, diagnosis_study
from luban.understand.health.diagnosis.verdict import Cause, Evidence, Firing, Verdict

__all__ = [
    "ASKED",
    "FIGURES",
    "GOOD",
    "LEAST_ROWS",
    "VIEWS",
    "Ailment",
    "Asked",
    "Baseline",
    "Case",
    "Cause",
    "DiagnosisStudy",
    "Evidence",
    "Firing",
    "Found",
    "Label",
    "LearnRule",
    "Proposal",
    "Rule",
    "RuleBook",
    "RuleWatch",
    "Signatures",
    "Told",
    "Verdict",
    "ailments",
    "diagnose",
    "diagnosis_study",
    "dismiss_row",
    "gather_cases",
    "joined",
    "labels",
    "learn",
    "learn_baseline",
    "learned_before",
    "model_row",
    "name_row",
    "open_row",
    "propose_row",
    "read_rules",
    "rules_of",
]
