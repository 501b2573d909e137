"""A fleet in the field as a pilot: levers become rules, events become figures.

Reads   `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from luban.core.errors import InputError
from luban.pilot.field.fleet import Field
from luban.pilot.field.ground import Rules
from luban.pilot.field.rules import Facts, facts_of
from luban.pilot.money import YEAR, lever_cost
from luban.pilot.own import OwnPilot, told_by
from luban.pilot.plan import Arm, Figures
from luban.pilot.written import Written

__all__ = ["FieldPilot", "open_field", "poisoned"]

_HOURS: Final = 24.0
_LEVERS: Final = ("link", "condition", "service", "spares", "dispatch", "exchange")
_UNITS: Final = {
    "availability": "1", "below": "1", "first-time fix": "1", "from afar": "1", "breakdowns": "1/month",
    "repeat visits": "1/month", "planned visits": "1/month", "visits in vain": "1/month", "short of parts": "1/month",
    "wait 90": "s", "crew busy": "1", "penalties": "currency", "margin": "currency", "machines": "1",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FieldPilot(OwnPilot):
    """A pilot of a service in the field; see `luban.pilot.plan.Pilot` for its fields.

    facts  figures of its folder
    """

    more: ClassVar[str] = "contracts"
    facts: Facts
    units: Mapping[str, str] = field(default_factory=lambda: dict(_UNITS))

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run: a year as is, then the arm. Raises InputError for an unknown practice or lever."""
        self._check(arm, self.facts.practices)
        fleet = self.facts.fleet
        count = round(fleet.count * arm.demand)
        if count < 1 or (days is not None and not days >= 28):
            raise InputError("a run needs machines and four weeks", came=f"{count} machines, {days} days")
        window = fleet.window if days is None else days
        world = Field(self.facts, count, seed, poisoned=self.poisoned)
        world.run(fleet.warmup * _HOURS)
        on = frozenset() if arm.silent else arm.levers
        world.change(Rules(self.facts.practices[arm.practice], **{name: name in on for name in _LEVERS}))
        world.run((fleet.warmup + window) * _HOURS)
        world.close()
        return self._figures(world, arm, window)

    @property
    def rate(self) -> float:
        """Interest a year for annuities and present values [1]."""
        return self.facts.money.interest

    def _figures(self, world: Field, arm: Arm, days: float) -> Figures:
        facts, totals, fleet, money = self.facts, world.totals, self.facts.fleet, self.facts.money
        begin, end = world.wanted.open(fleet.warmup * _HOURS), world.wanted.open((fleet.warmup + days) * _HOURS)
        wanted = (end - begin) * world.count
        down = float(world.down.sum())
        month = world.wanted.open(52 * 7 * _HOURS) / 12
        made, units = wanted / month, (wanted - down) / month
        repeats = float(totals.again)
        waits = sorted(totals.waits)
        cycle = sum(waits) / len(waits) * 3600 if waits else 0.0
        penalties, below = self._penalties(world, days)
        costs = self._costs(world, arm, days, penalties)
        visited = max(totals.visited, 1)
        fees = money.fee * world.count * days / YEAR
        more = {
            "availability": 1 - down / wanted, "below": below, "first-time fix": totals.first / visited,
            "from afar": totals.afar / max(totals.faults, 1), "breakdowns": totals.faults / made,
            "repeat visits": repeats / made, "planned visits": totals.planned / made,
            "visits in vain": totals.vain / made, "short of parts": totals.short / made,
            "wait 90": waits[int(0.9 * len(waits))] * 3600 if waits else 0.0,
            "crew busy": totals.busy / (facts.crew.count * (world.shift.open(days * _HOURS))),
            "penalties": costs["lateness"], "margin": fees - sum(costs.values()), "machines": float(world.count),
        }  # fmt: skip
        more = {name: float(value) for name, value in more.items()}
        return Figures(days, units, made, float(cycle), (totals.faults + repeats) / made, costs, more)

    def _costs(self, world: Field, arm: Arm, days: float, penalties: float) -> dict[str, float]:
        facts, totals, money = self.facts, world.totals, self.facts.money
        years = days / YEAR
        people = facts.crew.count + facts.crew.office
        wage = money.pay / world.shift.open(52 * 7 * _HOURS)
        confirmed = totals.proposals * facts.signals.confirm * wage
        on = frozenset() if arm.silent else arm.levers
        levers = lever_cost(self.levers, on, money.interest, days)
        levers *= world.count / facts.fleet.count  # by the machine
        return {
            "labour": people * money.pay * years + totals.overtime * wage * money.overtime + confirmed,
            "energy": 0.0,
            "tooling": 0.0,
            "maintenance": totals.parts + totals.surcharge + totals.trips,
            "scrap and rework": 0.0,
            "measuring": 0.0,
            "carrying": float(totals.stock) * money.carrying,
            "lateness": totals.owed + penalties,
            "levers": levers,
            "overhead": money.overhead * years,
            "material": 0.0,
        }

    def _penalties(self, world: Field, days: float) -> tuple[float, float]:
        """What is owed for quarters below the guarantee [currency], and their share [1]; whole quarters only."""
        money, fleet = self.facts.money, self.facts.fleet
        if not money.guarantee:
            return 0.0, 0.0
        first, last = round(fleet.warmup / 91), int((fleet.warmup + days) / 91 + 1e-9)
        quarter = world.wanted.open(91 * _HOURS)
        share = 1 - world.down[:, first:last] / quarter
        short = (money.guarantee - share).clip(0.0)
        owed = (short * 100 * money.penalty).clip(None, money.cap) * money.fee / 4
        return float(owed.sum()), float((short > 0).mean()) if short.size else 0.0


def open_field(name: str, written: Written) -> FieldPilot:
    """A pilot of a fleet from its file. Raises ConfigError with the place of what is missing or unknown."""
    sold = {key: float(value) for key, value in written.rest.get("sold", {}).items()}
    return FieldPilot(facts=facts_of(written), sold=sold, **told_by(name, written))


def poisoned(pilot: FieldPilot) -> FieldPilot:
    """The same pilot, where nothing hidden can be read while a mind is asked."""
    return replace(pilot, poisoned=True)
