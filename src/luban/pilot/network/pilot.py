"""The network of shops as a pilot: levers become rules, events become figures.

Reads   `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from luban.core.errors import InputError
from luban.pilot.money import YEAR, lever_cost
from luban.pilot.network.rules import DAY, WEEK, Facts, facts_of
from luban.pilot.network.shops import Rules, Shops
from luban.pilot.own import OwnPilot, told_by
from luban.pilot.plan import Arm, Figures
from luban.pilot.written import Written

__all__ = ["NetworkPilot", "open_network", "poisoned"]

_LEVERS: Final = ("quotes", "routing", "promise", "dispatch", "split", "fixtures")
_CALENDAR: Final = 7 / WEEK  # calendar days of a working day
_HOURS: Final = 2000.0  # a person works a year [h]
_UNITS: Final = {
    "promises kept": "1", "promise": "d", "later than the fixed date": "1", "wait 90": "s", "own work": "s",
    "machines busy": "1", "setup share": "1", "energy": "kWh", "orders": "1", "trips": "1",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NetworkPilot(OwnPilot):
    """A pilot of a network of shops; see `luban.pilot.plan.Pilot` for its fields.

    facts  figures of its folder
    """

    facts: Facts
    units: Mapping[str, str] = field(default_factory=lambda: dict(_UNITS))

    @property
    def rate(self) -> float:
        """Interest a year for annuities and present values [1]."""
        return self.facts.money.interest

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run: weeks as is, then the arm. Raises InputError for an unknown practice or lever."""
        self._check(arm, self.facts.practices)
        network = self.facts.network
        if not arm.demand > 0 or (days is not None and not 28 <= days <= network.window * _CALENDAR):
            raise InputError("a run needs orders and four weeks or more", came=f"{arm.demand} times, {days} days")
        window = network.window if days is None else round(days / _CALENDAR)
        world = Shops(self.facts, seed, poisoned=self.poisoned, demand=arm.demand)
        world.run(network.warmup * DAY)
        on = frozenset() if arm.silent else arm.levers
        world.change(Rules(self.facts.practices[arm.practice], **{name: name in on for name in _LEVERS}))
        world.run((network.warmup + window) * DAY)
        return self._figures(world, arm, window)

    def _figures(self, world: Shops, arm: Arm, window: int) -> Figures:
        totals, money = world.totals, self.facts.money
        days = window * _CALENDAR
        years = days / YEAR
        seconds = _CALENDAR * 86_400 / DAY
        # orders that are late already count as broken promises, though they have not been delivered
        waiting = [one for one in world.open.values() if one.home < 0 and one.due and world.now > one.due]
        sold = len(totals.waits)
        broken = totals.late + len(waiting)
        waits = sorted(totals.waits)
        wage = money.pay / _HOURS
        stock = sum(one.pieces for one in world.open.values()) * money.material
        on = frozenset() if arm.silent else arm.levers
        costs = {
            "labour": money.people * money.pay * years
            + (totals.quotes * money.quoting + totals.placed * money.placing) * wage,
            "energy": totals.energy * money.energy + totals.trips * money.truck,
            "tooling": totals.setups * money.edge,
            "maintenance": 0.0,
            "scrap and rework": 0.0,
            "measuring": 0.0,
            "carrying": stock * money.carrying * years,
            "lateness": totals.owed,
            "levers": lever_cost(self.levers, on, money.interest, days),
            "overhead": money.overhead * years,
            "material": totals.pieces * money.material,
        }
        more = {
            "promises kept": 1 - broken / max(sold + len(waiting), 1),
            "promise": totals.promised / max(sold, 1) / DAY * _CALENDAR,
            "later than the fixed date": totals.usual / max(sold, 1),
            "wait 90": waits[int(0.9 * sold)] * seconds if waits else 0.0,
            "own work": sum(totals.own) / max(len(totals.own), 1) * seconds,
            "machines busy": totals.busy / (world.machines * window * DAY),
            "setup share": totals.setting / max(totals.busy, 1e-9),
            "energy": totals.energy, "orders": float(totals.done), "trips": float(totals.trips),
        }  # fmt: skip
        cycle = sum(waits) / max(sold, 1) * seconds
        units = float(max(totals.done, 1))
        return Figures(days, units, units, cycle, broken / max(sold + len(waiting), 1), costs, more)


def open_network(name: str, written: Written) -> NetworkPilot:
    """A pilot of a network from its file. Raises ConfigError with the place of what is missing or unknown."""
    sold = {key: float(value) for key, value in written.rest.get("sold", {}).items()}
    return NetworkPilot(facts=facts_of(written), sold=sold, **told_by(name, written))


def poisoned(pilot: NetworkPilot) -> NetworkPilot:
    """The same pilot, where nothing hidden can be read while a mind is asked."""
    return replace(pilot, poisoned=True)
