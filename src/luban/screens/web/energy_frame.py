"""The energy page: meter tree and balance, load and tariff, per unit, savings, the green factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from luban.screens.i18n import Words
from luban.screens.service.energy import EnergyBooks
from luban.screens.web import tabs

__all__ = ["PANELS", "Bench", "EnergyFrame", "tab_names"]

Bench: TypeAlias = tabs.Bench[EnergyBooks]
"""What a panel of this page works with; `chosen` is the window, as `EnergyBooks.range` takes it."""

PANELS: Mapping[str, tuple[str, str]] = {
    "balance": ("energy_balance", "BalancePanel"),
    "load": ("energy_load", "LoadPanel"),
    "whose": ("energy_whose", "WhosePanel"),
    "units": ("energy_units", "UnitsPanel"),
    "savings": ("energy_savings", "SavingsPanel"),
    "green": ("energy_green", "GreenPanel"),
}
"""Module in `screens.web` and class of each tab's panel."""


def tab_names(say: Words) -> dict[str, str]:
    """What each tab is called."""
    return {
        "balance": say("Meters and balance"), "load": say("Load and tariff"),
        "whose": say("Order, lot, machine"), "units": say("Per piece"),
        "savings": say("Savings"), "green": say("Green factory"),
    }  # fmt: skip


class EnergyFrame(tabs.TabFrame[EnergyBooks]):
    """One open energy page of one person; what is chosen is the window of time."""

    PAGE: ClassVar[str] = "energy"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = PANELS
    STYLES: ClassVar[tuple[str, ...]] = ("quality", "trace", "energy", "energy_savings", "energy_green")

    def title(self) -> str:
        """What the page is called."""
        return self.say("Energy")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        return tab_names(self.say)

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("Energy shows the whole plant, and your account reaches only a part of it.")
