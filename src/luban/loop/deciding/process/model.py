"""A short-cut model of a reactor with a column and a recycle, corrected by the plant's own readings.

The column is Fenske, Underwood and Gilliland, not stage by stage; the two rate constants and the column's boil-up are
fitted to what meters and laboratory showed. It says what a week at other set-points would be like.

Reads   nothing    Writes  nothing
Source  Gilliland's correlation as fitted by Eduljee, Hydrocarbon Processing 54/9 (1975) 120; Fenske, Ind. Eng. Chem. 24
        (1932) 482; Underwood, J. Inst. Petrol. 32 (1946) 614
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

__all__ = ["Rest", "Sheet", "boilup", "fitted", "rest"]

_ROUNDS, _CLOSE = 400, 1e-9


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the design sheet says of reactor and column, and what was fitted.

    content      of the reactor [kmol];  inert  of the fresh feed [1]
    e1, e2       activation of reaction and by-product [K];  h1  heat of reaction [MJ/kmol]
    volatility, stages   of the column, reboiler included;  heat  of vaporisation [MJ/kmol]
    k1, k2       rate constants at `at` [1/h], [K];  column  boil-up by that of the short cut [1]
    """

    content: float
    inert: float
    e1: float
    e2: float
    h1: float
    volatility: float
    stages: int
    heat: float
    k1: float = 0.0
    k2: float = 0.0
    at: float = 350.0
    column: float = 1.0


@dataclass(frozen=True, slots=True)
class Rest:
    """The plant at rest: flows [kmol/h], by-product in the heavies [1], light share of the column's feed [1]."""

    product: float
    purge: float
    fresh: float
    boilup: float
    by: float
    light: float


def boilup(sheet: Sheet, top: float, bottom: float, light: float) -> float:
    """Boil-up of a column by its feed for two purities, feed as boiling liquid [1].

    top, bottom, light   share of the light component at top, at the bottom, in the feed [1]
    """
    a = sheet.volatility
    least_stages = math.log(top / (1 - top) * (1 - bottom) / bottom) / math.log(a)
    least_reflux = (top / light - a * (1 - top) / (1 - light)) / (a - 1)
    y = (sheet.stages - least_stages) / (sheet.stages + 1)
    x = (1 - y / 0.75) ** (1 / 0.5668) if y < 0.75 else 0.0
    reflux = (least_reflux + x) / (1 - x)
    return sheet.column * (1 + reflux) * (light - bottom) / (top - bottom)


def rest(sheet: Sheet, *, temperature: float, top: float, bottom: float, purge: float, feed: float) -> Rest | None:
    """Where it comes to rest at these set-points; None where it does not.

    temperature [K]; top, bottom light shares [1]; purge of the bottoms [1]; feed through the reactor [kmol/h]
    """
    tau = sheet.content / feed
    k1, k2 = (
        k * tau * math.exp(-e * (1 / temperature - 1 / sheet.at))
        for k, e in ((sheet.k1, sheet.e1), (sheet.k2, sheet.e2))
    )
    by = inert = 0.03
    light, fresh = 0.45, 0.5 * feed
    for _ in range(_ROUNDS):
        a = max(0.0, 1 - light) * (1 - by - inert)
        made, side = k1 * a * feed, k2 * light * feed
        product = feed * (light - bottom) / (top - bottom)
        bottoms = feed - product
        out = product * (1 - top) + purge * bottoms * (1 - bottom)
        fresh = product + purge * bottoms
        gone = product * top + purge * bottoms * bottom
        new = (by + 0.3 * (side / out - by), inert + 0.3 * (sheet.inert * fresh / out - inert))
        step = 0.3 * (made - side - gone) / feed
        moved = abs(step) + abs(new[0] - by) + abs(new[1] - inert)
        by, inert = new
        light = min(top - 1e-3, max(bottom + 1e-3, light + step))
        if by + inert > 0.8:
            return None
        if moved < _CLOSE:
            break
    return Rest(product, purge * bottoms, fresh, feed * boilup(sheet, top, bottom, light), by, light)


def fitted(sheet: Sheet, seen: Mapping[str, float]) -> Sheet | None:
    """The sheet with rate constants and column corrected by means of some days; None where they make no sense.

    seen  means: feed, distillate, bottoms, purge, boilup [kmol/h], temperature [K], top, bottom, by_product [1]
    """
    d, b, purge, top, bottom = (seen[name] for name in ("distillate", "bottoms", "purge", "top", "bottom"))
    feed = d + b
    if not (d > 0 and b > 0 and 0.9 < top < 1 and 0 < bottom < 0.2 and seen["by_product"] > 0):
        return None
    light = (d * top + b * bottom) / feed
    by = seen["by_product"] / (1 - top)
    out = d * (1 - top) + purge * (1 - bottom)
    inert = sheet.inert * (d + purge) / out
    side = by * out
    made = d * top + purge * bottom + side
    left = (1 - light) * (1 - by - inert)
    if left <= 0:
        return None
    tau = sheet.content / seen["feed"]
    plain = replace(sheet, column=1.0)
    return replace(
        sheet,
        k1=made / (feed * left * tau),
        k2=side / (feed * light * tau),
        at=seen["temperature"],
        column=seen["boilup"] / feed / boilup(plain, top, bottom, light),
    )
