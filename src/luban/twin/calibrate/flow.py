"""Moves and queues: how long a lot travels, when it was there, and which one a machine took.

Between two operations a lot travels and then waits; the facts show the sum. If the machine stood idle before the lot
came, there was no wait: the gap is the move, exactly. Otherwise the move took at most the gap: a left-censored value.
The moment at which a machine becomes free does not depend on the move of the lot, so the likelihood may say so.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
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
    key: tuple[str, str, str]
    station: str
    seconds: float
    working: float
    exact: bool


def _gaps(found: Observed, mined: Mined, hours: Hours) -> list[_Gap]:
    gaps = []
    for case in found.cases.values():
        for before, after in pairwise(case):
            if before.end is None or not after.unit or after.mates > 1:
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
            seconds = max(0.0, (after.start - before.end) / SECOND)
            idle = found.state_before(after.unit, after.start) in {"idle", "standby"}
            worked = hours.between(after.unit, before.end, after.start) if seconds > 0 else 0.0
            key = (after.item, before.operation, after.operation)
            gaps.append(_Gap(key, mined.station_of[after.unit], seconds, worked, idle))
    return gaps


def moves(found: Observed, mined: Mined, hours: Hours, evidence: Evidence) -> Moves:
    """Move times of the plant."""
    result = Moves()
    gaps = _clock(_hidden(_gaps(found, mined, hours), result, evidence), result, evidence)
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
    evidence.add_fit("move time", "plant", whole, note="exact where the machine was idle, else at most the gap")
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
    exact = [gap.seconds for gap in gaps if gap.exact]
    positive = [max(value, 0.5) for value in exact] if sum(v == 0 for v in exact) < 0.02 * len(exact) else exact
    return Sample.of(positive, left=[gap.seconds for gap in gaps if not gap.exact and gap.seconds > 0])


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
        low = min(gap.seconds for gap in by_key[key])
        if value > 86400 and value > 8 * usual and low > 2 * usual:
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
    worked = [replace(gap, seconds=gap.working) for gap in gaps]
    if sum(gap.working < gap.seconds - 60 for gap in gaps) < 10 or sum(gap.exact for gap in gaps) < 10:
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
    """Expected arrival of each lot at the station, given the gap in which it came."""
    result = Arrived()
    table: dict[str, tuple[list[float], list[float]]] = {}
    for order, case in found.cases.items():
        earlier = found.orders[order].release
        first = True
        for visit in case:
            if visit.unit:
                idle = found.state_before(visit.unit, visit.start) in {"idle", "standby"} and visit.mates == 1
                came = float(visit.start)
                if not idle and earlier is not None and earlier < visit.start:
                    came = (
                        earlier
                        if first
                        else _expected(mined.station_of[visit.unit], visit, earlier, moved, hours, table)
                    )
                result.at[id(visit)] = came
            earlier, first = visit.end, False
    return result


def _expected(
    station: str,
    visit: Visit,
    earlier: int,
    moved: Moves,
    hours: Hours,
    table: dict[str, tuple[list[float], list[float]]],
) -> float:
    """End of a move that begins at `earlier`: its mean, given that it took at most the gap [µs UTC]."""
    own = moved.of(station)
    if own is None:
        return float(earlier)
    if station not in table:
        values = np.asarray(own.quantile((np.arange(400) + 0.5) / 400), float)
        table[station] = values.tolist(), (np.cumsum(values) / np.arange(1, 401)).tolist()
    values_, means = table[station]
    gap = hours.between(visit.unit, earlier, visit.start) if moved.working else (visit.start - earlier) / SECOND
    place = bisect.bisect_right(values_, gap) - 1
    took = means[place] if place >= 0 else gap / 2
    return float(hours.after(visit.unit, earlier, took)) if moved.working else earlier + took * SECOND
