"""A model as it might be as well: every estimate moved within its own error, once for each replication.

Chance alone would make a prediction interval too narrow: the estimates rest on as many values as there were.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from luban.twin.calibrate.evidence import Evidence, Finding
from luban.twin.model import Failure, Machine, Model, Route, SetupTable, Step

__all__ = ["doubted"]

_Z = 3.92  # widths of a 95 % interval in standard errors
_BATCH = (0.15, 0.25)  # errors of a batch's least filling and longest wait, which facts show only roughly [1]


def doubted(model: Model, evidence: Evidence, rng: np.random.Generator) -> Model:
    """The model with each estimate times a lognormal error as wide as its interval says."""
    known: dict[tuple[str, str], float] = {}
    for finding in evidence.findings:
        known[finding.what, finding.where] = _error(finding)

    def factor(what: str, where: str) -> float:
        error = known.get((what, where), 0.0)
        return float(np.exp(rng.normal(0.0, error))) if error > 0 else 1.0

    move = factor("move time", "plant")
    fill, patience = (float(np.exp(rng.normal(0.0, error))) for error in _BATCH)
    routes = tuple(_route(route, factor, (move, fill, patience)) for route in model.routes)
    setups = tuple(_table(table, evidence, factor) for table in model.setups)
    life = {f.where: factor(f.what, f.where) for f in evidence.findings if f.what.startswith("time between failures")}
    repair = {f.where: factor("repair time", f.where) for f in evidence.of("repair time")}
    machines = tuple(_machine(machine, life, repair) for machine in model.machines)
    transport = None if model.transport is None else model.transport.scaled(move)
    return replace(model, routes=routes, setups=setups, machines=machines, transport=transport)


def _error(finding: Finding) -> float:
    """Standard error of the logarithm, from the interval."""
    if not (finding.value > 0 and finding.low > 0 and math.isfinite(finding.high)):
        return 0.0
    return min(math.log(finding.high / finding.low) / _Z, 0.5)


def _route(route: Route, factor: Callable[[str, str], float], shared: tuple[float, float, float]) -> Route:
    steps = []
    for step in route.steps:
        what = "delay without machine" if step.station is None else "processing time"
        where = f"{step.station} (batch)" if step.per == "batch" else f"{route.id}/{step.id}"
        steps.append(_step(step, factor(what, where), shared))
    return replace(route, steps=tuple(steps))


def _step(step: Step, factor: float, shared: tuple[float, float, float]) -> Step:
    move, fill, patience = shared
    transport = None if step.transport is None else step.transport.scaled(move)
    batch = step.batch
    if batch is not None:
        least = batch.minimum if batch.minimum <= 1 and batch.measure == "lot" else batch.minimum * fill
        wait = None if batch.max_wait is None else batch.max_wait * patience
        batch = replace(batch, minimum=min(least, batch.maximum), max_wait=wait)
    return replace(step, time=step.time.scaled(factor), transport=transport, batch=batch)


def _table(table: SetupTable, evidence: Evidence, factor: Callable[[str, str], float]) -> SetupTable:
    errors = [f for f in evidence.of("setup time") if f.where.startswith(f"{table.id}: ")]
    if not errors:
        return table
    one = float(np.exp(np.mean([math.log(factor(f.what, f.where)) for f in errors]) * math.sqrt(len(errors))))
    return replace(table, times={pair: seconds * one for pair, seconds in table.times.items()}, other=table.other * one)


def _machine(machine: Machine, life: dict[str, float], repair: dict[str, float]) -> Machine:
    """Failures of one group move together: they rest on the same figures."""
    return replace(
        machine,
        failures=tuple(
            replace(f, life=f.life.scaled(_of(life, machine, f)), repair=f.repair.scaled(_of(repair, machine, f)))
            for f in machine.failures
        ),
    )


def _of(factors: dict[str, float], machine: Machine, failure: Failure) -> float:
    for where in (f"{machine.station}: {failure.id}", machine.station, "machines that failed rarely"):
        if where in factors:
            return factors[where]
    return 1.0
