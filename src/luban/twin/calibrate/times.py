"""How long operations take: per piece or lot, machine by machine, and how much that scatters.

Only time in which the machine ran counts: setups, waiting for people, repairs and closed hours inside an operation are
not processing. Where a machine tells no states, the hours of its calendar stand for it, and the finding says so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.fitting import Fit, fit
from luban.twin.calibrate.hours import Hours
from luban.twin.calibrate.observe import Observed, Visit
from luban.twin.calibrate.routes import Mined
from luban.twin.distribution import Distribution

__all__ = ["StepTime", "Times", "net_time", "process_times"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StepTime:
    """Processing of one operation: `time` per lot, piece or batch, times `factor` drawn each time."""

    time: Distribution
    per: str
    factor: Distribution | None
    scrap: float = 0.0


@dataclass(slots=True)
class Times:
    """By (item, operation), by machine: speed and load time [s]."""

    steps: dict[tuple[str, str], StepTime] = field(default_factory=dict)
    speed: dict[str, float] = field(default_factory=dict)
    load: dict[str, float] = field(default_factory=dict)


def net_time(visit: Visit, hours: Hours) -> float | None:
    """Seconds in which the visit was worked on; None where that cannot be known."""
    if visit.end is None:
        return None
    if visit.spent:
        return visit.spent.get("run") if visit.spent.get("unknown", 0.0) < 1.0 else None
    return hours.between(visit.unit, visit.start, visit.end)


def process_times(found: Observed, mined: Mined, hours: Hours, evidence: Evidence) -> Times:
    """Times of every operation of every mined route."""
    times = Times()
    blind = sorted({unit for unit in found.machines if unit not in found.spans})
    for unit in blind:
        evidence.miss(
            "processing apart from setup",
            unit,
            "the machine tells no states",
            "everything between start and end within its calendar is processing",
            "a state signal of the machine",
        )
    by_station: dict[str, list[tuple[Visit, float]]] = defaultdict(list)
    delays: dict[tuple[str, str], list[float]] = defaultdict(list)
    for visit in found.visits:
        net = net_time(visit, hours)
        if net is None or net <= 0 or not visit.item:
            continue
        if visit.unit:
            by_station[mined.station_of[visit.unit]].append((visit, net))
        else:
            delays[visit.item, visit.operation].append(net)
    for key, values in delays.items():
        _delay(key, values, times, evidence)
    for station, own in by_station.items():
        _station(station, own, times, evidence)
    _scrap(found, times, evidence)
    return times


def _delay(key: tuple[str, str], values: list[float], times: Times, evidence: Evidence) -> None:
    found = fit(values)
    times.steps[key] = StepTime(found.distribution, "lot", None)
    evidence.add_fit("delay without machine", "/".join(key), found)


def _station(station: str, own: list[tuple[Visit, float]], times: Times, evidence: Evidence) -> None:
    batched = {(v.item, v.operation) for v, _ in own if v.mates > 1}
    batch = [(v, x) for v, x in own if (v.item, v.operation) in batched]
    if batch:
        _batch_times(station, batch, times, evidence)
    rest = [(v, x) for v, x in own if (v.item, v.operation) not in batched]
    if rest:
        _lot_times(station, rest, times, evidence)


def _batch_times(station: str, own: list[tuple[Visit, float]], times: Times, evidence: Evidence) -> None:
    by_kind: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    everything: dict[int, float] = {}
    for visit, net in own:
        by_kind[visit.item, visit.operation][visit.batch] = net
        everything[visit.batch] = net
    pooled = fit(list(everything.values()))
    evidence.add_fit("processing time", f"{station} (batch)", pooled)
    _, between = _kinds_differ([list(v.values()) for v in by_kind.values()])
    for key, values in by_kind.items():
        single = fit(list(values.values()), goodness=False) if between and len(values) >= 3 else pooled
        times.steps[key] = StepTime(single.distribution, "batch", None)


def _kinds_differ(groups: list[list[float]]) -> tuple[float, bool]:
    groups = [group for group in groups if len(group) >= 3]
    if len(groups) < 2 or all(np.ptp(group) < 1e-6 * max(group) for group in groups):
        means = [np.mean(group) for group in groups]
        return math.nan, len(means) > 1 and np.ptp(means) > 1e-6 * max(means)
    p = float(stats.kruskal(*groups).pvalue)
    return p, p < 0.001


@dataclass(slots=True)
class _Data:
    """Visits of a station as arrays: seconds, pieces, which operation, which machine."""

    x: Floats
    q: Floats
    kind: NDArray[np.intp]
    machine: NDArray[np.intp]
    kinds: list[tuple[str, str]]
    machines: list[str]


def _lot_times(station: str, own: list[tuple[Visit, float]], times: Times, evidence: Evidence) -> None:
    own = [(v, x) for v, x in own if v.quantity]
    kinds = sorted({(v.item, v.operation) for v, _ in own})
    machines = sorted({v.unit for v, _ in own})
    if not own:
        return
    data = _Data(
        np.array([x for _, x in own]),
        np.array([float(v.quantity or 0) for v, _ in own]),
        np.array([kinds.index((v.item, v.operation)) for v, _ in own]),
        np.array([machines.index(v.unit) for v, _ in own]),
        kinds,
        machines,
    )
    per_piece, load = _shape(data)
    size = np.where(np.array(per_piece)[data.kind], data.q, 1.0)
    level, speed, error = _two_way(np.log((data.x - load) / size), data)
    ratio = (data.x - load) / (size * np.exp(level[data.kind] + speed[data.machine]))
    factors = _factors(station, ratio, data, evidence)
    if load:
        evidence.add(
            "load time", station, load, n=len(data.x), method="least squares of logarithms", note="added to each lot"
        )
    for k, key in enumerate(kinds):
        factor = factors[k]
        mean = factor.distribution.mean
        base = float(math.exp(level[k]) * mean)
        n = int((data.kind == k).sum())
        half = 1.96 * error / math.sqrt(n)
        unit = "s/piece" if per_piece[k] else "s/lot"
        evidence.add(
            "processing time",
            "/".join(key),
            base,
            low=base * math.exp(-half),
            high=base * math.exp(half),
            unit=unit,
            n=n,
            method="logarithms by operation and machine",
            goodness=factor.p,
            note="one visit only" if n == 1 else "",
        )
        spread = None if factor.kind == "constant" else factor.distribution.scaled(1 / mean)
        times.steps[key] = StepTime(Distribution.constant(base), "piece" if per_piece[k] else "lot", spread)
    for m, name in enumerate(machines):
        n = int((data.machine == m).sum())
        value, half = float(math.exp(speed[m])), 1.96 * error / math.sqrt(n)
        times.speed[name], times.load[name] = value, load
        if len(machines) > 1:
            evidence.add(
                "speed factor",
                name,
                value,
                low=value * math.exp(-half),
                high=value * math.exp(half),
                unit="1",
                n=n,
                method="logarithms by operation and machine",
            )


def _shape(data: _Data) -> tuple[list[bool], float]:
    """Which operations take time per piece, and a time of the lot besides, common to the station (0 unless clear)."""
    alone = [_per_piece(data, k, 0.0) for k in range(len(data.kinds))]
    if len(data.x) < 20:
        return alone, 0.0
    load, with_load = _load(data, np.where(_varies(data), data.q, 1.0))
    plain = _misfit(data, np.where(np.array(alone)[data.kind], data.q, 1.0), 0.0)
    n = len(data.x)
    gain = n * math.log(max(plain, 1e-12) / max(with_load, 1e-12))
    if gain < 12 + math.log(n) or load < 0.02 * data.x.mean():
        return alone, 0.0
    return [_per_piece(data, k, load) for k in range(len(data.kinds))], load


def _varies(data: _Data) -> NDArray[np.bool_]:
    """Visits of operations whose lots differ in size, or hold several pieces."""
    several = [np.ptp(data.q[data.kind == k]) > 0 or data.q[data.kind == k].mean() > 1 for k in range(len(data.kinds))]
    return np.asarray(np.array(several)[data.kind], bool)


def _per_piece(data: _Data, kind: int, load: float) -> bool:
    """Does the time follow the pieces, or not at all?"""
    own = data.kind == kind
    x, q = np.log(np.maximum(data.x[own] - load, 1e-9)), np.log(data.q[own])
    if len(x) < 3 or np.ptp(q) < 0.1:
        return bool(data.q[own].mean() > 1)
    return bool((x - q).std() < x.std())


def _misfit(data: _Data, size: Floats, load: float) -> float:
    """Sum of squared logarithmic errors with that load time."""
    rest = data.x - load
    if (rest <= 0).any():
        return math.inf
    level, speed, _ = _two_way(np.log(rest / size), data)
    middle = np.exp(level[data.kind] + speed[data.machine]) * size
    return float((np.log(data.x / (load + middle)) ** 2).sum())


def _load(data: _Data, size: Floats) -> tuple[float, float]:
    """(best load time [s], its misfit)."""
    top = float(data.x.min()) * 0.98
    best = optimize.minimize_scalar(lambda load: _misfit(data, size, load), bounds=(0.0, top), method="bounded")
    return float(best.x), float(best.fun)


def _two_way(y: Floats, data: _Data) -> tuple[Floats, Floats, float]:
    """Levels of operations and of machines, least squares; machine levels that are not clear are 0."""
    level = _means(y, data.kind, len(data.kinds))
    speed = np.zeros(len(data.machines))
    if len(data.machines) == 1:
        return level, speed, float((y - level[data.kind]).std())
    for _ in range(200):
        before = speed.copy()
        speed = _means(y - level[data.kind], data.machine, len(data.machines))
        speed -= np.sort(speed)[(len(speed) - 1) // 2]
        level = _means(y - speed[data.machine], data.kind, len(data.kinds))
        if np.abs(speed - before).max() < 1e-10:
            break
    error = float((y - level[data.kind] - speed[data.machine]).std())
    count = np.bincount(data.machine, minlength=len(speed))
    speed = np.where(np.abs(speed) > 3 * error / np.sqrt(count), speed, 0.0)
    level = _means(y - speed[data.machine], data.kind, len(data.kinds))
    return level, speed, error


def _means(y: Floats, group: NDArray[np.intp], groups: int) -> Floats:
    return np.asarray(np.bincount(group, y, groups) / np.maximum(np.bincount(group, minlength=groups), 1), float)


def _factors(station: str, ratio: Floats, data: _Data, evidence: Evidence) -> list[Fit]:
    """Scatter of single lots around the operation's time: one for the station unless operations clearly differ."""
    counts = np.bincount(data.kind, minlength=len(data.kinds))
    inflate = np.sqrt(np.maximum(counts, 2) / np.maximum(counts - 1, 1))[data.kind]
    use = counts[data.kind] >= 2
    if not use.any():
        return [fit([1.0], goodness=False)] * len(data.kinds)
    spread = np.exp(np.log(ratio) * inflate)
    pooled = fit(spread[use])
    evidence.add_fit("factor on the time of a lot", station, pooled, "1")
    large = [k for k in range(len(data.kinds)) if counts[k] >= 40]
    if len(large) < 2 or np.log(ratio).std() < 1e-6:
        return [pooled] * len(data.kinds)
    if stats.levene(*[np.log(ratio[data.kind == k]) for k in large]).pvalue > 1e-4:
        return [pooled] * len(data.kinds)
    found = [pooled] * len(data.kinds)
    for k in large:
        found[k] = fit(spread[data.kind == k])
        evidence.add_fit(
            "factor on the time of a lot", "/".join(data.kinds[k]), found[k], "1", "differs from the station's"
        )
    return found


def _scrap(found: Observed, times: Times, evidence: Evidence) -> None:
    pieces: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for visit in found.visits:
        if visit.quantity:
            pieces[visit.item, visit.operation][0] += visit.scrap or 0.0
            pieces[visit.item, visit.operation][1] += visit.quantity
    for key, (scrap, total) in pieces.items():
        if scrap > 0 and key in times.steps:
            evidence.add_share(
                "scrap", "/".join(key), round(scrap), round(total), "pieces; lots differ more than chance allows"
            )
            old = times.steps[key]
            times.steps[key] = StepTime(old.time, old.per, old.factor, min(1.0, scrap / total))
