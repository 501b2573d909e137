"""The trace page: the explorer of lots, the recall desk, claims, stock, scans, partners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from luban.screens.i18n import Words
from luban.screens.service.trace import TraceBooks
from luban.screens.web import tabs

__all__ = ["PANELS", "Bench", "TraceFrame", "tab_names"]

Bench: TypeAlias = tabs.Bench[TraceBooks]
"""What a panel of this page works with."""

PANELS: Mapping[str, tuple[str, str]] = {
    "explorer": ("trace_explorer", "ExplorerPanel"),
    "recall": ("trace_recall", "RecallPanel"),
    "claims": ("trace_claims", "ClaimsPanel"),
    "stock": ("trace_stock", "StockPanel"),
    "scan": ("trace_scan", "ScanPanel"),
    "partners": ("trace_partners", "PartnersPanel"),
}
"""Module in `screens.web` and class of each tab's panel."""


def tab_names(say: Words) -> dict[str, str]:
    """What each tab is called."""
    return {
        "explorer": say("Trace explorer"), "recall": say("Recall"), "claims": say("Claims"), "stock": say("Stock"),
        "scan": say("Scan"), "partners": say("Partners"),
    }  # fmt: skip


class TraceFrame(tabs.TabFrame[TraceBooks]):
    """One open trace page of one person; what is chosen is a lot."""

    PAGE: ClassVar[str] = "trace"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = PANELS
    STYLES: ClassVar[tuple[str, ...]] = ("quality", "trace")

    def title(self) -> str:
        """What the page is called."""
        return self.say("Trace")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        return tab_names(self.say)

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("Trace shows the whole plant, and your account reaches only a part of it.")
