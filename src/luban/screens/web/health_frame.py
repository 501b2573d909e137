"""The health page: the fleet, one machine, alarms, maintenance, diagnosis, outside experts; all of one machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TypeAlias

from luban.screens.i18n import Words
from luban.screens.service.health import HealthBooks
from luban.screens.web import tabs

__all__ = ["PANELS", "Bench", "HealthFrame", "tab_names"]

Bench: TypeAlias = tabs.Bench[HealthBooks]
"""What a panel of this page works with."""

PANELS: Mapping[str, tuple[str, str]] = {
    "fleet": ("health_fleet", "FleetPanel"),
    "machine": ("health_machine", "MachinePanel"),
    "alarms": ("health_alarms", "AlarmsPanel"),
    "maintenance": ("health_maintenance", "MaintenancePanel"),
    "diagnosis": ("health_diagnosis", "DiagnosisPanel"),
    "remote": ("health_remote", "RemotePanel"),
}
"""Module in `screens.web` and class of each tab's panel."""


def tab_names(say: Words) -> dict[str, str]:
    """What each tab is called."""
    return {
        "fleet": say("Fleet"), "machine": say("Machine"), "alarms": say("Alarms"),
        "maintenance": say("Maintenance"), "diagnosis": say("Diagnosis"), "remote": say("Outside experts"),
    }  # fmt: skip


class HealthFrame(tabs.TabFrame[HealthBooks]):
    """One open health page of one person; what is chosen is a machine, by its path.

    The style sheets `health*.css` in this folder are loaded, one for each panel that has one.
    """

    PAGE: ClassVar[str] = "health"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = PANELS
    STYLES: ClassVar[tuple[str, ...]] = (
        "quality",
        *sorted(file.stem for file in Path(__file__).parent.glob("health*.css")),
    )

    def title(self) -> str:
        """What the page is called."""
        return self.say("Health")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        return tab_names(self.say)

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("Health shows the whole plant, and your account reaches only a part of it.")
