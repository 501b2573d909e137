"""What pilots with a simulation of their own share: their words, the check of an arm, more work for the same people.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from luban.core.errors import InputError
from luban.pilot.plan import Arm, Lever
from luban.pilot.written import Written

__all__ = ["OwnPilot", "told_by"]


@dataclass(frozen=True, kw_only=True)
class OwnPilot:
    """See `luban.pilot.plan.Pilot` for the fields that are not told here.

    sold      arm name → work, times as much, that the same people and machines can do
    poisoned  what is hidden is garbage while a mind is asked: for the test of honesty
    """

    more: ClassVar[str] = "orders"
    """What there is more of where capacity is sold."""

    name: str
    title: str
    category: str
    currency: str
    unit: str
    levers: tuple[Lever, ...]
    skipped: Mapping[str, str]
    binds: Mapping[str, str]
    meanings: Mapping[str, str]
    sold: Mapping[str, float]
    poisoned: bool = False

    def arms(self) -> Mapping[str, Arm]:
        """More work for the same people, with and without what costs capital."""
        own = frozenset(one.id for one in self.levers if not one.capital)
        on = {"capacity sold": own, "capacity sold, with capital": frozenset(one.id for one in self.levers)}
        found = {}
        for name, times in self.sold.items():
            found[name] = Arm(levers=on.get(name, own), demand=times)
            found[f"as is, {times:g} times the {self.more}"] = Arm(demand=times)
        return found

    def _check(self, arm: Arm, practices: Collection[str]) -> None:
        known = {lever.id for lever in self.levers}
        if arm.practice not in practices or not arm.levers <= known:
            came = f"{arm.practice}, {', '.join(sorted(arm.levers))}"
            expected = f"as is or conventional, levers {', '.join(sorted(known))}"
            raise InputError("no such arm", came=came, expected=expected)


def told_by(name: str, written: Written) -> dict[str, Any]:
    """Fields of a pilot that its pilot.toml tells: words, levers, what is skipped and what binds."""
    return {
        "name": name, "title": written.title, "category": written.category, "currency": written.currency,
        "unit": written.unit, "levers": written.levers, "meanings": written.meanings,
        "skipped": dict(written.rest.get("skipped", {})), "binds": dict(written.rest.get("binds", {})),
    }  # fmt: skip
