"""Spare parts: how many to keep, when to order, what a missing one costs.

Demand in the time of delivery is Poisson, as failures of many machines are (Palm, Feeney and Sherbrooke).

Source  C. C. Sherbrooke, Operations Research 16 (1968) 122-141, doi 10.1287/opre.16.1.122; E. A. Silver, D. F. Pyke,
        D. J. Thomas, Inventory and Production Management in Supply Chains (2017), chapter 9
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from luban.core.errors import InputError

__all__ = ["StockPlan", "least_stock", "stock_plan"]

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class StockPlan:
    """A spare part's stock.

    order_at    order when on hand plus on order falls to this [piece]
    stock       on hand plus on order after ordering [piece]
    demand      mean demand during delivery [piece]
    covered     chance that a demand finds a part on the shelf [1]
    short       expected demands that wait, at any time [piece]
    rate        cost of keeping, ordering and waiting [money/unit of time]; None where prices are not given
    risk        chance that a demand waits [1], for the one stock below this one
    """

    order_at: int
    stock: int
    demand: float
    covered: float
    short: float
    rate: float | None
    risk: float


def least_stock(mean: float, confidence: float) -> int:
    """Least number of spares so that a demand of that mean is met with that chance [piece].

    Example  least_stock(8.0, 0.9) == 12
    """
    if not (mean >= 0 and 0 < confidence < 1):
        raise InputError("a mean of 0 or more and a chance below 1", came=f"{mean:g}, {confidence:g}")
    if mean == 0:
        return 0
    found = float(special.pdtrik(confidence, mean))
    least = max(0, math.floor(found) - 1) if math.isfinite(found) else 0
    while _below(least, mean) < confidence:
        least += 1
    return least


def stock_plan(
    rate: float, lead: float, *, covered: float = 0.95, lot: int = 1, holding: float | None = None,
    waiting: float | None = None, order: float = 0.0,
) -> StockPlan:  # fmt: skip
    """Order point and stock of one part.

    rate      demands per unit of time, of all machines together [1/unit], ≥ 0
    lead      time of delivery [unit]
    covered   asked chance that a demand finds a part [1]; used where prices are not given
    lot       pieces an order, ≥ 1
    holding   cost of a piece on the shelf [money/unit]; waiting: of a machine that waits [money/unit]; order: of one
    Returns   the cheapest plan where holding and waiting are given, else the smallest that covers
    """
    if not (rate >= 0 and lead >= 0 and lot >= 1 and 0 < covered < 1):
        raise InputError("demand, delivery and lot", came=f"{rate:g}, {lead:g}, {lot}", where="spares")
    if (holding is None) != (waiting is None):
        raise InputError("holding and waiting are priced together", where="spares")
    demand = rate * lead
    best: StockPlan | None = None
    before = 1.0
    for point in range(-1, _MOST):
        plan = _plan(point, lot, demand, rate, holding, waiting, order, before)
        before = 1 - plan.covered
        if holding is None:
            if plan.covered >= covered or demand == 0:
                return plan
        elif best is None or (plan.rate or 0) < (best.rate or 0) - 1e-12:
            best = plan
        elif point > demand:
            return best
    raise InputError("no stock covers that", came=f"{demand:g} in {lead:g}", where="spares")


def _plan(
    point: int, lot: int, demand: float, rate: float, holding: float | None, waiting: float | None, order: float,
    risk: float,
) -> StockPlan:  # fmt: skip
    """Averages over the stock positions point + 1 … point + lot, which are equally likely."""
    met = short = on_hand = 0.0
    for position in range(point + 1, point + lot + 1):
        met += _below(position - 1, demand) / lot
        # expected demand above the position: E(D - s)+ = mean P(D ≥ s) - s P(D > s)
        over = demand * (1 - _below(position - 2, demand)) - position * (1 - _below(position - 1, demand))
        over = max(0.0, over)
        short += over / lot
        on_hand += (position - demand + over) / lot
    cost = None
    if holding is not None and waiting is not None:
        cost = holding * on_hand + waiting * short + order * rate / lot
    return StockPlan(point, point + lot, demand, min(1.0, met), short, cost, min(1.0, max(0.0, risk)))


def _below(count: int, mean: float) -> float:
    """Chance of at most that many [1]."""
    return 0.0 if count < 0 else float(special.pdtr(count, mean))
