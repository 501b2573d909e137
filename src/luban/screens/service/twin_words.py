"""Figures of a study as people read them: units that fit, differences in sentences, the bottleneck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luban.screens.service.twin import Front
from luban.twin.intervals import Interval
from luban.twin.model import STATES, Model
from luban.twin.results import Results

__all__ = ["HIGHER", "LOWER", "Unit", "active", "amounts", "bottleneck", "sentence", "shares", "unit_of"]

HIGHER = {"cycle_time_mean": "{amount} slower ({low} … {high})", "cycle_time_p90": "{amount} slower ({low} … {high})"}
LOWER = {"cycle_time_mean": "{amount} faster ({low} … {high})", "cycle_time_p90": "{amount} faster ({low} … {high})"}
_HIGHER, _LOWER = "{amount} more ({low} … {high})", "{amount} less ({low} … {high})"
_ACTIVE = ("setup", "run", "down", "maintenance")


@dataclass(frozen=True, slots=True)
class Unit:
    """How a figure is shown: times `factor`, in `name`."""

    name: str
    factor: float

    def said(self, value: float) -> str:
        """The number alone."""
        if not math.isfinite(value):
            return "–"
        shown = value * self.factor
        size = abs(shown)
        digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
        return f"{shown:,.{digits}f}"


def unit_of(figure: str, values: Sequence[float], window: float) -> Unit:
    """Seconds become min, h or d, shares percent, what is summed over the window [d] an amount a day."""
    if figure.startswith(("cycle_time", "lead_time")):
        size = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
        if size < 120:
            return Unit("s", 1.0)
        if size < 7200:
            return Unit("min", 1 / 60)
        return Unit("h", 1 / 3600) if size < 4 * 86_400 else Unit("d", 1 / 86_400)
    if figure.endswith("_share"):
        return Unit("%", 100.0)
    if figure == "energy":
        return Unit("kWh/d", 1 / window)
    if figure == "late":
        return Unit("1/d", 1 / window)
    return Unit({"throughput": "lots/d", "output": "pieces/d", "wip": "lots"}.get(figure, ""), 1.0)


def amounts(found: Interval, unit: Unit) -> str:
    """`12.4 (11.9 … 12.9)`; without an interval where one run knows it."""
    if found.n == 0:
        return "–"
    if math.isnan(found.low):
        return unit.said(found.mean)
    return f"{unit.said(found.mean)} ({unit.said(found.low)} … {unit.said(found.high)})"


def sentence(figure: Front, found: Interval, unit: Unit) -> str:
    """A difference that was shown, in words: `cycle time, mean: 1.4 h faster (0.9 … 1.9)`."""
    up = found.mean > 0
    low, high = sorted((abs(found.low), abs(found.high)))
    text = HIGHER.get(figure.id, _HIGHER) if up else LOWER.get(figure.id, _LOWER)
    amount = f"{unit.said(abs(found.mean))} {'points' if unit.name == '%' else unit.name}".strip()
    return f"{figure.label}: {text.format(amount=amount, low=unit.said(low), high=unit.said(high))}"


def shares(model: Model, results: Results) -> list[tuple[str, dict[str, float]]]:
    """Mean share of each state, machine by machine [1]."""
    return [
        (own.id, {state: float(np.mean(results.values(f"{state}_share", own.id))) for state in STATES})
        for own in model.machines
    ]


def active(row: dict[str, float]) -> float:
    """Share of its working time in which a machine is set up, runs, or is down [1]: it waits for nothing and nobody."""
    there = 1.0 - row["off"]
    return sum(row[state] for state in _ACTIVE) / there if there > 1e-9 else 0.0


def bottleneck(model: Model, results: Results) -> tuple[tuple[str, Interval] | None, tuple[str, float] | None]:
    """(station with the longest mean queue, its queue), (most active machine, its active share)."""
    queues = [(own.id, results.interval("queue", own.id)) for own in model.stations]
    longest = max(queues, key=lambda own: own[1].mean, default=None)
    busy = [(machine, active(row)) for machine, row in shares(model, results)]
    most = max(busy, key=lambda own: own[1], default=None)
    return (longest if longest and longest[1].mean > 0 else None), most
