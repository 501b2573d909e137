"""Temperature, purge and feed of a reactor with recycle; the share of product that the column's bottom sends back.

Reads   means of readings, a short-cut model, orders    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.time import DAY, HOUR
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen
from luban.loop.deciding.process.model import Rest, Sheet, boilup, fitted, rest

__all__ = ["BottomByLaboratory", "Means", "PlantPrices", "ReactorByModel"]

_AUTHOR: Final = "luban reactor 1"
_PLANT = "process"
_LOOK: Final = HOUR // 6  # between two readings that are told [µs]
_MOST_BY: Final = 0.29  # of the heavies that circulate: beyond, the leanest grade comes near its bound on by-product
_TEMPERATURE, _FEED, _PURGE, _TRAY = (
    "process/reactor:reactor_temperature_sp", "process/reactor:reactor_feed_sp", "process/column:purge_sp",
    "process/column:tray_temperature_sp",
)  # fmt: skip

NAMES: Final = {
    "reactor_feed": "feed",
    "distillate": "distillate",
    "bottoms": "bottoms",
    "purge": "purge",
    "steam": "boilup",
    "reactor_temperature": "temperature",
    "product:purity": "top",
    "bottoms:light share": "bottom",
    "product:by-product": "by_product",
}
"""What is heard → what the model calls it."""


@dataclass(frozen=True, slots=True)
class PlantPrices:
    """Of feed, steam, burning of the purge [currency/t], a kilowatt-hour; and what turns steam into boil-up.

    mass        of a kilomole [kg];  steam_heat [MJ/t];  chiller: heat moved by power [1]
    """

    feed: float
    steam: float
    flare: float
    power: float
    mass: float
    steam_heat: float
    chiller: float


class Means:
    """Running means of what is heard, each with its own weight; only while the plant runs undisturbed.

    days  over which they forget
    """

    def __init__(self, days: float) -> None:
        self.values: dict[str, float] = {}
        self._span, self._times = days * DAY, dict[str, int]()
        self._least = 1 - math.exp(-_LOOK / self._span)

    def hear(self, one: Heard) -> None:
        """A reading, or a result of the laboratory."""
        name, value, now = NAMES.get(one.name, one.name), float(one.value), one.time
        before = self.values.get(name)
        if before is None:
            self.values[name] = value
        else:
            gap = now - self._times[name]
            share = self._least if gap <= _LOOK else 1 - math.exp(-gap / self._span)
            self.values[name] = before + share * (value - before)
        self._times[name] = now


class _Model:
    """Fits the short-cut model to what it hears while the plant runs."""

    def __init__(self, sheet: Sheet, prices: PlantPrices) -> None:
        self._sheet, self._prices = sheet, prices
        self._means = Means(2.0)
        self._runs, self._since = True, 0

    def hear(self, told: Iterable[Heard]) -> None:
        """Readings, results, states; the first half day after a stop tells nothing of the plant at rest."""
        for one in told:
            if one.name == "state":
                self._runs, self._since = one.value == "running", one.time
            elif one.name == "diverted":
                continue
            elif self._runs and one.time - self._since >= DAY // 2:
                self._means.hear(one)

    def model(self) -> Sheet | None:
        """The model as the last days have it."""
        seen = dict(self._means.values)
        if set(NAMES.values()) - set(seen):
            return None
        seen["boilup"] *= self._prices.steam_heat / self._sheet.heat
        return fitted(self._sheet, seen)

    def cost(self, model: Sheet, at: Rest, temperature: float) -> float:
        """Steam, cold and lost feed of a tonne [currency/t]."""
        p = self._prices
        tonnes = at.product * p.mass / 1000
        steam = at.boilup * model.heat / p.steam_heat * p.steam
        cold = (at.product + at.purge) * model.h1 / p.chiller / 3.6 * p.power
        lost = at.purge * p.mass / 1000 * (p.feed + p.flare)
        return (steam + cold + lost) / tonnes + 0.0 * temperature


class ReactorByModel(_Model):
    """Sets temperature and purge once a day toward the model's best, in small steps; the feed by what is ordered.

    hottest    temperature that is never gone beyond [K];  feeds  least and most [kmol/h]
    room       of the product tank [t];  packed  mass of a unit of the orders [t]
    """

    lever = "reactor"
    every = 2 * HOUR
    concerns = frozenset({*NAMES, "state", "diverted", "jacket_valve", "product_level", "ordered"})
    wakes: frozenset[str] = frozenset()

    def __init__(
        self, sheet: Sheet, prices: PlantPrices, *, hottest: float, feeds: tuple[float, float], room: float,
        packed: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(sheet, prices)
        self._hottest, self._feeds, self._room, self._packed = hottest, feeds, room, packed
        self._best: tuple[float, float] | None = None
        self._thought, self._moved = -1, -1
        self._valve, self._level = 50.0, 50.0
        self._orders: list[int] = []

    def hear(self, told: Iterable[Heard]) -> None:
        """As the model does; and valve, level, and when orders came."""
        heard = list(told)
        for one in heard:
            if one.name == "jacket_valve":
                self._valve += 0.02 * (float(one.value) - self._valve)
            elif one.name == "product_level":
                self._level = float(one.value)
            elif one.name == "ordered":
                self._orders.append(one.time)
        super().hear(one for one in heard if one.name in NAMES or one.name == "state")

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Steps of temperature and purge once a day, the feed each time."""
        plant = seen.machines[_PLANT]
        if plant.state != "running":
            return ()
        model = self.model()
        if model is None:
            return ()
        found = []
        if seen.now // DAY != self._moved:
            self._moved = seen.now // DAY
            if self._best is None or seen.now // (7 * DAY) != self._thought:
                self._thought = seen.now // (7 * DAY)
                self._best = self._search(model) or self._best
            found += self._toward(plant.signals)
        return [*found, *self._feed(seen, plant.signals)]

    def _search(self, model: Sheet) -> tuple[float, float] | None:
        """Temperature and purge of the lowest cost at full feed."""
        v, best = self._means.values, None
        feed = min(self._feeds[1], 1.05 * v["feed"])  # less where the jacket cuts it
        for step in range(5):
            temperature = self._hottest - 1.5 * step
            for purge in (0.008, 0.01, 0.012, 0.015, 0.018, 0.022):
                at = rest(model, temperature=temperature, top=v["top"], bottom=v["bottom"], purge=purge, feed=feed)
                if at is None or at.by > _MOST_BY - 0.02:
                    continue
                cost = self.cost(model, at, temperature)
                if best is None or cost < best[0]:
                    best = (cost, temperature, purge)
        return None if best is None else best[1:]

    def _toward(self, at: dict[str, float] | object) -> list[Proposal]:
        if self._best is None:
            return []
        signals: dict[str, float] = at  # type: ignore[assignment]
        now, purge = float(signals["reactor_temperature"]), float(signals["purge"])
        aim = self._best[0] - (1.0 if self._valve > 88 else 0.0)
        found = []
        step = min(1.0, max(-1.0, aim - now))
        if abs(step) > 0.05:
            why = f"the model's best is {self._best[0]:.1f} K, the jacket valve stands at {self._valve:.0f} %"
            found.append(Proposal(self.lever, _AUTHOR, Act("set", _TEMPERATURE, now + step), why=why))
        by = self._means.values["by_product"] / max(1e-3, 1 - self._means.values["top"])
        best = self._best[1] if by < _MOST_BY else purge if by < _MOST_BY + 0.02 else min(0.03, purge + 0.003)
        step = min(0.003, max(-0.003, best - purge))
        if abs(step) > 1e-4:
            why = f"by-product is {by:.0%} of what circulates: {best:.2%} of purge keeps its bound at least cost"
            found.append(Proposal(self.lever, _AUTHOR, Act("set", _PURGE, purge + step), why=why))
        return found

    def _feed(self, seen: Seen, signals: object) -> list[Proposal]:
        """So much that orders in hand last until the next one is to be expected, with what the tank can take."""
        low, high = self._feeds
        made = max(0.5, self._means.values["distillate"] * self._prices.mass / 1000)  # t/h at the feed of these days
        per_feed = made / max(1.0, self._means.values["feed"])
        open_ = sum(lot.quantity for lot in seen.lots) * self._packed
        gaps = [later - sooner for sooner, later in zip(self._orders, self._orders[1:], strict=False) if later > sooner]
        usual = (sum(gaps) + 5 * DAY) / (len(gaps) + 1)
        left = max(6 * HOUR, (self._orders[-1] if self._orders else seen.now) + usual - seen.now) / HOUR
        room = self._room * (0.80 - self._level / 100)
        wanted = (open_ + room) / left / per_feed
        if self._valve > 90:
            wanted = min(wanted, 0.95 * high)
        feed = min(high, max(low, wanted))
        at = float(signals["reactor_feed"])  # type: ignore[index]
        if abs(feed - at) < 1.0 and not (feed in self._feeds and feed != at):
            return []
        feed = at + min(4.0, max(-4.0, feed - at))
        why = f"{open_:.0f} t are ordered, the next order is to be expected in {left:.0f} h: feed {feed:.1f} kmol/h"
        return [Proposal(self.lever, _AUTHOR, Act("set", _FEED, feed), why=why)]


