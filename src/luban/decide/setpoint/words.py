"""Sentences that plans of set-points say; the screens translate them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from luban.decide.setpoint.envelope import REASONS

__all__ = ["ERRORS", "PLAN", "SENTENCES"]

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

ERRORS: tuple[str, ...] = (
    "a number is missing",
    "a refusal needs a reason",
    "a set-point that may not move cannot control",
    "a set-point without an effect cannot control",
    "an envelope without an end is none",
    "no safe envelope is agreed on",
    "no target",
    "not a number",
    "the envelope is reversed or empty",
    "the set-point is not a finite number",
    "the set-point lies outside its envelope",
    "the step is none that fits the envelope",
    "the values do not vary",
    "too few runs",
)
"""What a page may have to say of what was entered or measured."""

SENTENCES: tuple[str, ...] = (*PLAN.values(), *ERRORS)
"""Every sentence of this package that a page may show."""
