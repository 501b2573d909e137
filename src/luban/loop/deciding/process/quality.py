"""Purity at the top of a column: which one for the grade that is packed next, the reflux for it; product in or out.

Reads   estimate, orders, levels    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.time import HOUR, MINUTE
from luban.loop.deciding.floor import Act, Heard, LotSeen, Proposal, Seen
from luban.loop.deciding.process.estimate import ANALYSER, LABORATORY, Doubt, Purity

__all__ = ["LetIn", "PurityByEstimate", "Tank", "Worth", "margin"]

_AUTHOR: Final = "luban quality of a column 1"
_PLANT, _REFLUX, _DIVERT = "process", "process/column:reflux_sp", "process/column:divert"


@dataclass(frozen=True, slots=True)
class Worth:
    """Prices: of a tonne that is off-spec [currency/t], and of purity that nobody asked for [currency/t per 1]."""

    off: float
    purity: float


def margin(worth: Worth, sigma: float) -> float:
    """Distance to the guarantee at which one more bit of purity costs what it saves in off-spec [1].

    sigma  of what is known of the purity, taken as normal [1]
    Example  round(margin(Worth(4000, 10_000), 0.0005), 4) == 0.0017
    """
    steep = worth.off / (worth.purity * sigma * math.sqrt(2 * math.pi))
    return sigma * math.sqrt(2 * math.log(steep)) if steep > 1 else 0.0


class Tank:
    """Purity of a stirred tank, out of what went in and its level.

    room  [kmol]
    """

    def __init__(self, room: float) -> None:
        self._room, self.purity, self.level, self._flow = room, 0.0, 0.5, 0.0

    def hear(self, one: Heard) -> None:
        """Level [%] and distillate [kmol/h]."""
        if one.name == "product_level":
            self.level = max(0.05, float(one.value) / 100)
        elif one.name == "distillate":
            self._flow = max(0.0, float(one.value))

    @property
    def hours(self) -> float:
        """Its content by what flows in [h]."""
        return self.level * self._room / max(1.0, self._flow)

    def take(self, purity: float, hours: float) -> None:
        """That has flowed in for so long."""
        self.purity = self.ahead(purity, hours) if self.purity else purity

    def ahead(self, purity: float, hours: float) -> float:
        """Its purity after so long of that."""
        share = self._flow * hours / (self._room * self.level)
        return purity + (self.purity - purity) * math.exp(-share)


class _Watch:
    """What both deciders of the top hear."""

    concerns: frozenset[str] = frozenset({ANALYSER, LABORATORY, "product_level", "distillate", "diverted"})
    wakes: frozenset[str] = frozenset()

    def __init__(self, doubt: Doubt, room: float, quick: float) -> None:
        self.estimate, self.tank = Purity(doubt, quick), Tank(room)
        self._out = False

    def hear(self, told: Iterable[Heard]) -> None:
        """Readings, oldest first."""
        for one in told:
            self.estimate.hear((one,))
            self.tank.hear(one)
            if one.name == "diverted":
                self._out = bool(one.value)
            elif one.name == ANALYSER and not self._out and self.estimate.value is not None:
                self.tank.take(self.estimate.value, 1 / 6)


class PurityByEstimate(_Watch):
    """Moves the reflux so that what is in the tank when a grade is packed meets its guarantee, and hardly more.

    guarantees  grade → light share that is guaranteed [1]
    rate        of packing while an order lasts [units of the orders' quantity an hour]
    slope       change of the logarithm of the impurity by one more reflux by feed [1]
    lag         from reflux to top [h]
    """

    lever = "quality"
    every = 30 * MINUTE

    def __init__(
        self, doubt: Doubt, guarantees: Mapping[str, float], worth: Worth, *, room: float, band: tuple[float, float],
        rate: float = 2.7, slope: float = -1.88, lag: float = 4.0,
    ) -> None:  # fmt: skip
        super().__init__(doubt, room, 1.0)
        self._guarantees, self._worth, self._band = guarantees, worth, band
        self._rate, self._slope, self._lag = rate, slope, lag
        self._aim = self._last = math.nan
        self._held = ""

    def wanted(self, lots: Sequence[LotSeen]) -> float:
        """Purity to aim at now [1]: that of the grade in hand, or of one that comes so soon that the tank must rise."""
        safe = margin(self._worth, math.hypot(self.estimate.sigma, 0.0003))
        aim, before = min(self._guarantees.values()) + safe, 0.0
        for place, lot in enumerate(lots[:4]):
            needed = self._guarantees[lot.item] + safe
            if lot.order == self._held:
                aim = max(aim, needed)
            rise = needed - (self.tank.purity or needed)
            lead = self._lag + (self.tank.hours * math.log(max(1.0, rise / (0.4 * safe))) if rise > 0 else 0.0)
            if place == 0 or before / self._rate <= lead:
                aim = max(aim, needed)
            before += lot.quantity
        return aim

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """The next move of the reflux, if any."""
        now, plant = self.estimate.value, seen.machines[_PLANT]
        if now is None or plant.state not in {"running", "setup"}:
            return ()
        aim = self.wanted(seen.lots)
        error = math.log(1 - now) - math.log(1 - aim)
        ahead = 0.0 if math.isnan(self._aim) else math.log(1 - aim) - math.log(1 - self._aim)
        step = 0.0 if math.isnan(self._last) else error - self._last + ahead
        hours = self.every / HOUR
        move = (-0.3 * step + ahead - error * hours / (1.5 * self._lag)) / self._slope
        self._aim, self._last = aim, error
        at = float(plant.signals["reflux"])
        to = min(self._band[1], max(self._band[0], at + min(0.12, max(-0.12, move))))
        first = self._first(seen)
        if abs(to - at) < 0.002:
            return first
        doubt = self.estimate.sigma
        why = f"top is {now:.4f} ± {doubt:.4f}, {aim:.4f} is wanted: reflux {at:.3f} to {to:.3f} of the feed"
        set_ = Proposal(self.lever, _AUTHOR, Act("set", _REFLUX, to), why=why, facts={"purity": now, "aim": aim})
        return (set_, *first)

    def _first(self, seen: Seen) -> tuple[Proposal, ...]:
        """Packs another grade first where the tank is not pure enough yet for the one in hand, and goes back after."""
        lots, pure = list(seen.lots), self.tank.purity
        if not lots or not pure:
            return ()
        reserve = 0.5 * self.estimate.sigma
        held = next((lot for lot in lots if lot.order == self._held), None)
        if held is None:
            self._held = ""
        if held is not None and held != lots[0] and pure >= self._guarantees[held.item] + reserve:
            self._held, chosen = "", held
        elif self._held == "" and pure < self._guarantees[lots[0].item] + reserve:
            ready = [lot for lot in lots[1:] if pure >= self._guarantees[lot.item] + reserve]
            if not ready:
                return ()
            self._held, chosen = lots[0].order, min(ready, key=lambda lot: lot.due or 0)
        else:
            return ()
        order = (chosen.order, *(lot.order for lot in lots if lot != chosen))
        why = f"the tank holds {pure:.4f}: {chosen.item} is packed first"
        return (Proposal(self.lever, _AUTHOR, Act("schedule", "packing/packer", order), worth=20_000.0, why=why),)


class LetIn(_Watch):
    """Sends the distillate to off-spec where the tank could not bear it, and back as soon as it can."""

    lever = "faults"
    every = 10 * MINUTE

    def __init__(self, doubt: Doubt, guarantees: Mapping[str, float], worth: Worth, *, room: float) -> None:
        super().__init__(doubt, room, 0.5)
        self._guarantees, self._worth = guarantees, worth

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Out or in."""
        now, plant = self.estimate.value, seen.machines[_PLANT]
        if now is None or plant.state not in {"running", "setup"}:
            return ()
        open_ = [self._guarantees[lot.item] for lot in seen.lots[:4]] or list(self._guarantees.values())
        need = min(open_)
        held = self.tank.ahead(now, 1.0) if self.tank.purity else now
        sigma = self.estimate.sigma
        if self._out:
            fine = now >= need + sigma or (now > need - 0.01 and held >= need + 2 * sigma)
            change, word = fine, "in"
        else:
            change, word = now < need - sigma and held < need + 0.5 * sigma, "out"
        if not change:
            return ()
        why = f"top is {now:.4f}, the tank in an hour {held:.4f}, {need:.4f} is guaranteed: product goes {word}"
        return (Proposal(self.lever, _AUTHOR, Act("set", _DIVERT, 0.0 if self._out else 1.0), why=why),)
