"""Sentences that plans of set-points say; the screens translate them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from luban.decide.setpoint.envelope import REASONS

__all__ = ["PLAN", "SENTENCES"]

PLAN: Mapping[str, str] = MappingProxyType(
    {
        **REASONS,
        "sure": "the deviation is larger than chance explains",
        "signal": "the control chart signals",
        "not_sure": "the deviation may be chance: to follow it would add to the spread",
        "signal_without_shift": "the chart signals, but the mean is on target: look for a cause, not for an offset",
        "dead_band": "the expected deviation is inside the dead band",
    }
)
"""Key of a reason → its sentence."""

SENTENCES: tuple[str, ...] = tuple(PLAN.values())
"""Every sentence of this package that a page may show."""
