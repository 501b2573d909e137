"""When a jacket is cleaned, how full bags are, which grade is packed next, and load moved to cheap hours.

Reads   readings, weights, orders, prices    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import Final

from luban.core.time import DAY, HOUR
from luban.loop.deciding.floor import Act, Heard, LotSeen, Proposal, Seen

__all__ = ["BagTarget", "CleaningByTransfer", "GradeOrder", "LoadShift"]

_AUTHOR: Final = "luban process upkeep 1"
_PLANT = "process"


class BagTarget:
    """Fills bags so that hardly any pallet's mean weight is below the nominal.

    nominal [kg]; band of the target [kg]; pallet: bags on one
    Source  the mean of a lot of prepacked goods must not be below its nominal quantity: OIML R 87:2016, 3.2
    """

    lever = "bags"
    every = DAY
    concerns = frozenset({"bag weight", "bag spread"})
    wakes: frozenset[str] = frozenset()

    def __init__(self, nominal: float, band: tuple[float, float], pallet: int, safety: float = 3.0) -> None:
        self._nominal, self._band, self._pallet, self._safety = nominal, band, pallet, safety
        self._squares, self._offsets, self._count = 0.0, 0.0, 0

    def hear(self, told: Iterable[Heard]) -> None:
        """Mean of a pallet's bags less the target, and their spread [kg]."""
        for one in told:
            if one.name == "bag weight":
                self._offsets += float(one.value)
            else:
                self._squares += float(one.value) ** 2
                self._count += 1

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Another target, once a day."""
        if self._count < 50:
            return ()
        sigma, off = math.sqrt(self._squares / self._count), self._offsets / self._count
        wanted = self._nominal - off + self._safety * sigma / math.sqrt(self._pallet)
        to = round(min(self._band[1], max(self._band[0], wanted)), 3)
        at = float(seen.machines[_PLANT].signals["bag_target"])
        if abs(to - at) < 0.002:
            return ()
        why = f"bags scatter by {1000 * sigma:.0f} g: {to:.3f} kg keep the mean of a pallet above {self._nominal:g} kg"
        return (Proposal(self.lever, _AUTHOR, Act("set", "packing/packer:bag_target_sp", to), why=why),)


class CleaningByTransfer:
    """Sets the date of the cleaning to when the jacket can just carry the heat at its coldest.

    heat        of reaction [MJ/kmol];  cold  of the jacket at the water's mean [K];  water  that mean [K]
    by_water    kelvin of the coldest jacket by a kelvin of water [1]
    least, most days after the last cleaning between which the date lies
    """

    lever = "cleaning"
    every = DAY
    concerns = frozenset(
        {
            "distillate",
            "purge",
            "reactor_temperature",
            "jacket_temperature",
            "water_temperature",
            "reactor_feed",
            "state",
        }
    )
    wakes: frozenset[str] = frozenset()

    def __init__(
        self, heat: float, cold: float, water: float, by_water: float, *, least: float = 60.0, most: float = 190.0
    ) -> None:
        self._heat, self._cold, self._water, self._by_water = heat, cold, water, by_water
        self._least, self._most = least, most
        self._now: dict[str, float] = {}
        self._days: list[tuple[float, float]] = []
        self._runs, self._cleaned = True, 0
        self._set: float | None = None
        self._load = 0.0

    def hear(self, told: Iterable[Heard]) -> None:
        """Readings, oldest first; a state of planned stop is a cleaning."""
        for one in told:
            if one.name == "state":
                self._runs = one.value == "running"
                if one.value == "planned_stop":
                    self._days, self._cleaned, self._set = [], one.time, None
                continue
            before = self._now.get(one.name, float(one.value))
            self._now[one.name] = before + 0.02 * (float(one.value) - before)

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Another date, if it has moved by more than a day."""
        n = self._now
        if not self._runs or len(n) < len(self.concerns) - 1:
            return ()
        day, gap = seen.now / DAY, n["reactor_temperature"] - n["jacket_temperature"]
        plant = seen.machines[_PLANT]
        cut = min(1.0, max(0.5, n["reactor_feed"] / float(plant.signals["reactor_feed"])))  # where the jacket binds
        heat = self._heat * (n["distillate"] + n["purge"])
        self._load = max(heat / cut, self._load + 0.05 * (heat / cut - self._load))
        if gap > 5:
            self._days.append((day, math.log(heat / gap)))
        if len(self._days) < 12:
            return ()
        coldest = self._cold + self._by_water * (n["water_temperature"] - self._water + 3.0)
        needed = math.log(1.02 * self._load / (n["reactor_temperature"] - coldest))
        mean = sum(d for d, _ in self._days) / len(self._days)
        level = sum(v for _, v in self._days) / len(self._days)
        slope = sum((d - mean) * (v - level) for d, v in self._days) / sum((d - mean) ** 2 for d, _ in self._days)
        if slope >= -1e-4:
            return ()
        at = mean + (needed - level) / slope
        since = plant.signals["cleaned"]
        at = min(float(since) / DAY + self._most, max(float(since) / DAY + self._least, at, day + 1.5))
        if self._set is not None and (abs(at - self._set) < 1.0 or at - day <= 1.5 >= self._set - day):
            return ()  # not moved by a day, or near already: it is not put off again and again
        self._set = at
        why = (
            f"heat transfer falls by {-100 * slope:.2f} % a day and carries the load until day {at - day:.0f} from now"
        )
        act = Act("maintain", "process/reactor", round(at * DAY))
        return (Proposal(self.lever, _AUTHOR, act, why=why, facts={"by day": slope}),)


