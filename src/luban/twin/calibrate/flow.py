"""Moves and queues: how long a lot travels, when it was there, and which one a machine took.

Between two operations a lot travels and then waits; the facts show the sum. A lot that a machine took from idleness did
not wait: the gap is the move, exactly. Another one came while no machine that may take it was idle: after the last
instant at which one was, and before the instant at which one would have been idle again without it. Both ends do not
depend on the move (a busy period is as long wherever in it the lot comes), so the value is interval-censored.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from luban.core.time import SECOND
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.fitting import fit
from luban.twin.calibrate.hours import Hours
from luban.twin.calibrate.likelihood import FAMILIES, Sample, estimate, loglik
from luban.twin.calibrate.observe import Observed, Visit
from luban.twin.calibrate.routes import Mined
from luban.twin.distribution import Distribution

__all__ = ["Arrived", "Moves", "arrivals_at_stations", "moves"]

_FEW = 25


class Idleness:
    """When one of some machines was idle, and what that says of a lot that was taken."""

    def __init__(self, found: Observed) -> None:
        self._found = found
        self._spans: dict[frozenset[str], tuple[list[int], list[int]]] = {}

    def _of(self, units: frozenset[str]) -> tuple[list[int], list[int]]:
        """Starts and ends of the times in which any of them was idle, joined."""
        if units not in self._spans:
            spans = sorted(
                (span.start, span.end)
                for unit in units
                for span in self._found.spans.get(unit, ())
                if span.state in {"idle", "standby"}
            )
            joined: list[list[int]] = []
            for start, end in spans:
                if joined and start <= joined[-1][1]:
                    joined[-1][1] = max(joined[-1][1], end)
                else:
                    joined.append([start, end])
            self._spans[units] = [own[0] for own in joined], [own[1] for own in joined]
        return self._spans[units]

    def bounds(self, visit: Visit, begin: int, units: Iterable[str]) -> tuple[int, int]:
        """(earliest, latest) arrival of a lot under way since `begin` that was taken at `visit.start` [µs UTC]."""
        if (visit.item, visit.operation) in self._found.batched:  # an idle machine may wait for more lots
            return min(begin, visit.start), visit.start
        members = frozenset(units) | {visit.unit}
        starts, ends = self._of(members)
        place = bisect.bisect_left(starts, visit.start) - 1
        if place >= 0 and ends[place] >= visit.start - SECOND:
            return visit.start, visit.start
        low = max(begin, ends[place]) if place >= 0 else begin
        again = starts[place + 1] if place + 1 < len(starts) else self._found.until
        own = ((visit.end or visit.start) - visit.start) / len(members)
        return min(low, visit.start), max(visit.start, round(again - own))


@dataclass(slots=True)
class Moves:
    """Move times: of the plant, and to stations that clearly differ; hidden delays by (item, operation before, after).

    working  moves pass in working hours only
    """

    default: Distribution | None = None
    to: dict[str, Distribution] = field(default_factory=dict)
    delays: dict[tuple[str, str, str], Distribution] = field(default_factory=dict)
    working: bool = False

    def of(self, station: str) -> Distribution | None:
        """Move to a station."""
        return self.to.get(station, self.default)


@dataclass(frozen=True, slots=True)
class _Gap:
    """From the end of an operation to the start of the next [s], and what it says of the move: low ≤ move ≤ high."""

    key: tuple[str, str, str]
    station: str
    seconds: float
    low: float
    high: float
    worked: tuple[float, float]

    @property
    def exact(self) -> bool:
        return self.low == self.high


def _gaps(found: Observed, mined: Mined, hours: Hours, idle: Idleness) -> list[_Gap]:
    gaps = []
    for case in found.cases.values():
        for before, after in pairwise(case):
            if before.end is None or after.unit not in found.spans or (after.item, after.operation) in found.batched:
                continue
            route = mined.routes.get(after.item)
            if route is None or before.operation not in route.operations or after.operation not in route.operations:
                continue
            step = route.operations.index(after.operation) - route.operations.index(before.operation)
            skipped = step > 1 and all(
                route.sample.get(name, 1.0) < 1
                for name in route.operations[route.operations.index(before.operation) + 1 :][: step - 1]
            )
            if (
                step > 1
                and not skipped
                and not any(
                    branch.to == route.operations.index(after.operation)
                    for branch in route.branches.get(before.operation, ())
                )
            ):
                continue  # an operation between them did not reach the books
            key = (after.item, before.operation, after.operation)
            low, high = idle.bounds(after, before.end, route.machines[after.operation])
            ends = [
                hours.between(after.unit, before.end, moment) if moment > before.end else 0.0 for moment in (low, high)
            ]
            plain = [max(0.0, (moment - before.end) / SECOND) for moment in (low, high)]
            seconds = max(0.0, (after.start - before.end) / SECOND)
            gaps.append(_Gap(key, mined.station_of[after.unit], seconds, plain[0], plain[1], (ends[0], ends[1])))
    return gaps


def moves(found: Observed, mined: Mined, hours: Hours, evidence: Evidence) -> Moves:
    """Move times of the plant."""
    result = Moves()
    gaps = _clock(_hidden(_gaps(found, mined, hours, Idleness(found)), result, evidence), result, evidence)
    sample = _sample(gaps)
    exact = len(sample.exact)
    if exact < 5:
        evidence.miss(
            "move time",
            "plant",
            f"{exact} lots met an idle machine",
            "no time",
            "arrivals at the machine, or quieter weeks",
        )
        return result
    if np.quantile(sample.exact, 0.9) < 1.0:
        evidence.add(
            "move time", "plant", 0.0, n=sample.n, censored=sample.censored, method="gaps before idle machines"
        )
        return result
    whole = fit(sample, candidates=_candidates(sample), goodness=False)
    result.default = whole.distribution
    evidence.add_fit("move time", "plant", whole, note="exact where a machine was idle, else between two idle times")
    for station in sorted({gap.station for gap in gaps}):
        own = _sample([gap for gap in gaps if gap.station == station])
        rest = _sample([gap for gap in gaps if gap.station != station])
        if len(own.exact) < _FEW or len(rest.exact) < _FEW or not (own.exact > 0).any():
            continue
        single = fit(own, candidates=(whole.kind,) if whole.kind in FAMILIES else ("exponential",), goodness=False)
        low, high = whole.mean[1:]
        if single.mean[2] < low * 0.9 or single.mean[1] > high * 1.1:
            result.to[station] = single.distribution
            evidence.add_fit("move time", f"to {station}", single, note="differs from the plant's")
    return result


def _candidates(sample: Sample) -> tuple[str, ...]:
    return (
        ("exponential", "gamma", "weibull", "lognormal") if sample.n < 3000 else ("exponential", "weibull", "lognormal")
    )


def _sample(gaps: list[_Gap]) -> Sample:
    low, high = np.array([gap.low for gap in gaps]), np.array([gap.high for gap in gaps])
    exact = low == high
    if exact.any() and (low[exact] == 0).mean() < 0.02:
        low[exact] = high[exact] = np.maximum(low[exact], 0.5)
    keep = high > 0
    keep[exact] = True
    return Sample(low[keep], high[keep])


def _hidden(gaps: list[_Gap], result: Moves, evidence: Evidence) -> list[_Gap]:
    """Gaps that are far longer than all others of the plant: something happens there that no operation tells."""
    by_key: dict[tuple[str, str, str], list[_Gap]] = defaultdict(list)
    for gap in gaps:
        by_key[gap.key].append(gap)
    middle = {key: float(np.median([gap.seconds for gap in own])) for key, own in by_key.items() if len(own) >= 5}
    if len(middle) < 4:
        return gaps
    usual = float(np.median(list(middle.values())))
    kept = gaps
    for key, value in middle.items():
        idle = [gap.seconds for gap in by_key[key] if gap.exact]  # waiting at a busy machine is no delay
        if len(idle) >= 3 and value > 86400 and value > 8 * usual and min(idle) > 2 * usual:
            kept = [gap for gap in kept if gap.key != key]
            item, before, after = key
            own = fit(_sample(by_key[key]), goodness=False)
            result.delays[key] = own.distribution
            evidence.add_fit(
                "delay without operation",
                f"{item}/{before} to {after}",
                own,
                note="no fact between the two: work outside, drying, or a hold",
            )
    return kept


def _clock(gaps: list[_Gap], result: Moves, evidence: Evidence) -> list[_Gap]:
    """Does a move go on while the plant is closed? Both clocks tick alike at each exact gap, so likelihoods compare."""
    worked = [replace(gap, low=gap.worked[0], high=gap.worked[1]) for gap in gaps]
    if sum(gap.worked[1] < gap.high - 60 for gap in gaps) < 10 or sum(gap.exact for gap in gaps) < 10:
        return gaps
    score = {}
    for word, own in (("always", gaps), ("in working hours", worked)):
        sample = _sample(own)
        if not (sample.exact > 1).any():
            return gaps
        score[word] = max(loglik(kind, estimate(kind, sample), sample) for kind in ("exponential", "weibull"))
    result.working = score["in working hours"] > score["always"]
    word = max(score, key=lambda name: score[name])
    evidence.add(
        "hours of moves",
        "plant",
        abs(score["always"] - score["in working hours"]),
        unit="1",
        n=len(gaps),
        method="difference of log-likelihoods",
        shown=word,
    )
    return worked if result.working else gaps


@dataclass(slots=True)
class Arrived:
    """When each visit's lot was probably at the station [µs UTC], by identity of the visit."""

    at: dict[int, float] = field(default_factory=dict)


