"""Statistical process control: charts, rules, phases, streams.

    chart = control_chart("xbar_r", sample, rules="nelson")                    phase 1: limits from these points
    limits = freeze(chart, person="q.li", reason="25 subgroups, stable")       kept in the books
    chart = control_chart("xbar_r", later, rules="nelson", limits=limits)      phase 2
    stream = Stream(limits, rules="nelson"); stream.update([9.98, 10.01])      on the line, equal to the bit

Reads   a Sample or Counts of understand/quality, entries of kind `limits`
Writes  nothing; `freeze` gives what an entry of kind `limits` holds
"""

from luban.understand.quality.spc.attributes import counted
from luban.understand.quality.spc.chart import Chart, Panel, Violation
from luban.understand.quality.spc.charts import CHARTS, control_chart, fit_limits, kind_of
from luban.understand.quality.spc.limits import Limits
from luban.understand.quality.spc.phases import (
    causes,
    freeze,
    left_out,
    limits_at,
    revisions,
    staged_chart,
    trial_chart,
)
from luban.understand.quality.spc.rules import RULE_SETS, RULES, Rule, chosen_rules
from luban.understand.quality.spc.stream import Plotted, Stream

__all__ = [
    "CHARTS",
    "RULES",
    "RULE_SETS",
    "Chart",
    "Limits",
    "Panel",
    "Plotted",
    "Rule",
    "Stream",
    "Violation",
    "causes",
    "chosen_rules",
    "control_chart",
    "counted",
    "fit_limits",
    "freeze",
    "kind_of",
    "left_out",
    "limits_at",
    "revisions",
    "staged_chart",
    "trial_chart",
]
