"""Batch machines: which lots share a batch, what fills it, how long the oldest lot waits for more."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from luban.core.time import SECOND
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.flow import Arrived
from luban.twin.calibrate.observe import Observed, Visit
from luban.twin.calibrate.routes import Mined
from luban.twin.model import Batch

__all__ = ["Batches", "batching"]

Floats = NDArray[np.float64]
Kind = tuple[str, str]


@dataclass(slots=True)
class Batches:
    """Batch rule of each (item, operation) that is batched; weight of a piece by item where weight fills a batch."""

    rules: dict[Kind, Batch] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)


def batching(found: Observed, mined: Mined, arrived: Arrived, evidence: Evidence) -> Batches:
    """Batch rules of all stations."""
    result = Batches()
    for station, machines in mined.stations.items():
        loads: dict[int, list[Visit]] = defaultdict(list)
        for machine in machines:
            for visit in found.at.get(machine, ()):
                if visit.end is not None and visit.quantity:
                    loads[visit.batch].append(visit)
        kinds = {(v.item, v.operation) for load in loads.values() if len(load) > 1 for v in load}
        if kinds:
            own = [load for load in loads.values() if (load[0].item, load[0].operation) in kinds]
            _rule(station, own, kinds, arrived, evidence, result)
    return result


def _rule(
    station: str, loads: list[list[Visit]], kinds: set[Kind], arrived: Arrived, evidence: Evidence, result: Batches
) -> None:
    items = sorted({item for item, _ in kinds})
    pieces = np.zeros((len(loads), len(items)))
    for row, load in enumerate(loads):
        for visit in load:
            if visit.item in items:
                pieces[row, items.index(visit.item)] += visit.quantity or 0.0
    lots = np.array([len(load) for load in loads], float)
    waited = np.array([max(0.0, (load[0].start - min(arrived.at[id(v)] for v in load)) / SECOND) for load in loads])
    totals = {"lot": lots, "piece": pieces.sum(axis=1)}
    weights = result.weights if all(item in result.weights for item in items) else _weights(items, pieces)
    if weights and len(loads) >= 5 * len(items):
        totals["weight"] = pieces @ np.array([weights[item] for item in items])
    measure = min(totals, key=lambda name: _scatter(totals[name]))
    if measure == "weight":
        result.weights |= weights
        evidence.add(
            "weight of a piece",
            station,
            float(np.mean(list(weights.values()))),
            unit="1",
            n=len(loads),
            method="non-negative least squares of full batches",
            note="relative to a usual batch: " + ", ".join(f"{item} {weights[item]:.4f}" for item in items),
        )
    total = totals[measure]
    maximum = float(total.max()) * (1 + 1e-9)
    low = float(np.quantile(total, 0.2))
    hurried = waited[total < low * 0.98]
    patience = float(np.quantile(waited, 0.9)) if len(hurried) >= 5 else None
    evidence.add(
        "batch",
        station,
        float(total.mean()),
        low=low,
        high=maximum,
        unit=measure,
        n=len(loads),
        method="batches seen",
        shown=f"starts from {low:.3g}, at most {maximum:.3g} {measure}",
        note="" if patience is None else f"or when the oldest has waited about {patience / 3600:.1f} h",
    )
    evidence.miss(
        "batch rule",
        station,
        "facts show batches, not why they started",
        "a usual filling, or a usual wait",
        "the rule as people say it, or weights of the items",
    )
    for family, own in _families(station, loads, kinds).items():
        for kind in own:
            result.rules[kind] = Batch(family, maximum, low, measure, patience)


def _scatter(total: Floats) -> float:
    return float(total.std() / total.mean())


def _weights(items: list[str], pieces: Floats) -> dict[str, float]:
    """Relative weight of a piece, as if every batch were equally full."""
    value, _ = optimize.nnls(pieces, np.ones(len(pieces)))
    small = float(np.min(value[value > 0])) if (value > 0).any() else 1.0
    return {item: float(v) if v > 0 else small for item, v in zip(items, value, strict=True)}


def _families(station: str, loads: list[list[Visit]], kinds: set[Kind]) -> dict[str, set[Kind]]:
    """Kinds that were seen in one batch, directly or by others, form a family."""
    leader = {kind: kind for kind in kinds}

    def root(kind: Kind) -> Kind:
        while leader[kind] != kind:
            kind = leader[kind]
        return kind

    for load in loads:
        first = root((load[0].item, load[0].operation))
        for visit in load[1:]:
            leader[root((visit.item, visit.operation))] = first
    found: dict[str, set[Kind]] = defaultdict(set)
    for kind in kinds:
        found[f"{station}: {'/'.join(root(kind))}"].add(kind)
    return found
