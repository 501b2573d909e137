"""Capability: how well a process keeps its limits, told only where the process allows it.

Reads   samples that `measured` or `read` bring, from facts or a file
Writes  nothing: a study is worked out from the values each time
"""

from luban.understand.quality.capability.indices import Index, indices_of
from luban.understand.quality.capability.leaving import leave_out
from luban.understand.quality.capability.outside import Outside, exact_share
from luban.understand.quality.capability.spread import WITHIN, Spread, overall, within
from luban.understand.quality.capability.stable import Stability, chart_kind, stability
from luban.understand.quality.capability.study import SMALLEST, Capability, capability

__all__ = [
    "SMALLEST", "WITHIN", "Capability", "Index", "Outside", "Spread", "Stability", "capability", "chart_kind",
    "exact_share", "indices_of", "leave_out", "overall", "stability", "within",
]  # fmt: skip
