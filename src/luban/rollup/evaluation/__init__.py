"""Did a policy help? Regions with it held against regions without it, or against their own course, with placebo tests.

Reads   a panel of an indicator (the long frame that rolling up gives, or a file), acts (`evaluation.toml`)
Writes  nothing
"""

from luban.rollup.evaluation.judge import Course, Evaluation, Placebo, differences, evaluate, fits, interrupted
from luban.rollup.evaluation.panel import (
    METHODS,
    Panel,
    Policy,
    panel_of,
    read_panel,
    read_policies,
    usable_policies,
)
from luban.rollup.evaluation.propose import RULE, Extension, Proposal, Rule, propose
from luban.rollup.evaluation.synthetic import Synthetic, mixture, synthetic

__all__ = [
    "METHODS",
    "RULE",
    "Course",
    "Evaluation",
    "Extension",
    "Panel",
    "Placebo",
    "Policy",
    "Proposal",
    "Rule",
    "Synthetic",
    "differences",
    "evaluate",
    "fits",
    "interrupted",
    "mixture",
    "panel_of",
    "propose",
    "read_panel",
    "read_policies",
    "synthetic",
    "usable_policies",
]
