"""The packing line of a process plant as a model of the discrete kernel, and the orders that it works."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from luban.core.time import DAY, parse_time
from luban.twin.distribution import Distribution
from luban.twin.kernel.random import normal, run_key, stream, unit
from luban.twin.model import Failure, LotOrder, Machine, Model, Release, Route, SetupTable, Station, Step
from luban.twin.process.layout import Vector
from luban.twin.process.parameters import Parameters

__all__ = ["PackOrder", "bag_weights", "draw_orders", "packing_model"]

ORDER, GRADE, BAG = 220, 221, 222
"""Purposes of draws."""
SPARE = 1.5
"""Pallets that a model holds by those ordered: some are off-spec and packed again."""


@dataclass(frozen=True, slots=True)
class PackOrder:
    """So many pallets of a grade (its place among the grades), received and due [µs after the start]."""

    id: str
    grade: int
    pallets: int
    received: int
    due: int


def draw_orders(p: Parameters, seed: int, replication: int, days: float) -> tuple[PackOrder, ...]:
    """Orders for so many days of demand: another grade each, lognormal sizes, due at the end of a week."""
    packing, key = p.packing, np.uint64(run_key(seed, replication))
    daily = packing.demand * packing.nameplate * 24 / (packing.bag * packing.pallet / 1000)
    orders: list[PackOrder] = []
    at, last = 0.0, -1
    while at < days + packing.notice:
        number = len(orders)
        size = packing.order * math.exp(
            packing.order_sigma * normal(np.uint64(stream(key, ORDER, 0, number))) - packing.order_sigma**2 / 2
        )
        shares = np.array([0.0 if g == last else grade.share for g, grade in enumerate(p.grades)])
        last = int(np.searchsorted(np.cumsum(shares) / shares.sum(), unit(np.uint64(stream(key, GRADE, 0, number)))))
        received = max(0, round((at - packing.notice) * DAY))
        at += size
        due = math.ceil((at + 3) / 7) * 7 * DAY
        orders.append(PackOrder(f"SO-{number + 1:03d}", last, max(1, round(size * daily)), received, due))
    return tuple(orders)


@njit
def _draws(key: Any, lot: int, draws: Vector) -> None:
    for bag in range(draws.size):
        draws[bag] = normal(stream(key, BAG, lot, bag))


def bag_weights(key: np.uint64, lot: int, bags: int, target: float, sigma: float) -> NDArray[np.int64]:
    """What the bags of a pallet weigh [mg]."""
    draws = np.empty(bags)
    _draws(key, lot, draws)
    return np.rint((target + sigma * draws) * 1e6).astype(np.int64)


def packing_model(
    p: Parameters, *, seed: int = 1, replication: int = 0, days: float = 60, orders: Sequence[PackOrder] | None = None
) -> Model:
    """One packer that fills pallets; each waits in the release pool until somebody releases it.

    orders  to hold lots for; None: those of the seed
    Lots are named `GRADE/number` and are not tied to an order: a pallet that is off-spec is packed again.
    """
    packing = p.packing
    pallets = np.zeros(len(p.grades), np.int64)
    for order in draw_orders(p, seed, replication, days) if orders is None else orders:
        pallets[order.grade] += order.pallets
    lots = tuple(
        LotOrder(f"{grade.id}/{number + 1:05d}", grade.id, packing.pallet, 0)
        for g, grade in enumerate(p.grades)
        for number in range(int(SPARE * pallets[g]) + 1)
    )
    return Model(
        id="packing",
        start=parse_time(p.flowsheet.start),
        horizon=round(days * DAY),
        stations=(Station("packing"),),
        machines=(
            Machine(
                "packer",
                "packing",
                power={"run": 1000 * packing.power}
                | dict.fromkeys(("idle", "setup", "blocked", "down"), 1000 * packing.power_idle),
                setups="grades",
                failures=(
                    Failure(
                        "jam",
                        life=Distribution.exponential(60 * packing.stop),
                        repair=Distribution.lognormal(60 * packing.repair, sigma=packing.repair_sigma),
                        clock="run",
                    ),
                ),
            ),
        ),
        routes=tuple(
            Route(
                grade.id,
                (
                    Step(
                        "pack",
                        "packing",
                        Distribution.constant(3600 / packing.rate),
                        per="piece",
                        setup=grade.id,
                    ),
                ),
                weight=packing.bag,
            )
            for grade in p.grades
        ),
        orders=lots,
        setups=(SetupTable("grades", times={}, other=60 * packing.changeover),),
        release=Release(kind="manual"),
        source="process.toml",
    )
