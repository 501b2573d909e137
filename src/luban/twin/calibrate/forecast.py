"""Runs of a calibrated twin from the plant's present state on, and the held-out facts that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from luban.core.time import SECOND
from luban.twin.calibrate.arrivals import DrawnOrder
from luban.twin.calibrate.build import Parts
from luban.twin.calibrate.doubt import doubted
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.floor import floor_of
from luban.twin.calibrate.observe import OrderFact
from luban.twin.model import LotOrder, Model
from luban.twin.run import Run

FIRST_KEY = 1 << 24
"""Keys of orders to come; those of present ones are small."""

__all__ = ["FIGURES", "figures", "forecast_model", "forecasts"]

Floats = NDArray[np.float64]
FIGURES = ("orders finished", "pieces", "flow mean", "flow p90", "order to finish mean", "order to finish p90")
"""Figures of a window; times in days: flow from release, the other from the order's arrival."""


def forecast_model(
    parts: Parts, model: Model, rng: np.random.Generator, length: int, known: Sequence[DrawnOrder] | None
) -> tuple[Model, dict[str, OrderFact]]:
    """One possible future: present lots, then orders as they are known, or as they may come."""
    full, real = floor_of(model, parts, rng)
    start = model.start
    if known is None:
        known = [] if parts.demand is None else parts.demand.draw(rng, start, start + length, parts.plant)
    orders = []
    routes = {route.id for route in model.routes}
    ready = parts.policy.ready
    for number, one in enumerate(known):
        if one.item not in routes:
            continue
        at = one.arrival - start
        delay = ready.beyond(0.0, rng) if ready.at_once < 1 else 0.0
        due = None if one.due is None else one.due - start
        known_at = max(at, 1) + round(delay * SECOND)
        key = FIRST_KEY + number
        orders.append(LotOrder(f"new-{number:05d}", one.item, one.quantity, at, due, known_at, key=key))
        real[orders[-1].id] = OrderFact(orders[-1].id, one.item, one.quantity, one.arrival)
    return replace(full, orders=(*full.orders, *orders), arrivals=()), real


def forecasts(
    parts: Parts,
    model: Model,
    length: int,
    *,
    replications: int,
    seed: int,
    known: Sequence[DrawnOrder] | None = None,
    doubt: Evidence | None = None,
) -> Floats:
    """FIGURES of the window after the calibration's end, one row a replication.

    known  orders of the window where they are known; None: drawn from the fitted demand
    doubt  findings within whose errors each replication moves the estimates; None: the estimates as they are
    """
    rows = []
    for replication in range(replications):
        rng = np.random.default_rng([seed, replication])
        own = model if doubt is None else doubted(model, doubt, rng)
        one, real = forecast_model(parts, own, rng, length, known)
        run = Run(one, seed=seed, replication=replication).to(length)
        lots = run.lots()
        finish = lots["finish"] + model.start
        names = [run.lot_name(int(key)) for key in lots["key"]]
        release = np.array(
            [
                model.start + int(row["release"]) if real[name].release is None else int(real[name].release or 0)
                for name, row in zip(names, lots, strict=True)
            ],
            np.int64,
        )
        arrival = np.array([real[name].arrival or r for name, r in zip(names, release, strict=True)], np.int64)
        rows.append(figures(arrival, release, finish, lots["good"], ~lots["lost"].astype(bool)))
    return np.array(rows)


def figures(
    arrival: NDArray[np.int64],
    release: NDArray[np.int64],
    finish: NDArray[np.int64],
    good: NDArray[np.int64],
    whole: NDArray[np.bool_],
) -> Floats:
    """FIGURES of the orders that finished in a window [µs UTC]."""
    day = 86400.0 * SECOND
    flow, total = (finish - release)[whole] / day, (finish - arrival)[whole] / day
    if not whole.any():
        return np.array([0.0, 0.0, *[np.nan] * 4])
    return np.array(
        [
            float(whole.sum()),
            float(good[whole].sum()),
            flow.mean(),
            np.quantile(flow, 0.9),
            total.mean(),
            np.quantile(total, 0.9),
        ]
    )
