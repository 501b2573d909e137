"""The chart of accounts: what an amount is for (its role) and the account that it is posted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from luban.core.errors import InputError

__all__ = ["ELEMENTS", "ROLES", "Account", "Chart"]

ELEMENTS: Final = ("material", "machine", "labour", "tool", "energy", "overhead", "rework", "scrap")
"""What a unit's cost is made of, in the order in which it is shown."""

ROLES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "material": ("1403", "Materials"),
        "payable": ("2202", "Goods received, not invoiced"),
        "wip": ("5001", "Work in progress"),
        "finished": ("1405", "Finished goods"),
        "recovered": ("140302", "Recovered scrap"),
        "sold": ("6401", "Cost of goods sold"),
        "machine": ("510101", "Machine cost absorbed"),
        "labour": ("2211", "Labour cost absorbed"),
        "tool": ("510102", "Tool cost absorbed"),
        "energy": ("510103", "Energy cost absorbed"),
        "overhead": ("510104", "Overhead absorbed"),
        "idle": ("510105", "Time and energy on no order"),
        "loss": ("6711", "Scrap losses"),
        "settlement": ("640102", "Settled after completion"),
    }
)
"""Role → (account number, name) where the plant names none.

The first four digits are those of the chart in the application guide of China's Accounting Standards for Business
Enterprises (1403 materials, 1405 finished goods, 2202 payables, 2211 wages, 5001 production cost, 5101 overhead of
production, 6401 cost of sales, 6711 losses); further digits are ours.
"""


@dataclass(frozen=True, slots=True)
class Account:
    """An account.

    role    what it is for, one of ROLES
    number  its number in the plant's chart
    name    its name for people
    """

    role: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts of a plant by role.

    Raises  InputError for a role that is not known, or two roles on one number where totals would mix: work in
            progress must be an account of its own
    """

    accounts: Mapping[str, Account]

    @classmethod
    def default(cls, own: Mapping[str, tuple[str, str]] | None = None) -> Chart:
        """The default chart with the plant's own (number, name) by role in place.

        Example Chart.default({"wip": ("1410", "Work in progress")}).number("wip") == "1410"
        """
        for role in own or {}:
            if role not in ROLES:
                raise InputError("no such role of an account", came=role, expected=", ".join(ROLES))
        merged = {**ROLES, **(own or {})}
        chart = cls(MappingProxyType({role: Account(role, *merged[role]) for role in ROLES}))
        for role, (number, _) in merged.items():
            if role != "wip" and number == merged["wip"][0]:
                raise InputError("work in progress shares its account", came=f"{number}: wip and {role}",
                                 expected="an account of its own")  # fmt: skip
        return chart

    def number(self, role: str) -> str:
        """Account number of a role."""
        return self.accounts[role].number
