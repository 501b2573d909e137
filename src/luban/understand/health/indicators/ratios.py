"""Efficiency: what comes out over what goes in, such as pieces per kWh, per stretch of time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["Flow", "Ratio", "amount", "efficiency"]

Kind = Literal["amount", "register", "rate"]


@dataclass(frozen=True, slots=True)
class Flow:
    """What a meter or a counter tells.

    time    [µs UTC], rising, shape (n,)
    values  shape (n,)
    kind    amount: so much since the value before; register: a reading that only rises, and begins anew when the
            device does; rate: so much per hour, until the next value
    """

    time: Ints
    values: Floats
    kind: Kind = "amount"

    def __post_init__(self) -> None:
        if len(self.time) != len(self.values):
            raise InputError("values and times differ in number", came=f"{len(self.values)} and {len(self.time)}")


@dataclass(frozen=True, slots=True)
class Ratio:
    """Output over input in one stretch.

    start, end  [µs UTC]
    output, input  amounts [their units]
    value       output / input; NaN where nothing went in
    """

    start: int
    end: int
    output: float
    input: float
    value: float


def amount(flow: Flow, edges: Ints) -> Floats:
    """How much flowed between each two edges, shape (len(edges) − 1,).

    edges    [µs UTC], rising
    returns  of a register and a rate what falls into each stretch, divided by time between readings; NaN where the
             flow was not read on both sides
    """
    good = np.isfinite(flow.values)
    time, values = flow.time[good], flow.values[good]
    if flow.kind == "amount":
        places = np.searchsorted(edges, time, "left") - 1
        inside = (places >= 0) & (places < len(edges) - 1)
        return np.bincount(places[inside], values[inside], minlength=len(edges) - 1).astype(np.float64)
    if len(time) < 2:
        return np.full(len(edges) - 1, math.nan)
    if flow.kind == "register":
        steps = np.diff(values)
        steps = np.where(steps < 0, values[1:], steps)  # begun anew: what it shows came since
    else:
        steps = values[:-1] * np.diff(time) / 3.6e9
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return np.diff(np.interp(edges, time, total, left=math.nan, right=math.nan))


def efficiency(output: Flow, input: Flow, edges: Ints) -> tuple[Ratio, ...]:  # noqa: A002 the plain word
    """Output over input in each stretch between edges.

    Example  efficiency(Flow(time, pieces), Flow(time, kwh, "register"), hours)[0].value  # pieces per kWh
    """
    made, spent = amount(output, edges), amount(input, edges)
    value = np.divide(made, spent, out=np.full(len(made), math.nan), where=spent > 0)
    return tuple(
        Ratio(int(start), int(end), float(out), float(into), float(ratio))
        for start, end, out, into, ratio in zip(edges[:-1], edges[1:], made, spent, value, strict=True)
    )
