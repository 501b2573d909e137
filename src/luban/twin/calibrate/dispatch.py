"""Which rule explains what the machines took: each choice among waiting lots is held against each rule."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from luban.core.time import SECOND
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.flow import Arrived
from luban.twin.calibrate.observe import Observed, Visit
from luban.twin.calibrate.routes import Mined
from luban.twin.calibrate.setups import Setups, setup_key, station_has_several
from luban.twin.calibrate.times import Times

__all__ = ["dispatch_rules"]

_LAST = ("fifo", "lifo", "spt", "lpt", "srpt", "edd", "slack", "cr")
_FIRST: tuple[tuple[str, ...], ...] = ((), ("setup",), ("hot",), ("hot", "setup"))


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was taken, and what waited beside it, at one moment on one machine."""

    taken: Visit
    others: list[Visit]
    key: str


def dispatch_rules(
    found: Observed, mined: Mined, times: Times, setups: Setups, arrived: Arrived, evidence: Evidence
) -> dict[str, tuple[str, ...]]:
    """Rule of each station, keys of `model.RULES`."""
    rules: dict[str, tuple[str, ...]] = {}
    work = _work(mined, times)
    for station in mined.stations:
        choices = _choices(station, found, mined, arrived)
        if len(choices) < 20:
            evidence.miss(
                "dispatch rule", station, f"{len(choices)} choices between waiting lots", "fifo", "weeks with queues"
            )
            rules[station] = ("fifo",)
            continue
        rules[station] = _best(station, choices, _ranks(station, found, mined, setups, arrived, work), evidence)
    return rules


def _work(mined: Mined, times: Times) -> dict[tuple[str, str], tuple[float, float, float, float]]:
    """(lot, piece) seconds of each operation, then of the rest of its route."""
    found = {}
    for item, route in mined.routes.items():
        rest = np.zeros(2)
        for name in reversed(route.operations):
            step = times.steps.get((item, name))
            own = np.zeros(2)
            if step is not None:
                own[int(step.per == "piece")] = step.time.mean
            rest = rest + own
            found[item, name] = (float(own[0]), float(own[1]), float(rest[0]), float(rest[1]))
    return found


def _choices(station: str, found: Observed, mined: Mined, arrived: Arrived) -> list[_Choice]:
    visits = [v for unit in mined.stations[station] for v in found.at.get(unit, ())]
    visits = sorted((v for v in visits if id(v) in arrived.at), key=lambda v: arrived.at[id(v)])
    several = station_has_several(mined, station)
    choices: list[_Choice] = []
    for unit in mined.stations[station]:
        before = ""
        for visit in found.at.get(unit, ()):
            key = setup_key(visit.item, visit.operation, several)
            idle = found.state_before(unit, visit.start) in {"idle", "standby"}
            if visit.mates == 1 and id(visit) in arrived.at and not idle:  # an idle machine had no choice
                others = [
                    v
                    for v in visits
                    if v is not visit
                    and arrived.at[id(v)] <= visit.start < v.start
                    and unit in mined.routes[v.item].machines.get(v.operation, ())
                ]
                if others:
                    choices.append(_Choice(visit, others, before))
            before = key
    return choices


def _ranks(
    station: str,
    found: Observed,
    mined: Mined,
    setups: Setups,
    arrived: Arrived,
    work: Mapping[tuple[str, str], tuple[float, float, float, float]],
) -> dict[str, Callable[[Visit, _Choice], float]]:
    table = setups.tables.get(station)
    several = station_has_several(mined, station)

    number = {
        order: at for at, order in enumerate(sorted(found.orders, key=lambda o: (found.orders[o].arrival or 0, o)))
    }
    came = {
        id(v): arrived.at[id(v)] - found.since + 0.1 * number[v.order]  # orders released together queue as they came
        for unit in mined.stations[station]
        for v in found.at.get(unit, ())
        if id(v) in arrived.at
    }

    def length(visit: Visit, rest: bool) -> float:
        lot, piece, rest_lot, rest_piece = work.get((visit.item, visit.operation), (0.0, 0.0, 0.0, 0.0))
        quantity = visit.quantity or found.orders[visit.order].quantity or 1.0
        return rest_lot + rest_piece * quantity if rest else lot + piece * quantity

    def left(visit: Visit, choice: _Choice) -> float:
        due = found.orders[visit.order].due
        return math.inf if due is None else (due - choice.taken.start) / SECOND

    def setup(visit: Visit, choice: _Choice) -> float:
        if table is None:
            return 0.0
        key = setup_key(visit.item, visit.operation, several)
        return table.times.get((choice.key, key), 0.0 if choice.key == key else table.other)

    return {
        "fifo": lambda v, _: came[id(v)],
        "lifo": lambda v, _: -came[id(v)],
        "spt": lambda v, _: length(v, False),
        "lpt": lambda v, _: -length(v, False),
        "srpt": lambda v, _: length(v, True),
        "edd": lambda v, _: float(found.orders[v.order].due or 1 << 62),
        "slack": lambda v, c: left(v, c) - length(v, True),
        "cr": lambda v, c: left(v, c) / max(length(v, True), 1e-6),
        "setup": setup,
        "hot": lambda v, _: -found.orders[v.order].priority,
    }


def _best(
    station: str,
    choices: list[_Choice],
    ranks: dict[str, Callable[[Visit, _Choice], float]],
    evidence: Evidence,
) -> tuple[str, ...]:
    """The rule with the largest share of choices explained; a shorter one where the longer is not clearly better."""
    chance = float(np.mean([1 / (1 + len(choice.others)) for choice in choices]))
    scores: dict[tuple[str, ...], float] = {}
    values: dict[str, list[list[float]]] = defaultdict(list)
    for name, rank in ranks.items():
        for choice in choices:
            values[name].append([round(rank(v, choice), 3) for v in (choice.taken, *choice.others)])
    for head in _FIRST:
        if any(all(len(set(own)) == 1 for own in values[name]) for name in head):
            continue
        for last in _LAST:
            rule = (*head, last)
            hits = 0.0
            for at in range(len(choices)):
                keys = list(zip(*(values[name][at] for name in rule), strict=True))
                first = min(keys)
                hits += (keys[0] == first) / keys.count(first)
            scores[rule] = hits / len(choices)
    n = len(choices)
    error = math.sqrt(0.25 / n)
    top = max(scores.values())
    close = [rule for rule, score in scores.items() if score > top - 2 * error]
    rule = min(close, key=lambda own: (len(own), -scores[own]))
    second = max((score, own) for own, score in scores.items() if len(own) == 1 and own != rule)
    if scores[rule] < chance + 3 * error:
        evidence.miss(
            "dispatch rule",
            station,
            f"{' '.join(rule)} explains {scores[rule]:.0%} of {n} choices, chance {chance:.0%}",
            "fifo",
            "the rule as people say it",
        )
        return ("fifo",)
    evidence.add(
        "dispatch rule",
        station,
        scores[rule],
        low=scores[rule] - 2 * error,
        high=min(1.0, scores[rule] + 2 * error),
        unit="1",
        n=n,
        method="share of choices explained",
        shown=" ".join(rule),
        note=f"chance {chance:.0%}; next single rule {' '.join(second[1])} {second[0]:.0%}",
    )
    if scores[rule] < 0.6:
        evidence.miss(
            "dispatch rule",
            station,
            f"{1 - scores[rule]:.0%} of the choices follow no rule tried",
            " ".join(rule),
            "arrival of lots at the machine, hot lists, the rule as people say it",
        )
    return rule
