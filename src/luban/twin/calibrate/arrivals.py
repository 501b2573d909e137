"""Demand and release: how many orders come and when, of what, how large, due when, and when the floor gets them.

Weeks differ more than chance where the level of demand moves: then a forecast needs that movement, and the doubt about
the mean level, or its intervals are too narrow.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from luban.core.time import DAY, HOUR, SECOND, to_datetime
from luban.plant import Plant
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.fitting import fit
from luban.twin.calibrate.likelihood import Sample
from luban.twin.calibrate.observe import Observed, OrderFact
from luban.twin.distribution import Distribution

__all__ = ["Demand", "DrawnOrder", "demand_of"]

Floats = NDArray[np.float64]
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class DrawnOrder:
    """An order that may come [µs UTC]."""

    item: str
    quantity: int
    arrival: int
    due: int | None


@dataclass(slots=True)
class Demand:
    """The arrival process.

    rate      orders a week, seen in `weeks` weeks
    variance  of the weekly counts, at least that of chance alone
    level_cv  movement of the level from week to week beyond chance [1]
    profile   weight of each hour of the week, Monday 00:00 first, mean 1
    mix       item → share of the orders
    quantity  item → pieces an order
    due       weekday of arrival → observed (due - arrival) [s]; empty: no due dates
    ready     delay from arrival to readiness for release [s]; None: at once
    """

    rate: float
    variance: float
    weeks: int
    level_cv: float
    profile: Floats
    mix: dict[str, float]
    quantity: dict[str, Distribution]
    due: dict[int, Floats] = field(default_factory=dict)
    ready: Distribution | None = None
    interval_cv: float = 1.0

    def draw(self, rng: np.random.Generator, start: int, end: int, plant: Plant) -> list[DrawnOrder]:
        """Orders of [start, end) [µs UTC].

        What the estimates leave open is drawn first: variance of the weeks, rate, mix and lot sizes as few weeks show
        them; then a level for each week, then orders by the hour.
        """
        degrees = max(self.weeks - 1, 1)
        variance = max(self.rate, self.variance * degrees / max(rng.chisquare(degrees), 0.05 * degrees))
        rate = max(rng.normal(self.rate, math.sqrt(variance / self.weeks)), self.rate / 4)
        level_cv = math.sqrt(max(0.0, variance - self.rate)) / self.rate
        items = list(self.mix)
        orders = self.rate * self.weeks
        shares = rng.dirichlet([0.5 + orders * share for share in self.mix.values()])
        sizes = {}
        for item, own in self.quantity.items():
            error = math.sqrt(own.variance / max(orders * self.mix[item], 1.0)) / own.mean
            sizes[item] = own.scaled(float(np.exp(rng.normal(0.0, min(error, 0.3)))))
        found: list[DrawnOrder] = []
        for begin in range(start, end, WEEK):
            level = 1.0
            if level_cv > 0:
                shape = 1 / level_cv**2
                level = float(rng.gamma(shape, 1 / shape))
            for hour in range(begin, min(begin + WEEK, end), HOUR):
                mean = rate * level * self.profile[_hour(hour, plant)] / 168
                for at in np.sort(rng.random(rng.poisson(mean * min(HOUR, end - hour) / HOUR))):
                    moment = hour + int(at * min(HOUR, end - hour))
                    item = items[int(rng.choice(len(items), p=shares))]
                    pieces = max(1, round(float(sizes[item].quantile(rng.random()))))
                    found.append(DrawnOrder(item, pieces, moment, self.due_of(rng, moment, plant)))
        return found

    def due_of(self, rng: np.random.Generator, arrival: int, plant: Plant) -> int | None:
        """A due date as orders of that weekday have it."""
        if not self.due:
            return None
        day = to_datetime(arrival, plant.zone).weekday()
        values = self.due.get(day)
        if values is None:
            values = np.concatenate(list(self.due.values()))
        return arrival + int(float(rng.choice(values)) * SECOND)


def _hour(moment: int, plant: Plant) -> int:
    local = to_datetime(moment, plant.zone)
    return local.weekday() * 24 + local.hour


def demand_of(found: Observed, plant: Plant, evidence: Evidence) -> Demand | None:
    """The arrival process of the window; None where no order says when it came."""
    came = sorted((o for o in found.orders.values() if o.arrival is not None and o.item), key=lambda o: o.arrival or 0)
    if len(came) < 10:
        evidence.miss(
            "demand", "plant", f"{len(came)} orders with an arrival", "no new orders", "events `order arrived`"
        )
        return None
    moments = np.array([o.arrival for o in came], np.int64)
    rate, variance, weeks, level = _level(moments, found, evidence)
    demand = Demand(
        rate,
        variance,
        weeks,
        level,
        _profile(moments, plant, evidence),
        _mix(came, evidence),
        _quantities(came, evidence),
    )
    gaps = np.diff(moments) / SECOND
    demand.interval_cv = float(gaps.std() / gaps.mean())
    evidence.add(
        "interarrival variation",
        "plant",
        demand.interval_cv,
        unit="1",
        n=len(gaps),
        method="sd/mean",
        note="1 is chance (Poisson); closed days count",
    )
    _due(came, demand, plant, evidence)
    return demand


def _level(moments: NDArray[np.int64], found: Observed, evidence: Evidence) -> tuple[float, float, int, float]:
    weeks = int((found.until - found.since) // WEEK)
    if weeks < 3:
        days = (found.until - found.since) / WEEK
        rate = len(moments) / days
        evidence.miss("movement of demand", "plant", f"{days:.1f} weeks", "a steady level", "4 weeks or more")
        return rate, rate, max(1, round(days)), 0.0
    edges = found.until - WEEK * np.arange(weeks, -1, -1)
    counts = np.histogram(moments, edges)[0].astype(float)
    mean, variance = counts.mean(), counts.var(ddof=1)
    excess = max(0.0, (variance - mean) / mean**2)
    p = float(stats.chi2.sf((weeks - 1) * variance / mean, weeks - 1))
    error = math.sqrt(max(variance, mean) / weeks)
    half = stats.t.ppf(0.975, weeks - 1) * error
    evidence.add(
        "orders a week",
        "plant",
        mean,
        low=mean - half,
        high=mean + half,
        unit="1/week",
        n=len(moments),
        method="weekly counts",
        goodness=p,
        note=f"{weeks} weeks: {', '.join(f'{c:.0f}' for c in counts)}",
    )
    low = max(0.0, ((weeks - 1) * variance / stats.chi2.ppf(0.975, weeks - 1) - mean) / mean**2)
    high = max(0.0, ((weeks - 1) * variance / stats.chi2.ppf(0.025, weeks - 1) - mean) / mean**2)
    evidence.add(
        "movement of demand",
        "plant",
        math.sqrt(excess),
        low=math.sqrt(low),
        high=math.sqrt(high),
        unit="1",
        n=weeks,
        method="variance of weekly counts beyond Poisson",
        goodness=p,
    )
    return float(mean), float(max(variance, mean)), weeks, math.sqrt(excess)


def _profile(moments: NDArray[np.int64], plant: Plant, evidence: Evidence) -> Floats:
    """Weekday times hour, each flat unless the counts say otherwise."""
    hours = np.array([_hour(int(moment), plant) for moment in moments])
    days, clock = np.bincount(hours // 24, minlength=7), np.bincount(hours % 24, minlength=24)
    shown = []
    weights = []
    for word, counts in (("weekday", days), ("hour of the day", clock)):
        p = float(stats.chisquare(counts).pvalue)
        flat = p > 0.01
        weights.append(np.ones(len(counts)) if flat else counts / counts.mean())
        shown.append(f"{word}: {'even' if flat else ' '.join(str(c) for c in counts)}")
    evidence.add(
        "arrivals by the clock",
        "plant",
        len(moments),
        unit="1",
        n=len(moments),
        method="chi-square",
        shown="; ".join(shown),
    )
    profile = np.outer(weights[0], weights[1]).ravel()
    return np.asarray(profile / profile.mean(), float)


def _mix(came: list[OrderFact], evidence: Evidence) -> dict[str, float]:
    counts = Counter(order.item for order in came)
    for item, count in sorted(counts.items()):
        evidence.add_share("share of orders", item, count, len(came))
    return {item: count / len(came) for item, count in sorted(counts.items())}


def _quantities(came: list[OrderFact], evidence: Evidence) -> dict[str, Distribution]:
    """Pieces are whole: small ones are known to the nearest piece only, which the likelihood is told."""
    by_item: dict[str, list[float]] = defaultdict(list)
    for order in came:
        if order.quantity:
            by_item[order.item].append(order.quantity)
    everything = [q for own in by_item.values() for q in own]
    found: dict[str, Distribution] = {}
    for item in sorted({order.item for order in came}):
        values = np.array(by_item.get(item) or everything or [1.0])
        if item not in by_item:
            evidence.miss("lot size", item, "no quantity", "that of all items", "the quantity of each order")
        coarse = values.min() < 10 and np.ptp(values) > 0
        pairs = np.column_stack([np.maximum(values - 0.5, 0.05), values + 0.5])
        own = fit(
            Sample.of(between=pairs) if coarse else values,
            candidates=("lognormal", "gamma", "weibull", "normal"),
            goodness=False,
        )
        evidence.add_fit("lot size", item, own, "piece")
        found[item] = own.distribution
    return found


def _due(came: list[OrderFact], demand: Demand, plant: Plant, evidence: Evidence) -> None:
    by_day: dict[int, list[float]] = defaultdict(list)
    for order in came:
        if order.due is not None and order.arrival is not None:
            by_day[to_datetime(order.arrival, plant.zone).weekday()].append((order.due - order.arrival) / SECOND)
    if not by_day:
        evidence.miss("due dates", "plant", "no order has one", "none", "due dates of orders")
        return
    demand.due = {day: np.array(values) for day, values in by_day.items()}
    values = np.concatenate(list(demand.due.values()))
    evidence.add(
        "due date after arrival",
        "plant",
        values.mean() / 86400,
        low=float(values.min()) / 86400,
        high=float(values.max()) / 86400,
        unit="d",
        n=len(values),
        method="observed, by weekday of arrival",
        note="low and high are the extremes",
    )
