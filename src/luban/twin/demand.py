"""Orders by chance: how many each working day brings, of what, how large, due when, with material when.

Every draw is keyed by (seed, replication, purpose, number of the order), and the number of an order is its day and its
place in the day. So no decision shifts demand, and a higher level of demand adds orders without changing the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.twin.distribution import Distribution
from luban.twin.model import Demand, LotOrder, Model
from luban.twin.traced import uniform

__all__ = ["FIRST_KEY", "draw_orders", "week_levels"]

FIRST_KEY = 1 << 24
"""Keys of drawn orders begin here: those of known orders are their places in the list."""
_A_DAY = 1 << 12
"""Orders that a day may have."""
_LEAST = 2.0**-54


def draw_orders(model: Model, seed: int = 1, replication: int = 0) -> tuple[LotOrder, ...]:
    """The orders that the model's demand brings within its horizon, in the order of their arrival.

    Raises InputError for a day with more than 4095 orders
    Example  >>> orders = draw_orders(model, seed=1, replication=3)
             >>> orders[0].id
             'D0001-000'
    """
    demand = model.demand
    if demand is None:
        return ()
    key = seed * 1_000_003 + replication
    days = [number for number, day in enumerate(demand.days) if day[0] < model.horizon]
    count = _counts(demand, days, key)
    numbers = [day * _A_DAY + rank for day, orders in zip(days, count, strict=True) for rank in range(orders)]
    drawn = _orders(demand, np.array(numbers, np.int64), key, model.horizon)
    return tuple(sorted(drawn, key=lambda order: order.arrival))


def week_levels(demand: Demand, seed: int = 1, replication: int = 0) -> dict[int, float]:
    """Factor of each week on the number of orders [1]."""
    return _levels(demand, seed * 1_000_003 + replication)


def _levels(demand: Demand, key: int) -> dict[int, float]:
    weeks = sorted({week for _, _, week in demand.days})
    if demand.level is None:
        return dict.fromkeys(weeks, 1.0)
    low, high = demand.limits
    drawn = np.clip(_draw(demand.level, key, "level", np.array(weeks)), low, high)
    return {week: float(value) for week, value in zip(weeks, drawn, strict=True)}


def _counts(demand: Demand, days: Sequence[int], key: int) -> list[int]:
    """Poisson numbers by inversion: a larger mean never brings fewer orders on the same day."""
    levels = _levels(demand, key)
    chances = uniform(key, "orders", np.array(days, np.int64))
    found = []
    for day, chance in zip(days, chances, strict=True):
        mean = demand.per_day * levels[demand.days[day][2]]
        number, term = 0, math.exp(-mean)
        total = term
        while total < chance and term > 0.0:
            number += 1
            term *= mean / number
            total += term
        if number >= _A_DAY:
            raise InputError("too many orders a day", came=f"{mean:.0f}", expected=f"below {_A_DAY - 300}")
        found.append(number)
    return found


def _orders(demand: Demand, numbers: NDArray[np.int64], key: int, horizon: int) -> list[LotOrder]:
    shares = np.array([share for _, share, _ in demand.mix])
    kind = np.searchsorted(np.cumsum(shares) / shares.sum(), uniform(key, "mix", numbers), side="right")
    kind = np.minimum(kind, len(shares) - 1)
    pieces = np.zeros(len(numbers))
    for place, (_, _, quantity) in enumerate(demand.mix):
        which = kind == place
        pieces[which] = _draw(quantity, key, "pieces", numbers[which])
    moment = uniform(key, "moment", numbers)
    late = np.zeros(len(numbers))
    if demand.delay is not None:
        short = uniform(key, "short", numbers) < demand.delayed
        late[short] = _draw(demand.delay, key, "delay", numbers[short])
    found = []
    for place, number in enumerate(numbers.tolist()):
        day, rank = divmod(number, _A_DAY)
        start, end, _ = demand.days[day]
        arrival = start + int(moment[place] * (end - start))
        if arrival >= horizon:
            continue
        found.append(
            LotOrder(
                id=f"D{day + 1:04d}-{rank:03d}",
                route=demand.mix[int(kind[place])][0],
                quantity=max(1, round(float(pieces[place]))),
                arrival=arrival,
                due=_due(demand, day),
                ready=arrival + round(1e6 * float(late[place])),
                key=FIRST_KEY + number,
            )
        )
    return found


def _due(demand: Demand, day: int) -> int | None:
    if demand.due_days is None:
        return None
    if day + demand.due_days >= len(demand.days):
        raise InputError(
            "the working days of the demand end before its due dates",
            came=f"{len(demand.days)} days",
            expected=f"{day + demand.due_days + 1} days",
        )
    return demand.days[day + demand.due_days][1]


def _draw(distribution: Distribution, key: int, purpose: str, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    drawn: Any = distribution.quantile(np.maximum(uniform(key, purpose, numbers), _LEAST))
    return np.asarray(drawn, float)
