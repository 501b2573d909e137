"""The cost page: what a piece cost, orders against their standard, the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from luban.screens.i18n import Words
from luban.screens.service.cost import CostBooks
from luban.screens.web import tabs

__all__ = ["PANELS", "Bench", "CostFrame", "tab_names"]

Bench: TypeAlias = tabs.Bench[CostBooks]
"""What a panel of this page works with."""

PANELS: Mapping[str, tuple[str, str]] = {
    "unit": ("cost_unit", "UnitPanel"),
    "variance": ("cost_variance", "VariancePanel"),
    "journal": ("cost_journal", "JournalPanel"),
}
"""Module in `screens.web` and class of each tab's panel."""


def tab_names(say: Words) -> dict[str, str]:
    """What each tab is called."""
    return {"unit": say("What a piece cost"), "variance": say("Against the standard"), "journal": say("Journal")}


class CostFrame(tabs.TabFrame[CostBooks]):
    """One open cost page of one person; what is chosen is an order, an item or a lot."""

    PAGE: ClassVar[str] = "cost"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = PANELS
    STYLES: ClassVar[tuple[str, ...]] = ("trace", "cost")

    def title(self) -> str:
        """What the page is called."""
        return self.say("Cost")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        return tab_names(self.say)

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("Cost shows the whole plant, and your account reaches only a part of it.")
