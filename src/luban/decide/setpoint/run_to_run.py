"""Run-to-run control: after each run the level of the process is estimated anew and the set-point follows.

The process is y = level + gain·set-point, where the level wanders, drifts or steps. One weight makes an EWMA of the
level (Ingolfsson and Sachs 1993, doi 10.1080/00224065.1993.11979473); a second one an EWMA of its drift as well, the
predictor-corrector or double EWMA (Butler and Stefani 1994, doi 10.1109/66.286855). The estimate uses the set-point
that was really in force, so a set-point held back by its envelope winds nothing up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope

__all__ = ["RunToRun", "Settings", "Step"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run-to-run controller works.

    target    what the measured value should be [unit of the value]
    gain      change of the value for a change of the set-point by 1, as the model says, not 0
    weight    λ of the level's EWMA, above 0 to 1 [1]
    drift_weight  λ of the drift's EWMA, 0 to 1 [1]; 0: no drift is estimated
    dead_band no change while the expected deviation is no larger than that [unit of the value]
    envelope  of the set-point
    Raises    InputError
    """

    target: float
    gain: float
    weight: float
    envelope: Envelope
    drift_weight: float = 0.0
    dead_band: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.target):
            raise InputError("the target is not a finite number", came=str(self.target))
        if not math.isfinite(self.gain) or self.gain == 0:
            raise InputError(
                "a set-point without an effect cannot control", came=f"gain {self.gain:g}", expected="not 0"
            )
        if not 0 < self.weight <= 1:
            raise InputError("the weight is none", came=f"{self.weight:g}", expected="above 0, at most 1")
        if not 0 <= self.drift_weight <= 1:
            raise InputError("the weight of the drift is none", came=f"{self.drift_weight:g}", expected="0 to 1")
        if not self.dead_band >= 0:
            raise InputError("the dead band is below 0", came=f"{self.dead_band:g}", expected="0 or more")


@dataclass(frozen=True, slots=True)
class Step:
    """What a run brought.

    run       number of the run, from 1
    value     measured; error: value - target [unit of the value]
    used      set-point that was in force
    expected  deviation of the next run if nothing is changed [unit of the value]
    set_point for the next run; equal to `used` where nothing is to be changed
    reasons   keys of envelope.REASONS, or `dead_band`
    """

    run: int
    value: float
    error: float
    used: float
    expected: float
    set_point: float
    reasons: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """The set-point is another one than before."""
        return self.set_point != self.used


@dataclass
class RunToRun:
    """A controller with what it remembers; `as_dict` and `from_dict` carry it over a restart.

    set_point  in force before the first run
    level      of the process, gain·set-point taken off [unit of the value]; None: the target is believed until a run
               says otherwise
    Example    >>> control = RunToRun(Settings(10.0, 1.0, 0.5, Envelope(-5, 5)), set_point=0.0, level=10.0)
               >>> control.update(11.0).set_point
               -0.5
    """

    settings: Settings
    set_point: float = 0.0
    level: float | None = None
    drift: float = 0.0
    run: int = 0
    _set: bool = field(init=False, repr=False, default=True)

    def __post_init__(self) -> None:
        if not math.isfinite(self.set_point):
            raise InputError("the set-point is not a finite number", came=str(self.set_point))
        if self.level is None:
            self.level = self.settings.target - self.settings.gain * self.set_point

    def update(self, value: float, used: float | None = None) -> Step:
        """After a run: its measured value, and the set-point that was really in force (None: as proposed).

        Raises  InputError for a value that is not finite: a run without a measurement is no run, leave it out
        """
        if not math.isfinite(value):
            hint = "leave a run without a measurement out: the set-point stays"
            raise InputError("a measured value is not a finite number", came=str(value), hint=hint)
        own = self.settings
        used = self.set_point if used is None else used
        assert self.level is not None  # noqa: S101 - set at the beginning
        wrong = value - own.gain * used - self.level
        level = self.level + own.weight * wrong
        self.drift += own.drift_weight * (wrong - self.drift)
        self.level, self.run = level, self.run + 1
        ahead = level + self.drift
        expected = ahead + own.gain * used - own.target
        allowed = used
        reasons: tuple[str, ...] = ("dead_band",)
        if abs(expected) > own.dead_band or not own.envelope.holds(used):
            found = own.envelope.allowed(used, (own.target - ahead) / own.gain)
            allowed, reasons = found.value, found.reasons
        self.set_point = allowed
        return Step(self.run, value, value - own.target, used, expected, allowed, reasons if expected else ())

    def as_dict(self) -> dict[str, Any]:
        """What it remembers, for the books."""
        return {"set_point": self.set_point, "level": self.level, "drift": self.drift, "run": self.run}

    @classmethod
    def from_dict(cls, settings: Settings, kept: Mapping[str, Any]) -> RunToRun:
        """The controller as it was when `as_dict` was called."""
        return cls(settings, float(kept["set_point"]), float(kept["level"]), float(kept["drift"]), int(kept["run"]))
