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

__all__ = ["Rule", "dispatch_rules"]

_LAST = ("fifo", "lifo", "spt", "lpt", "srpt", "edd", "slack", "cr")
_FIRST: tuple[tuple[str, ...], ...] = ((), ("setup",), ("hot",), ("hot", "setup"))


_SOON = (0.5, 1.0, 2.0, 3.0, 5.0)  # days before the due date at which lots may become urgent


@dataclass(frozen=True, slots=True)
class Rule:
    """Keys of a station's rule, and (time before the due date [s], share of the lots) of its hot list."""

    keys: tuple[str, ...] = ("fifo",)
    urgent: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was taken, and what waited beside it, at one moment on one machine."""

    taken: Visit
    others: list[Visit]
    key: str


def dispatch_rules(
    found: Observed, mined: Mined, times: Times, setups: Setups, arrived: Arrived, evidence: Evidence
) -> dict[str, Rule]:
    """Rule of each station, keys of `model.RULES`."""
    rules: dict[str, Rule] = {}
    work = _work(mined, times)
    for station in mined.stations:
        choices = _choices(station, found, mined, arrived)
        if len(choices) < 20:
            evidence.miss(
                "dispatch rule", station, f"{len(choices)} choices between waiting lots", "fifo", "weeks with queues"
            )
            rules[station] = Rule()
            continue
        ranks = _ranks(station, found, mined, setups, arrived, work)
        keys = _best(station, choices, ranks, evidence)
        urgent = None if "edd" in keys else _hot_list(station, choices, keys, ranks, found, evidence)
        rules[station] = Rule(keys if urgent is None else ("urgent", *keys), urgent)
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


def _hot_list(
    station: str,
    choices: list[_Choice],
    keys: tuple[str, ...],
    ranks: dict[str, Callable[[Visit, _Choice], float]],
    found: Observed,
    evidence: Evidence,
) -> tuple[float, float] | None:
    """Lots near their due date that are taken before their turn: from when on, and which share of them."""

    def left(visit: Visit, choice: _Choice) -> float:
        due = found.orders[visit.order].due
        return math.inf if due is None else (due - choice.taken.start) / SECOND

    best: tuple[float, tuple[float, float], int, float] | None = None
    turns = []
    for choice in choices:
        lots = [choice.taken, *choice.others]
        first = min(lots, key=lambda v: tuple(ranks[name](v, choice) for name in keys))
        turns.append((choice, first, {v.order: left(v, choice) for v in lots}))
    for days in _SOON:
        soon = days * 86400
        passed, hot = set(), set()
        quiet = [choice.taken is not first for choice, first, left_ in turns if min(left_.values()) > soon]
        for choice, first, left_ in turns:
            if left_[first.order] <= soon:
                continue
            near = {order for order, rest in left_.items() if rest <= soon}
            passed |= near
            hot |= near & {choice.taken.order}
        if len(passed) < 10:
            continue
        share, usual = len(hot) / len(passed), float(np.mean(quiet)) if quiet else 0.0
        score = (share - usual) / math.sqrt(0.25 / len(passed))
        if best is None or score > best[0]:
            best = score, (soon, share), len(passed), usual
    if best is None or best[0] < 4:
        return None
    _, (soon, share), n, usual = best
    evidence.add_share(
        "hot list",
        station,
        round(share * n),
        n,
        f"lots within {soon / 86400:g} d of their due date that overtook; others out of turn {usual:.0%}",
    )
    return soon, share
