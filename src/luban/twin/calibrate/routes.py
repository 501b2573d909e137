"""Routings out of operation facts: the path of each item, its machines, skips, loops back, stations.

The order of operations is that of their first visits, by majority of pairs; what differs from it is a branch with its
probability. A lost fact looks like a skipped operation: skips no more frequent than the plant's lost facts are not
taken for sampling.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.observe import Observed, Visit
from luban.twin.model import Branch

__all__ = ["ItemRoute", "Mined", "mine", "stations_of"]

LOST = -1
_RARE = 0.005  # share below which a transition is taken for an error of the facts [1]


@dataclass(slots=True)
class ItemRoute:
    """The mined route of an item.

    operations  names in order
    machines    operation → work unit → visits there; empty: no machine is needed
    sample      operation → share of the lots that do it [1]
    branches    operation → jumps
    cases       orders that were followed from the beginning; `explained` by the route
    """

    item: str
    operations: list[str]
    machines: dict[str, Counter[str]]
    sample: dict[str, float] = field(default_factory=dict)
    branches: dict[str, tuple[Branch, ...]] = field(default_factory=dict)
    cases: int = 0
    explained: int = 0


@dataclass(slots=True)
class Mined:
    """Routes by item, and the station of each machine."""

    routes: dict[str, ItemRoute]
    stations: dict[str, tuple[str, ...]]
    station_of: dict[str, str]


def mine(found: Observed, evidence: Evidence) -> Mined:
    """Routes and stations of the window."""
    by_item: dict[str, list[list[Visit]]] = defaultdict(list)
    for order, case in found.cases.items():
        item = found.orders[order].item or case[0].item
        if item:
            by_item[item].append(case)
    nameless = sum(not (found.orders[order].item or case[0].item) for order, case in found.cases.items())
    if nameless:
        evidence.miss(
            "item", "plant", f"{nameless} orders without item", "left out", "the item of each order or operation"
        )
    routes = {item: _route(item, cases, found, evidence) for item, cases in sorted(by_item.items())}
    stations, station_of = stations_of(routes, found.machines)
    for name, members in stations.items():
        evidence.add(
            "machines",
            name,
            len(members),
            unit="1",
            n=sum(len(found.at.get(m, ())) for m in members),
            method="share of operations",
            shown=", ".join(members),
        )
    return Mined(routes, stations, station_of)


def _route(item: str, cases: list[list[Visit]], found: Observed, evidence: Evidence) -> ItemRoute:
    whole = [case for case in cases if _whole(case, found)]
    used = whole or cases
    order = _order(used)
    route = ItemRoute(item, order, {name: Counter() for name in order})
    for case in cases:
        for visit in case:
            if visit.operation in route.machines and visit.unit:
                route.machines[visit.operation][visit.unit] += 1
    route.cases = len(whole)
    if not whole:
        evidence.miss(
            "routing",
            item,
            f"none of its {len(cases)} orders was seen from beginning to end",
            f"the order of operations as far as seen: {', '.join(order)}",
            "a longer window",
        )
        return route
    _transitions(route, whole, found, evidence)
    evidence.add_share("conformance", item, route.explained, route.cases, "orders that the mined route explains")
    variants = Counter(tuple(v.operation for v in case) for case in whole)
    path, count = variants.most_common(1)[0]
    note = f"{len(variants)} paths; the commonest, {' → '.join(path)}, in {count / len(whole):.0%}"
    evidence.add(
        "routing",
        item,
        len(order),
        unit="1",
        n=len(whole),
        method="first visits, majority of pairs",
        shown=" → ".join(order),
        note=note,
    )
    return route


def _whole(case: list[Visit], found: Observed) -> bool:
    """Seen from release to finish; without such events: begun a while after the window and not at its end."""
    order = found.orders[case[0].order]
    if order.release is not None or order.finish is not None:
        return order.release is not None and order.finish is not None
    quiet = (found.until - found.since) // 10
    return case[0].start > found.since + quiet and (case[-1].end or found.until) < found.until - quiet


def _order(cases: list[list[Visit]]) -> list[str]:
    """Operations in the order of first visits: each before those that it precedes in most cases."""
    before: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    for case in cases:
        firsts = list(dict.fromkeys(visit.operation for visit in case))
        seen.update(firsts)
        before.update((a, b) for i, a in enumerate(firsts) for b in firsts[i + 1 :])
    names = [name for name, count in seen.items() if count >= max(1, _RARE * len(cases))]
    ahead = {a: sum(before[b, a] > before[a, b] for b in names if b != a) for a in names}
    return sorted(names, key=lambda name: (ahead[name], name))


def _transitions(route: ItemRoute, cases: list[list[Visit]], found: Observed, evidence: Evidence) -> None:
    """Jumps between places of the route; the end is place `len(operations)`."""
    place = {name: at for at, name in enumerate(route.operations)}
    end = len(route.operations)
    steps: dict[int, Counter[int]] = defaultdict(Counter)
    paths = []
    for case in cases:
        order = found.orders[case[0].order]
        path = [-1, *(place[visit.operation] for visit in case if visit.operation in place)]
        if not (order.lost and case[-1].good == 0):  # its last piece was scrapped: no branch of the route
            path.append(LOST - 1 if order.lost else end)
        paths.append((path, all(visit.operation in place for visit in case)))
        for a, b in itertools.pairwise(path):
            steps[a][b] += 1
    lost = _lost_share(steps, end)
    allowed = _samples(route, steps, lost, evidence)
    _branches(route, steps, allowed, lost, evidence)
    route.explained = sum(
        known and all(b == a + 1 or (a, b) in allowed for a, b in itertools.pairwise(path)) for path, known in paths
    )


def _lost_share(steps: dict[int, Counter[int]], end: int) -> float:
    """Share of operation facts that never came: the lower half of the skips of single operations, all operations."""
    shares = sorted(steps[a][a + 2] / max(1, sum(steps[a].values())) for a in range(-1, end - 1))
    lower = shares[: (len(shares) + 1) // 2]
    return sum(lower) / len(lower) if lower else 0.0


def _samples(route: ItemRoute, steps: dict[int, Counter[int]], lost: float, evidence: Evidence) -> set[tuple[int, int]]:
    """Operations that only a share of the lots does: jumped over by exactly one place, from wherever lots come."""
    allowed: set[tuple[int, int]] = set()
    for at, name in enumerate(route.operations):
        n = sum(steps[at - 1].values())
        skipped = steps[at - 1][at + 1]
        if n == 0 or skipped <= max(2, 3 * lost * n, _RARE * n):
            continue
        stay = steps[at - 1][at]
        route.sample[name] = stay / (skipped + stay)
        allowed.add((at - 1, at + 1))
        where = f"{route.item}/{name}"
        evidence.add_share("sampling", where, stay, skipped + stay, "share of the lots that do the operation")
    return allowed


def _branches(
    route: ItemRoute, steps: dict[int, Counter[int]], allowed: set[tuple[int, int]], lost: float, evidence: Evidence
) -> None:
    end = len(route.operations)
    for at, name in enumerate(route.operations):
        n = sum(steps[at].values())
        jumps = []
        for to, count in sorted(steps[at].items()):
            rare = count <= max(1, _RARE * n) and to != LOST - 1
            forward = to > at + 1
            if to == at + 1 or (at, to) in allowed or rare or (forward and count <= max(2, 3 * lost * n)):
                continue
            allowed.add((at, to))
            target = None if to == end else (LOST if to == LOST - 1 else to)
            word = "finished" if target is None else "scrapped" if to == LOST - 1 else route.operations[to]
            jumps.append(Branch(count / n, target))
            what = "rework" if 0 <= to <= at else "branch"
            evidence.add_share(what, f"{route.item}/{name}", count, n, f"then {word}")
        if jumps:
            route.branches[name] = tuple(jumps)


def stations_of(
    routes: dict[str, ItemRoute], machines: tuple[str, ...]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Machines that take the same operation of the same item share a station; station → machines, machine → station."""
    leader = {machine: machine for machine in machines}

    def root(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for route in routes.values():
        for counts in route.machines.values():
            used = [m for m, c in counts.items() if c > max(1, _RARE * sum(counts.values())) or len(counts) == 1]
            for other in used[1:]:
                leader[root(other)] = root(used[0])
    groups: dict[str, list[str]] = defaultdict(list)
    for machine in machines:
        groups[root(machine)].append(machine)
    stations = {_name(members): tuple(members) for members in groups.values()}
    return stations, {machine: name for name, members in stations.items() for machine in members}


def _name(members: list[str]) -> str:
    last = [member.rsplit("/", 1)[-1] for member in members]
    return last[0] if len(last) == 1 else f"{last[0]}-{last[-1]}" if len(last) > 2 else "+".join(last)
