"""The safe envelope of a set-point: how far it may go, how far at once, and in which steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from luban.core.errors import InputError

__all__ = ["REASONS", "Allowed", "Envelope"]

REASONS = {
    "highest": "held at the highest value of the envelope",
    "lowest": "held at the lowest value of the envelope",
    "move": "held back: one change may not be larger",
    "resolution": "rounded to what can be set",
    "outside": "the set-point stood outside its envelope and comes back",
}
"""Why a set-point is another than the controller wanted."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A set-point that may be set, and why it is another than wanted.

    value    [unit of the set-point]
    reasons  keys of REASONS, in the order in which they held
    """

    value: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """Limits of one set-point; nothing that a controller proposes lies outside.

    lowest, highest  [unit of the set-point]
    move             most change at once, above 0 [the same]; None: any
    resolution       smallest step that the machine takes, 0 or more [the same]; 0: any value
    Raises           InputError
    Example          >>> Envelope(-50.0, 50.0, move=10.0, resolution=0.5).allowed(0.0, 23.7)
                     Allowed(value=10.0, reasons=('move',))
    """

    lowest: float
    highest: float
    move: float | None = None
    resolution: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lowest) and math.isfinite(self.highest)):
            raise InputError("an envelope without an end is none", came=f"{self.lowest:g} to {self.highest:g}")
        if self.lowest >= self.highest:
            came = f"lowest {self.lowest:g}, highest {self.highest:g}"
            raise InputError("the envelope is reversed or empty", came=came, expected="lowest below highest")
        if self.move is not None and not self.move > 0:
            raise InputError(
                "a set-point that may not move cannot control", came=f"move {self.move:g}", expected="above 0"
            )
        if not 0 <= self.resolution <= self.highest - self.lowest:
            raise InputError("the step is none that fits the envelope", came=f"resolution {self.resolution:g}")

    def holds(self, value: float) -> bool:
        """The value lies inside."""
        return self.lowest <= value <= self.highest

    def allowed(self, now: float, wanted: float) -> Allowed:
        """What may be set when the machine stands at `now` and the controller wants `wanted`.

        From inside, the result is inside, no farther than one move from `now`, and a multiple of the resolution. A
        set-point that stands outside comes back at once, whatever the move: being outside is worse.
        Raises  InputError for values that are not finite
        """
        if not (math.isfinite(now) and math.isfinite(wanted)):
            raise InputError("a set-point is not a finite number", came=f"{now:g}, {wanted:g}")
        reasons: list[str] = []
        value = wanted
        if value > self.highest:
            value = self.highest
            reasons.append("highest")
        elif value < self.lowest:
            value = self.lowest
            reasons.append("lowest")
        if not self.holds(now):
            reasons.append("outside")
        elif self.move is not None and abs(value - now) > self.move:
            value = now + math.copysign(self.move, value - now)
            reasons.append("move")
        rounded = self._rounded(now, value)
        if rounded != value and abs(rounded - value) > 1e-12 * max(1.0, abs(value)):
            reasons.append("resolution")
        return Allowed(rounded, tuple(reasons))

    def _rounded(self, now: float, value: float) -> float:
        """The nearest multiple of the resolution that neither envelope nor move forbids."""
        if not self.resolution:
            return value
        low, high = self.lowest, self.highest
        if self.move is not None and self.holds(now):
            low, high = max(low, now - self.move), min(high, now + self.move)
        steps = round(value / self.resolution)
        steps = min(steps, math.floor(high / self.resolution + 1e-9))
        steps = max(steps, math.ceil(low / self.resolution - 1e-9))
        rounded = steps * self.resolution
        return rounded if low - 1e-9 <= rounded <= high + 1e-9 else (now if self.holds(now) else value)
