"""Furnace loads: when a load starts, by the price of power against the wait of what lies before it.

Reads   queues, states, prices by the hour    Writes  nothing
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from luban.core.time import HOUR, MINUTE
from luban.loop.deciding.floor import Act, Heard, LotSeen, Proposal, Seen

__all__ = ["Furnace", "FurnaceLoads"]

_AUTHOR: Final = "luban furnace 1"
_STEP: Final = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class Furnace:
    """A furnace as its papers describe it.

    machine, station  where;  load  length of a load [min];  most  that it holds [kg]
    hold     power that keeps it hot [kW];  per_kg  energy into the load besides [kWh/kg]
    heat_up  from cold to hot at the power of holding [min]
    """

    machine: str
    station: str
    load: float
    most: float
    hold: float
    per_kg: float
    heat_up: float


@dataclass(slots=True)
class _State:
    """Whether a furnace is held hot, and since when it is or from when on it will be [µs]."""

    hot: bool = True
    warm_at: int = 0


@dataclass
class FurnaceLoads:
    """Starts a load when waiting longer costs more than it saves, and lets a furnace get cold in between.

    furnaces  in the order of the route
    weights   item → [kg] a piece
    price     moment [µs] → price of a kilowatt-hour then [currency/kWh]
    open      moment [µs] → end of the open span that holds it, or None where nobody is there [µs]
    hour      what an hour of waiting of an order costs [currency/h]
    ahead     how far it looks [h]
    full      a load of this share of what the furnace holds starts as soon as it is hot [1]
    """

    furnaces: Sequence[Furnace]
    weights: Mapping[str, float]
    price: Callable[[int], float]
    open: Callable[[int], int | None]
    hour: float
    ahead: float = 12.0
    full: float = 0.9
    every: int = _STEP
    lever: str = "furnace"
    concerns: frozenset[str] = frozenset()
    _states: dict[str, _State] = field(default_factory=dict)
    _told: bool = False
    _paid: dict[int, float] = field(default_factory=dict)

    def hear(self, told: Iterable[Heard]) -> None:
        """What waits stands in the picture."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """What each furnace does now."""
        found = []
        if not self._told:
            self._told = True
            for own in self.furnaces:
                why = "loads start by price and waiting, not by the clock"
                rule = Act("rule", f"batch {own.station}", (1e9, None))
                found.append(Proposal(self.lever, _AUTHOR, rule, self.hour, why=why))
        if self.open(seen.now) is None:
            return [*found, *self._overnight()]
        waiting: dict[str, list[LotSeen]] = defaultdict(list)
        for lot in seen.lots:
            if lot.place == "queue":
                waiting[lot.station].append(lot)
        for own in self.furnaces:
            state = self._states.setdefault(own.machine, _State())
            found += self._one(own, state, seen.machines[own.machine].state, waiting[own.station], seen.now)
        return found

    def _overnight(self) -> list[Proposal]:
        """Nobody is there: a furnace ends its load and cools, as ever; in the morning it is heated for work."""
        found = []
        for own in self.furnaces:
            state = self._states.setdefault(own.machine, _State())
            if state.hot:
                found += self._cool(own, state)
        return found

    def _one(self, own: Furnace, state: _State, doing: str, lots: Sequence[LotSeen], now: int) -> list[Proposal]:
        if doing == "running":
            state.hot, state.warm_at = True, now
            return []
        if not lots:
            return self._cool(own, state) if state.hot else []
        weight = sum(self.weights.get(lot.item, 0.0) * lot.quantity for lot in lots)
        full = weight >= self.full * own.most
        start = self._best(own, state, lots, weight, now)
        if state.hot and state.warm_at <= now and (start <= now or full):
            why = f"{len(lots)} orders wait, {weight:.0f} kg, and power costs {self.price(now):.2f} a kWh"
            facts = {"orders": len(lots), "weight": weight}
            worth = self.hour * len(lots)
            return [Proposal(self.lever, _AUTHOR, Act("start batch", own.station), worth, why=why, facts=facts)]
        heat = round(own.heat_up * MINUTE)
        if not state.hot and start <= now + heat + _STEP:
            state.hot, state.warm_at = True, now + heat
            why = f"it is to be hot for the load that starts in {own.heat_up:.0f} min"
            return [Proposal(self.lever, _AUTHOR, Act("standby", own.machine, False), self.hour, why=why)]
        if state.hot and start > now + 2 * heat:
            return self._cool(own, state)
        return []

    def _cool(self, own: Furnace, state: _State) -> list[Proposal]:
        state.hot = False
        why = f"no load for long; holding it hot takes {own.hold:g} kW"
        return [Proposal(self.lever, _AUTHOR, Act("standby", own.machine, True), own.hold, why=why)]

    def _best(self, own: Furnace, state: _State, lots: Sequence[LotSeen], weight: float, now: int) -> int:
        """The start at which power and waiting cost least, up to the end of the open span [µs].

        Not before waiting has cost as much as the load will to hold hot: until then another lot may come and share it.
        """
        ready = max(now, state.warm_at) if state.hot else now + round(own.heat_up * MINUTE)
        end = min(self.open(now) or now, now + round(self.ahead * HOUR))
        waited = self.hour * sum(max(0, ready - lot.since) for lot in lots) / HOUR
        holding = own.hold * self._energy(ready, own.load)
        if weight < self.full * own.most and waited < holding:
            ready += round((holding - waited) / (self.hour * len(lots)) * HOUR)
        power = own.hold + own.per_kg * min(own.most, weight) / (own.load / 60)
        best, least = ready, float("inf")
        at = ready
        while at == ready or at < end:
            cost = power * self._energy(at, own.load) + self.hour * len(lots) * (at - ready) / HOUR
            if cost < least - 1e-9:
                best, least = at, cost
            at += _STEP
        return best

    def _energy(self, start: int, load: float) -> float:
        """Price of a kilowatt over a load that starts then [currency/kW]."""
        at = start - start % _STEP
        if at not in self._paid:
            steps = round(load * MINUTE / _STEP)
            self._paid[at] = sum(self.price(at + n * _STEP) for n in range(steps)) * _STEP / HOUR
        return self._paid[at] if load else 0.0
