"""Guards: what stands between a command and the wire. Each is asked when a command is proposed and again right before
it is written; one that says no ends the command, and its reason goes into the books.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from luban.act.command import Command
from luban.act.reading import Reading, why_not
from luban.core.errors import NotAllowedError
from luban.core.time import SECOND
from luban.plant import Actuator

__all__ = ["MODES", "Refusal", "Situation", "refusals"]


MODES = ("advise", "confirm", "automatic")
"""advise: nothing is written; confirm: a person approves each command; automatic: commands approve themselves."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command may not go: which guard, what came, what it expected."""

    guard: str
    message: str
    came: str = ""
    expected: str = ""

    def error(self, where: str) -> NotAllowedError:
        """The same as an error."""
        return NotAllowedError(self.message, came=self.came, expected=self.expected, where=where)

    def __str__(self) -> str:
        parts = (self.message, f"came {self.came}" if self.came else "", self.expected and f"expected {self.expected}")
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known when the guards are asked.

    now       [µs UTC]
    readings  newest reading of each signal
    modes     mode of each actuator that somebody switched
    stopped   the emergency stop of all automation holds; why
    written   when each actuator was written last [µs UTC]
    busy      actuators with a command whose end is not known: sending, or unverified
    """

    now: int
    readings: Mapping[str, Reading] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    stopped: str | None = None
    written: Mapping[str, int] = field(default_factory=dict)
    busy: Mapping[str, str] = field(default_factory=dict)

    def mode(self, actuator: Actuator) -> str:
        """The mode that holds."""
        mode = self.modes.get(actuator.id, actuator.mode)
        return mode if mode in MODES else "advise"


def refusals(command: Command, actuator: Actuator | None, seen: Situation, *, writing: bool) -> tuple[Refusal, ...]:
    """Every guard that says no; empty where the command may go.

    actuator  None: the command names something that is not on the list of what may be moved
    writing   asked right before the wire: then also age, mode, approval, interlocks, rate and stop
    """
    if actuator is None:
        expected = "an [[actuator]] of plant.toml"
        return (Refusal("allow-list", "this may not be moved from here", command.actuator, expected),)
    found = [*_value(command, actuator)]
    if command.unit and command.unit != actuator.unit:
        found.append(Refusal("unit", "the value is in another unit", command.unit, actuator.unit or "no unit"))
    if command.expires <= seen.now:
        late = f"{(seen.now - command.expires) / SECOND:.1f} s late"
        found.append(Refusal("age", "the command is too old", late, "a command within its time"))
    if seen.stopped is not None:
        found.append(Refusal("stop", "all automation is stopped", seen.stopped, "the stop released by a person"))
    if not found and writing:
        found += _now(command, actuator, seen)
    return tuple(found)


def _value(command: Command, actuator: Actuator) -> list[Refusal]:
    value, unit = command.value, f" {actuator.unit}".rstrip()
    if not math.isfinite(value):
        return [Refusal("envelope", "the value is no number", str(value), "a finite number")]
    if not actuator.lower <= value <= actuator.upper:
        allowed = f"{actuator.lower:g} … {actuator.upper:g}{unit}"
        return [Refusal("envelope", "the value is outside the safe envelope", f"{value:g}{unit}", allowed)]
    return []


def _now(command: Command, actuator: Actuator, seen: Situation) -> list[Refusal]:
    found = []
    mode = seen.mode(actuator)
    if mode == "advise":
        found.append(Refusal("mode", "this actuator only gives advice", "advise", "confirm or automatic"))
    elif mode == "confirm" and command.approver in {"", "by rule"}:
        found.append(Refusal("mode", "a person approves each command here", "no approval", actuator.approver))
    busy = seen.busy.get(actuator.id)
    if busy is not None and busy != command.id:
        found.append(Refusal("order", "the end of another command is not known yet", busy, "one command at a time"))
    last = seen.written.get(actuator.id)
    if last is not None and seen.now - last < actuator.every:
        came, expected = f"{(seen.now - last) / SECOND:g} s after the last", f"{actuator.every / SECOND:g} s or more"
        found.append(Refusal("rate", "written too soon after the last time", came, expected))
    found += _step(command, actuator, seen)
    for interlock in actuator.interlocks:
        if why := why_not(interlock, seen.readings.get(interlock.signal), seen.now, actuator.fresh):
            found.append(Refusal("interlock", "an interlock does not hold", why, str(interlock)))
    return found


def _step(command: Command, actuator: Actuator, seen: Situation) -> list[Refusal]:
    """The step is judged from where the actuator really stands; not to know that is a reason to refuse."""
    reading = seen.readings.get(actuator.id)
    if actuator.step is None:
        return []
    if reading is None or not reading.good or reading.value is None or isinstance(reading.value, str):
        return [Refusal("step", "where the actuator stands is not known", "no good reading", "a reading")]
    if seen.now - reading.heard > actuator.fresh:
        came = f"heard {(seen.now - reading.heard) / SECOND:.0f} s ago"
        return [Refusal("step", "where the actuator stands is not known", came, f"{actuator.fresh / SECOND:g} s")]
    step = abs(command.value - float(reading.value))
    if step > actuator.step * (1 + 1e-9):
        unit = f" {actuator.unit}".rstrip()
        return [Refusal("step", "the change is larger than allowed", f"{step:g}{unit}", f"{actuator.step:g}{unit}")]
    return []
