"""Limits: what a chart's lines rest on, so that they can be frozen, kept and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME

__all__ = ["WIDTH", "Limits", "number"]

WIDTH = 3.0
"""Distance of the limits from the centre [standard errors] if none is given (Shewhart)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Frozen limits of a chart, or limits that a standard gives.

    kind            chart they belong to
    parameters      what the lines are worked out from, as JSON knows it: centre, sigma, width, … (docs: each kind)
    used            points they rest on; 0: given, not estimated
    characteristic  what was measured
    unit            unit of the data
    out             points of phase I that were left out of them: label -> reason
    revision        1, 2, … in the history of this characteristic; 0: not in a history
    since           from when they hold [µs UTC]; NO_TIME: unknown
    person, reason  who froze them and why
    notes           what a reader should know

    Example  Limits("i_mr", {"centre": 50.0, "sigma": 2.05})
    """

    kind: str
    parameters: Mapping[str, Any]
    used: int = 0
    characteristic: str = ""
    unit: str = ""
    out: Mapping[str, str] = field(default_factory=dict)
    revision: int = 0
    since: int = NO_TIME
    person: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON knows it; `from_dict` takes it back to the bit."""
        return {
            "kind": self.kind, "parameters": dict(self.parameters), "used": self.used,
            "characteristic": self.characteristic, "unit": self.unit, "out": dict(self.out),
            "revision": self.revision, "since": None if self.since == NO_TIME else self.since,
            "person": self.person, "reason": self.reason, "notes": list(self.notes),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Limits:
        """Limits from what `as_dict` gave. InputError if kind or parameters are missing."""
        if not isinstance(data.get("kind"), str) or not isinstance(data.get("parameters"), Mapping):
            raise InputError("these are no limits", came=str(dict(data))[:200], expected="kind and parameters")
        since = data.get("since")
        return cls(
            data["kind"], dict(data["parameters"]), int(data.get("used", 0)), data.get("characteristic", ""),
            data.get("unit", ""), dict(data.get("out", {})), int(data.get("revision", 0)),
            NO_TIME if since is None else int(since), data.get("person", ""), data.get("reason", ""),
            tuple(data.get("notes", ())),
        )  # fmt: skip


def number(
    limits: Limits, name: str, *, least: float = -np.inf, above: float = -np.inf, default: float | None = None
) -> float:
    """A number among the parameters, or the default. InputError if it is missing, no number or out of its range."""
    value = limits.parameters.get(name, default)
    if isinstance(value, (int, float)) and np.isfinite(value) and value >= least and value > above:
        return float(value)
    expected = "a number" + (
        f" above {above:g}" if above > -np.inf else f" of at least {least:g}" if least > -np.inf else ""
    )
    raise InputError(
        "limits lack a parameter" if value is None else "a parameter of the limits is not possible",
        came="nothing" if value is None else str(value), expected=expected, where=f"{limits.kind}: {name}",
    )  # fmt: skip
