"""Charts with memory, of many characteristics and of many products, as `CHARTS` takes them."""

from __future__ import annotations

from luban.understand.quality.spc.cusum import CUSUM
from luban.understand.quality.spc.ewma import EWMA
from luban.understand.quality.spc.kind import Kind
from luban.understand.quality.spc.moving import MOVING_AVERAGE
from luban.understand.quality.spc.multivariate import MEWMA, T2
from luban.understand.quality.spc.short_run import SHORT_RUNS

__all__ = ["ADVANCED"]

ADVANCED: tuple[Kind, ...] = (EWMA, CUSUM, MOVING_AVERAGE, T2, MEWMA, *SHORT_RUNS)
"""ewma, cusum, moving_average, t2, mewma, dnom, z_mr, short_xbar_r."""
