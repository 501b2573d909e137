"""The page of pilots: which there are and how they stand, what was proved, levers, money, every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from luban.screens.service.pilot import Pilots
from luban.screens.web import tabs

__all__ = ["Bench", "PilotFrame"]

Bench: TypeAlias = tabs.Bench[Pilots]
"""What a panel of this page works with."""


class PilotFrame(tabs.TabFrame[Pilots]):
    """One open page of one person; what is chosen is a pilot, by its name."""

    PAGE: ClassVar[str] = "pilot"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "pilots": ("pilot_list", "PilotsPanel"), "proof": ("pilot_proof", "ProofPanel"),
        "levers": ("pilot_levers", "LeversPanel"), "cost": ("pilot_cost", "CostPanel"),
        "runs": ("pilot_runs", "RunsPanel"), "books": ("pilot_enrolled", "EnrolledPanel"),
    }  # fmt: skip
    STYLES: ClassVar[tuple[str, ...]] = ("trace", "cost", "pilot")

    def title(self) -> str:
        """What the page is called."""
        return self.say("Pilots")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        say = self.say
        return {
            "pilots": say("Pilots"), "proof": say("Targets"), "levers": say("Levers"), "cost": say("Cost and money"),
            "runs": say("Runs"), "books": say("This plant"),
        }  # fmt: skip

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("Pilots show whole plants, and your account reaches only a part of this one.")
