"""Remaining life: from histories that end in a failure, from a trend towards a threshold; the risk of a single case.

Reads   histories of machines of one kind, or a table of cases, as a person or the ledger brings them
Writes  nothing: an estimate is worked out anew, states what it rests on, and says so where there is not enough data
"""

from __future__ import annotations

from luban.understand.health.life.histories import Histories, gather
from luban.understand.health.life.model import LifeEstimate, LifeModel, learn_life

__all__ = ["Histories", "LifeEstimate", "LifeModel", "gather", "learn_life"]
