"""Dispatch of a micro-grid: the cheapest way to meet every load, proven.

A linear programme; whole numbers only where something starts, runs or not. That a store does not charge and discharge
in the same step, and that the grid does not take and give, is looked at afterwards: only where the cheapest plan would
do so are these made choices and the plan worked out again.

Reads   a `Site`    Writes  nothing; a plan with cost, proven bound and every series
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from luban.decide.energy.rows import Programme, Solved
from luban.decide.energy.site import Batch, Chp, Flexible, Site, Storage
from luban.understand.quality.data import Floats, Ints

__all__ = ["Dispatch", "dispatch"]

_TWICE = 1e-6  # power in both directions that counts as none [kW]


@dataclass(frozen=True, eq=False)
class Dispatch:
    """A plan.

    cost      energy, fuel, wear, starts and peak [money]; carbon at `carbon_price` is on top in `objective`
    objective, bound  what was made least, and what no plan can go below [money]
    optimal   bound and objective agree to the gap asked for
    carbon    [kg]
    peak      highest power taken from the grid, what was reached before included [kW]
    bought, sold  by step [kW]
    power     by name and step [kW]: sources and heat and power give, loads take; a store gives (+) and takes (-)
    charge    of each store after each step [kWh]
    starts    step in which each batch starts
    """

    cost: float
    objective: float
    bound: float
    optimal: bool
    carbon: float
    peak: float
    bought: Floats
    sold: Floats
    power: Mapping[str, Floats]
    heat: Mapping[str, Floats]
    charge: Mapping[str, Floats]
    starts: Mapping[str, int]


def dispatch(site: Site, *, carbon_price: float = 0.0, seconds: float = 60.0, gap: float = 1e-9) -> Dispatch:
    """The cheapest plan.

    carbon_price  put on each kg of carbon [money/kg]
    seconds       for the solver; gap: relative distance to the bound at which it may stop
    Raises        InputError when no plan meets all loads within all limits
    Example       dispatch(Site(1.0, load, Grid(buy=tariff, most_in=500.0), stores=(battery,))).cost
    """
    model = _Model(site, carbon_price)
    solved = model.programme.solve(seconds, gap)
    if model.twice(solved):
        model = _Model(site, carbon_price, exclusive=True)
        solved = model.programme.solve(seconds, gap)
    return model.plan(solved)


class _Model:
    def __init__(self, site: Site, carbon_price: float, *, exclusive: bool = False) -> None:
        self.site, self.carbon_price, self.programme = site, carbon_price, Programme()
        self.steps, self.hours = len(site.load), site.hours
        self.electric: list[tuple[Ints, float]] = []
        self.warm: list[tuple[Ints, float]] = []
        self.ways: list[tuple[Ints, Ints]] = []
        self._grid()
        self.sources = {
            one.name: self._given(one.cost * self.hours, np.maximum(one.available, 0.0)) for one in site.sources
        }
        self.stores = {one.name: self._store(one) for one in site.stores}
        self.chps = {one.name: self._chp(one) for one in site.chps}
        self.boilers = {
            one.name: self._heated((one.fuel + carbon_price * one.carbon) * self.hours / one.efficiency, one.most)
            for one in site.boilers
        }
        self.flexible = {one.name: self._flexible(one) for one in site.flexible}
        self.batches = {one.name: self._batch(one) for one in site.batches}
        self._machines()
        self._balances()
        if exclusive:
            for one, other in self.ways:
                self._one_way(one, other)

    def _grid(self) -> None:
        grid = self.site.grid
        price = self.site.series(grid.buy) + self.carbon_price * self.site.series(grid.carbon)
        self.bought = self.programme.block(self.steps, price * self.hours, 0.0, grid.most_in)
        self.sold = self.programme.block(self.steps, -self.site.series(grid.sell) * self.hours, 0.0, grid.most_out)
        self.electric += [(self.bought, 1.0), (self.sold, -1.0)]
        self.ways.append((self.bought, self.sold))
        self.peak = self.programme.block(1, grid.peak_price, grid.peak_so_far, np.inf)
        if grid.peak_price:
            self.programme.rows([(self.bought, 1.0), (np.repeat(self.peak, self.steps), -1.0)], -np.inf, 0.0)

    def _given(self, cost: Floats | float, most: Floats | float) -> Ints:
        block = self.programme.block(self.steps, cost, 0.0, most)
        self.electric.append((block, 1.0))
        return block

    def _heated(self, cost: float, most: float) -> Ints:
        block = self.programme.block(self.steps, cost, 0.0, most)
        self.warm.append((block, 1.0))
        return block

    def _store(self, one: Storage) -> tuple[Ints, Ints, Ints]:
        into = self.programme.block(self.steps, 0.0, 0.0, one.charge)
        out = self.programme.block(self.steps, one.wear * self.hours, 0.0, one.discharge)
        held = self.programme.block(self.steps, 0.0, one.lowest * one.capacity, one.highest * one.capacity)
        self.electric += [(into, -1.0), (out, 1.0)]
        self.ways.append((into, out))
        keep = (1 - one.loss) ** self.hours
        gain, drain = -one.efficiency_in * self.hours, self.hours / one.efficiency_out
        first = keep * one.start * one.capacity
        self.programme.row({int(held[0]): 1.0, int(into[0]): gain, int(out[0]): drain}, first, first)
        if self.steps > 1:
            self.programme.rows(
                [(held[1:], 1.0), (held[:-1], -keep), (into[1:], gain), (out[1:], drain)], 0.0, 0.0
            )  # fmt: skip
        end = (one.start if one.end is None else one.end) * one.capacity
        self.programme.row({int(held[-1]): 1.0}, end, np.inf)
        return into, out, held

    def _chp(self, one: Chp) -> tuple[Ints, Ints, Ints]:
        cost = (one.fuel + self.carbon_price * one.carbon) * self.hours / one.efficiency
        block = self._given(cost, one.most)
        self.warm.append((block, one.heat))
        on = self.programme.block(self.steps, 0.0, 0.0, 1.0, whole=True)
        begun = self.programme.block(self.steps, one.start_cost, 0.0, 1.0)
        self.programme.rows([(block, 1.0), (on, -one.most)], -np.inf, 0.0)
        self.programme.rows([(block, 1.0), (on, -one.least)], 0.0, np.inf)
        self.programme.row({int(begun[0]): 1.0, int(on[0]): -1.0}, -float(one.on), np.inf)
        if self.steps > 1:
            self.programme.rows([(begun[1:], 1.0), (on[1:], -1.0), (on[:-1], 1.0)], 0.0, np.inf)
        return block, on, begun

    def _flexible(self, one: Flexible) -> Ints:
        within = np.zeros(self.steps)
        within[one.first : one.last] = one.most
        block = self.programme.block(self.steps, 0.0, 0.0, within)
        self.electric.append((block, -1.0))
        self.programme.row(dict.fromkeys(map(int, block), self.hours), one.energy, one.energy)
        return block

    def _batch(self, one: Batch) -> tuple[Ints, Ints]:
        """Whether it starts in each step, and its power in each."""
        count = one.last - one.first - len(one.profile) + 1
        starts = self.programme.block(count, 0.0, 0.0, 1.0, whole=True)
        self.programme.row(dict.fromkeys(map(int, starts), 1.0), 1.0, 1.0)
        power = self.programme.block(self.steps, 0.0, 0.0, np.inf)
        self.electric.append((power, -1.0))
        for step in range(self.steps):
            terms = {int(power[step]): 1.0}
            for at, start in enumerate(starts):
                into = step - one.first - at
                if 0 <= into < len(one.profile):
                    terms[int(start)] = -float(one.profile[into])
            self.programme.row(terms, 0.0, 0.0)
        return starts, power

    def _machines(self) -> None:
        for machine in sorted({one.machine for one in self.site.batches if one.machine}):
            for step in range(self.steps):
                terms = {
                    int(start): 1.0
                    for one in self.site.batches
                    if one.machine == machine
                    for at, start in enumerate(self.batches[one.name][0])
                    if 0 <= step - one.first - at < len(one.profile)
                }
                if len(terms) > 1:
                    self.programme.row(terms, -np.inf, 1.0)

    def _balances(self) -> None:
        self.programme.rows(list(self.electric), self.site.load, self.site.load)
        if self.site.heat is not None:
            if not self.warm:
                self.warm.append((self.programme.block(self.steps, 0.0, 0.0, 0.0), 1.0))
            self.programme.rows(list(self.warm), self.site.heat, np.inf)  # heat too much is let go

    def _one_way(self, one: Ints, other: Ints) -> None:
        most = float(np.abs(self.site.load).sum()) + sum(
            float(np.max(getattr(part, "available", np.zeros(1)))) + float(getattr(part, "most", 0.0))
            + float(getattr(part, "charge", 0.0)) + float(getattr(part, "discharge", 0.0))
            + float(np.max(getattr(part, "profile", np.zeros(1))))
            for part in self.site.parts
        )  # fmt: skip
        side = self.programme.block(self.steps, 0.0, 0.0, 1.0, whole=True)
        self.programme.rows([(one, 1.0), (side, -most)], -np.inf, 0.0)
        self.programme.rows([(other, 1.0), (side, most)], -np.inf, most)

    def twice(self, solved: Solved) -> bool:
        """Whether something goes both ways in one step."""
        x = solved.values
        return any(bool((np.minimum(x[one], x[other]) > _TWICE).any()) for one, other in self.ways)

    def plan(self, solved: Solved) -> Dispatch:
        """The answer in the words of the site."""
        x, site, hours = solved.values, self.site, self.hours
        power = {name: x[block] for name, block in self.sources.items()}
        power |= {name: x[out] - x[into] for name, (into, out, _) in self.stores.items()}
        power |= {name: x[block] for name, (block, _, _) in self.chps.items()}
        power |= {name: x[block] for name, block in self.flexible.items()}
        power |= {name: x[block] for name, (_, block) in self.batches.items()}
        heat = {one.name: one.heat * power[one.name] for one in site.chps}
        heat |= {name: x[block] for name, block in self.boilers.items()}
        carbon = float((x[self.bought] * site.series(site.grid.carbon)).sum() * hours)
        carbon += sum(float(power[one.name].sum()) * hours / one.efficiency * one.carbon for one in site.chps)
        carbon += sum(float(heat[one.name].sum()) * hours / one.efficiency * one.carbon for one in site.boilers)
        return Dispatch(
            cost=solved.objective - self.carbon_price * carbon, objective=solved.objective, bound=solved.bound,
            optimal=solved.optimal, carbon=carbon,
            peak=max(float(x[self.bought].max()), site.grid.peak_so_far), bought=x[self.bought], sold=x[self.sold],
            power=power, heat=heat, charge={name: x[held] for name, (*_, held) in self.stores.items()},
            starts={one.name: one.first + int(np.argmax(x[self.batches[one.name][0]])) for one in site.batches},
        )  # fmt: skip
