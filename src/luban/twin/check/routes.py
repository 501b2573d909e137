"""Routes: they end, their branches, limits, batches and setups can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from luban.plant.complaint import did_you_mean, listing
from luban.twin.check.flaw import Flaw, step_name as _at
from luban.twin.model import Model, Route, Step
from luban.twin.offered import route_rates

__all__ = ["RULES_OF_ROUTES"]


def _ends(model: Model) -> Iterator[Flaw]:
    """Every step that a lot can reach must have a way out."""
    for route in model.routes:
        count = len(route.steps)
        if not count:
            yield Flaw(f"route {route.id}", "a route without steps", "none", "at least one step")
            continue
        ways = [_ways(route, place) for place in range(count)]
        back: list[set[int]] = [set() for _ in range(count + 1)]
        for place, following in enumerate(ways):
            for to in following:
                back[to].add(place)
        reached = _closure(0, [*ways, set()])
        out = _closure(count, back)
        caught = sorted(reached - out)
        if caught:
            names = listing([route.steps[place].id for place in caught])
            yield Flaw(
                f"route {route.id}", "a routing that can never finish", f"no way out of {names}",
                "branches whose probabilities add up to less than 1", "or give a branch `once`",
            )  # fmt: skip


def _ways(route: Route, place: int) -> set[int]:
    """Where a lot may go after a step; the number of steps: it leaves."""
    count = len(route.steps)
    found: set[int] = set()
    left = 1.0
    for branch in route.steps[place].branches:
        if branch.probability > 0:
            found.add(branch.to if branch.to is not None and 0 <= branch.to < count else count)
            left -= 0.0 if branch.once else branch.probability
    if left > 1e-12:
        found.add(place + 1)
    return found


def _closure(first: int, following: Sequence[set[int]]) -> set[int]:
    found, waiting = {first}, [first]
    while waiting:
        for own in following[waiting.pop()] - found:
            found.add(own)
            waiting.append(own)
    return found


def _branches(model: Model) -> Iterator[Flaw]:
    for route in model.routes:
        for step in route.steps:
            total = sum(branch.probability for branch in step.branches)
            if any(not 0 <= branch.probability <= 1 for branch in step.branches) or total > 1 + 1e-9:
                came = " + ".join(f"{branch.probability:g}" for branch in step.branches)
                yield Flaw(_at(route, step), "probabilities that are none", came, "each 0 to 1, together at most 1")
            for branch in step.branches:
                if branch.to is not None and not -1 <= branch.to < len(route.steps):
                    came = f"step {branch.to}"
                    yield Flaw(
                        _at(route, step), "a branch to nowhere", came, f"0 to {len(route.steps) - 1}, -1 or None"
                    )


def _links(model: Model) -> Iterator[Flaw]:
    """Dedication goes to a later step at the same station; queue limits end later and do not overlap."""
    for route in model.routes:
        for place, step in enumerate(route.steps):
            to = step.dedicate_to
            if to is None:
                continue
            if not place < to < len(route.steps):
                yield Flaw(_at(route, step), "the same machine for a step that is not later", str(to), "a later step")
            elif route.steps[to].station != step.station:
                came = f"{route.steps[to].id} at {route.steps[to].station}"
                yield Flaw(_at(route, step), "the same machine at another station", came, str(step.station))
        spans = []
        for place, step in enumerate(route.steps):
            if step.limit is None:
                continue
            if not place < step.limit.to < len(route.steps) or not step.limit.within > 0:
                came = f"to step {step.limit.to} within {step.limit.within:g} s"
                yield Flaw(
                    _at(route, step), "a queue-time limit that cannot be kept", came, "a later step, a time above 0"
                )
                continue
            if isinstance(step.limit.action, int) and not 0 <= step.limit.action <= step.limit.to:
                came = f"step {step.limit.action}"
                yield Flaw(
                    _at(route, step),
                    "a queue-time limit that leads nowhere back",
                    came,
                    "count, scrap or a step before",
                )
            spans.append((place, step.limit.to))
        for (first, end), (second, _) in pairwise(spans):
            if second < end:
                names = [route.steps[place].id for place in (first, end, second)]
                came = "{} → {} is running when {} begins one".format(*names)
                yield Flaw(f"route {route.id}", "queue-time limits that overlap", came, "one at a time")


def _batches(model: Model) -> Iterator[Flaw]:
    rates = route_rates(model)
    for route in model.routes:
        pieces = max([own.quantity for own in model.orders if own.route == route.id], default=0.0)
        pieces = max(pieces, rates.get(route.id, (0.0, 1.0))[1])
        for step in route.steps:
            batch = step.batch
            if batch is None:
                continue
            where = _at(route, step)
            if batch.minimum > batch.maximum:
                came = f"{batch.minimum:g} > {batch.maximum:g} {batch.measure}"
                yield Flaw(where, "a batch whose minimum exceeds its maximum", came, "minimum ≤ maximum")
            if not batch.maximum > 0:
                yield Flaw(where, "a batch that takes nothing", f"{batch.maximum:g} {batch.measure}", "above 0")
            if batch.measure == "weight" and route.weight <= 0:
                yield Flaw(
                    where, "a batch by weight of something without weight", route.id, "the weight of a piece [kg]"
                )
            each = {"lot": 1.0, "piece": pieces, "weight": pieces * route.weight}[batch.measure]
            if batch.minimum <= batch.maximum < each and batch.measure != "lot":
                came = f"a lot of {each:g}, a batch of {batch.maximum:g} {batch.measure}"
                yield Flaw(where, "lots larger than the batch", came, "they go in alone, however large", warning=True)
            yield from _reachable(model, route, step)


def _reachable(model: Model, route: Route, step: Step) -> Iterator[Flaw]:
    """Known orders alone, no waiting limit: the minimum has to come together at some time."""
    batch = step.batch
    if batch is None or batch.max_wait is not None or model.arrivals or model.demand or not model.orders:
        return
    family = [
        (own, other)
        for own in model.routes
        for other in own.steps
        if other.station == step.station and other.batch is not None and other.batch.family == batch.family
    ]
    total = 0.0
    for own, _ in family:
        for order in model.orders:
            if order.route == own.id:
                total += {"lot": 1.0, "piece": order.quantity, "weight": order.quantity * own.weight}[batch.measure]
    if total < batch.minimum and any(order.route == route.id for order in model.orders):
        came = f"{total:g} of {batch.minimum:g} {batch.measure} in all orders"
        hint = "lower the minimum, or let it start after a wait"
        yield Flaw(_at(route, step), "a batch whose minimum can never come together", came, "enough lots", hint)


def _setups(model: Model) -> Iterator[Flaw]:
    """A key that a step needs and no setup leads to."""
    tables = {own.id: own for own in model.setups}
    stations: dict[str, list[str | None]] = {}
    for machine in model.machines:
        stations.setdefault(machine.station, []).append(machine.setups)
    by_machine = {own.id: own.setups for own in model.machines}
    for route in model.routes:
        for step in route.steps:
            if not step.setup or step.setup_time is not None or step.station is None:
                continue
            used = [by_machine.get(name) for name in step.machines] or stations.get(step.station, [])
            for name in dict.fromkeys(used):
                table = tables.get(name or "")
                if table is None or table.other > 0:
                    continue
                known = {after for _, after in table.times}
                if step.setup not in known and known:
                    came = f"{step.setup!r} in table {table.id}"
                    hint = did_you_mean(step.setup, known) or "give the table `other`"
                    yield Flaw(
                        _at(route, step), "a setup that nothing leads to", came, listing(sorted(known)), hint, True
                    )
    for table in model.setups:
        keys = {step.setup for route in model.routes for step in route.steps}
        for name in {key for pair in table.times for key in pair if key} | set(table.min_run):
            if name not in keys:
                came, hint = repr(name), did_you_mean(name, keys)
                yield Flaw(
                    f"setup table {table.id}", "a setup key that no step needs", came, listing(sorted(keys)), hint, True
                )


def _horizon(model: Model) -> Iterator[Flaw]:
    if model.horizon <= 0:
        yield Flaw("model", "a run of no length", f"{model.horizon} µs", "above 0")
    for order in model.orders:
        route = next((own for own in model.routes if own.id == order.route), None)
        if route is not None and not 0 <= order.step < max(1, len(route.steps)):
            yield Flaw(
                f"order {order.id}",
                "work in progress beyond its route",
                str(order.step),
                f"0 to {len(route.steps) - 1}",
            )
    if model.release.kind == "conwip" and not (model.release.cap or 0) > 0:
        yield Flaw("release", "conwip without a cap", str(model.release.cap), "1 or more lots")


RULES_OF_ROUTES = (_ends, _branches, _links, _batches, _setups, _horizon)
