"""What a plan is expected to save, with an interval: the plan and the habit, both run against the same forecasts.

Each possible course of load and sources is gone through twice, once by the plan (stores, units and loads as planned,
the grid takes up the rest) and once as it is done without one. The differences are the savings; their spread is what
the forecast does not know.

Reads   a `Site`, its plan, possible courses    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.energy.dispatch import Dispatch
from luban.decide.energy.site import Site
from luban.understand.quality.data import Floats

__all__ = ["PredictedSaving", "as_is", "predicted_saving"]


@dataclass(frozen=True)
class PredictedSaving:
    """Expected saving [money] with its interval at `level`, over `courses` courses.

    over  share of the courses in which the plan would take more from the grid than it may [1]
    """

    saving: float
    low: float
    high: float
    level: float
    courses: int
    over: float


def as_is(site: Site) -> Floats:
    """Power taken (+) or left over (-) without a plan [kW]: stores and heat and power idle, loads at their usual time.

    Raises  InputError for a load that can wait whose usual course is not given or not within the steps
    """
    net = site.load - np.sum([one.available for one in site.sources], axis=0, initial=0.0)
    for flexible in site.flexible:
        if len(flexible.usual) != len(site.load):
            raise InputError("how is it run without a plan?", where=flexible.name, expected="power of each step")
        net = net + flexible.usual
    for batch in site.batches:
        if not 0 <= batch.usual <= len(site.load) - len(batch.profile):
            raise InputError("its usual run is not within the steps", came=f"step {batch.usual}", where=batch.name,
                             expected=f"0 to {len(site.load) - len(batch.profile)}")  # fmt: skip
        net[batch.usual : batch.usual + len(batch.profile)] += batch.profile
    out: Floats = np.asarray(net, np.float64)
    return out


def predicted_saving(
    site: Site,
    plan: Dispatch,
    loads: Floats,
    available: Mapping[str, Floats] | None = None,
    *,
    level: float = 0.9,
) -> PredictedSaving:
    """Saving of a plan over doing nothing.

    loads      possible courses of the load (courses × steps) [kW]
    available  by source likewise; a source that is not named comes as forecast
    Raises     InputError for fewer than 20 courses
    """
    count = len(loads)
    if count < 20 or loads.shape != (count, len(site.load)):
        raise InputError("too few courses for an interval", came=f"{loads.shape}", expected=f"20 × {len(site.load)}")
    given = {one.name: one.available[None, :] for one in site.sources} | dict(available or {})
    sun = np.sum([np.broadcast_to(given[one.name], loads.shape) for one in site.sources], axis=0, initial=0.0)
    given_up = [plan.power[one.name] for one in site.stores] + [plan.power[one.name] for one in site.chps]
    waiting = [plan.power[one.name] for one in site.flexible] + [plan.power[one.name] for one in site.batches]
    fixed = np.sum(given_up, axis=0, initial=0.0) - np.sum(waiting, axis=0, initial=0.0)
    usual = as_is(site) - site.load + np.sum([one.available for one in site.sources], axis=0, initial=0.0)
    planned, habit = loads - sun - fixed, loads - sun + usual
    extra = _fuel(site, plan) - _fuel(site, None) + _wear(site, plan)
    saved = _paid(site, habit) - _paid(site, planned) - extra
    low, high = np.quantile(saved, [(1 - level) / 2, (1 + level) / 2])
    over = float((planned.max(axis=1) > site.grid.most_in + 1e-9).mean())
    return PredictedSaving(float(saved.mean()), float(low), float(high), level, count, over)


def _paid(site: Site, net: Floats) -> Floats:
    """Bill of the grid for each course; what is over beyond the limit is let go."""
    grid = site.grid
    bought = np.maximum(net, 0.0)
    sold = np.minimum(np.maximum(-net, 0.0), grid.most_out)
    energy = (bought * site.series(grid.buy) - sold * site.series(grid.sell)).sum(axis=-1) * site.hours
    out: Floats = energy + grid.peak_price * np.maximum(bought.max(axis=-1), grid.peak_so_far)
    return out


def _fuel(site: Site, plan: Dispatch | None) -> float:
    if plan is not None:
        heat = sum(float(plan.heat[b.name].sum()) * b.fuel / b.efficiency for b in site.boilers)
        starts = sum(
            float((np.diff(np.concatenate([[float(c.on)], plan.power[c.name] > 1e-9])) > 0).sum()) * c.start_cost
            for c in site.chps
        )
        return (heat + sum(float(plan.power[c.name].sum()) * c.fuel / c.efficiency for c in site.chps)) * (
            site.hours
        ) + starts
    if site.heat is None or not site.boilers:
        return 0.0
    left, cost = np.array(site.heat, float), 0.0
    for boiler in sorted(site.boilers, key=lambda b: b.fuel / b.efficiency):
        taken = np.minimum(left, boiler.most)
        left, cost = left - taken, cost + float(taken.sum()) * site.hours * boiler.fuel / boiler.efficiency
    return cost


def _wear(site: Site, plan: Dispatch) -> float:
    return sum(float(np.maximum(plan.power[s.name], 0).sum()) * s.wear for s in site.stores) * site.hours
