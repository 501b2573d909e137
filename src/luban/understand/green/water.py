"""Water of a plant: fresh water counted once, what is used again, what leaves, and what is lost between.

Fresh water is what the tops of the meter tree and what feeds beside them say: a meter below another one adds nothing.
Water that is used again was counted when it came in; it makes the rate of reuse and is in no sum of fresh water.

Reads   meter facts    Writes  nothing
Source  GB/T 36132-2025, annex B (rate of reuse: reused over reused and taken in), at second hand; GB/T 36132-2018,
        annex A (waste water reused over reused and discharged), from memory; neither verified. JCGM 100:2008, 4.3.7
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from luban.core.errors import UnitError
from luban.understand.energy.meters import Consumed, in_unit

__all__ = ["ROLES", "WaterBalance", "WaterLine", "role_of", "water_balance"]

ROLES: Final = {
    "water": "fresh", "fresh water": "fresh", "tap water": "fresh", "well water": "fresh", "river water": "fresh",
    "circulating water": "circulating", "cooling water": "circulating",
    "recycled water": "recycled", "reused water": "recycled", "reclaimed water": "recycled",
    "waste water": "discharged", "wastewater": "discharged", "sewage": "discharged",
    "自来水": "fresh", "水": "fresh", "新鲜水": "fresh", "循环水": "circulating", "中水": "recycled",
    "回用水": "recycled",
    "废水": "discharged", "污水": "discharged", "용수": "fresh", "순환수": "circulating", "재이용수": "recycled",
    "폐수": "discharged",
}  # fmt: skip
"""Medium of a meter → fresh (taken in), circulating (round a loop), recycled (waste water used again), discharged."""

_K = 1.959963984540054


@dataclass(frozen=True, slots=True)
class WaterLine:
    """A meter: its role, what it says [m³], and whether that is in a sum; one below another one is not."""

    meter: str
    role: str
    amount: Decimal
    counted: bool


@dataclass(frozen=True, slots=True)
class WaterBalance:
    """Water over a window [m³]; None where no meter says it.

    lost    fresh less discharged: evaporated, in the product, or not metered
    half    half width of its 95 % interval from the meters' classes; None where one is not known
    known   share of the window that all counted meters know [0, 1]
    """

    fresh: Decimal | None
    circulating: Decimal | None
    recycled: Decimal | None
    discharged: Decimal | None
    half: float | None
    known: float
    lines: tuple[WaterLine, ...]
    notes: tuple[str, ...]

    @property
    def lost(self) -> Decimal | None:
        """Fresh less discharged [m³]."""
        return None if self.fresh is None or self.discharged is None else self.fresh - self.discharged

    @property
    def reuse(self) -> float | None:
        """What was used again over all that was used [%]; None without a meter of both."""
        again = [one for one in (self.circulating, self.recycled) if one is not None]
        whole = sum(again, self.fresh or Decimal(0))
        return float(100 * sum(again, Decimal(0)) / whole) if again and self.fresh is not None and whole else None

    @property
    def waste_reuse(self) -> float | None:
        """Waste water used again over all of it [%]; None without a meter of both."""
        if self.recycled is None or self.discharged is None or not self.recycled + self.discharged:
            return None
        return float(100 * self.recycled / (self.recycled + self.discharged))


def role_of(medium: str) -> str:
    """The role of a medium; "" for what is no water."""
    return ROLES.get(medium.strip().casefold(), "")


def water_balance(meters: Iterable[Consumed], start: int, end: int) -> WaterBalance:
    """Water from `start` to `end` [µs UTC]; a meter whose unit is no volume is left out and named."""
    lines: list[WaterLine] = []
    notes: list[str] = []
    sums: dict[str, Decimal] = {}
    squares: dict[str, float | None] = {}
    known = 1.0
    for one in meters:
        role = role_of(one.meter.medium)
        if not role:
            continue
        try:
            amount = in_unit(one.total(start, end), one.meter.unit, "m³")
        except UnitError:
            notes.append(f"{one.meter.id}: {one.meter.unit} is no volume; left out")
            continue
        counted = not one.meter.parent or one.meter.feeds
        lines.append(WaterLine(one.meter.id, role, amount, counted))
        if not counted:
            continue
        sums[role] = sums.get(role, Decimal(0)) + amount
        error = one.meter.error
        before = squares.get(role, 0.0)
        squares[role] = None if error is None or before is None else before + (float(amount) * error) ** 2 / 3
        holes = sum(high - low for low, high in one.holes(start, end))
        known = min(known, 1 - holes / (end - start))
    fresh, discharged = sums.get("fresh"), sums.get("discharged")
    if fresh is not None and discharged is not None and discharged > fresh:
        notes.append("more waste water than fresh water: rain, a source without a meter, or a meter that is wrong")
    spreads = [squares[role] for role in ("fresh", "discharged") if role in squares]
    half = None
    if fresh is not None and discharged is not None and all(one is not None for one in spreads):
        half = _K * math.sqrt(sum(one for one in spreads if one is not None))
    return WaterBalance(
        fresh, sums.get("circulating"), sums.get("recycled"), discharged, half, known, tuple(lines), tuple(notes)
    )
