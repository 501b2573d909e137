"""The quality page: a tab for each subject; all speak of one characteristic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from luban.screens.i18n import Words
from luban.screens.service.quality import QualityBooks
from luban.screens.web import tabs

__all__ = ["PANELS", "Bench", "QualityFrame", "tab_names"]

Bench: TypeAlias = tabs.Bench[QualityBooks]
"""What a panel of this page works with."""

PANELS: Mapping[str, tuple[str, str]] = {
    "charts": ("quality_charts", "ChartsPanel"),
    "capability": ("quality_capability", "CapabilityPanel"),
    "inspection": ("quality_inspection", "InspectionPanel"),
    "sampling": ("quality_sampling", "SamplingPanel"),
    "gauge": ("quality_gauge", "GaugePanel"),
    "register": ("quality_register", "RegisterPanel"),
    "experiment": ("quality_experiment", "ExperimentPanel"),
    "control": ("quality_control", "ControlPanel"),
}
"""Module in `screens.web` and class of each tab's panel."""


def tab_names(say: Words) -> dict[str, str]:
    """What each tab is called."""
    return {
        "charts": say("Control charts"), "capability": say("Capability"), "inspection": say("Inspection"),
        "sampling": say("Sampling"), "gauge": say("Gauge studies"), "register": say("Gauges"),
        "experiment": say("Experiments"), "control": say("Control"),
    }  # fmt: skip


class QualityFrame(tabs.TabFrame[QualityBooks]):
    """One open quality page of one person; what is chosen is a characteristic, `item:name`."""

    PAGE: ClassVar[str] = "quality"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = PANELS
    STYLES: ClassVar[tuple[str, ...]] = ("quality",)

    def title(self) -> str:
        """What the page is called."""
        return self.say("Quality")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        return tab_names(self.say)

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("Quality shows the whole plant, and your account reaches only a part of it.")
