"""The group of plants as a pilot: levers become rules, days become figures.

Reads   `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from luban.core.errors import InputError
from luban.pilot.chance import Chance
from luban.pilot.group.plants import Group, Rules
from luban.pilot.group.rules import MONTH, WEEK, Facts, facts_of
from luban.pilot.money import YEAR, lever_cost
from luban.pilot.own import OwnPilot, told_by
from luban.pilot.plan import Arm, Figures
from luban.pilot.written import Written

__all__ = ["GroupPilot", "close_day", "open_group", "paid_after", "poisoned"]

_LEVERS: Final = ("forecast", "stock", "lots", "mrp", "sop", "books", "fixtures")
_CALENDAR: Final = 7 / WEEK  # calendar days of a working day
_UNITS: Final = {
    "forecast error": "1", "finished stock": "d", "stock turns": "1/a", "receivables": "d", "close day": "d",
    "in full on time": "1", "overtime": "1", "setups": "1/d", "plants busy": "1",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class GroupPilot(OwnPilot):
    """A pilot of a group of plants; see `luban.pilot.plan.Pilot` for its fields.

    facts  figures of its folder
    """

    facts: Facts
    units: Mapping[str, str] = field(default_factory=lambda: dict(_UNITS))

    @property
    def rate(self) -> float:
        """Interest a year for annuities and present values [1]."""
        return self.facts.money.interest

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        """One run: half a year as is, then the arm. Raises InputError for an unknown practice or lever."""
        self._check(arm, self.facts.practices)
        own = self.facts.demand
        if not arm.demand > 0 or (days is not None and not 28 <= days <= own.window * _CALENDAR):
            raise InputError("a run needs orders and four weeks to a year", came=f"{arm.demand} times, {days} days")
        window = own.window if days is None else round(days / _CALENDAR)
        world = Group(self.facts, seed, poisoned=self.poisoned, demand=arm.demand)
        world.run(own.warmup)
        on = frozenset() if arm.silent else arm.levers
        world.change(Rules(self.facts.practices[arm.practice], **{name: name in on for name in _LEVERS}))
        world.run(window)
        return self._figures(world, arm, seed)

    def _figures(self, world: Group, arm: Arm, seed: int) -> Figures:
        totals, money = world.totals, self.facts.money
        days = totals.days * _CALENDAR
        years = days / YEAR
        reminded = arm.levers and "books" in arm.levers and not arm.silent
        practice = self.facts.practices[arm.practice]
        close = close_day(self.facts, at_once=bool(reminded), chance=Chance(seed))
        # orders that still wait count with what they have waited so far, else a plant that serves nobody looked quick
        waiting = [(came, pieces) for line in world.backlog for came, pieces in line]
        waits = totals.waits + sum(world.day - came for came, _ in waiting)
        lines = totals.lines + len(waiting)
        late = totals.late + sum(world.day - came > money.promise for came, _ in waiting)
        after = paid_after(self.facts, totals.shipped, close, remind=bool(reminded) or practice.remind, seed=seed)
        owed_by = sum(pieces * day for (_, pieces, _), day in zip(totals.shipped, after, strict=True)) * money.price
        stock = (totals.finished + totals.parts + totals.work) / totals.days
        sold = totals.pieces * money.piece
        wage = money.pay * money.people / (52 * WEEK)
        on = frozenset() if arm.silent else arm.levers
        costs = {
            "labour": (money.people + money.planners) * money.pay * years + totals.added * wage * money.overtime,
            "energy": totals.trips * money.truck,
            "tooling": totals.setups * money.setup,
            "maintenance": 0.0,
            "scrap and rework": 0.0,
            "measuring": 0.0,
            "carrying": stock * money.carrying * years + owed_by * money.interest / YEAR,
            "lateness": totals.owed,
            "levers": lever_cost(self.levers, on, money.interest, days),
            "overhead": money.overhead * years,
            "material": totals.pieces * money.material,
        }
        more = {
            "forecast error": totals.missed / max(totals.came, 1e-9),
            "finished stock": totals.finished / totals.days / max(sold / days, 1e-9),
            "stock turns": sold / years / stock, "close day": close,
            "receivables": owed_by / money.price / max(totals.pieces, 1),
            "in full on time": 1 - late / max(lines, 1), "overtime": totals.added / totals.days,
            "setups": totals.setups / days, "plants busy": totals.worked / totals.hours,
        }  # fmt: skip
        cycle = waits / max(lines, 1) * _CALENDAR * 86_400
        units = float(max(totals.pieces, 1))
        return Figures(days, units, units, cycle, late / max(lines, 1), costs, {k: float(v) for k, v in more.items()})


def close_day(facts: Facts, *, at_once: bool, chance: Chance, months: int = 12) -> float:
    """Working day after a month's end on which its books are closed, mean of a year [d].

    at_once  vouchers are matched as they come and only those of the last two days are left; else all after the end
    """
    own, found = facts.office, 0.0
    for month in range(months):
        astray = own.vouchers * own.astray * chance.lognormal(1.0, 0.2, "astray", month)
        minutes = own.vouchers * own.match + astray * own.clear
        if at_once:
            minutes = astray * own.clear * 2 / MONTH
        found += minutes / 60 / 8 / own.clerks + own.closing
    return found / months


def paid_after(
    facts: Facts, shipped: list[tuple[int, int, int]], close: float, *, remind: bool, seed: int
) -> list[float]:
    """Days from delivery until each line was paid [d].

    shipped  (working day, pieces, product);  close  working day on which a month's books are closed
    remind   a reminder goes out the day after it was due; else when the month in which it was due is closed
    """
    own, chance, found = facts.office, Chance(seed), []
    late = chance.uniforms(len(shipped), "late payer")
    heed = chance.uniforms(len(shipped), "heeds")
    for at, (day, _, _) in enumerate(shipped):
        due = day * _CALENDAR + own.term
        month = MONTH * _CALENDAR
        reminded = due + 1 if remind else (due // month + 1) * month + close * _CALENDAR
        natural = due - own.late * _log1m(late[at])
        found.append(min(natural, reminded - own.heeds * _log1m(heed[at])) - day * _CALENDAR)
    return found


def _log1m(uniform: float) -> float:
    return math.log1p(-uniform)


def open_group(name: str, written: Written) -> GroupPilot:
    """A pilot of a group of plants from its file. Raises ConfigError with the place of what is missing or unknown."""
    sold = {key: float(value) for key, value in written.rest.get("sold", {}).items()}
    return GroupPilot(facts=facts_of(written), sold=sold, **told_by(name, written))


def poisoned(pilot: GroupPilot) -> GroupPilot:
    """The same pilot, where nothing hidden can be read while a mind is asked."""
    return replace(pilot, poisoned=True)
