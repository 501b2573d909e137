"""The plant's state at the end of the window as the start of a run: lots where they stand, orders in the pool."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from luban.core.time import DAY, SECOND
from luban.twin.calibrate.build import Parts, name_of
from luban.twin.calibrate.observe import Observed, OrderFact, Visit
from luban.twin.distribution import Distribution
from luban.twin.model import LotOrder, Model, Route, Step

__all__ = ["Standing", "floor_of", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lot stands at the end of the window.

    route   a route of its own where it is in the middle of something, else that of its item
    lot     as the model has it; real: the order behind it
    """

    lot: LotOrder
    real: OrderFact
    route: Route | None = None


def standing(parts: Parts, model: Model, rng: np.random.Generator) -> list[Standing]:
    """Lots on the floor and orders in the pool, what is not known about them drawn."""
    found = parts.found
    result = []
    routes = {route.id: route for route in model.routes}
    occupied: dict[str, str] = _occupied(found)
    for order in sorted(found.orders.values(), key=lambda o: (o.release or o.arrival or 0, o.id)):
        if order.finish is not None or order.item not in routes or (order.arrival is None and order.release is None):
            continue
        if _through(order, routes[order.item], parts):
            continue
        if order.release is None and not found.cases.get(order.id):
            result.append(_pooled(order, parts, rng))
        else:
            result.append(_on_floor(order, routes[order.item], parts, occupied.get(order.id), rng))
    return result


def _through(order: OrderFact, route: Route, parts: Parts) -> bool:
    """Its last operation ended more than a day ago and nothing that most lots do is left: its end was not told."""
    done = [v for v in parts.found.cases.get(order.id, []) if (order.item, v.operation) in parts.places]
    if not done or done[-1].end is None or done[-1].end > parts.found.until - DAY:
        return False
    return all(step.sample < 0.5 for step in route.steps[parts.places[order.item, done[-1].operation] + 1 :])


def _occupied(found: Observed) -> dict[str, str]:
    """Order → machine that is at it at the window's end, by the state the machine tells."""
    return {
        spans[-1].order: unit
        for unit, spans in found.spans.items()
        if spans and spans[-1].order and spans[-1].end >= found.until
    }


def _pooled(order: OrderFact, parts: Parts, rng: np.random.Generator) -> Standing:
    arrival = order.arrival or parts.found.until
    last = parts.policy.instants(parts.plant, arrival, parts.found.until)
    waited = ((last[-1] if parts.policy.times and last else arrival) - arrival) / SECOND
    if not parts.policy.times:
        waited = (parts.found.until - arrival) / SECOND
    ready = max(1, arrival - parts.found.until + round(parts.policy.ready.beyond(waited, rng) * SECOND))
    due = None if order.due is None else order.due - parts.found.until
    quantity = max(1, round(order.quantity))
    return Standing(LotOrder(order.id, order.item, quantity, 0, due, ready, order.priority), order)


def _on_floor(order: OrderFact, route: Route, parts: Parts, machine: str | None, rng: np.random.Generator) -> Standing:
    found = parts.found
    case = [v for v in found.cases.get(order.id, []) if (order.item, v.operation) in parts.places]
    done = [visit for visit in case if visit.end is not None]
    last = done[-1] if done else None
    step = parts.places[order.item, last.operation] + 1 if last is not None else 0
    quantity = order.quantity if last is None or last.good is None else last.good
    doing = next((visit for visit in case if visit.end is None), None)
    begun = doing.start if doing is not None else None
    if machine is not None:
        span = found.spans[machine][-1]
        step = parts.places.get((order.item, span.operation), step)
        begun = begun if begun is not None else _begun(found, machine, order.id)
    elif doing is not None:
        step = parts.places[order.item, doing.operation]
    step = min(step, len(route.steps) - 1)
    due = None if order.due is None else order.due - found.until
    lot = LotOrder(order.id, order.item, max(1, round(quantity or 1)), 0, due, 0, order.priority, step)
    own = _rest(order, route, step, last, begun, machine, parts, rng)
    return Standing(lot if own is None else replace(lot, route=own.id, step=0), order, own)


def _begun(found: Observed, machine: str, order: str) -> int:
    start = found.until
    for span in reversed(found.spans[machine]):
        if span.order != order:
            break
        start = span.start
    return start


def _rest(
    order: OrderFact,
    route: Route,
    step: int,
    last: Visit | None,
    begun: int | None,
    machine: str | None,
    parts: Parts,
    rng: np.random.Generator,
) -> Route | None:
    """A route that begins with the rest of what the lot is in the middle of; None: it waits for its step."""
    now = route.steps[step]
    found = parts.found
    if now.station is None and last is not None and last.end is not None:
        gone = (found.until - last.end) / SECOND
        values = np.asarray(now.time.quantile((np.arange(200) + 0.5) / 200), float)
        beyond = values[values > gone]
        rest = float(rng.choice(beyond)) - gone if len(beyond) else 0.05 * now.time.mean
        first = replace(now, time=Distribution.constant(max(rest, 1.0)), per="lot", factor=None, sample=1.0)
    elif machine is not None and begun is not None and now.batch is None:
        spent = sum(seconds for span, seconds in found.during(machine, begun, found.until) if span.state == "run")
        whole = now.time.mean * (order.quantity if now.per == "piece" else 1.0) * parts.times.speed.get(machine, 1.0)
        rest = max(whole - spent, 0.02 * whole, 1.0)
        table = parts.setups.tables.get(now.station or "")
        if table is not None and spent == 0 and found.spans[machine][-1].state in {"setup", "operator"}:
            rest += table.other / 2
        first = replace(
            now,
            time=Distribution.constant(rest),
            per="lot",
            factor=None,
            sample=1.0,
            setup="",
            machines={name_of(machine, parts.plant): Distribution.constant(rest)},
        )
    elif machine is not None and begun is not None:
        spent = (found.until - begun) / SECOND
        rest = max(now.time.mean - spent, 1.0)
        first = Step(now.id, None, Distribution.constant(rest))
    else:
        return None
    shift = tuple(
        replace(
            s, branches=tuple(b if b.to is None or b.to < 0 else replace(b, to=max(0, b.to - step)) for b in s.branches)
        )
        for s in (first, *route.steps[step + 1 :])
    )
    return Route(f"{route.id} · {order.id}", shift, route.weight)


def floor_of(model: Model, parts: Parts, rng: np.random.Generator) -> tuple[Model, dict[str, OrderFact]]:
    """The model with the lots and orders of the window's end in it; order id → what is known of it."""
    stand = standing(parts, model, rng)
    own = tuple(one.route for one in stand if one.route is not None)
    orders = tuple(replace(one.lot, key=1 + at) for at, one in enumerate(stand))
    release = model.release
    if release.instants:
        release = replace(release, instants=tuple(sorted({0, *release.instants})))
    return (
        replace(model, routes=(*model.routes, *own), orders=orders, release=release),
        {one.lot.id: one.real for one in stand},
    )
