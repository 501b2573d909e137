"""What is known of a signal when a command is judged. What is not known holds nothing, and equals nothing."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from luban.core.time import SECOND
from luban.plant import Actuator, Interlock

__all__ = ["Reading", "same", "why_not"]

Value = float | str | bool

_RELATIONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_FLOAT32: Final = 1e-6  # digits that a device with 32-bit floats gives back


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest that is known of a signal.

    value  number or text; None where the source says that there is none
    heard  when its source last proved that this is the newest [µs UTC]: a value that does not change grows not old
           as long as the link lives
    good   the source vouches for it
    time   when it became true, by the source's clock [µs UTC]; 0 where that is not known
    """

    value: Value | None
    heard: int
    good: bool = True
    time: int = 0


def why_not(interlock: Interlock, reading: Reading | None, now: int, fresh: int) -> str:
    """Why an interlock does not hold, in words; '' where it does. Unknown, bad or old is never taken for a yes.

    now, fresh  [µs UTC], [µs]: its source must have proved itself within that time
    """
    name = interlock.signal
    if reading is None or reading.value is None:
        return f"{name} is not known"
    if not reading.good:
        return f"{name} is of bad quality"
    if now - reading.heard > fresh:
        return f"{name} was last heard {(now - reading.heard) / SECOND:.0f} s ago"
    if interlock.relation.startswith("is"):
        equal = str(reading.value) == str(interlock.value)
        return "" if equal == (interlock.relation == "is") else f"{name} is {reading.value}"
    if isinstance(reading.value, str) or not math.isfinite(reading.value):
        return f"{name} is no number: {reading.value}"
    holds = _RELATIONS[interlock.relation](float(reading.value), float(interlock.value))
    return "" if holds else f"{name} is {reading.value:g}"


def same(actuator: Actuator, one: Value | None, other: Value | None) -> bool:
    """Whether two values are one to the device: within its tolerance, or to the digits of a 32-bit float."""
    if one is None or other is None or isinstance(one, str) or isinstance(other, str):
        return one is not None and one == other
    apart = abs(float(one) - float(other))
    return apart <= max(actuator.tolerance, _FLOAT32 * max(abs(float(one)), abs(float(other))))
