"""Setup times by (from, to): pairs are gathered into classes, since most pairs are seen too rarely alone.

A setup is `time of its class × factor`, or that plus a wait (for the first article), whichever explains more.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.fitting import fit
from luban.twin.calibrate.likelihood import Sample, estimate, loglik
from luban.twin.calibrate.observe import Observed
from luban.twin.calibrate.routes import Mined
from luban.twin.distribution import Distribution
from luban.twin.model import SetupTable

__all__ = ["Setups", "setup_key", "setup_tables", "station_has_several"]

Floats = NDArray[np.float64]
Pair = tuple[str, str]
_CLASSES = 4
_NODES = special.ndtri((np.arange(96) + 0.5) / 96)


@dataclass(frozen=True, slots=True)
class Setups:
    """Table of each station that sets up; `last` is the key that each machine was left with."""

    tables: dict[str, SetupTable]
    last: dict[str, str]


def setup_key(item: str, operation: str, several: bool) -> str:
    """What a machine is set up for: the item, or item/operation where a station does several operations of one item."""
    return f"{item}/{operation}" if several else item


def setup_tables(found: Observed, mined: Mined, evidence: Evidence) -> Setups:
    """Setup tables of the stations at which machines tell a setup."""
    tables, last = {}, {}
    for station, machines in mined.stations.items():
        several = station_has_several(mined, station)
        seen: dict[Pair, list[float]] = defaultdict(list)
        for machine in machines:
            before = ""
            for visit in found.at.get(machine, ()):
                key = setup_key(visit.item, visit.operation, several)
                if before and visit.end is not None and visit.spent and visit.mates == 1:
                    seen[before, key].append(visit.spent.get("setup", 0.0))
                before = key
            last[machine] = before
        if not any(value > 0 for values in seen.values() for value in values):
            continue
        tables[station] = _table(station, seen, evidence)
    return Setups(tables, last)


def station_has_several(mined: Mined, station: str) -> bool:
    """Does it do more than one operation of any item?"""
    members = set(mined.stations[station])
    for route in mined.routes.values():
        if sum(bool(members & set(counts)) for counts in route.machines.values()) > 1:
            return True
    return False


def _table(station: str, seen: dict[Pair, list[float]], evidence: Evidence) -> SetupTable:
    times: dict[Pair, float] = {}
    busy: dict[Pair, Floats] = {}
    for pair, values in seen.items():
        done = [value for value in values if value > 0]
        if len(done) * 2 <= len(values):
            times[pair] = 0.0
        else:
            busy[pair] = np.array(done)
    if not busy:
        return SetupTable(station, times)
    same = {pair: x for pair, x in busy.items() if pair[0] == pair[1]}
    other = {pair: x for pair, x in busy.items() if pair[0] != pair[1]}
    classes: list[list[Pair]] = [list(same)] if same else []
    classes += _classes(other) if other else []
    groups = [np.concatenate([busy[pair] for pair in own]) for own in classes]
    levels, factor, extra = _spread(station, groups, evidence)
    for own, level, group in zip(classes, levels, groups, strict=True):
        times |= dict.fromkeys(own, level)
        half = 1.96 * group.std(ddof=1) / math.sqrt(len(group)) if len(group) > 1 else math.nan
        mean = float(group.mean())
        word = "same" if own[0][0] == own[0][1] else f"{len(own)} pairs"
        evidence.add(
            "setup time",
            f"{station}: {word}",
            mean,
            low=mean - half,
            high=mean + half,
            n=len(group),
            method="mean of a class",
            note=", ".join(f"{a}→{b} ({len(busy[a, b])})" for a, b in own[:12]),
        )
    weights = [sum(len(busy[pair]) for pair in own) for own in classes]
    off = [(level, n) for level, n, own in zip(levels, weights, classes, strict=True) if own[0][0] != own[0][1]]
    default = sum(level * n for level, n in off) / sum(n for _, n in off) if off else 0.0
    keys = sorted({key for pair in seen for key in pair})
    unseen = [pair for pair in itertools.permutations(keys, 2) if pair not in seen]
    if unseen:
        evidence.miss(
            "setup time",
            station,
            f"{len(unseen)} of {len(keys) * (len(keys) - 1)} pairs never occurred",
            f"their mean, {default / 60:.0f} min",
            "a planned setup matrix, or more weeks",
        )
    return SetupTable(station, times, other=default, factor=factor, extra=extra)


def _classes(pairs: dict[Pair, Floats]) -> list[list[Pair]]:
    """Pairs gathered by their times: lognormal classes, each pair as a whole in one; their number by BIC."""
    names = list(pairs)
    logs = [np.log(pairs[name]) for name in names]
    n = np.array([len(x) for x in logs], float)
    total = np.array([x.sum() for x in logs])
    square = np.array([(x * x).sum() for x in logs])
    best: tuple[float, NDArray[np.intp]] = (math.inf, np.zeros(len(names), int))
    for k in range(1, min(_CLASSES, len(names)) + 1):
        score, member = _mixture(k, n, total, square)
        if score < best[0] - 6:
            best = (score, member)
    found = [[name for name, c in zip(names, best[1], strict=True) if c == k] for k in range(_CLASSES)]
    return [own for own in found if own]


def _mixture(k: int, n: Floats, total: Floats, square: Floats) -> tuple[float, NDArray[np.intp]]:
    means = np.quantile(np.repeat(total / n, n.astype(int)), (np.arange(k) + 0.5) / k)
    spread = np.full(k, max(float(np.sqrt((square.sum() - (total**2 / n).sum()) / max(n.sum() - len(n), 1))), 1e-3))
    share = np.full(k, 1 / k)
    for _ in range(400):
        log = (
            np.log(share)
            - n[:, None] * np.log(spread)
            - 0.5 * (square[:, None] - 2 * means * total[:, None] + n[:, None] * means**2) / spread**2
        )
        top = log.max(axis=1, keepdims=True)
        weight = np.exp(log - top)
        sums = weight.sum(axis=1, keepdims=True)
        weight /= sums
        mass = weight.T @ n + 1e-12
        fresh = weight.T @ total / mass
        spread = np.sqrt(np.maximum(weight.T @ square / mass - fresh**2, 1e-4))
        share = np.maximum(weight.mean(axis=0), 1e-12)
        moved = np.abs(fresh - means).max()
        means = fresh
        if moved < 1e-9:
            break
    likelihood = float((np.log(sums) + top).sum()) - n.sum() * 0.5 * math.log(2 * math.pi)
    return (3 * k - 1) * math.log(n.sum()) - 2 * likelihood, weight.argmax(axis=1)


def _spread(
    station: str, groups: list[Floats], evidence: Evidence
) -> tuple[list[float], Distribution | None, Distribution | None]:
    """Level of each class, factor on it and wait after it."""
    means = [float(group.mean()) for group in groups]
    ratio = np.concatenate([group / mean for group, mean in zip(groups, means, strict=True)])
    plain = fit(ratio)
    evidence.add_fit("factor on a setup", station, plain, "1")
    if plain.kind == "constant":
        return means, None, None
    factor = plain.distribution.scaled(1 / plain.distribution.mean)
    if len(ratio) < 60 or len(groups) < 2:
        return means, factor, None
    scale = -sum(len(group) * math.log(mean) for group, mean in zip(groups, means, strict=True))
    kind = plain.kind if plain.kind in {"lognormal", "gamma", "weibull", "normal"} else "lognormal"
    sample = Sample.of(ratio)
    known = loglik(kind, estimate(kind, sample), sample) + scale
    split = _with_wait(groups, means)
    if split is None or split[0] < known + 4:
        return means, factor, None
    _, levels, sigma, wait = split
    evidence.add(
        "wait after a setup",
        station,
        wait,
        n=len(ratio),
        method="maximum likelihood of class × factor + wait",
        shown=str(Distribution.exponential(wait)),
        note=f"log-likelihood better by {split[0] - known:.0f}",
    )
    return levels, Distribution.lognormal(1.0, sigma=sigma), Distribution.exponential(wait)


def _with_wait(groups: list[Floats], means: list[float]) -> tuple[float, list[float], float, float] | None:
    """(log-likelihood, levels, sigma of the factor, mean wait) of level × lognormal + exponential."""

    def loss(theta: Floats) -> float:
        wait, sigma = math.exp(theta[0]), math.exp(theta[1])
        factor = np.exp(sigma * _NODES - sigma * sigma / 2)
        total = 0.0
        for group, level in zip(groups, np.exp(theta[2:]), strict=True):
            rest = group[:, None] - level * factor
            density = np.where(rest >= 0, np.exp(-np.maximum(rest, 0) / wait) / wait, 0.0).mean(axis=1)
            total += float(np.log(density + 1e-300).sum())
        return -total

    smallest = min(means)
    best = None
    for part in (0.3, 0.6):
        wait = smallest * part
        start = np.array([math.log(wait), math.log(0.25), *(math.log(mean - wait) for mean in means)])
        tried = optimize.minimize(
            loss, start, method="Nelder-Mead", options={"maxiter": 1500, "xatol": 1e-4, "fatol": 1e-4}
        )
        if best is None or tried.fun < best.fun:
            best = tried
    if best is None or not math.isfinite(best.fun):
        return None
    return -float(best.fun), [float(v) for v in np.exp(best.x[2:])], math.exp(best.x[1]), math.exp(best.x[0])
