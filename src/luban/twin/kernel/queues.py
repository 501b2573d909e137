"""Queues of stations and the choice of the next lot: keys compared one after another, first come breaks ties."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.twin.kernel.heap import push
from luban.twin.kernel.layout import (
    ZERO,
    Event,
    Where,
    clocks,
    dedications,
    eligibles,
    family_seen,
    family_total,
    lots,
    machines,
    plans,
    rules,
    setup_times,
    sizes,
    stations,
    steps,
    tables,
)
from luban.twin.kernel.memory import inlined
from luban.twin.kernel.random import Purpose, stream, unit
from luban.twin.kernel.states import wake_station

__all__ = ["KEYS", "enqueue", "may", "measure", "pick", "rank", "setup_time", "take"]

KEYS = 8
"""Most keys a rule may have."""
_BATCH_WAITED = np.int64(Event.BATCH_WAITED)
_QUEUE = np.int64(Where.QUEUE)
_RULE = np.int64(Purpose.RULE)
_FOR_LIFE = np.int64(1 << 40)
"""Ordinal of a draw that a lot makes once for all its visits."""


@inlined
def measure(w: int, lot: int) -> float:
    """What the lot takes of a batch: 1 lot, its pieces, or its weight."""
    item = lots(w)[lot]
    kind = steps(w)[item.step].batch_measure
    if kind == 0:
        return 1.0
    return float(item.quantity) if kind == 1 else item.quantity * item.weight


@njit
def setup_time(w: int, machine: int, step: int) -> int:
    """Time of the setup that the step needs on the machine as it stands, before chance [µs]."""
    wanted = steps(w)[step].setup
    if wanted == 0:
        return 0
    own = machines(w)[machine]
    if steps(w)[step].setup_time >= 0:
        return steps(w)[step].setup_time if own.setup != wanted else 0
    if own.table < 0:
        return 0
    keys = sizes(w)[3]
    return setup_times(w)[tables(w)[own.table].first + own.setup * keys + wanted]


@inlined
def _touch(w: int, index: int) -> None:
    station = stations(w)[index]
    now = clocks(w)[0].now
    station.queue_time += station.length * (now - station.queue_since)
    station.queue_since = now


@inlined
def enqueue(w: int, lot: int) -> None:
    """The lot joins the queue of its step's station."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    index = step.station
    station = stations(w)[index]
    now = clocks(w)[0].now
    _touch(w, index)
    item.where = _QUEUE
    item.enter = now
    item.next = -1
    item.previous = station.last
    if station.last < 0:
        station.first = lot
    else:
        lots(w)[station.last].next = lot
    station.last = lot
    station.length += 1
    if step.family >= 0:
        family_total(w)[step.family] += measure(w, lot)
        if step.batch_wait >= 0:
            push(w, now + step.batch_wait, _BATCH_WAITED, index, ZERO)
    wake_station(w, index)


@inlined
def take(w: int, lot: int) -> None:
    """The lot leaves its queue."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    station = stations(w)[step.station]
    _touch(w, step.station)
    if item.previous < 0:
        station.first = item.next
    else:
        lots(w)[item.previous].next = item.next
    if item.next < 0:
        station.last = item.previous
    else:
        lots(w)[item.next].previous = item.previous
    station.length -= 1
    station.wait += clocks(w)[0].now - item.enter
    station.starts += 1
    if step.family >= 0:
        family_total(w)[step.family] -= measure(w, lot)


@njit
def rank(w: int, key: int, lot: int, machine: int) -> float:
    """The lot's place by one key: the smaller, the sooner."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    if key == 6:
        return float(item.enter)
    if key == 3:
        return -item.priority
    if key == 4:
        return float(setup_time(w, machine, item.step))
    if key == 0:
        own = machines(w)[machine]
        return 1.0 if own.run_left > 0 and step.setup != own.setup else 0.0
    if key == 1:
        return 0.0 if item.limit_step >= 0 else 1.0
    if key == 2:
        return -min(1.0, family_total(w)[step.family] / step.batch_max) if step.family >= 0 else 0.0
    if key == 7:
        return -float(item.enter)
    if key == 8 or key == 9:
        length = step.mean + step.mean_piece * item.quantity
        return length if key == 8 else -length
    if key == 11:
        return float(item.due)
    if key == 14:
        return unit(stream(clocks(w)[0].key, _RULE, item.key, item.visits))
    if key == 15:
        station = stations(w)[step.station]
        listed = unit(stream(clocks(w)[0].key, _RULE, item.key, _FOR_LIFE)) < station.urgent_share
        return 0.0 if listed and item.due - clocks(w)[0].now <= station.urgent else 1.0
    rest = step.rest + step.rest_piece * item.quantity
    if key == 10:
        return rest
    left = float(item.due - clocks(w)[0].now) * 1e-6
    if key == 12:
        return left - rest
    if key == 13:
        return left / max(rest, 1e-6)
    return 0.0


@njit
def may(w: int, lot: int, machine: int) -> bool:
    """The machine is allowed to take the lot."""
    item = lots(w)[lot]
    if item.hold:
        return False
    step = steps(w)[item.step]
    if step.slot >= 0:
        bound = dedications(w)[lot * sizes(w)[4] + step.slot]
        if bound >= 0 and bound != machine:
            return False
    own = machines(w)[machine]
    if own.plan_at < own.plan_end:
        place = 2 * own.plan_at
        if plans(w)[place] != item.key or plans(w)[place + 1] != step.index:
            return False
    if own.run_left > 0 and step.setup > 0 and step.setup != own.setup and tables(w)[own.table].hold:
        return False
    if step.eligible_end > step.eligible:
        for place in range(step.eligible, step.eligible_end):
            if eligibles(w)[place].machine == machine:
                return True
        return False
    return True


@njit
def _ripe(w: int, lot: int) -> bool:
    """A batch of the lot's family may begin. Asked of the family's oldest lot first, which decides for the others."""
    step = steps(w)[lots(w)[lot].step]
    clock = clocks(w)[0]
    seen = family_seen(w)
    if seen[step.family] >> 1 == clock.stamp:
        return seen[step.family] & 1 == 1
    total = family_total(w)[step.family]
    waited = clock.now - lots(w)[lot].enter
    ripe = total >= step.batch_min - 1e-9 or (step.batch_wait >= 0 and waited >= step.batch_wait)
    seen[step.family] = clock.stamp * 2 + (1 if ripe or clock.force == step.station + 1 else 0)
    return seen[step.family] & 1 == 1


@njit
def pick(w: int, index: int, machine: int, family: int, room: float) -> int:
    """The lot that the station's rule gives to the machine; -1: none.

    family  -1 any; else only lots of that batch family that fit into `room`
    """
    station = stations(w)[index]
    if station.plain:
        return station.first
    clocks(w)[0].stamp += 1
    best = -1
    lot = station.first
    while lot >= 0:
        item = lots(w)[lot]
        own = steps(w)[item.step].family
        fits = _ripe(w, lot) if family < 0 and own >= 0 else (family < 0 or (own == family and measure(w, lot) <= room))
        if (
            fits
            and may(w, lot, machine)
            and (best < 0 or _before(w, station.rule, station.rule_end, lot, best, machine))
        ):
            best = lot
        lot = item.next
    return best


@njit
def _before(w: int, first: int, end: int, lot: int, best: int, machine: int) -> bool:
    for place in range(first, end):
        key = rules(w)[place]
        mine = rank(w, key, lot, machine)
        theirs = rank(w, key, best, machine)
        if mine != theirs:
            return mine < theirs
    return False
