"""The page of indicators: targets of a plan, regions, where a figure comes from, programmes, returns, evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias

from luban.screens.i18n import Words
from luban.screens.service.rollup import RollupBooks
from luban.screens.users import Role, Session
from luban.screens.web import tabs
from luban.screens.web.feed import Feed

__all__ = ["OPEN", "PANELS", "Bench", "RollupFrame", "tab_names"]

Bench: TypeAlias = tabs.Bench[RollupBooks]
"""What a panel of this page works with."""

PANELS: Mapping[str, tuple[str, str]] = {
    "board": ("rollup_board", "BoardPanel"),
    "regions": ("rollup_regions", "RegionsPanel"),
    "origin": ("rollup_origin", "OriginPanel"),
    "scenario": ("rollup_scenario", "ScenarioPanel"),
    "programmes": ("rollup_programmes", "ProgrammesPanel"),
    "returns": ("rollup_returns", "ReturnsPanel"),
    "maturity": ("rollup_maturity", "MaturityPanel"),
    "evaluation": ("rollup_evaluation", "EvaluationPanel"),
}
"""Module in `screens.web` and class of each tab's panel."""

OPEN: Final = ("board", "regions", "origin", "scenario")
"""Tabs for everybody: who may not see returns is told releases there."""


def tab_names(say: Words) -> dict[str, str]:
    """What each tab is called."""
    return {
        "board": say("Indicators"), "regions": say("Regions"), "origin": say("Where it comes from"),
        "scenario": say("What if"), "programmes": say("Programmes"), "returns": say("Returns"),
        "maturity": say("Maturity"), "evaluation": say("Evaluation"),
    }  # fmt: skip


class RollupFrame(tabs.TabFrame[RollupBooks]):
    """One open page of indicators of one person; what is chosen is an indicator."""

    PAGE: ClassVar[str] = "indicators"
    PANELS: ClassVar[Mapping[str, tuple[str, str]]] = PANELS
    STYLES: ClassVar[tuple[str, ...]] = ("trace", "pilot", "rollup")

    def __init__(
        self, feed: Feed, books: RollupBooks, language: str, session: Session, tab: str = "", chosen: str = "", *,
        dark: bool | None,
    ) -> None:  # fmt: skip
        super().__init__(feed, books, language, session, tab, chosen, dark=dark)
        if not session.user.may(Role.ENGINEER, self.view.plant.id):
            self.panels = {name: at for name, at in self.panels.items() if name in OPEN}
            self.tab = tab if tab in self.panels else OPEN[0]

    def title(self) -> str:
        """What the page is called."""
        return self.say("Indicators")

    def tab_names(self) -> dict[str, str]:
        """What each tab is called."""
        return tab_names(self.say)

    def partly(self) -> str:
        """What a person is told whose account reaches only a part of the plant."""
        return self.say(
            "Indicators are of the whole office: an account that reaches only a part of it is not told them."
        )
