"""What one measured value says at once: within its specification, outside, or too near a limit to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from luban.core.errors import InputError
from luban.plant import Characteristic

__all__ = ["Entered", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one value.

    state    good: conformity is proven; bad: non-conformity is proven; doubt: the uncertainty reaches over a limit;
             unknown: there is no specification to judge by
    reason   a sentence with blanks, filled from `limit` and `unit`
    limit    the limit that decided, None for good and unknown
    """

    state: str
    reason: str
    value: float
    unit: str
    limit: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of values that a person entered.

    verdicts  one for each value, the specification and the gauge's uncertainty considered
    signals   control chart rules that fire at the newest points
    gauge     how the gauge stands (key of `gauges.STATES`); "" where none was named
    reaction  what the plan says to do where a value is bad or the chart gives a signal; "" for nothing
    """

    subject: str
    verdicts: tuple[Verdict, ...]
    signals: tuple[str, ...]
    gauge: str
    reaction: str

    @property
    def state(self) -> str:
        """The worst of the verdicts: bad, doubt, unknown, good."""
        return next((s for s in ("bad", "doubt", "unknown") if any(v.state == s for v in self.verdicts)), "good")

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        return {
            "subject": self.subject, "state": self.state, "verdicts": [one.as_dict() for one in self.verdicts],
            "signals": list(self.signals), "gauge": self.gauge, "reaction": self.reaction,
        }  # fmt: skip


def judge(characteristic: Characteristic, value: float, *, uncertainty: float = 0.0) -> Verdict:
    """Judge one measured value.

    value        [unit of the characteristic]
    uncertainty  expanded uncertainty U of the gauge, k = 2 [same unit]; 0: the value is taken as exact
    Raises       InputError: a value that is not finite, an uncertainty below 0
    Source       ISO 14253-1 (decision rules): within the limits drawn in by U conformity is proven, outside the limits
                 pushed out by U non-conformity; between them neither is
    Example      judge(shaft_diameter, 25.0129, uncertainty=0.001).state == "doubt"  # upper limit 25.013
    """
    if not math.isfinite(value):
        raise InputError("not a measured value", came=str(value), expected=f"a number [{characteristic.unit}]")
    if not uncertainty >= 0:
        raise InputError("an uncertainty is not below zero", came=f"{uncertainty:g}")
    lower, upper, unit = characteristic.lower, characteristic.upper, characteristic.unit
    if lower is None and upper is None:
        return Verdict("unknown", "no specification limits", value, unit)
    for limit, beyond, reason in (
        (lower, -1, "below the lower limit {limit} {unit}"),
        (upper, 1, "above the upper limit {limit} {unit}"),
    ):
        if limit is not None and (value - limit) * beyond > uncertainty:
            return Verdict("bad", reason, value, unit, limit)
    for limit, beyond in ((lower, -1), (upper, 1)):
        if limit is not None and (value - limit) * beyond > -uncertainty and uncertainty:
            return Verdict("doubt", "nearer to the limit {limit} {unit} than the gauge can tell", value, unit, limit)
    return Verdict("good", "within the limits", value, unit)
