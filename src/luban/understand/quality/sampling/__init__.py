"""Acceptance sampling: plans by attributes and by variables, their curves, the decision on a lot, switching.

Reads   Fact(event, kind="sampling")
Writes  nothing: plans and decisions are worked out, and the state of inspection is a fold over the lots
"""

from luban.understand.quality.sampling.curves import MODELS, Curves, Model, Worst, aoql, curves, model_of, quality_at
from luban.understand.quality.sampling.design import Risks, double_plan, single_plan
from luban.understand.quality.sampling.desk import (
    Account,
    OpenLot,
    Terms,
    account,
    accounts,
    folded,
    lot_data,
    plan_of,
    subject_of,
)
from luban.understand.quality.sampling.lot import LotDecision, Verdict, judge
from luban.understand.quality.sampling.plan import AttributePlan, Stage, own_plan, standard_plan
from luban.understand.quality.sampling.switching import (
    RULES,
    LotResult,
    Standing,
    Switch,
    after_change,
    after_lot,
    limit_of,
    lots_to_go,
    start,
)
from luban.understand.quality.sampling.table import COLUMNS, LotTable, lots_of
from luban.understand.quality.sampling.variables import (
    Measured,
    VariablesDecision,
    VariablesPlan,
    judge_measured,
    largest_share,
    share_outside,
    variables_like,
    variables_oc,
    variables_plan,
)

__all__ = [
    "COLUMNS", "MODELS", "RULES", "Account", "AttributePlan", "Curves", "LotDecision", "LotResult", "LotTable",
    "Measured", "Model", "OpenLot", "Risks", "Stage", "Standing", "Switch", "Terms", "VariablesDecision",
    "VariablesPlan", "Verdict", "Worst", "account", "accounts", "after_change", "after_lot", "aoql", "curves",
    "double_plan", "folded", "judge", "judge_measured", "largest_share", "limit_of", "lot_data", "lots_of",
    "lots_to_go", "model_of", "own_plan", "plan_of", "quality_at", "share_outside", "single_plan", "standard_plan",
    "start", "subject_of", "variables_like", "variables_oc", "variables_plan",
]  # fmt: skip
