"""An economy, or an industry's own figure, on the distribution of all economies of a public series.

Only levels that mean the same everywhere are placed; a series chained from growth has a base of its own.

Reads   public data (`luban.rollup.public`)    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from luban.core.errors import InputError
from luban.norms.plans import TargetPlan
from luban.rollup.peers import Place, place
from luban.rollup.public import Proxy, PublicData, lacking, proxies, proxy_levels

__all__ = ["WorldPlace", "world_places"]


@dataclass(frozen=True, slots=True)
class WorldPlace:
    """One figure among economies.

    year   whose figures are compared: the newest one that was measured for the economy
    found  the place; `found.own` is the economy's figure, or the one that was given
    peers  economy → figure of that year, the economy itself left out
    given  whether the own figure was given and is not the economy's
    """

    proxy: Proxy
    year: int
    found: Place
    peers: Mapping[str, float]
    given: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: with every peer's figure, so that anybody can count again."""
        files = dict.fromkeys(one.file for one in (*self.proxy.numerator, *self.proxy.denominator))
        return {"proxy": self.proxy.id, "indicator": self.proxy.indicator, "unit": self.proxy.unit, "year": self.year,
                "direction": self.proxy.direction, "files": list(files), "given": self.given,
                "peers": dict(self.peers), **asdict(self.found)}  # fmt: skip


def world_places(
    data: PublicData, plan: TargetPlan, economy: str, *, own: Mapping[str, float] | None = None
) -> tuple[WorldPlace, ...]:
    """The economy among all others, for every public series of the plan that can be compared.

    own      proxy → a figure in its unit (of an industry, of a firm) that is placed instead; only these are told then
    Raises   InputError: no such series, or one that cannot be compared or has no data
    Example  world_places(data, plan, "CHN", own={"energy_gdp": 5.2})[0].found.percentile
    """
    given = own or {}
    fit = {one.id: one for one in proxies(plan) if _comparable(one)}
    for name in given:
        if name not in fit:
            raise InputError("no public series that economies are compared by", came=name, expected=", ".join(fit))
    found = []
    for proxy in fit.values():
        if lacking(data, proxy) or (given and proxy.id not in given):
            continue
        known = proxy_levels(data, proxy, economy, carried=False)
        if not known:
            continue
        last = known[-1]
        peers = {
            other: point.value for other in data.economies if other != economy
            for point in proxy_levels(data, proxy, other, carried=False) if point.year == last.year
        }  # fmt: skip
        better: Literal["up", "down"] = "up" if proxy.direction == "up" else "down"
        if proxy.id in given:
            peers[economy] = last.value
        at = place(given.get(proxy.id, last.value), tuple(peers.values()), better=better, public=True)
        found.append(WorldPlace(proxy, last.year, at, dict(sorted(peers.items())), proxy.id in given))
    if lost := sorted(set(given) - {one.proxy.id for one in found}):
        raise InputError("nothing is known to compare with", came=", ".join(lost), where=economy)
    return tuple(found)


def _comparable(proxy: Proxy) -> bool:
    return not proxy.economy and not any(one.chain for one in (*proxy.numerator, *proxy.denominator))
