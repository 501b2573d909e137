"""One condition of one signal, as values come: raised and returned, with dead band, delays and windows.

A value holds until the next one: signals are written when they change. A value that is not known (NaN) neither raises
nor returns an alarm, and starts both delays anew. Values in one piece or one by one give the same changes to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import SECOND
from luban.plant import AlarmRule
from luban.understand.health.alarms import kernel
from luban.understand.quality.data import Floats, Ints

__all__ = ["Changes", "Detector"]

_KINDS: Final = {
    "high": kernel.HIGH, "low": kernel.LOW, "deviation": kernel.OUTSIDE, "rate": kernel.RATE, "bad": kernel.TRUE,
    "silent": kernel.SILENT, "discrepancy": kernel.TRUE, "is": kernel.TRUE, "is not": kernel.TRUE,
    "anomaly": kernel.TRUE, "life": kernel.LOW,
}  # fmt: skip
_PIECE: Final = 1 << 16
_NOTHING: Final = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Changes:
    """When a condition came and went.

    times   [µs UTC], rising, shape (n,)
    active  True where it came, shape (n,)
    values  value then, NaN where there is none, shape (n,)
    """

    times: Ints
    active: np.ndarray[Any, np.dtype[np.bool_]]
    values: Floats

    def __len__(self) -> int:
        return len(self.times)


class Detector:
    """Watches one condition.

    rule    what is watched: condition, limit, dead band, delays, window
    active  whether it holds already when watching begins
    Raises  InputError: a condition without its limit or window
    Example
        >>> watch = Detector(AlarmRule("a", "shop/m1:load", "high", limit=80.0, deadband=5.0))
        >>> watch.feed(np.array([0, 1, 2]), np.array([81.0, 76.0, 74.0])).active.tolist()
        [True, False]
    """

    def __init__(self, rule: AlarmRule, *, active: bool = False) -> None:
        if rule.condition not in _KINDS:
            raise InputError("unknown condition", came=rule.condition, expected=", ".join(_KINDS), where=rule.id)
        self._kind = _KINDS[rule.condition]
        needs = self._kind != kernel.TRUE
        if needs and (rule.limit is None or not math.isfinite(rule.limit)):
            raise InputError("the alarm has no limit", came=rule.condition, where=rule.id)
        if self._kind == kernel.RATE and not rule.window_s:
            raise InputError("a rate needs a window", where=rule.id)
        silent = self._kind == kernel.SILENT
        self._on = round((rule.limit or 0.0 if silent else rule.on_delay_s) * SECOND)
        self._off = round(rule.off_delay_s * SECOND)
        self._window = round((rule.window_s or 0.0) * SECOND)
        self._limit, self._band = rule.limit or 0.0, rule.deadband
        self._memory = kernel.new_memory(active=active)

    @property
    def active(self) -> bool:
        """Whether the alarm is there now."""
        return bool(self._memory.marks[kernel.ACTIVE])

    @property
    def late(self) -> int:
        """Values that came with a time before the one of their predecessor; they count as of its time."""
        return int(self._memory.marks[kernel.LATE])

    def feed(self, times: Ints, values: Floats, until: int | None = None) -> Changes:
        """Take in values; what changed.

        times   [µs UTC], shape (n,)
        values  NaN where not known; for discrepancy, is, is not, bad and anomaly 1 where it holds;
                for silent any number for what came, shape (n,)
        until   the clock after them [µs UTC]: delays and silences that run out before it count
        """
        times, values = np.asarray(times, np.int64), np.asarray(values, np.float64)
        if times.shape != values.shape or times.ndim != 1:
            raise InputError("times and values do not belong together", came=f"{times.shape}, {values.shape}")
        pieces = [
            self._piece(times[at : at + _PIECE], values[at : at + _PIECE], -1) for at in range(0, len(times), _PIECE)
        ]
        if until is not None:
            pieces.append(self._piece(_NOTHING.astype(np.int64), _NOTHING, until))
        return Changes(*(np.concatenate([_EMPTY[part], *(piece[part] for piece in pieces)]) for part in range(3)))

    def advance(self, until: int) -> Changes:
        """Let the clock go on without a value [µs UTC]."""
        return self.feed(_NOTHING.astype(np.int64), _NOTHING, until)

    def _piece(self, times: Ints, values: Floats, until: int) -> tuple[Ints, Any, Floats]:
        self._make_room(len(times))
        marks = self._memory.marks
        most = 4 * len(times) + 2 * int(marks[kernel.END] - marks[kernel.FIRST]) + 8
        out = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most)
        found = kernel.watch(
            self._kind, self._limit, self._band, self._on, self._off, self._window, until, times, values, self._memory,
            *out,
        )  # fmt: skip
        return out[0][:found], out[1][:found].astype(bool), out[2][:found]

    def _make_room(self, count: int) -> None:
        """Values in the window stand at the front, with room for more behind."""
        if self._kind != kernel.RATE:
            return
        marks, _value, times, values = self._memory
        first, end = int(marks[kernel.FIRST]), int(marks[kernel.END])
        if end + count <= len(times):
            return
        room = max(2 * (end - first + count), 64)
        more, those = np.zeros(room, np.int64), np.zeros(room)
        more[: end - first], those[: end - first] = times[first:end], values[first:end]
        marks[kernel.FIRST], marks[kernel.END] = 0, end - first
        self._memory = self._memory._replace(times=more, values=those)

    def save(self) -> dict[str, Any]:
        """All it remembers, for JSON; floats keep every bit."""
        marks, value, times, values = self._memory
        first, end = int(marks[kernel.FIRST]), int(marks[kernel.END])
        return {
            "marks": marks.tolist(), "value": float(value[0]).hex(), "times": times[first:end].tolist(),
            "values": [one.hex() for one in values[first:end].tolist()],
        }  # fmt: skip

    def load(self, saved: Mapping[str, Any]) -> None:
        """Go on where `save` stood. Raises InputError for anything else."""
        try:
            marks = np.array(saved["marks"], np.int64)
            value = np.array([float.fromhex(saved["value"])])
            times = np.array(saved["times"], np.int64)
            values = np.array([float.fromhex(one) for one in saved["values"]])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("not what a detector has saved", came=str(error)) from None
        if marks.shape != self._memory.marks.shape or times.shape != values.shape:
            raise InputError("not what a detector has saved", came=f"{marks.shape}, {times.shape}, {values.shape}")
        marks[kernel.FIRST], marks[kernel.END] = 0, len(times)
        self._memory = kernel.Memory(marks, value, times, values)


_EMPTY: Final = (np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0))
