"""What was measured, period by period, before and after an act; with what drives it and who was left alone.

Reads   values in memory, from facts (`measure`) or a file    Writes  nothing
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from luban.core.errors import InputError
from luban.core.time import iso
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["Series", "series"]


@dataclass(frozen=True, eq=False)
class Series:
    """A measured figure over time; periods whose value or driver is not known are left out and listed.

    times     begin of each period, rising [µs UTC], shape (n,)
    values    of the figure [unit]; where there is an `exposure`: events or defective pieces [1]
    unit      of the figure
    period    distance of neighbouring periods [µs]
    at        number of each period, counted from the first: gaps show as leaps
    drivers   what moves the figure though nobody acted, by name, shape (n,) each
    controls  the same figure where nobody acted, by name
    exposure  pieces, hours, … that the events come from; None: the values are figures themselves
    excluded  periods left out, with the reason
    """

    times: Ints
    values: Floats
    unit: str
    period: int
    at: Ints
    drivers: Mapping[str, Floats] = field(default_factory=dict)
    controls: Mapping[str, Floats] = field(default_factory=dict)
    exposure: Floats | None = None
    excluded: tuple[Excluded, ...] = ()

    def __len__(self) -> int:
        return len(self.times)

    @property
    def figures(self) -> Floats:
        """What is looked at: the values, or events over exposure [unit]."""
        return self.values if self.exposure is None else self.values / self.exposure

    def between(self, start: int | None, end: int | None) -> Series:
        """The periods that begin from `start` on and before `end` [µs UTC]; None: open. Their numbers stay."""
        inside = np.ones(len(self), bool)
        if start is not None:
            inside &= self.times >= start
        if end is not None:
            inside &= self.times < end
        return self._only(inside)

    def digest(self) -> str:
        """SHA-256 of all that a verdict rests on: two series of one digest are the same, to the last bit.

        Example  series([0, 1], [1.0, 2.0]).digest() == series([0, 1], [1.0, 2.0]).digest()
        """
        columns: dict[str, list[float] | list[int]] = {"times": self.times.tolist(), "values": self.values.tolist()}
        columns |= {f"driver {name}": one.tolist() for name, one in self.drivers.items()}
        columns |= {f"control {name}": one.tolist() for name, one in self.controls.items()}
        if self.exposure is not None:
            columns["exposure"] = self.exposure.tolist()
        text = json.dumps({"unit": self.unit, "columns": columns}, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _only(self, inside: np.ndarray) -> Series:
        return replace(
            self, times=self.times[inside], values=self.values[inside], at=self.at[inside],
            drivers={name: one[inside] for name, one in self.drivers.items()},
            controls={name: one[inside] for name, one in self.controls.items()},
            exposure=None if self.exposure is None else self.exposure[inside],
        )  # fmt: skip


def series(
    times: Ints | list[int],
    values: Floats | list[float],
    *,
    unit: str = "",
    drivers: Mapping[str, Floats] | None = None,
    controls: Mapping[str, Floats] | None = None,
    exposure: Floats | list[float] | None = None,
    period: int = 0,
    excluded: tuple[Excluded, ...] = (),
) -> Series:
    """A series from columns; sorted by time, unknown periods left out with the reason.

    times     begin of each period [µs UTC]
    values    [unit]; NaN: not known
    period    distance of neighbouring periods [µs]; 0: the usual distance of those that are given
    excluded  what was left out on the way here
    Raises    InputError: columns of unequal length, two values for one period, fewer than two periods
    Example   series([0, 3_600_000_000], [5.0, 6.0], unit="kWh").period == 3_600_000_000
    """
    moments = np.asarray(times, np.int64)
    columns = {"value": np.asarray(values, np.float64)}
    columns |= {f"driver {name}": np.asarray(one, np.float64) for name, one in (drivers or {}).items()}
    columns |= {f"control {name}": np.asarray(one, np.float64) for name, one in (controls or {}).items()}
    if exposure is not None:
        columns["exposure"] = np.asarray(exposure, np.float64)
    odd = {name: len(one) for name, one in columns.items() if len(one) != len(moments)}
    if odd:
        raise InputError("columns of unequal length", came=f"{odd}", expected=f"{len(moments)} periods")
    order = np.argsort(moments, kind="stable")
    moments = moments[order]
    columns = {name: one[order] for name, one in columns.items()}
    known, out = _known(moments, columns)
    steps = np.diff(moments[known])
    if len(steps) < 1:
        raise InputError("too few periods for a series", came=f"{int(known.sum())}", expected="2 or more")
    if (steps == 0).any():
        twice = iso(int(moments[known][int(np.argmax(steps == 0))]))
        raise InputError("two values for one period", came=twice, hint="sum or average them first")
    usual = period or round(float(np.median(steps)))
    at = np.concatenate([[0], np.cumsum(np.maximum(np.rint(steps / usual).astype(np.int64), 1))])
    own = {name: one[known] for name, one in columns.items()}
    return Series(
        times=moments[known], values=own["value"], unit=unit, period=usual, at=at,
        drivers={name: own[f"driver {name}"] for name in drivers or {}},
        controls={name: own[f"control {name}"] for name in controls or {}},
        exposure=own.get("exposure"), excluded=(*excluded, *out),
    )  # fmt: skip


def _known(moments: Ints, columns: Mapping[str, Floats]) -> tuple[np.ndarray, list[Excluded]]:
    good, out = np.ones(len(moments), bool), []
    for place in range(len(moments)):
        for name, one in columns.items():
            value = float(one[place])
            reason = "not known" if not math.isfinite(value) else ""
            if not reason and name == "exposure" and value <= 0:
                reason = "nothing was made or watched"
            if not reason and name == "value" and "exposure" in columns and value < 0:
                reason = "fewer than no events"
            if reason:
                good[place] = False
                out.append(Excluded(iso(int(moments[place])), name, f"{value:g}", reason))
                break
    return good, out