def arrivals_at_stations(found: Observed, mined: Mined, moved: Moves, hours: Hours) -> Arrived:
    """Expected arrival of each lot at the station, given the bounds of its move."""
    result = Arrived()
    idle = Idleness(found)
    grids: dict[str, np.ndarray] = {}
    for order, case in found.cases.items():
        earlier = found.orders[order].release
        first = True
        for visit in case:
            route = mined.routes.get(visit.item)
            if visit.unit and route is not None and visit.operation in route.machines:
                came = float(visit.start)
                if earlier is not None and earlier < visit.start:
                    low, high = idle.bounds(visit, earlier, route.machines[visit.operation])
                    station = mined.station_of[visit.unit]
                    if first:
                        came = float(earlier)
                    elif low < high:
                        came = _expected(station, visit, (earlier, low, min(high, visit.start)), moved, hours, grids)
                result.at[id(visit)] = came
            earlier, first = visit.end, False
    return result


def _expected(
    station: str,
    visit: Visit,
    moments: tuple[int, int, int],
    moved: Moves,
    hours: Hours,
    grids: dict[str, np.ndarray],
) -> float:
    """Mean end of a move that begins at the first moment and ends between the other two [µs UTC]."""
    begin, low, high = moments
    own = moved.of(station)
    if own is None:
        return float(max(begin, low))
    if station not in grids:
        grids[station] = np.asarray(own.quantile((np.arange(400) + 0.5) / 400), float)
    grid = grids[station]
    if moved.working:
        ends = [hours.between(visit.unit, begin, max(begin, moment)) for moment in (low, high)]
    else:
        ends = [max(0.0, (moment - begin) / SECOND) for moment in (low, high)]
    first, last = np.searchsorted(grid, ends)
    took = float(grid[first:last].mean()) if last > first else (ends[0] + ends[1]) / 2
    return float(hours.after(visit.unit, begin, took)) if moved.working else begin + took * SECOND