class BottomByLaboratory(_Model):
    """Moves the tray temperature so that the bottom holds the share of product that pays, by the laboratory.

    band    of the tray temperature [K];  most  share at the bottom that is never aimed beyond [1]
    slope   change of the logarithm of that share by a kelvin of the tray [1/K]
    """

    lever = "bottom"
    every = 8 * HOUR
    concerns = frozenset({*NAMES, "state"})
    wakes: frozenset[str] = frozenset()

    def __init__(
        self, sheet: Sheet, prices: PlantPrices, *, band: tuple[float, float], most: float = 0.025, slope: float = -0.5
    ) -> None:
        super().__init__(sheet, prices)
        self._band, self._most, self._slope = band, most, slope
        self._new = 0.0

    def hear(self, told: Iterable[Heard]) -> None:
        """As the model does; each result of the bottom is answered once."""
        heard = list(told)
        super().hear(heard)
        for one in heard:
            if one.name == "bottoms:light share":
                self._new = max(1e-3, float(one.value))

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """A step of the tray temperature after a result."""
        plant, result, self._new = seen.machines[_PLANT], self._new, 0.0
        model = self.model() if result and plant.state == "running" else None
        if model is None:
            return ()
        v = self._means.values
        d, b = v["distillate"], v["bottoms"]
        light = (d * v["top"] + b * v["bottom"]) / (d + b)
        shares = [0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025]
        costs = {
            share: boilup(model, v["top"], share, light) * (v["top"] - share) / (light - share)
            for share in shares
            if share <= self._most
        }
        aim = min(costs, key=lambda share: costs[share])
        move = 0.35 * (math.log(aim) - math.log(result)) / self._slope
        at = float(plant.signals["tray_temperature"])
        to = min(self._band[1], max(self._band[0], at + min(0.4, max(-0.4, move))))
        if abs(to - at) < 0.02:
            return ()
        why = f"the bottom holds {result:.2%}, {aim:.2%} costs least steam: tray {at:.2f} to {to:.2f} K"
        return (Proposal(self.lever, _AUTHOR, Act("set", _TRAY, to), why=why),)
