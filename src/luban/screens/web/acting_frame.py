"""The page of the loop: what it proposes and did, who decides, what may be moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from luban.screens.service.deciding import LoopBooks
from luban.screens.web import tabs

__all__ = ["ActingFrame", "Bench"]

Bench: TypeAlias = tabs.Bench[LoopBooks]
"""What a panel of this page works with."""


class ActingFrame(tabs.TabFrame[LoopBooks]):
    """One open page of one person; what is chosen is a command or a decision, by its name."""

    PAGE: ClassVar[str] = "loop"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "loop": ("acting_loop", "LoopPanel"), "commands": ("acting_commands", "CommandsPanel"),
        "actuators": ("acting_actuators", "ActuatorsPanel"), "outcomes": ("acting_outcomes", "OutcomesPanel"),
    }  # fmt: skip
    STYLES: ClassVar[tuple[str, ...]] = ("trace", "acting")

    def title(self) -> str:
        """What the page is called."""
        return self.say("Loop")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        say = self.say
        return {
            "loop": say("The loop"),
            "commands": say("Commands"),
            "actuators": say("Actuators"),
            "outcomes": say("Outcomes"),
        }

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say("The loop shows the whole plant, and your account reaches only a part of it.")
