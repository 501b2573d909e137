"""Failures, repairs and maintenance out of machine states, with what the window cuts off.

A machine that did not fail counts by the time in which it could have: leaving it out would make every machine look
worse. The age at the window's beginning is not known, so the first life is taken as seen by a stranger who comes by
chance (a renewal process in equilibrium: Cox 1962, Renewal Theory, ch. 5).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from luban.core.time import SECOND
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.fitting import Fit, fit
from luban.twin.calibrate.observe import Observed, Span
from luban.twin.calibrate.routes import Mined
from luban.twin.distribution import Distribution
from luban.twin.model import Failure, Maintenance

__all__ = ["Lives", "Stops", "renewal_fit", "stops"]

Floats = NDArray[np.float64]
_OWN = 8  # failures from which a station's cause has figures of its own
_SHAPE = 20  # lives from which a Weibull shape is looked for


@dataclass(slots=True)
class Lives:
    """Times between failures of some machines on one clock [s].

    complete  from a repair to the next failure; first: from the window's start to the first failure
    open      from the last repair to the window's end; never: whole windows without a failure
    """

    complete: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    never: list[float] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """Failures seen."""
        return len(self.complete) + len(self.first)

    @property
    def exposure(self) -> float:
        """Time in which a failure could have been seen [s]."""
        return sum(map(sum, (self.complete, self.first, self.open, self.never)))

    def join(self, other: Lives) -> Lives:
        """Both together."""
        return Lives(
            self.complete + other.complete, self.first + other.first, self.open + other.open, self.never + other.never
        )


@dataclass(slots=True)
class _Stop:
    """One stop of a machine: where on both clocks it began, how long work on it lasted [s]."""

    reason: str
    calendar: float
    run: float
    length: float
    running: bool
    ended: bool


@dataclass(slots=True)
class Stops:
    """Failures and maintenance of each machine."""

    failures: dict[str, tuple[Failure, ...]] = field(default_factory=dict)
    maintenance: dict[str, tuple[Maintenance, ...]] = field(default_factory=dict)


def stops(found: Observed, mined: Mined, evidence: Evidence) -> Stops:
    """Failures and maintenance of every machine that tells its states."""
    down = {unit: _stops(spans, "down") for unit, spans in found.spans.items() if unit in mined.station_of}
    cared = {unit: _stops(spans, "maintenance") for unit, spans in found.spans.items() if unit in mined.station_of}
    clocks = {unit: _clocks(spans) for unit, spans in found.spans.items()}
    result = Stops()
    _failures(down, clocks, mined, evidence, result)
    _maintenance(cared, clocks, mined, evidence, result)
    return result


def _clocks(spans: list[Span]) -> tuple[float, float]:
    """Whole (calendar time while not failed, run time) of a machine [s]."""
    calendar = sum(s.end - s.start for s in spans if s.state not in {"down", "unknown"}) / SECOND
    return calendar, sum(s.end - s.start for s in spans if s.state == "run") / SECOND


def _stops(spans: list[Span], state: str) -> list[_Stop]:
    """Stops of one state; closed hours inside a repair belong to no stop but do not end it either."""
    found: list[_Stop] = []
    calendar = run = 0.0
    going: _Stop | None = None
    before = ""
    for span in spans:
        length = (span.end - span.start) / SECOND
        if span.state == state:
            if going is None or (span.reason and going.reason and span.reason != going.reason):
                going = _Stop(span.reason, calendar, run, 0.0, before == "run", False)
                found.append(going)
            going.length += length
            going.reason = going.reason or span.reason
        elif span.state not in {"off", "unknown"}:
            if going is not None:
                going.ended = True
            going = None
        if span.state not in {"down", "unknown"}:
            calendar += length
        if span.state == "run":
            run += length
        before = span.state
    return found


def _lives(stops_: list[_Stop], total: float, clock: str) -> Lives:
    at = [stop.run if clock == "run" else stop.calendar for stop in stops_]
    if not at:
        return Lives(never=[total])
    return Lives([max(b - a, 1.0) for a, b in pairwise(at)], [at[0]], [max(total - at[-1], 0.0)])


def _failures(
    down: dict[str, list[_Stop]],
    clocks: dict[str, tuple[float, float]],
    mined: Mined,
    evidence: Evidence,
    result: Stops,
) -> None:
    groups = _groups(down, mined, evidence)
    everything = [stop for own in down.values() for stop in own]
    for reason, units, where in groups:
        mine = {unit: [s for s in down[unit] if reason in {None, s.reason}] for unit in units}
        seen = [stop for own in mine.values() for stop in own]
        clock = _clock_of(seen, [clocks[unit] for unit in units], where, evidence)
        lives = Lives()
        for unit in units:
            lives = lives.join(_lives(mine[unit], clocks[unit][clock == "run"], clock))
        life = _life(lives, where, clock, evidence)
        lengths = [stop.length for stop in (seen if len(seen) >= 3 else everything) if stop.ended and stop.length > 0]
        if not lengths:
            evidence.miss("repair time", where, "no repair ended in the window", "no failures", "a longer window")
            continue
        repair = fit(lengths)
        evidence.add_fit("repair time", where, repair, note="" if len(seen) >= 3 else "of the whole plant")
        for unit in units:
            one = Failure(reason or "failure", life, repair.distribution, clock)
            result.failures[unit] = (*result.failures.get(unit, ()), one)


def _groups(down: dict[str, list[_Stop]], mined: Mined, evidence: Evidence) -> list[tuple[str | None, list[str], str]]:
    """(cause or None for all, machines, name): as fine as the number of failures allows."""
    found: list[tuple[str | None, list[str], str]] = []
    thin: list[str] = []
    for station, machines in mined.stations.items():
        units = [unit for unit in machines if unit in down]
        seen = [stop for unit in units for stop in down[unit]]
        by_reason: dict[str, int] = defaultdict(int)
        for stop in seen:
            by_reason[stop.reason] += 1
        named = [reason for reason, count in by_reason.items() if reason]
        if units and named and min(by_reason.values()) >= _OWN:
            found += [(reason, units, f"{station}: {reason}") for reason in sorted(named)]
        elif len(seen) >= _OWN:
            found.append((None, units, station))
        else:
            thin += units
    failed = [unit for unit in thin if down[unit]]
    if failed:
        kin = {mined.station_of[unit] for unit in failed}
        units = [unit for unit in thin if mined.station_of[unit] in kin]
        found.append((None, units, "machines that failed rarely"))
    quiet = [unit for unit in thin if not any(unit in units for _, units, _ in found)]
    if quiet:
        evidence.miss(
            "failures", ", ".join(quiet), "none in the window", "never fails", "a longer window, or service records"
        )
    return found


def _clock_of(seen: list[_Stop], clocks: list[tuple[float, float]], where: str, evidence: Evidence) -> str:
    """`run` if failures come while running more often than running time alone explains."""
    calendar, run = (sum(part) for part in zip(*clocks, strict=True))
    running = sum(stop.running for stop in seen)
    share = run / calendar if calendar else 0.0
    p = float(stats.binomtest(running, len(seen), min(max(share, 1e-9), 1 - 1e-9), alternative="greater").pvalue)
    clock = "run" if running == len(seen) or p < 0.01 else "calendar"
    evidence.add(
        "failure clock",
        where,
        running / len(seen),
        unit="1",
        n=len(seen),
        method="binomial",
        goodness=p,
        shown=clock,
        note=f"{running} of {len(seen)} while running, which is {share:.0%} of the time",
    )
    if p >= 0.01:
        evidence.miss(
            "failure clock",
            where,
            f"{len(seen)} failures do not tell run time from calendar time",
            clock,
            "more failures",
        )
    return clock


def _life(lives: Lives, where: str, clock: str, evidence: Evidence) -> Distribution:
    n = lives.failures
    mean = lives.exposure / n
    low = 2 * lives.exposure / stats.chi2.ppf(0.975, 2 * n + 2)
    high = 2 * lives.exposure / stats.chi2.ppf(0.025, 2 * n)
    life, note = Distribution.exponential(mean), ""
    if n >= _SHAPE:
        shape, scale, interval, gain = renewal_fit(lives)
        note = f"Weibull shape {shape:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"
        if gain > 2 and not interval[0] <= 1 <= interval[1]:
            life = Distribution.weibull(shape, scale)
    else:
        evidence.miss(
            "shape of the life", where, f"{n} failures", "exponential: failures by chance", f"{_SHAPE} failures"
        )
    evidence.add(
        f"time between failures ({clock} time)",
        where,
        life.mean,
        low=low,
        high=high,
        n=n,
        censored=len(lives.open) + len(lives.never),
        method="renewal likelihood, cut by the window",
        shown=str(life),
        note=note,
    )
    return life


def renewal_fit(lives: Lives) -> tuple[float, float, tuple[float, float], float]:
    """Weibull (shape, scale [s], 95 % profile interval of the shape, gain in log-likelihood over exponential).

    First lives have the density S(x)/mean and windows without failure the probability ∫S/mean of equilibrium.
    """
    complete, first, open_, never = (np.array(part) for part in (lives.complete, lives.first, lives.open, lives.never))
    mean = lives.exposure / max(lives.failures, 1)

    def loglik(shape: float, scale: float) -> float:
        mu = scale * math.gamma(1 + 1 / shape)
        z = complete / scale
        total = float((math.log(shape / scale) + (shape - 1) * np.log(z) - z**shape).sum())
        total += float((-((first / scale) ** shape) - math.log(mu)).sum()) - float(((open_ / scale) ** shape).sum())
        beyond = special.gammaincc(1 / shape, (never / scale) ** shape)
        return total + float(np.log(np.maximum(beyond, 1e-300)).sum())

    def profile(log_shape: float) -> tuple[float, float]:
        shape = math.exp(log_shape)
        centre = math.log(mean / math.gamma(1 + 1 / shape))
        best = optimize.minimize_scalar(
            lambda log: -loglik(shape, math.exp(log)), bounds=(centre - 3, centre + 3), method="bounded"
        )
        return -float(best.fun), math.exp(best.x)

    best = optimize.minimize_scalar(lambda log: -profile(log)[0], bounds=(-1.5, 2.3), method="bounded")
    top, scale = profile(float(best.x))

    def drop(log: float) -> float:
        return float(profile(log)[0] - top + stats.chi2.ppf(0.95, 1) / 2)

    ends = [math.exp(float(optimize.brentq(drop, best.x, far)) if drop(far) < 0 else far) for far in (-1.6, 2.5)]
    return math.exp(best.x), scale, (ends[0], ends[1]), top - loglik(1.0, mean)


def _maintenance(
    cared: dict[str, list[_Stop]],
    clocks: dict[str, tuple[float, float]],
    mined: Mined,
    evidence: Evidence,
    result: Stops,
) -> None:
    for station, machines in mined.stations.items():
        units = [unit for unit in machines if cared.get(unit)]
        for reason in sorted({stop.reason for unit in units for stop in cared[unit]}):
            mine = {unit: [s for s in cared[unit] if s.reason == reason] for unit in units}
            where = f"{station}: {reason or 'maintenance'}"
            seen = [stop for own in mine.values() for stop in own]
            gaps = {
                clock: [v for unit in units for v in _lives(mine[unit], clocks[unit][clock == "run"], clock).complete]
                for clock in ("calendar", "run")
            }
            lengths = [stop.length for stop in seen if stop.ended]
            if len(gaps["calendar"]) < 2 or not lengths:
                evidence.miss(
                    "maintenance", where, f"seen {len(seen)} times: no interval", "none", "the maintenance plan"
                )
                continue
            clock = min(gaps, key=lambda name: np.std(gaps[name]) / max(float(np.mean(gaps[name])), 1e-9))
            every, duration = fit(gaps[clock], goodness=False), fit(lengths, goodness=False)
            evidence.add_fit(f"maintenance interval ({clock} time)", where, every, note=_open(every))
            evidence.add_fit("maintenance duration", where, duration)
            one = Maintenance(reason or "maintenance", duration.distribution, every.distribution, clock)
            for unit in units:
                if mine[unit]:
                    result.maintenance[unit] = (*result.maintenance.get(unit, ()), one)


def _open(every: Fit) -> str:
    return "from complete intervals only: long ones are seen less often" if every.n < 10 else ""
