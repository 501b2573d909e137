"""Shares of pieces beyond a limit: counted among the pieces measured, and expected from the fitted family."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from luban.understand.quality.data import Floats

__all__ = ["Outside", "exact_share", "observed"]


@dataclass(frozen=True, slots=True)
class Outside:
    """Pieces beyond one limit.

    side                 below or above
    limit                the specification limit [unit]
    counted, of          pieces beyond it, and pieces measured
    low, high            exact interval of that share [1]
    share                share expected from the fitted family [1]; None where no family could be fitted
    share_low, share_high  interval of that share [1]; None where there is none
    """

    side: str
    limit: float
    counted: int
    of: int
    low: float
    high: float
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None

    def expecting(self, share: float, low: float | None, high: float | None) -> Outside:
        """The same with the share that the family expects."""
        return replace(self, share=share, share_low=low, share_high=high)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "side": self.side, "limit": self.limit, "counted": self.counted, "of": self.of, "low": self.low,
            "high": self.high, "expected": self.share, "expected_low": self.share_low, "expected_high": self.share_high,
        }  # fmt: skip


def observed(side: str, limit: float, values: Floats, level: float = 0.95) -> Outside:
    """Pieces counted beyond a limit, with the exact interval of their share."""
    counted = int(np.count_nonzero(values < limit if side == "below" else values > limit))
    return Outside(side, limit, counted, len(values), *exact_share(counted, len(values), level))


def exact_share(counted: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval of a share counted in independent trials (Clopper, Pearson 1934) [1].

    Example  exact_share(8, 15) == (0.2659, 0.7873), rounded
    """
    tail = (1 - level) / 2
    low = 0.0 if counted == 0 else float(special.betaincinv(counted, of - counted + 1, tail))
    high = 1.0 if counted == of else float(special.betaincinv(counted + 1, of - counted, 1 - tail))
    return low, high
