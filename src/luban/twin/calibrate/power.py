"""Power by state out of meters: least squares of each interval's energy on the time in each state."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from scipy import optimize

from luban.core.time import SECOND
from luban.core.units import convert
from luban.ledger import Ledger
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.observe import Observed
from luban.twin.model import STATES

__all__ = ["power_by_state"]

_ENOUGH = 12


def power_by_state(ledger: Ledger, found: Observed, evidence: Evidence) -> dict[str, dict[str, float]]:
    """[W] by machine and state; states that the meter never saw are left out."""
    table = ledger.table("meter", since=found.since, until=found.until)
    table = table.take(np.lexsort((table.column("time").to_numpy(), table.column("subject").to_pylist())))
    columns = [
        table.column(name).to_pylist() for name in ("subject", "time", "medium", "register", "interval", "start")
    ]
    joule = {unit: float(convert(1.0, unit, "J")) for unit in set(table.column("measured_in").to_pylist())}
    scale = [joule[unit] for unit in table.column("measured_in").to_pylist()]
    bad = [quality >= 64 for quality in table.column("quality").to_pylist()]
    readings: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    last: dict[str, tuple[int, float]] = {}
    for subject, time, medium, register, interval, start, factor, wrong in zip(*columns, scale, bad, strict=True):
        if medium != "electricity" or wrong:
            continue
        unit = str(subject).rpartition(":")[0] or str(subject)
        if interval is not None and start is not None:
            readings[unit].append((start, time, interval * factor))
        elif register is not None:
            value = register * factor
            if unit in last and value >= last[unit][1]:
                readings[unit].append((last[unit][0], time, value - last[unit][1]))
            last[unit] = time, value
    found_: dict[str, dict[str, float]] = {}
    for unit in found.machines:
        if unit in readings and unit in found.spans:
            power = _fit(unit, readings[unit], found, evidence)
            if power:
                found_[unit] = power
    missing = [unit for unit in found.machines if unit not in found_]
    if missing:
        evidence.miss(
            "power by state",
            ", ".join(missing),
            "no electricity meter with states beside it",
            "draws nothing",
            "a meter at the machine",
        )
    return found_


def _fit(
    unit: str, readings: list[tuple[int, int, float]], found: Observed, evidence: Evidence
) -> dict[str, float] | None:
    """Non-negative least squares; the interval from the residuals."""
    if len(readings) < _ENOUGH:
        return None
    share = np.zeros((len(readings), len(STATES)))
    watts = np.zeros(len(readings))
    for row, (start, end, joule) in enumerate(readings):
        length = (end - start) / SECOND
        if length <= 0:
            continue
        watts[row] = joule / length
        for span, seconds in found.during(unit, start, end):
            if span.state in STATES:
                share[row, STATES.index(span.state)] += seconds / length
    known = share.sum(axis=1) > 0.98
    used = np.flatnonzero(share[known].sum(axis=0) > 0.5)
    if known.sum() < _ENOUGH or not len(used):
        return None
    matrix, y = share[known][:, used], watts[known]
    value, _ = optimize.nnls(matrix, y)
    rest = y - matrix @ value
    sigma = math.sqrt(float(rest @ rest) / max(1, len(y) - len(used)))
    spread = sigma * np.sqrt(np.maximum(np.diag(np.linalg.pinv(matrix.T @ matrix)), 0))
    power = {}
    for at, watt, error in zip(used, value, spread, strict=True):
        power[STATES[at]] = float(round(watt, 3))
        evidence.add(
            "power",
            f"{unit}: {STATES[at]}",
            watt,
            low=max(0.0, watt - 1.96 * error),
            high=watt + 1.96 * error,
            unit="W",
            n=int((matrix[:, list(used).index(at)] > 0.05).sum()),
            method="non-negative least squares",
        )
    return power