class GradeOrder:
    """Packs open orders in the order that costs least in lateness, waiting and steps up in purity.

    values      item → what a unit of its orders is worth [currency];  guarantees  item → light share [1]
    rate        of packing [units/h];  change  of grade [h];  step_up  cost of more purity, by 1 [currency]
    late        of the value, a day late [1/d];  carrying  of the value, a day of waiting [1/d]
    unready     cost of a tank that is not pure enough for what is packed [currency];  ready: hours to make it so [h]
    """

    lever = "grades"
    every = 6 * HOUR
    concerns = frozenset({"ordered", "finished"})

    def __init__(
        self, values: Mapping[str, float], guarantees: Mapping[str, float], *, rate: float, change: float,
        step_up: float, late: float, carrying: float, unready: float, ready: float = 16.0, most: int = 5,
    ) -> None:  # fmt: skip
        self._values, self._guarantees, self._rate, self._change = values, guarantees, rate, change
        self._step_up, self._late, self._carrying, self._most = step_up, late, carrying, most
        self._unready_cost, self._ready = unready, ready

    def hear(self, told: Iterable[Heard]) -> None:
        """Orders that came and went wake it; the picture tells the rest."""

    def cost(self, lots: Sequence[LotSeen], now: int) -> float:
        """Of packing them in this order [currency]."""
        at, total = float(now), 0.0
        for place, lot in enumerate(lots):
            before = lots[place - 1] if place else None
            if before is not None and before.item != lot.item:
                at += self._change * HOUR
                total += self._step_up * max(0.0, self._guarantees[lot.item] - self._guarantees[before.item])
            at += lot.quantity / self._rate * HOUR
            value = self._values[lot.item] * lot.quantity
            total += value * self._carrying * (at - now) / DAY
            if lot.due is not None:
                total += value * self._late * max(0.0, at - lot.due) / DAY
        return total

    def _unready(self, order: Sequence[LotSeen], lots: Sequence[LotSeen]) -> float:
        """What a tank costs that was made ready for another grade [currency]: its content off-spec."""
        total, before = (2000.0 if order[0] != lots[0] else 0.0), lots[0]
        if order[0] == lots[0]:
            if len(order) < 2 or order[1] == lots[1] or lots[0].quantity / self._rate > self._ready:
                return total
            before = lots[1] if self._guarantees[lots[1].item] > self._guarantees[lots[0].item] else lots[0]
        purer = self._guarantees[order[order[0] == lots[0]].item] > self._guarantees[before.item]
        return total + (self._unready_cost if purer else 0.0)

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Another order of orders. The one in hand goes first, unless another costs clearly less."""
        lots = list(seen.lots)[: self._most]
        if len(lots) < 2:
            return ()
        stays = self.cost(lots, seen.now)
        best = min(permutations(lots), key=lambda order: self.cost(order, seen.now) + self._unready(order, lots))
        gain = stays - self.cost(best, seen.now) - self._unready(best, lots)
        if list(best) == lots or gain < 2000:  # what a change costs people who have to follow it
            return ()
        why = "orders in the order " + ", ".join(lot.order for lot in best) + f" cost {gain:,.0f} less"
        act = Act("schedule", "packing/packer", tuple(lot.order for lot in best))
        return (Proposal(self.lever, _AUTHOR, act, worth=gain, why=why),)


class LoadShift:
    """Feeds a little less in dear hours and a little more in cheap ones.

    usual   price of a kilowatt-hour over a day [currency];  share  of the feed that is moved [1];  feeds  band [kmol/h]
    """

    lever = "tariff"
    every = HOUR
    concerns: frozenset[str] = frozenset()

    def __init__(self, usual: float, feeds: tuple[float, float], share: float = 0.03) -> None:
        self._usual, self._feeds, self._share = usual, feeds, share
        self._factor, self._sent, self._base = 1.0, math.nan, math.nan

    def hear(self, told: Iterable[Heard]) -> None:
        """Nothing: the price stands in the picture."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Another feed when the price changes."""
        plant, price = seen.machines[_PLANT], seen.prices["electricity"]
        factor = 1.0 + (
            self._share if price < 0.8 * self._usual else -self._share if price > 1.2 * self._usual else 0.0
        )
        if factor == self._factor or plant.state != "running":
            return ()
        at = float(plant.signals["reactor_feed"])
        if not abs(at - self._sent) < 0.05:  # another has set the feed anew
            self._base = at
        to = min(self._feeds[1], max(self._feeds[0], self._base * factor))
        self._factor, self._sent = factor, to
        why = f"a kilowatt-hour costs {price:.2f}, {self._usual:.2f} over the day: feed {at:.1f} to {to:.1f} kmol/h"
        return (Proposal(self.lever, _AUTHOR, Act("set", "process/reactor:reactor_feed_sp", to), why=why),)
