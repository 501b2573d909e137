"""Acceptance sampling as the standards have it: plans by attributes and by variables, dated, with their reference.

Reads and writes no record. `table_plan` follows the arrows of MIL-STD-105E; `understand.quality.sampling` makes plans
that can be drawn, judged and switched out of them.
"""

from luban.norms.sampling.attributes import (
    KINDS,
    LETTERS,
    LEVELS,
    SEVERITIES,
    Kind,
    Severity,
    SwitchingRule,
    TablePlan,
    aql_steps,
    code_letter,
    limit_number,
    switching_rules,
    table_plan,
)

__all__ = [
    "KINDS", "LETTERS", "LEVELS", "SEVERITIES", "Kind", "Severity", "SwitchingRule", "TablePlan", "aql_steps",
    "code_letter", "limit_number", "switching_rules", "table_plan",
]  # fmt: skip
