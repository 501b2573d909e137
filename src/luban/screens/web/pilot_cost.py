"""Cost of a pilot by part, before and after, with and without each part; investment, payback; what was assumed."""

from __future__ import annotations

from luban.pilot.proof import Proof
from luban.screens.report.pilot import assumed_blocks, cost_blocks, money_note
from luban.screens.report.pilot_tables import arms_grid, money_grid
from luban.screens.report.sheet import Block
from luban.screens.web.pilot_panel import PilotPanel, sheet_piece

__all__ = ["CostPanel"]


class CostPanel(PilotPanel):
    """What is in the tab."""

    DOWNLOADS = True

    def _draw(self, proof: Proof) -> None:
        say = self.say
        blocks: list[Block] = cost_blocks(proof, say, paper=False)
        if proof.money:
            blocks += [money_grid(proof.money, proof, say), money_note(proof, say)]
        blocks.append(arms_grid(proof, say))
        sheet_piece(*blocks, *assumed_blocks(proof, say))
